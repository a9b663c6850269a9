from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from sqlcipher3 import dbapi2

from vault.errors import Damaged, DiskReadOnly, InternalError, NewerVault, NoVault, VaultBusy, VaultExists
from vault.store import cipher, engine
from vault.store.engine import Store
from vault.store.tables import LogEntry, VaultFact

MARKER = "the-owner-has-a-secret-marker"


def beside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def put(store: Store, **facts: str) -> None:
    with store.write() as unit:
        for name, value in facts.items():
            row = unit.get(VaultFact, name)
            if row is None:
                unit.add(VaultFact(key=name, value=value))
            else:
                row.value = value
        unit.commit()


def facts(store: Store) -> dict[str, str]:
    with store.read() as unit:
        return {row.key: row.value for row in unit.find(VaultFact)}


def test_what_was_committed_is_there_after_opening_again(path: Path, key: bytes) -> None:
    with Store.create(path, key) as store:
        put(store, a="1", b="2")

    with Store.open(path, key, writable=False) as again:
        assert facts(again) == {"a": "1", "b": "2"}


def test_no_plaintext_reaches_any_of_the_three_files(path: Path, key: bytes) -> None:
    telling = [
        MARKER.encode(),
        b"SQLite format 3",
        b"vault_fact",
        b"CREATE TABLE",
        b"alembic",
        key,
        key.hex().encode(),
    ]
    with Store.create(path, key) as store:
        put(store, marker=MARKER)
        with store.read():
            live = {file.name: file.read_bytes() for file in path.parent.iterdir()}
        store.checkpoint_wal()
        settled = path.read_bytes()

    assert {"vault.db", "vault.db-wal", "vault.db-shm"} == set(live)
    assert len(live["vault.db-wal"]) > 4096
    for content in [*live.values(), settled]:
        assert [word for word in telling if word in content] == []


def test_the_file_and_its_companions_belong_to_their_owner_alone(store: Store, path: Path) -> None:
    put(store, a="1")

    assert [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()] == [0o600] * 3


def test_closing_leaves_one_file(path: Path, key: bytes) -> None:
    with Store.create(path, key) as store:
        put(store, a="1")
        assert facts(store) == {"a": "1"}

    assert beside(path) == ["vault.db"]


def test_a_wrong_key_is_refused_without_naming_it_and_without_noise(
    store: Store, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = os.urandom(32)

    for writable in (False, True):
        with pytest.raises(Damaged) as caught:
            Store.open(path, wrong, writable=writable)

        assert caught.value.__suppress_context__
        assert caught.value.__cause__ is None
        shown = f"{caught.value!r} {caught.value} {caught.value.facts}"
        assert wrong.hex() not in shown.lower()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [0, 16, 31, 33, 48, 64])
def test_a_key_of_another_length_is_refused_before_anything_is_made(path: Path, length: int) -> None:
    """SQLCipher would take it for a passphrase."""
    bad = os.urandom(length)

    with pytest.raises(InternalError) as caught:
        Store.create(path, bad)

    assert "key is not 32 bytes" in str(caught.value)
    assert length == 0 or bad.hex() not in str(caught.value)
    assert beside(path) == []


