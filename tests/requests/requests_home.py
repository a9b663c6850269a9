"""A real vault database with one collection and one requester, and acts in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from requests_samples import KEY, NOW

from vault.audit.entries import EntryType
from vault.audit.transaction import AuditedTransaction, audited
from vault.audit.vault_date import follow_clock
from vault.records.arrow_types import arrow_type
from vault.records.imports import Import, ImportChoice, import_table
from vault.records.schema import ParsedTable
from vault.requests import requesters
from vault.sealing.keytree import KeyTree
from vault.sealing.random import random_bytes, random_secret
from vault.store.engine import Store
from vault.store.tables import LogEntry
from vault.views.field_types import FieldSpec, FieldType, Sensitivity, UnitKind, UnitSpec

VALUES: dict[str, tuple[FieldType, list[object]]] = {
    "good_night": (FieldType.CATEGORY, ["yes", "no", "yes"]),
    "steps": (FieldType.INT, [4000, 9000, None]),
    "weekday": (FieldType.CATEGORY, ["fri", "sat", "sun"]),
    "mood": (FieldType.FLOAT, [0.5, None, 1.5]),
    "alone": (FieldType.BOOL, [True, False, None]),
    "note": (FieldType.TEXT, ["a", "b", "c"]),
    "bedtime": (FieldType.TIMESTAMP, [datetime(2026, 2, day, 22, tzinfo=UTC) for day in (6, 7, 8)]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A vault's store and keys, at a fixed time."""

    store: Store
    keys: KeyTree

    def act(self, now: datetime = NOW) -> AbstractContextManager[AuditedTransaction]:
        """A durable act at ``now``."""
        return audited(self.store, self.keys, lambda: now)

    def date_is(self, now: datetime) -> None:
        """The owner says that it is this day, so that the date is no question."""
        with self.act(now) as act:
            act.date = follow_clock(act.uow, now)
            act.record(EntryType.SETTINGS_CHANGE, hidden={"what": "the date"})

    def trail(self) -> list[str]:
        """The types of the audit entries since the vault was made ready."""
        with self.store.read() as uow:
            entries = uow.find(LogEntry, order_by="seq")
        return [json.loads(entry.body)["type"] for entry in entries][4:]


@pytest.fixture(scope="session")
def mould(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, KeyTree]:
    """The file, key and key tree of a vault that each test gets a copy of."""
    path, key = tmp_path_factory.mktemp("mould") / "vault.db", random_bytes(32)
    made = Home(store=Store.create(path, key), keys=KeyTree(random_secret()))
    with made.act() as opened:
        opened.record(EntryType.LOG_GENESIS, clear={"app": "lockbox 0"})
        _import(opened, "sleep", UnitSpec(kind=UnitKind.DAY), "bedtime")
        _import(opened, "walks", UnitSpec(kind=UnitKind.RECORD), None, is_blank=True)
        requesters.add(opened, name="lab", key=KEY.public)
    made.store.checkpoint_wal()
    made.store.close()
    return path, key, made.keys


@pytest.fixture
def home(mould: tuple[Path, bytes, KeyTree], tmp_path: Path) -> Iterator[Home]:
    """A vault that knows the requester "lab" and holds the collections "sleep" (days) and "walks" (records)."""
    path, key, keys = mould
    copy = Path(shutil.copy(path, tmp_path / "vault.db"))
    store = Store.open(copy, key, writable=True)
    yield Home(store=store, keys=keys)
    store.close()


@pytest.fixture(scope="module")
def shared_home(
    mould: tuple[Path, bytes, KeyTree], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """The same vault for tests in which nothing is ever stored."""
    path, key, keys = mould
    copy = Path(shutil.copy(path, tmp_path_factory.mktemp("shared") / "vault.db"))
    store = Store.open(copy, key, writable=True)
    yield Home(store=store, keys=keys)
    store.close()


def _import(
    opened: AuditedTransaction, name: str, unit: UnitSpec, time_field: str | None, *, is_blank: bool = False
) -> None:
    """Import the usual columns; blank ones tell of nobody, so that they share no budget."""
    fields = tuple(
        FieldSpec(name=name, type=kind, sensitivity=Sensitivity.ORDINARY)
        for name, (kind, _) in VALUES.items()
    )
    columns = {
        name: pa.array([None] * 3 if is_blank else values, arrow_type(kind))
        for name, (kind, values) in VALUES.items()
    }
    parsed = ParsedTable(
        fields=fields,
        table=pa.table(columns),
        lines=pa.array([2, 3, 4], pa.int64()),
        refused=(),
        digest_input=name.encode().ljust(32),
        format="csv",
        source="sleep.csv",
    )
    import_table(
        opened,
        Import(
            name=name,
            parsed=parsed,
            choice=ImportChoice(unit=unit, time_field=time_field),
            lifetime_epsilon="8",
            file_digest=name.encode().ljust(32),
        ),
    )
