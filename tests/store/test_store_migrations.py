"""A vault that an earlier program made: opened, brought to the newest schema, and everything in it still there.

`vectors/r0001` is such a vault, frozen: 40 rows, one requester, a released, a held and a waiting request. It was made
with revision 0001 by the program of that day, and is never made again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from frozen_vaults import PASSPHRASE, copy_of, database_key, definitions, raw, rows
from sqlalchemy import Engine, create_engine, event, text

from vault.errors.storage import OutdatedVault
from vault.lifecycle.open import open_vault
from vault.settings import Paths
from vault.store import engine, schema
from vault.store.tables import Row
from vault.vault import Vault, passphrase_secret

THAT_DAY = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
NEW_FACT = "keys.header"
NEW_TABLES = {"access_token", "campaign", "campaign_log", "row_digest", "refusal", "model"}
NEW_COLUMNS: dict[str, dict[str, object]] = {
    "requester": {"only_collection": None},
    "collection": {"filter_id": None, "known_as": None},
    "imported_file": {"fingerprint": None},
    "request": {
        "over_at": ...,
        "size": ...,
        "is_told": 0,
        "campaign_id": None,
        "round": None,
        "log_size": None,
    },
    "held": {"fetch_until": None},
}


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return copy_of("r0001", tmp_path)


def opened(paths: Paths, *, writable: bool = True) -> Vault:
    return Vault.open(paths, passphrase_secret(PASSPHRASE), writable=writable, clock=lambda: THAT_DAY)


@pytest.fixture
def old_key() -> bytes:
    """The database key of the frozen vault."""
    return database_key("r0001")


def in_memory(build: Any) -> dict[str, str]:
    """The schema that a way of making one makes."""
    other = create_engine("sqlite://")
    with other.begin() as connection:
        build(connection)
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: " ".join(sql.split()) for name, sql in found}


def only_first(connection: Any) -> None:
    """Run the first migration alone."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def writing(paths: Paths, key: bytes) -> Engine:
    return engine._writing_engine(paths.vault / "vault.db", engine._keyed(key))


def test_the_frozen_vault_is_what_the_first_migration_alone_makes(old: Paths, old_key: bytes) -> None:
    with raw(old, old_key) as connection:
        assert in_memory(only_first) == definitions(connection)
        filled = rows(connection)

    assert filled["alembic_version"] == [{"version_num": "0001"}]
    assert [table for table, found in filled.items() if not found] == []


def test_every_row_of_an_old_vault_is_there_after_its_first_opening(old: Paths, old_key: bytes) -> None:
    with raw(old, old_key) as connection:
        before = rows(connection)
    # Opened and nothing settled: what became due since changes rows of its own.
    open_vault(old, passphrase_secret(PASSPHRASE), writable=True).close()
    with raw(old, old_key) as connection:
        after = rows(connection)

    assert after.keys() - before.keys() == NEW_TABLES
    for table, kept in before.items():
        if table != "alembic_version":
            new = NEW_COLUMNS.get(table, {})
            there = [row for row in after[table] if row.get("key") != NEW_FACT]
            assert kept == [{k: v for k, v in row.items() if k not in new} for row in there]
            assert all(value in (..., row[name]) for row in after[table] for name, value in new.items())
    assert after["alembic_version"] == [{"version_num": schema.HEAD}]
    assert after["access_token"] == after["refusal"] == []
    sizes = [len(row["manifest"]) + len(row["weights"]) for row in after["request"]]
    assert sizes == [row["size"] for row in after["request"]]


def test_an_old_vault_migrated_has_the_schema_of_the_tables(old: Paths, old_key: bytes) -> None:
    opened(old).close()

    wanted = in_memory(Row.metadata.create_all)
    with raw(old, old_key) as connection:
        found = definitions(connection)
    del found["alembic_version"]
    assert wanted == found


def test_an_old_vault_works_on(old: Paths) -> None:
    with opened(old) as vault:
        assert [one.rows for one in vault.collections()] == [40]
        assert len(vault.requests()) == 3
        assert [one.only_collection for one in vault.requesters()] == [None]
        vault.verify_audit()
        held = next(one for one in vault.releases() if one.state == "held")
        vault.send(held.id, confirm_digest=held.digest[:8], to=old.state / "out")
        vault.block_requester("Sleep lab")


def test_an_old_vault_is_not_changed_by_who_only_reads(old: Paths) -> None:
    before = (old.vault / "vault.db").read_bytes()
    with pytest.raises(OutdatedVault):
        opened(old, writable=False)

    assert before == (old.vault / "vault.db").read_bytes()


@pytest.mark.parametrize(
    "last_words",
    [
        "ALTER TABLE requester",
        "CREATE TABLE access_token",
        "CREATE INDEX ix_access_token",
        "ALTER TABLE collection",
        "ALTER TABLE imported_file",
        "UPDATE alembic_version",
    ],
)
def test_a_migration_that_fails_half_way_leaves_the_old_vault_as_it_was(
    old: Paths, old_key: bytes, last_words: str
) -> None:
    def fail(_c: Any, _u: Any, statement: str, _p: Any, _x: Any, _m: Any) -> None:
        if statement.strip().startswith(last_words):
            raise RuntimeError(last_words)

    with raw(old, old_key) as connection:
        before = definitions(connection), rows(connection)
    broken = writing(old, old_key)
    event.listen(broken, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        schema.migrate(broken)
    broken.dispose()

    with raw(old, old_key) as connection:
        assert before == (definitions(connection), rows(connection))
    opened(old).close()