def test_no_hex_text_of_the_key_stays_in_memory(child: Callable[..., Any], tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")

    assert child("scan_memory", tmp_path) == {"open": 0, "closed": 0}


def test_the_hex_text_of_the_key_is_wiped_at_once(key: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = MagicMock()
    given: list[bytearray] = []
    connection.set_key.side_effect = lambda literal: given.extend([literal, bytearray(literal)])
    monkeypatch.setattr(dbapi2, "connect", lambda *_, **__: connection)
    cipher.connect("file:any", key, ())

    assert [bytearray(67), bytearray(f"x'{key.hex()}'".encode())] == given


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("reason", ["wrong key", "newer program"])
def test_a_refused_open_leaves_no_connection_behind(
    store: Store, path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch, writable: bool, reason: str
) -> None:
    assert store._writer is not None
    with store._writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    made: list[Any] = []
    connect = dbapi2.connect

    def noted(*arguments: Any, **options: Any) -> Any:
        made.append(connect(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(dbapi2, "connect", noted)
    with pytest.raises((Damaged, NewerVault)):
        Store.open(path, key if reason == "newer program" else os.urandom(32), writable=writable)

    assert made != []
    for left in made:
        with pytest.raises(dbapi2.ProgrammingError, match="closed"):
            left.execute("SELECT 1")


def test_no_repr_shows_the_key(store: Store, key: bytes) -> None:
    shown = f"{store!r} {vars(store)!r}"

    assert key.hex() not in shown
    assert repr(key) not in shown


def test_every_connection_has_its_safety_settings(store: Store) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "auto_vacuum": 2,
    }
    assert store._writer is not None
    raw = store._writer.raw_connection()
    found = {name: raw.cursor().execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    raw.close()

    assert wanted == found


def test_a_library_that_cannot_encrypt_is_refused(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "dbapi2", sqlite3)

    with pytest.raises(InternalError, match="cannot encrypt"):
        Store.create(path, key)

    assert beside(path) == []


def test_a_plaintext_file_is_refused_at_creation(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "_unlock", lambda connection, key: None)

    with pytest.raises(InternalError, match="not encrypted"):
        Store.create(path, key)

    assert beside(path) == []


def test_an_ordinary_sqlite_file_is_no_vault(path: Path, key: bytes) -> None:
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE vault_fact (key, value)")
    plain.close()

    for writable in (False, True):
        with pytest.raises(Damaged):
            Store.open(path, key, writable=writable)


def test_an_empty_file_is_damaged_and_not_made_a_vault(path: Path, key: bytes) -> None:
    path.touch()

    for writable in (False, True):
        with pytest.raises(Damaged):
            Store.open(path, key, writable=writable)

    assert path.stat().st_size == 0


def test_an_encrypted_file_without_tables_is_damaged(path: Path, key: bytes) -> None:
    path.touch()
    connection = cipher.connect(cipher.location(path, "rw"), key, cipher.WRITING)
    connection.execute("CREATE TABLE other (a)")
    connection.close()

    for writable in (False, True):
        with pytest.raises(Damaged):
            Store.open(path, key, writable=writable)


def test_a_missing_vault_is_said_to_be_missing_and_not_made(path: Path, key: bytes) -> None:
    for writable in (False, True):
        with pytest.raises(NoVault):
            Store.open(path, key, writable=writable)
    with pytest.raises(NoVault):
        Store.create(path / "no" / "folder.db", key)

    assert beside(path) == []


def test_an_existing_file_is_never_written_over(store: Store, path: Path, key: bytes) -> None:
    put(store, a="1")

    with pytest.raises(VaultExists):
        Store.create(path, key)

    assert facts(store) == {"a": "1"}


def test_a_creation_that_fails_leaves_nothing(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(engine, "migrate", fail)
    with pytest.raises(Exception, match="disk is full"):
        Store.create(path, key)

    assert beside(path) == []


def test_a_name_with_uri_characters_opens(tmp_path: Path, key: bytes) -> None:
    path = tmp_path / "50% of? my#data" / "vault file.db"
    path.parent.mkdir()

    with Store.create(path, key) as store:
        put(store, a="1")

    with Store.open(path, key, writable=False) as again:
        assert facts(again) == {"a": "1"}
    assert all(name.startswith("vault file.db") for name in beside(path))


def test_a_store_opened_to_read_writes_nothing(store: Store, path: Path, key: bytes) -> None:
    with Store.open(path, key, writable=False) as reading:
        with pytest.raises(DiskReadOnly), reading.write():
            pass
        with pytest.raises(DiskReadOnly):
            reading.checkpoint_wal()


def test_a_reader_keeps_its_snapshot_while_a_writer_commits(store: Store) -> None:
    put(store, a="old", b="old")

    with store.read() as before:
        put(store, a="new", b="new")
        seen = {row.key: row.value for row in before.find(VaultFact)}
        with store.read() as after:
            seen_after = {row.key: row.value for row in after.find(VaultFact)}

    assert seen == {"a": "old", "b": "old"}
    assert seen_after == {"a": "new", "b": "new"}


def test_a_reader_sees_nothing_of_an_uncommitted_write(store: Store) -> None:
    put(store, a="old")

    with store.write() as unit:
        row = unit.get(VaultFact, "a")
        assert row is not None
        row.value = "new"
        unit.add(VaultFact(key="b", value="new"))
        assert facts(store) == {"a": "old"}
        unit.commit()

    assert facts(store) == {"a": "new", "b": "new"}


def test_readers_beside_a_busy_writer_never_see_half_of_a_write(store: Store) -> None:
    put(store, a="0", b="0")
    ended = threading.Event()
    torn, seen = [], set()

    def look() -> None:
        while not ended.is_set():
            found = facts(store)
            seen.add(found["a"])
            if found["a"] != found["b"]:
                torn.append(found)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(80):
        put(store, a=str(n), b=str(n))
    ended.set()
    for reader in readers:
        reader.join()

    assert torn == []
    assert len(seen) > 1


def test_writers_in_several_threads_wait_for_each_other(store: Store) -> None:
    put(store, n="0")

    def count_up() -> None:
        for _ in range(25):
            with store.write() as unit:
                row = unit.get(VaultFact, "n")
                assert row is not None
                row.value = str(int(row.value) + 1)
                unit.commit()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert facts(store) == {"n": "100"}


def test_a_second_writing_connection_is_told_that_the_vault_is_busy(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.05)
    with Store.create(path, key) as first, Store.open(path, key, writable=True) as second:
        with first.write() as unit:
            unit.add(VaultFact(key="a", value="1"))
            with pytest.raises(VaultBusy), second.write():
                pass
            unit.commit()
        put(second, b="2")

        assert facts(first) == {"a": "1", "b": "2"}


def test_a_write_inside_a_write_is_refused_and_does_not_wait_for_ever(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.05)
    with Store.create(path, key) as store, store.write() as unit:
        unit.add(VaultFact(key="a", value="1"))
        with pytest.raises(VaultBusy), store.write():
            pass
        unit.commit()
        assert facts(store) == {"a": "1"}


def test_a_file_that_was_taken_away_is_said_to_be_missing(store: Store, path: Path, tmp_path: Path) -> None:
    path.unlink()

    with pytest.raises(NoVault, match=str(path)):
        store.integrity_problems()
    with pytest.raises(NoVault, match=str(path)):
        store.backup(tmp_path / "backup.db")


def test_deleted_bytes_leave_the_file_at_a_checkpoint(store: Store, path: Path) -> None:
    """The freed pages go back to the disk; secure_delete has overwritten them before that."""
    with store.write() as unit:
        for seq in range(100):
            unit.add(LogEntry(seq=seq, body=os.urandom(8_000), leaf=b""))
        unit.commit()
    store.checkpoint_wal()
    before = path.stat().st_size
    with store.write() as unit:
        for row in unit.find(LogEntry):
            unit.delete(row)
        unit.commit()
    store.checkpoint_wal()

    assert before > 800_000
    assert before - path.stat().st_size > 700_000
    assert path.with_name("vault.db-wal").stat().st_size == 0


def test_a_checkpoint_says_when_a_reader_holds_old_pages(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.05)
    with Store.create(path, key) as store:
        put(store, a="1")
        with store.read() as unit:
            unit.count(VaultFact)
            put(store, a="2")
            with pytest.raises(VaultBusy):
                store.checkpoint_wal()
        store.checkpoint_wal()


def test_importing_the_command_line_does_not_import_the_store() -> None:
    probe = "import sys, vault.errors; print([m for m in sys.modules if m.startswith(('sqlalchemy', 'vault.store'))])"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
