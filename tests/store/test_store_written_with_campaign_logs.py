"""A vault that read the logs of campaigns: shown, written to and verified the same.

`vectors/r0009` was made by the program of commit faf10ca and is never made again: the frozen vault of revision 0008,
brought to this one by its migrations, in which the requester `Archive lab` handed in four campaigns at the socket. One
has a witness and was joined: its first round is held, its second approved. One was joined and left, and its final model
is kept; that of one that waits came in too. The log of the last was split, after one round by it and one by hand.
`shown.json` is what that program showed of it five minutes later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    WITH_CAMPAIGN_LOGS,
)

from vault.settings import Paths

SHOWN: dict[str, Any] = WITH_CAMPAIGN_LOGS.shown_then()
ASKED: list[dict[str, Any]] = [one for one in SHOWN["campaigns"] if one["line"]["requester"] == "Archive lab"]
"""Its campaigns that came with a log."""
[WITNESSED] = (one for one in ASKED if one["witness"])
[SPLIT] = (one for one in ASKED if one["log"]["fork"])
[LEFT] = (one for one in ASKED if one["line"]["state"] == "left")


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return WITH_CAMPAIGN_LOGS.copied(tmp_path)


def test_its_logs_are_shown_it_is_verified_and_written_to(old: Paths) -> None:
    with WITH_CAMPAIGN_LOGS.opened(old) as vault:
        found = vault.campaign(WITNESSED["line"]["id"])
        assert [one.checked for one in found.rounds] == ["witness", "witness", ""]
        assert found.log is not None
        assert (found.log.size, found.log.enrolled) == (WITNESSED["log"]["size"], 3)
        split = vault.campaign(SPLIT["line"]["id"])
        assert [one.checked for one in split.rounds] == ["log", "hand", ""]
        assert split.log is not None
        assert split.log.fork == SPLIT["log"]["fork"]
        assert [one.campaign for one in vault.models() if one.campaign] == [LEFT["line"]["id"]]
        assert vault.leave_campaign(SPLIT["line"]["id"]).campaign.state == "refused"
        assert vault.verify_audit().size > SHOWN["verify_audit"]["size"]


@pytest.mark.slow
def test_its_next_round_runs_and_its_model_is_of_use(old: Paths, real_learner: None) -> None:
    with WITH_CAMPAIGN_LOGS.opened(old) as vault:
        assert vault.train(WITNESSED["rounds"][1]["request"]).state == "held"
        (kept,) = (one.name for one in vault.models() if one.campaign)
        assert vault.score_model(kept, "nights").rows == 100
        vault.verify_audit()
    with WITH_CAMPAIGN_LOGS.opened(old, writable=False) as vault:
        assert vault.rollback_reason == ""
