"""The simple actions of an owner on campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import campaign_facts
from tui.text.action import Action, Entry, Target

if TYPE_CHECKING:
    from vault.views.campaigns import CampaignLine

CAMPAIGN: Final = Target(metavar="ID", help="Of a campaign here; its first characters are enough.")

LEAVE: Final[Action[CampaignLine]] = Action(
    name="leave",
    words="campaign leave",
    help="Leave a campaign for good, or say no to one you have not joined; what has left cannot be called back.",
    target=CAMPAIGN,
    entries=(
        Entry(
            name="reason",
            help="For your own record; it stays in the vault.",
            placeholder="your reason, for you alone (optional)",
            longest=500,
        ),
    ),
    call=lambda vault, campaign, said: vault.leave_campaign(campaign, reason=said["reason"]),
    reply=lambda _campaign, done: campaign_facts.leaving(done, is_done=True),
)
