"""A terminal that closes under a command: what it asked of the vault's process is done as a whole or not at all."""

from __future__ import annotations

from tests.worlds.commands import Terminal, run
from tests.worlds.daemon import eventually, facts, leave_session, serving
from tests.worlds.world import World

QUESTION = "Seal these rows into the collection more? [y/N] "


def rows_of(world: World) -> dict[str, int]:
    return {one["name"]: one["rows"] for one in facts(world, "data", "list")}


def test_a_terminal_that_closes_at_a_question_answers_no(today: World) -> None:
    table = today.table("more.csv", rows=10, seed=3)
    with serving(today):
        leave_session(today)
        with Terminal(today.paths, "import", table) as terminal:
            terminal.wait_for(QUESTION)
            assert terminal.hang_up() != 0
        assert rows_of(today) == {"nights": 100}


def test_what_a_closed_terminal_asked_for_is_done_as_a_whole_or_not(today: World) -> None:
    table = today.table("more.csv", rows=9000, seed=3)
    with serving(today):
        leave_session(today)
        with Terminal(today.paths, "import", table) as terminal:
            terminal.wait_for(QUESTION)
            terminal.type("y")
            terminal.wait_for("\n")
            terminal.hang_up()
        eventually(lambda: run(today.paths, "backup", today.folder / "after.tar").code == 0, "it works on")
        assert rows_of(today) in ({"nights": 100}, {"nights": 100, "more": 9000})
        assert run(today.paths, "audit", "verify").code == 0
