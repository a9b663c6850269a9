"""Looking at every page of the file, since an ordinary query notices damage only where it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from vault.store.wal import pages_in_wal

_AT_MOST = 20
_NAMED = re.compile(r"\bpage (\d+)\b")


def problems_of(connection: Any, path: Path) -> list[str]:
    """What is wrong with the file at `path` behind a fresh connection, one sentence each; empty when all is well."""
    # A snapshot, so that what waits in the WAL goes on waiting there meanwhile.
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    # The check reads past the WAL: of a page that waits there the main file may hold anything, such as half of it.
    waiting = pages_in_wal(path)
    found = (str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check"))
    unreadable = [problem for problem in found if _page(problem) not in waiting]
    if unreadable:
        return unreadable
    try:
        return [*_structure(connection), *_orphans(connection)]
    except dbapi2.DatabaseError as error:
        return [f"the database cannot be read through ({error})"]


def _page(problem: str) -> int | None:
    named = _NAMED.search(problem)
    return int(named[1]) if named else None


def _structure(connection: Any) -> list[str]:
    answers = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_AT_MOST})")]
    return [] if answers == ["ok"] else [line for answer in answers for line in answer.splitlines()]


def _orphans(connection: Any) -> list[str]:
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_AT_MOST)
    return [f"row {row} of {table} belongs to a missing {parent}" for table, row, parent, _ in broken]
