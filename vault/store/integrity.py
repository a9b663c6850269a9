"""Looking at every page of the file, since an ordinary query notices damage only where it reads."""

from __future__ import annotations

from typing import Any

from sqlcipher3 import dbapi2

_AT_MOST = 20


def problems_of(connection: Any) -> list[str]:
    """What is wrong with the file behind a fresh connection, one sentence each; empty when all is well."""
    unreadable = [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
    if unreadable:
        return unreadable
    try:
        return [*_structure(connection), *_orphans(connection)]
    except dbapi2.DatabaseError as error:
        return [f"the database cannot be read through ({error})"]


def _structure(connection: Any) -> list[str]:
    answers = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_AT_MOST})")]
    return [] if answers == ["ok"] else [line for answer in answers for line in answer.splitlines()]


def _orphans(connection: Any) -> list[str]:
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_AT_MOST)
    return [f"row {row} of {table} belongs to a missing {parent}" for table, row, parent, _ in broken]
