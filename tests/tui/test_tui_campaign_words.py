"""What is said of a campaign: what leaving takes and ends, and what its rounds cost."""

from __future__ import annotations

from tui.text import campaign_facts
from vault.views.campaigns import CampaignLeaving, CampaignLine
from vault.views.consents import Withdrawal

LINE = CampaignLine(
    id="c1", state="joined", requester="Lab", requester_status="new", collection="nights", purpose_words="research",
    rounds=3, done=0, to_come=3, received_at="", ends_at="2026-12-01T00:00:00Z",
)  # fmt: skip
ENDS = Withdrawal(
    grant="g1", stopped=(), destroyed=(), returned=(), already_left=(), may_have_left=(), campaign="c1",
)  # fmt: skip


def test_to_leave_what_was_joined_takes_a_word() -> None:
    joined = CampaignLeaving(campaign=LINE, withdrawal=ENDS, rounds={})
    assert campaign_facts.word_to_leave(joined) == "LEAVE"
    assert campaign_facts.word_to_leave(CampaignLeaving(campaign=LINE, withdrawal=None, rounds={})) == ""
    assert campaign_facts.leaving(joined, is_done=False)[0].startswith("Leaving is for good.")
