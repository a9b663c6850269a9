"""One SQLCipher connection: keyed before anything else, silent, and never plaintext."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from vault.errors.families import InternalError
from vault.errors.storage import Damaged
from vault.store.failures import DATABASE, translated

KEY_BYTES = 32
BUSY_SECONDS = 5.0

_SQLITE_MAGIC = b"SQLite format 3\x00"
_HEX = b"0123456789abcdef"

READING = ("query_only = ON",)
WRITING = (
    "auto_vacuum = INCREMENTAL",  # has an effect before the first table only, so it comes first
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",
    "secure_delete = ON",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # or a row that is replaced would go without a word of its delete trigger
)


def location(path: Path, mode: str) -> str:
    """The SQLite URI of a file; `mode` is ro or rw, so that no connection makes a file by itself."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def connect(uri: str, key: bytes, pragmas: Sequence[str]) -> Any:
    """A DBAPI connection in autocommit that has shown it can read the file (a wrong key fails here).

    `key` is the raw 32-byte database key. Raises InternalError on a key of another length, the errors of
    sqlcipher3 otherwise; none of them carries key material.
    """
    connection = dbapi2.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
    )
    try:
        _unlock(connection, key)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def assert_encrypted(path: Path) -> None:
    """Raise InternalError when the file at `path` is a readable SQLite file, Damaged when it is empty."""
    with translated(path), path.open("rb") as file:
        head = file.read(len(_SQLITE_MAGIC))
    if head == _SQLITE_MAGIC:
        raise InternalError(what="the database file is not encrypted")
    if len(head) < len(_SQLITE_MAGIC):
        raise Damaged(what=DATABASE)


def _unlock(connection: Any, key: bytes) -> None:
    connection.execute("PRAGMA cipher_log_level = NONE").fetchall()
    if connection.execute("PRAGMA cipher_version").fetchone() is None:
        raise InternalError(what="the database library cannot encrypt")
    literal = _raw_key_literal(key)
    # The call behind PRAGMA key, without SQL: no statement text holds the key, so no exception can, and
    # the only copy in hex is the one wiped here.
    connection.set_key(literal)
    literal[:] = bytes(len(literal))
    connection.execute("PRAGMA cipher_compatibility = 4").fetchall()
    connection.execute("PRAGMA temp_store = MEMORY").fetchall()


def _raw_key_literal(key: bytes) -> bytearray:
    # SQLCipher takes a raw key of any other length for a passphrase, without a word.
    if len(key) != KEY_BYTES:
        raise InternalError(what=f"the database key is not {KEY_BYTES} bytes long")
    literal = bytearray(b"x'")
    for byte in key:
        literal.append(_HEX[byte >> 4])
        literal.append(_HEX[byte & 15])
    literal += b"'"
    return literal
