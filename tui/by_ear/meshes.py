"""Meshes, by ear: the peers of each, what became of each round, and whom the last mix accepted and whom not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tui.by_ear.acting import attempt
from tui.by_ear.leaving import LEAVE, leave_with_access
from tui.couriers.decided import decided
from tui.couriers.meshes import Meshed, meshes_here
from tui.text import mesh_standing

if TYPE_CHECKING:
    from tui.by_ear.beginning import Opened
    from tui.by_ear.talk import Talk

NONE: Final = "No mesh is joined here. Whoever founds one gives you a membership: lockbox mesh join."


def hear_meshes(talk: Talk, opened: Opened) -> None:
    """Choose one of the meshes that were joined here, again and again."""
    while found := list(meshes_here(opened.paths.mesh, decided(opened.vault.requests())).values()):
        lines = [f"{one.access.requester}. {mesh_standing.standing(one)}" for one in found]
        chosen = talk.choose("Meshes.", lines)
        if chosen is None:
            return
        attempt(talk, partial(_hear_mesh, talk, opened, found[chosen]))
    talk.say(NONE)


def _hear_mesh(talk: Talk, opened: Opened, one: Meshed) -> None:
    """How one mesh stands whole, and what can be done with it."""
    talk.facts(mesh_standing.facts(one))
    talk.say(f"{mesh_standing.WHOM}:")
    talk.facts(mesh_standing.whom(one))
    talk.say(*mesh_standing.sentences(one))
    if talk.choose("What do you want to do?", [LEAVE]) is not None:
        leave_with_access(talk, opened, one.access.campaign)
