"""Copies of vaults that an earlier program made, frozen in `vectors` and never made again, and their raw rows."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from vault.sealing.header import read_header, unlock
from vault.sealing.keytree import KeyTree, Purpose
from vault.settings import Paths
from vault.store import cipher, engine, schema
from vault.store.column_types import TimeColumn, WordColumn
from vault.store.tables import Row
from vault.vault import Vault, passphrase_secret

VECTORS = Path(__file__).with_name("vectors")
PASSPHRASE = "correct horse battery staple"

TIME = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenVault:
    """A frozen vault by the number of its revision and the moment at which it was shown; it is opened as of then."""

    revision: str
    that_day: datetime

    @property
    def name(self) -> str:
        """Its folder."""
        return f"r{self.revision}"

    def shown_then(self) -> Any:
        """What the program that made it showed of it, but for sums of ε over jobs, which nothing shows any more."""
        then = json.loads((VECTORS / self.name / "shown.json").read_text())
        for asked in then["requests"]:
            asked.get("so_far", {}).pop("epsilon", None)
        return then

    def copied(self, folder: Path) -> Paths:
        """A copy of it."""
        return copy_of(self.name, folder)

    def opened(self, paths: Paths, *, writable: bool = True) -> Vault:
        """A copy of it, opened."""
        secret = passphrase_secret(PASSPHRASE)
        return Vault.open(paths, secret, writable=writable, clock=lambda: self.that_day)

    def rows(self, paths: Paths) -> Rows:
        """Every row of a copy of it, by table."""
        with raw(paths, database_key(self.name)) as connection:
            return rows(connection)


WITH_SHARED_BUDGETS = FrozenVault(revision="0005", that_day=datetime(2026, 11, 28, 9, 19, 30, tzinfo=UTC))
WITH_MODELS = FrozenVault(revision="0007", that_day=datetime(2026, 11, 28, 9, 47, tzinfo=UTC))
WITH_CAMPAIGNS = FrozenVault(revision="0008", that_day=datetime(2026, 11, 28, 10, 23, tzinfo=UTC))
WITH_CAMPAIGN_LOGS = FrozenVault(revision="0009", that_day=datetime(2026, 11, 29, 9, 39, tzinfo=UTC))
WITH_TIERS = FrozenVault(revision="0011", that_day=datetime(2026, 11, 29, 9, 54, tzinfo=UTC))


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


def made_by_migrations(revision: str) -> dict[str, str]:
    """The schema that the migrations up to this one make."""
    config, other = Config(), create_engine("sqlite://")
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    with other.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
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


def shown(vault: Vault) -> Any:
    """What an owner is shown of a whole vault, as it is written down beside a frozen one."""
    return plain(
        {
            "budget": vault.budget(),
            "budget_history": vault.budget_history(),
            "campaigns": [vault.campaign(one.id) for one in vault.campaigns()],
            "collections": vault.collections(),
            "grants": vault.grants(),
            "models": vault.models(),
            "page": vault.browse("nights", limit=5),
            "receipts": [vault.receipt(one.id) for one in vault.grants()],
            "releases": vault.releases(),
            "requesters": vault.requesters(),
            "requests": [vault.request(one.id) for one in vault.requests()],
            "status": vault.status(),
            "trail": sorted(
                (line.seq, line.ts, line.type, group.request)
                for group in vault.timeline()
                for line in group.lines
            ),
            "verify_audit": vault.verify_audit(),
        }
    )


def plain(value: object) -> Any:
    """A view as it was written down."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def within(old: Any, new: Any) -> Any:
    """What is new, without what the old program did not show."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: within(old[name], each) for name, each in new.items() if name in old}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [within(was, each) for was, each in zip(old, new, strict=True)]
    return new


def by_key(found: Rows) -> dict[tuple[str, object], dict[str, object]]:
    """Every row by its table and its primary key, which is its first column."""
    return {(table, next(iter(row.values()))): row for table, each in found.items() for row in each}


def misspelt(found: Rows) -> list[object]:
    """What stands in a column of times or words and is no such text."""
    wrong = []
    for table in Row.metadata.tables.values():
        for column in table.columns:
            texts = [
                row[column.name] for row in found.get(table.name, []) if row.get(column.name) is not None
            ]
            if isinstance(column.type, TimeColumn):
                wrong += [text for text in texts if not (isinstance(text, str) and TIME.fullmatch(text))]
            if isinstance(column.type, WordColumn):
                wrong += [text for text in texts if text not in list(column.type.words)]
    return wrong
