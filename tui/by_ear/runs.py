"""What runs on this computer, by ear, and how to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.by_ear.acting import carry_out, label, possible
from tui.text import times, wording

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.runs import RunView


def hear_runs(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all runs, again and again."""
    while found := vault.runs():
        lines = [f"For {one.requester}, on {one.collection}: {_how_far(one)}." for one in found]
        chosen = talk.choose("What runs on this computer now.", lines)
        if chosen is None:
            return
        _hear_run(talk, vault, found[chosen])
    talk.say("Nothing is running.")


def _how_far(one: RunView) -> str:
    return f"step {one.step:,} of {one.of:,}" if one.step else "getting ready"


def _hear_run(talk: Talk, vault: OwnerSession, one: RunView) -> None:
    talk.facts(
        [
            ("for", one.requester),
            ("on", one.collection),
            ("began", times.full_time(one.started_at)),
            ("how far", _how_far(one)),
            ("its price", wording.epsilon_up(one.epsilon)),
            ("locked in", "yes" if one.confined else f"not wholly: {', '.join(one.missing)} is missing"),
        ]
    )
    actions = possible("training", one)
    chosen = talk.choose("What do you want to do?", [*map(label, actions)])
    if chosen is not None:
        carry_out(talk, vault, actions[chosen], one)
