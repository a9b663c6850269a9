"""Bringing a database file to the newest schema, wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from vault.errors.storage import Damaged, NewerVault, OutdatedVault
from vault.store.failures import DATABASE

HEAD = "0011"

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(engine: Engine, around: Callable[[Any], AbstractContextManager[None]] = nullcontext) -> None:
    """Run the missing migrations over a writing engine in one transaction; a failure leaves nothing behind.

    `around` is given the database's own connection within that transaction. Raises NewerVault when the file knows a
    revision this program does not.
    """
    with engine.begin() as connection:
        found = _revision(connection)
        if found == HEAD:
            return
        if found is not None and not _is_known(found):
            raise NewerVault
        with around(connection.connection.driver_connection):
            _upgrade(connection)


def is_newest(engine: Engine) -> bool:
    """Whether the file has the newest schema."""
    with engine.begin() as connection:
        return _revision(connection) == HEAD


def refuse_other_schema(engine: Engine) -> None:
    """Raise NewerVault or OutdatedVault unless the file has the newest schema, Damaged when it has none."""
    with engine.begin() as connection:
        found = _revision(connection)
    if found is None:
        raise Damaged(what=DATABASE)
    if found != HEAD:
        raise OutdatedVault if _is_known(found) else NewerVault


def has_schema(engine: Engine) -> bool:
    """Whether any migration ever ran on the file."""
    with engine.begin() as connection:
        return _revision(connection) is not None


def _revision(connection: Connection) -> str | None:
    known = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")
    if connection.execute(known).first() is None:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


# alembic takes a tenth of a second to import, which a file with the newest schema need not pay.


def _is_known(revision: str) -> bool:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_MIGRATIONS))
    return revision in {script.revision for script in scripts.walk_revisions()}


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
