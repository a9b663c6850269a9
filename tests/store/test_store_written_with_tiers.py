"""A vault that was asked in noise tiers: shown, written to and verified the same.

`vectors/r0011` was made by the program that brought this revision and is never made again: the frozen vault of revision
0009, brought to this one by its migrations, in which `Tier lab` asks by three campaigns. One was joined in tier clinic,
with rounds that run without being started: its first round is held, its second approved. One was joined at its own
noise, one waits in tier clinic. `shown.json` is what that program showed of it five minutes later.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    PASSPHRASE,
    VECTORS,
    copy_of,
    database_key,
    definitions,
    made_by_migrations,
    misspelt,
    raw,
    rows,
    shown,
    within,
)

from vault.settings import Paths
from vault.vault import Vault, passphrase_secret

THAT_DAY = datetime(2026, 11, 29, 9, 54, tzinfo=UTC)
SHOWN: dict[str, Any] = json.loads((VECTORS / "r0011" / "shown.json").read_text())
ASKED: list[dict[str, Any]] = [one for one in SHOWN["campaigns"] if one["tiers"]]
"""Its campaigns with tiers."""
[JOINED] = (one for one in ASKED if one["tier"] and one["line"]["state"] == "joined")
[WAITS] = (one for one in ASKED if one["line"]["state"] == "waiting")


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return copy_of("r0011", tmp_path)


def opened(paths: Paths, *, writable: bool = True) -> Vault:
    return Vault.open(paths, passphrase_secret(PASSPHRASE), writable=writable, clock=lambda: THAT_DAY)


def test_it_has_the_schema_of_its_migration_and_rows_in_every_table(old: Paths) -> None:
    with raw(old, database_key("r0011")) as connection:
        assert made_by_migrations("0011") == definitions(connection)
        filled = rows(connection)

    assert filled["alembic_version"] == [{"version_num": "0011"}]
    assert [table for table, found in filled.items() if not found] == []
    assert misspelt(filled) == []
    assert sorted(str(row["tier"]) for row in filled["campaign"] if row["tier"]) == ["clinic", "clinic"]


def test_its_tiers_and_their_prices_are_shown_it_is_verified_and_written_to(old: Paths) -> None:
    with opened(old) as vault:
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
def test_everything_is_shown_as_before(old: Paths) -> None:
    opened(old).close()  # brought to the newest schema
    with opened(old, writable=False) as vault:
        assert within(SHOWN, shown(vault)) == SHOWN


@pytest.mark.slow
def test_its_next_round_runs_with_the_noise_of_its_tier(old: Paths, real_learner: None) -> None:
    with opened(old) as vault:
        request = JOINED["rounds"][1]["request"]
        assert vault.request(request).noise_multiplier == JOINED["noise_multiplier"]
        assert vault.train(request).state == "held"
        vault.verify_audit()
    with opened(old, writable=False) as vault:
        assert vault.rollback_reason == ""
