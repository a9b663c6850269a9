"""Compiled SQL that all engines of a process share, so that a statement is compiled once for all vaults of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import configure_mappers
from sqlalchemy.util import LRUCache

from vault.store import engine, tables

CREATE = engine.create_engine
_compiled: LRUCache[Any, Any] = LRUCache(2000)


class OneDialect(SQLiteDialect_pysqlite):
    """A dialect that is the same for every engine, as the keys of compiled statements name it."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OneDialect)

    def __hash__(self) -> int:
        return hash(OneDialect)


def create_engine(*words: Any, **settings: Any) -> Engine:
    """`create_engine` of the store, with the compiled statements of all."""
    made = CREATE(*words, **settings)
    assert type(made.dialect) is SQLiteDialect_pysqlite
    made.dialect.__class__ = OneDialect
    made._compiled_cache = _compiled
    return made


@pytest.fixture(scope="session", autouse=True)
def _kept_statements() -> Iterator[None]:
    """Share them in the process of the tests."""
    keep()
    yield
    engine.create_engine = CREATE


def keep() -> None:
    """Let every engine of this process have them, and the tables be mapped at once."""
    assert tables.__name__
    configure_mappers()
    engine.create_engine = create_engine
