"""Each frozen vault has the schema of its migration, and is shown as it was by the program that made it."""

from __future__ import annotations

from pathlib import Path

import pytest
from frozen_vaults import (
    WITH_CAMPAIGN_LOGS,
    WITH_CAMPAIGNS,
    WITH_MODELS,
    WITH_SHARED_BUDGETS,
    WITH_TIERS,
    FrozenVault,
    database_key,
    definitions,
    made_by_migrations,
    misspelt,
    raw,
    shown,
    within,
)

from tests.sweeps import sweep

ALL = [WITH_SHARED_BUDGETS, WITH_MODELS, WITH_CAMPAIGNS, WITH_CAMPAIGN_LOGS, WITH_TIERS]


@pytest.mark.parametrize("frozen", ALL, ids=lambda one: one.name)
def test_it_has_the_schema_of_its_migration_and_rows_in_every_table(
    frozen: FrozenVault, tmp_path: Path
) -> None:
    old = frozen.copied(tmp_path)
    with raw(old, database_key(frozen.name)) as connection:
        assert made_by_migrations(frozen.revision) == definitions(connection)
    filled = frozen.rows(old)
    assert filled["alembic_version"] == [{"version_num": frozen.revision}]
    assert [table for table, found in filled.items() if not found] == []
    assert misspelt(filled) == []


@pytest.mark.parametrize("frozen", sweep(ALL, default=2), ids=lambda one: one.name)
def test_everything_is_shown_as_before(frozen: FrozenVault, tmp_path: Path) -> None:
    then, old = frozen.shown_then(), frozen.copied(tmp_path)
    frozen.opened(old).close()  # brought to the newest schema
    with frozen.opened(old, writable=False) as vault:
        assert within(then, shown(vault)) == then
