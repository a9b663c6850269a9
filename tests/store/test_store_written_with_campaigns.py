"""A vault with campaigns and drills: shown, written to and verified the same.

`vectors/r0008` was made by the program of commit a0c6c56 and is never made again: the frozen vault of revision 0007,
brought to this one by its migrations, in which the requester `Walkers` asked for four campaigns of three rounds. One
was joined, its first round was released into a folder and its second waits to be run; one was refused, one was joined
and left, and one waits. Drills were switched on. `shown.json` is what that program showed of it five minutes later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    WITH_CAMPAIGNS,
    by_key,
    database_key,
    raw,
    rows,
)

from vault.settings import Paths

SHOWN: dict[str, Any] = WITH_CAMPAIGNS.shown_then()
ASKED: dict[str, dict[str, Any]] = {one["line"]["state"]: one for one in SHOWN["campaigns"]}
"""Its campaigns, each by where it stands."""


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return WITH_CAMPAIGNS.copied(tmp_path)


def kept(paths: Paths) -> dict[tuple[str, object], dict[str, object]]:
    """Every row of a copy by its table and its key."""
    with raw(paths, database_key("r0008")) as connection:
        return by_key(rows(connection))


def test_its_campaigns_are_listed_it_is_verified_and_written_to(old: Paths) -> None:
    with WITH_CAMPAIGNS.opened(old) as vault:
        lines = {one.state: one for one in vault.campaigns()}
        assert {state: one.id for state, one in lines.items()} == {
            state: one["line"]["id"] for state, one in ASKED.items()
        }
        assert vault.status().are_drills_on
        assert (lines["joined"].done, lines["joined"].to_come) == (1, 1)
        assert vault.verify_audit().size == SHOWN["verify_audit"]["size"]
        assert vault.leave_campaign(lines["waiting"].id).campaign.state == "refused"
        assert vault.verify_audit().size == SHOWN["verify_audit"]["size"] + 1


@pytest.mark.slow
def test_its_next_round_runs_and_leaving_it_changes_no_row_of_another_campaign(old: Paths) -> None:
    joined, before = ASKED["joined"], kept(old)
    first, second, _ = (one["request"] for one in joined["rounds"])
    with WITH_CAMPAIGNS.opened(old) as vault:
        assert vault.train(second).state == "held"
        assert [one.state for one in vault.campaign(joined["line"]["id"]).rounds] == [
            "released",
            "held",
            "to come",
        ]
        assert vault.leave_campaign(joined["line"]["id"], reason="enough").rounds == {first: 1, second: 2}
        assert vault.request(second).line.state == "destroyed"
        vault.verify_audit()
    after = kept(old)
    # Later revisions may add columns; what stood in those that were there is compared.
    changed = {name for name, row in before.items() if not row.items() <= after.get(name, {}).items()}
    assert {name for name in changed if name[0] in ("campaign", "request", "grant")} == {
        ("campaign", joined["line"]["id"]),
        ("request", second),
        ("grant", joined["consent"]),
    }
    with WITH_CAMPAIGNS.opened(old, writable=False) as vault:
        assert vault.verify_audit().size > SHOWN["verify_audit"]["size"]
        assert vault.rollback_reason == ""
