"""The database of a coordinator: how it is opened, and what it says where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from vault.errors.federation import DatabaseUnusable, FederationMissing
from vault.errors.storage import DiskFull

PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "cache_size=-128")
READERS: Final = 8


def opened_engine(url: str) -> Engine:
    """The engine of a database; raises ``FederationMissing`` and ``DatabaseUnusable``."""
    try:
        return _engine(url)
    except ImportError as error:
        raise FederationMissing(package="psycopg") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseUnusable(reason="no such database is known here") from error


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=READERS)
    engine = create_engine(url, hide_parameters=True, pool_size=READERS, max_overflow=READERS)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, and not where pysqlite does
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("copies", False):  # within a transaction no copy can be made
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


@contextmanager
def translated() -> Iterator[None]:
    """Say what the database says as ``DiskFull`` or ``DatabaseUnusable``."""
    try:
        yield
    except DBAPIError as error:
        # The text of the database's own error could hold what was being stored: its name alone is said.
        names = (getattr(error.orig, name, None) for name in ("sqlite_errorname", "sqlstate"))
        name = next((each for each in names if each), type(error.orig).__name__)
        raise (DiskFull() if name == "SQLITE_FULL" else DatabaseUnusable(reason=name)) from None
