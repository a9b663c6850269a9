"""Leaving, by ear, a campaign that has a courier or a mesh: it is left, and what access there is to it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.by_ear import campaigns
from tui.couriers.ending import campaign_named, end_access
from tui.text import campaign_facts, carrying_facts

if TYPE_CHECKING:
    from tui.by_ear.beginning import Opened
    from tui.by_ear.talk import Talk

LEAVE: Final = "Leave its campaign for good, and end its access."


def leave_with_access(talk: Talk, opened: Opened, campaign: str) -> None:
    """Leave a campaign that can be left; once it is over here, its access ends as well.

    Of a campaign that the vault does not know, as a turned courier or mesh may name one, only the access ends.
    """
    known = campaign_named(opened.vault, campaign)
    if known is None:
        talk.say(carrying_facts.OF_NO_CAMPAIGN)
        if not talk.agrees("End its access and remove its folder", "Not now"):
            return
    elif known.line.state in campaign_facts.OPEN_STATES:
        campaigns.leave(talk, opened.vault, campaign)
        if opened.vault.campaign(campaign).line.state in campaign_facts.OPEN_STATES:
            return
    talk.say(*end_access(opened.vault, opened.paths, campaign))
