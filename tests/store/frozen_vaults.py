"""Copies of vaults that an earlier program made, frozen in `vectors` and never made again, and their raw rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from vault.sealing.header import read_header, unlock
from vault.sealing.keytree import KeyTree, Purpose
from vault.settings import Paths
from vault.store import cipher, engine, schema
from vault.vault import passphrase_secret

VECTORS = Path(__file__).with_name("vectors")
PASSPHRASE = "correct horse battery staple"

Rows = dict[str, list[dict[str, object]]]


def copy_of(name: str, folder: Path) -> Paths:
    """A copy of a frozen vault, with the permissions of a vault."""
    shutil.copytree(VECTORS / name, folder / "vault")
    (folder / "vault").chmod(0o700)
    return Paths(vault=folder / "vault", state=folder / "state")


def database_key(name: str) -> bytes:
    """The database key of a frozen vault."""
    root = unlock(read_header(VECTORS / name), passphrase_secret(PASSPHRASE))
    return KeyTree(root).subkey(Purpose.DATABASE).reveal()


def migrate(paths: Paths, key: bytes) -> None:
    """Bring a copy to the newest schema, and write nothing else to it."""
    writing = engine._writing_engine(paths.vault / "vault.db", engine._keyed(key))
    schema.migrate(writing)
    writing.dispose()


@contextmanager
def raw(paths: Paths, key: bytes) -> Iterator[Any]:
    """A connection that knows nothing of the tables."""
    uri = cipher.location(paths.vault / "vault.db", "rw")
    with closing(cipher.connect(uri, key, ())) as connection:
        yield connection


def definitions(connection: Any) -> dict[str, str]:
    """Every table and index as SQLite keeps it, with the white space evened out."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in found}


def rows(connection: Any) -> Rows:
    """Every row of every table."""
    names = [name for name, sql in definitions(connection).items() if sql.startswith("CREATE TABLE")]
    kept: Rows = {}
    for name in names:
        cursor = connection.execute(f'SELECT * FROM "{name}" ORDER BY 1')
        columns = [column[0] for column in cursor.description]
        kept[name] = [dict(zip(columns, row, strict=True)) for row in cursor]
    return kept
