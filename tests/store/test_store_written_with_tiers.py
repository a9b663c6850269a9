"""A vault that was asked in noise tiers: shown, written to and verified the same.

`vectors/r0011` was made by the program that brought this revision and is never made again: the frozen vault of revision
0009, brought to this one by its migrations, in which `Tier lab` asks by three campaigns. One was joined in tier clinic,
with rounds that run without being started: its first round is held, its second approved. One was joined at its own
noise, one waits in tier clinic. `shown.json` is what that program showed of it five minutes later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    WITH_TIERS,
)

from vault.settings import Paths

SHOWN: dict[str, Any] = WITH_TIERS.shown_then()
ASKED: list[dict[str, Any]] = [one for one in SHOWN["campaigns"] if one["tiers"]]
"""Its campaigns with tiers."""
[JOINED] = (one for one in ASKED if one["tier"] and one["line"]["state"] == "joined")
[WAITS] = (one for one in ASKED if one["line"]["state"] == "waiting")


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return WITH_TIERS.copied(tmp_path)


def test_each_of_its_campaigns_keeps_its_tier(old: Paths) -> None:
    kept = WITH_TIERS.rows(old)["campaign"]
    assert sorted(str(row["tier"]) for row in kept if row["tier"]) == ["clinic", "clinic"]


def test_its_tiers_and_their_prices_are_shown_it_is_verified_and_written_to(old: Paths) -> None:
    with WITH_TIERS.opened(old) as vault:
        for one in ASKED:
            found = vault.campaign(one["line"]["id"])
            assert (found.tier, list(found.tiers)) == (one["tier"], one["tiers"])
            assert found.price is not None
            assert str(found.price.epsilon) == one["price"]["epsilon"]
            assert found.is_unattended == one["is_unattended"]
        vault.join_campaign(WAITS["line"]["id"], digest=WAITS["digest"], tier="clinic")
        assert vault.campaign(WAITS["line"]["id"]).tier == "clinic"
        assert vault.verify_audit().size > SHOWN["verify_audit"]["size"]


@pytest.mark.slow
def test_its_next_round_runs_with_the_noise_of_its_tier(old: Paths, real_learner: None) -> None:
    with WITH_TIERS.opened(old) as vault:
        request = JOINED["rounds"][1]["request"]
        assert vault.request(request).noise_multiplier == JOINED["noise_multiplier"]
        assert vault.train(request).state == "held"
        vault.verify_audit()
    with WITH_TIERS.opened(old, writable=False) as vault:
        assert vault.rollback_reason == ""
