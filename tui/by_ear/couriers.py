"""Couriers, by ear: campaigns by invitation, how each courier stands, and letting one go once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tui.by_ear import campaigns
from tui.by_ear.acting import attempt
from tui.by_ear.leaving import LEAVE, leave_with_access
from tui.couriers.carrying import Carried, carried_here, carry
from tui.couriers.ending import campaign_named, end_access
from tui.couriers.joining import look_at_invitation, looked_at, read_invitation
from tui.couriers.meshes import meshes_here
from tui.text import carrying_facts, mesh_facts

if TYPE_CHECKING:
    from pathlib import Path

    from tui.by_ear.beginning import Opened
    from tui.by_ear.talk import Talk

TAKE_IN: Final = "Take in an invitation to a campaign."
GO: Final = "Let it go once."
NOT_NOW: Final = "Not now"
LEFT: Final = ("left", "refused")


def hear_couriers(talk: Talk, opened: Opened) -> None:
    """Take an invitation in, or choose one of the campaigns that came by one, again and again."""
    while True:
        found = list(carried_here(opened.paths.courier, opened.vault).values())
        lines = [f"{one.access.requester}. {carrying_facts.standing(one)}" for one in found]
        chosen = talk.choose("Campaigns by invitation.", [TAKE_IN, *lines])
        if chosen is None:
            return
        hear = (
            partial(_hear_courier, talk, opened, found[chosen - 1])
            if chosen
            else partial(_take_in, talk, opened)
        )
        attempt(talk, hear)


def _take_in(talk: Talk, opened: Opened) -> None:
    """Say who invites and what is told to whom; then the campaign is heard, and joined or not."""
    path = talk.ask_path("Path of the invitation file, or nothing to go back:")
    campaign = None if path is None else _looked_at(talk, opened, path)
    if campaign is None:
        return
    campaigns.hear_campaign(talk, opened.vault, campaign)
    if opened.vault.campaign(campaign).line.state == "joined":
        _let_go(talk, opened, carried_here(opened.paths.courier, opened.vault)[campaign])


def _looked_at(talk: Talk, opened: Opened, path: Path) -> str | None:
    """The campaign of an invitation, once the person wants its coordinator to be asked."""
    data = read_invitation(path)
    invited = look_at_invitation(opened.vault, data)
    is_new, name = invited.known is None, ""
    talk.facts(carrying_facts.invited(invited))
    if is_new:
        talk.say(carrying_facts.FINGERPRINT)
        name = talk.ask("Your own name for them, or nothing to call them as they sign:")
    tier = [] if invited.tier is None else [carrying_facts.in_tier(invited.tier)]
    talk.say(carrying_facts.LOOKING, *[carrying_facts.MAY_ASK] * is_new, *tier)
    if not talk.agrees("Show the campaign", NOT_NOW):
        return None
    talk.say(carrying_facts.ASKED)
    return looked_at(opened.vault, opened.paths.courier, data, name)


def hear_campaigns(talk: Talk, opened: Opened) -> None:
    """All campaigns; where one that has a courier or a mesh was left or refused, its access ends as well."""
    campaigns.hear_campaigns(talk, opened.vault)
    for one in carried_here(opened.paths.courier, None).values():
        _end_where_left(talk, opened, one.access.requester, one.access.campaign)
    for mesh in meshes_here(opened.paths.mesh).values():
        _end_where_left(talk, opened, mesh.access.requester, mesh.access.campaign)
    here = meshes_here(opened.paths.mesh)
    joined = {one.id for one in opened.vault.campaigns() if one.is_mesh and one.state == "joined"}
    talk.say(*[mesh_facts.NOT_LET_IN] * bool(joined - here.keys()))


def _end_where_left(talk: Talk, opened: Opened, requester: str, campaign: str) -> None:
    known = campaign_named(opened.vault, campaign)  # a turned courier or mesh may name one that there is not
    if known is not None and known.line.state in LEFT:
        ended = end_access(opened.vault, opened.paths, campaign)
        talk.say(*(f"{requester}: {sentence}" for sentence in ended))


def _hear_courier(talk: Talk, opened: Opened, one: Carried) -> None:
    """How one courier stands whole, and what can be done with it."""
    talk.facts(carrying_facts.facts(one))
    talk.say(*carrying_facts.confinement(one))
    choices = [GO, LEAVE]
    chosen = talk.choose("What do you want to do?", choices)
    if chosen is None:
        return
    if choices[chosen] == GO:
        _let_go(talk, opened, one)
    else:
        leave_with_access(talk, opened, one.access.campaign)


def _let_go(talk: Talk, opened: Opened, one: Carried) -> None:
    """Say what a courier does, and let it go; what it did is said as it does it."""
    state = opened.vault.campaign(one.access.campaign).line.state
    if not one.can_go or not (one.is_let_in or state == "joined"):
        talk.say(carrying_facts.standing(one))
        return
    talk.say(*[] if one.is_let_in else carrying_facts.before_joining(one), carrying_facts.GOING)
    if not talk.agrees("Let it go", NOT_NOW):
        return
    talk.say(carrying_facts.GONE)
    carry(opened.vault, opened.paths, one, lambda event: talk.say(carrying_facts.event_words(event)))
    talk.say("The courier is back.")
