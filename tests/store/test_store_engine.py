from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from store_facts import beside, facts, put

from vault.errors.storage import Damaged, DiskReadOnly, NoVault, VaultBusy, VaultExists
from vault.store import cipher, engine
from vault.store.engine import Store
from vault.store.tables import LogEntry, VaultFact


def test_what_was_committed_is_there_after_opening_again(path: Path, key: bytes) -> None:
    with Store.create(path, key) as store:
        put(store, a="1", b="2")

    with Store.open(path, key, writable=False) as again:
        assert facts(again) == {"a": "1", "b": "2"}


def test_closing_leaves_one_file(path: Path, key: bytes) -> None:
    with Store.create(path, key) as store:
        put(store, a="1")
        assert facts(store) == {"a": "1"}

    assert beside(path) == ["vault.db"]


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


@pytest.mark.slow
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
    names = "[name for name in sys.modules if name.startswith(('sqlalchemy', 'vault.store'))]"
    probe = f"import sys, vault.errors.catalogue; print({names})"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
