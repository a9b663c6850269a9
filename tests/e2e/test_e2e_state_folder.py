"""The folder beside the vault alone cannot be written to: what makes things safer is done, what spends is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.worlds.approving import approve
from tests.worlds.commands import Outcome, run
from tests.worlds.daemon import facts, leave_session, serving
from tests.worlds.world import NAME, World


@contextmanager
def unwritable(world: World) -> Iterator[None]:
    """Within this block no reminder can be put into its place, not even by root: a folder lies there."""
    (mark,) = world.paths.state.glob("*.json")
    kept = mark.rename(world.folder / "kept")
    mark.mkdir()
    try:
        yield
    finally:
        mark.rmdir()
        kept.rename(mark)


def says_once(outcome: Outcome, what: str) -> None:
    errors = [line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]
    assert (outcome.code, len(errors)) == (7, 1), outcome.all
    assert what in errors[0]


def test_nothing_is_charged_or_leaves_and_what_makes_things_safer_is_done(today: World) -> None:
    out = today.folder / "out"
    with today.vault() as vault:
        waiting = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, waiting, draft=True)
    with serving(today):
        leave_session(today)
        (held,) = facts(today, "release", "list")
        before = facts(today, "budget")
        with unwritable(today):
            send = ("release", "send", held["id"], "--confirm-digest", held["digest"][:8], "--to", out)
            says_once(run(today.paths, *send), "nothing was spent and nothing left")
            says_once(run(today.paths, "train"), "nothing was spent and nothing left")
            assert facts(today, "budget") == before
            says_once(
                run(today.paths, "release", "withhold", held["id"]), "what you did is stored and recorded"
            )
            says_once(run(today.paths, "requester", "block", NAME), "what you did is stored and recorded")
            assert run(today.paths, "status").code == 0
        assert not out.exists()
        assert facts(today, "requester", "list")[0]["status"] == "blocked"
        assert run(today.paths, "audit", "verify").code == 0
    with today.vault() as vault:
        assert vault.rollback_reason == ""
        assert vault.release(held["id"]).state != "held"
