"""The simple actions on campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import campaign_facts
from tui.text.action import REASON, Action, Target

if TYPE_CHECKING:
    from vault.views.campaigns import CampaignLine

CAMPAIGN: Final = Target(metavar="ID", help="Of a campaign here; its first four characters are enough.")

LEAVE: Final[Action[CampaignLine]] = Action(
    name="leave",
    words="campaign leave",
    help="Leave a campaign for good, or say no to one you have not joined; what has left cannot be called back.",
    target=CAMPAIGN,
    entries=(REASON,),
    call=lambda vault, campaign, said: vault.leave_campaign(campaign, reason=said["reason"]),
    reply=lambda _campaign, done: campaign_facts.leaving(done, is_done=True),
    foretold=lambda vault, campaign: campaign_facts.leaving(vault.preview_leave(campaign), is_done=False),
)


ATTEND: Final[Action[CampaignLine]] = Action(
    name="attend",
    words="campaign attend",
    help="Let the rounds of a campaign run only when you start them, from now on.",
    target=CAMPAIGN,
    call=lambda vault, campaign, _: vault.attend_campaign(campaign),
    reply=lambda _campaign, _done: [campaign_facts.ATTENDED, "To start one: lockbox train"],
)
