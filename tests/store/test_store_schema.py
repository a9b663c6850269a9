from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, text

from vault.errors.storage import NewerVault, OutdatedVault
from vault.store import engine, schema
from vault.store.engine import Store
from vault.store.tables import Row

TABLES = {
    "vault_fact",
    "log_entry",
    "disclosure",
    "row_digest",
    "model",
    "collection",
    "field",
    "segment",
    "imported_file",
    "requester",
    "access_token",
    "grant",
    "request",
    "campaign",
    "campaign_log",
    "refusal",
    "charge",
    "held",
}


@pytest.fixture
def empty(path: Path, key: bytes) -> Any:
    path.touch()
    writing = engine._writing_engine(path, engine._keyed(key))
    yield writing
    writing.dispose()


def definitions(writing: Engine) -> dict[str, str]:
    """Every table and index as SQLite itself keeps it, with the white space evened out."""
    with writing.begin() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def set_revision(store: Store, revision: str) -> None:
    assert store._writer is not None
    with store._writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_the_migrated_schema_is_the_one_of_the_tables(empty: Engine, tmp_path: Path, key: bytes) -> None:
    (tmp_path / "other.db").touch()
    other = engine._writing_engine(tmp_path / "other.db", engine._keyed(key))
    schema.migrate(empty)
    with other.begin() as connection:
        Row.metadata.create_all(connection)
    wanted = definitions(other)
    other.dispose()

    assert wanted == definitions(empty)
    assert set(wanted) > TABLES


def test_every_table_of_the_contract_is_there() -> None:
    assert set(Row.metadata.tables) == TABLES


def test_the_known_head_is_the_last_migration() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).with_name("migrations")))

    assert scripts.get_heads() == [schema.HEAD]


@pytest.mark.parametrize(
    "last_words", ["CREATE TABLE alembic_version", "CREATE TABLE held", "INSERT INTO alembic"]
)
def test_a_failed_migration_leaves_nothing_and_the_retry_works(empty: Engine, last_words: str) -> None:
    def fail(_c: Any, _u: Any, statement: str, _p: Any, _x: Any, _m: Any) -> None:
        if statement.strip().startswith(last_words):
            raise RuntimeError(last_words)

    event.listen(empty, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        schema.migrate(empty)
    event.remove(empty, "before_cursor_execute", fail)

    assert definitions(empty) == {}
    assert not schema.has_schema(empty)
    schema.migrate(empty)
    assert set(definitions(empty)) > TABLES


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    schema.migrate(empty)
    first = definitions(empty)
    schema.migrate(empty)

    assert first == definitions(empty)


def test_a_file_of_a_newer_program_is_left_alone(store: Store, path: Path, key: bytes) -> None:
    set_revision(store, "9999")

    for writable in (False, True):
        with pytest.raises(NewerVault):
            Store.open(path, key, writable=writable)


def test_a_file_of_an_older_program_has_to_be_opened_to_write_first(
    store: Store, path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "HEAD", "0003")
    set_revision(store, "0001")

    with pytest.raises(OutdatedVault):
        Store.open(path, key, writable=False)
