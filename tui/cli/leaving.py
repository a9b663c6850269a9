"""Leaving a campaign and its courier or mesh from the command line: what ends is said before, and then what did."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tui.cli.terminal import confirm, is_interactive, say
from tui.couriers.ending import end_access
from tui.text import campaign_facts
from vault.errors.campaigns import CampaignWrongState, UnknownCampaign
from vault.errors.consent import NotConfirmed

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.settings import Paths


def leave_with_access(vault: Owner, paths: Paths, campaign: str, *, reason: str) -> None:
    """Leave the campaign with this id, where the vault has it and it goes on, and end what access there is to it.

    Raises `NotConfirmed`, and what `end_access` does.
    """
    with suppress(UnknownCampaign, CampaignWrongState):
        for sentence in campaign_facts.leaving(vault.preview_leave(campaign), is_done=False):
            say(sentence)
    if is_interactive() and not confirm("Leave it for good?"):
        raise NotConfirmed()
    try:
        done = vault.leave_campaign(campaign, reason=reason)
    except (UnknownCampaign, CampaignWrongState) as error:
        say(f"In the vault there was nothing left to leave. {error}")
    else:
        for sentence in campaign_facts.leaving(done, is_done=True):
            say(sentence)
    for sentence in end_access(vault, paths, campaign):
        say(sentence)
