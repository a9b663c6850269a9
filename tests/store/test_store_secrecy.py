from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from sqlcipher3 import dbapi2
from store_facts import beside, put

from vault.errors.families import InternalError
from vault.errors.storage import Damaged, NewerVault
from vault.store import cipher
from vault.store.engine import Store

MARKER = "the-owner-has-a-secret-marker"


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
