"""A small vault file for the durable part of the consent room."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vault.audit import log
from vault.audit.entries import EntryType, parse_entry
from vault.audit.transaction import AuditedTransaction, audited
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.secret import Secret
from vault.store.engine import Store
from vault.store.tables import Collection, Field, RequesterRow
from vault.views.field_types import FieldType, Sensitivity, UnitKind
from vault.views.states import RequesterStatus

ROOT = Secret(bytes(range(32)))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class Bench:
    """A store with two collections and two requesters, and a clock that a test may set."""

    store: Store
    keys: KeyTree
    now: datetime = field(default=BEGIN)
    used: datetime = field(default=BEGIN)

    def act(self) -> AbstractContextManager[AuditedTransaction]:
        """An act at this time, committed when its block ends; until then it was used once a month."""
        while self.now - self.used > MONTH:
            self.used += MONTH
            with audited(self.store, self.keys, lambda: self.used) as act:
                act.record(EntryType.ACCESS_VIEW)
        self.used = max(self.used, self.now)
        return audited(self.store, self.keys, lambda: self.now)

    def entries(self, kind: EntryType) -> list[tuple[dict[str, object], dict[str, object]]]:
        """The clear and the hidden fields of every audit entry of a type."""
        with self.store.read() as uow:
            found = [(row.seq, parse_entry(row.body)) for row in log.read_entries(uow)]
            return [
                (dict(entry.clear), {each.name: each.value for each in log.opened(uow, seq)})
                for seq, entry in found
                if entry.kind is kind
            ]


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database made once, since making is slow, and copied for each test."""
    file = tmp_path_factory.mktemp("new") / "vault.db"
    with Store.create(file, KeyTree(ROOT).subkey(Purpose.DATABASE).reveal()) as store, store.write() as uow:
        log.append(uow, kind=EntryType.LOG_GENESIS, now=BEGIN, clear={"app": "test"}, hidden={})
        for name in ("sleep", "bank"):
            row = Collection(name=name, unit=UnitKind.DAY, lifetime_epsilon="8", created_at=BEGIN)
            uow.add(row)
            for position, (column, sensitivity) in enumerate(
                [
                    ("hr", Sensitivity.ORDINARY),
                    ("steps", Sensitivity.ORDINARY),
                    ("illness", Sensitivity.SPECIAL),
                ]
            ):
                uow.add(
                    Field(
                        collection_id=row.id,
                        position=position,
                        name=column,
                        type=FieldType.FLOAT,
                        sensitivity=sensitivity,
                        wrapped_key=b"",
                    )
                )
        for requester in ("clinic", "club"):
            uow.add(
                RequesterRow(
                    id=requester,
                    name=f"The {requester}",
                    key=requester.encode() * 5,
                    contact="by post",
                    status=RequesterStatus.NEW,
                    added_at=BEGIN,
                )
            )
        uow.commit()
    return file


@pytest.fixture
def bench(new_file: Path, tmp_path: Path) -> Iterator[Bench]:
    """A store of its own for each test."""
    file = tmp_path / "vault.db"
    shutil.copy(new_file, file)
    keys = KeyTree(ROOT)
    with Store.open(file, keys.subkey(Purpose.DATABASE).reveal(), writable=True) as store:
        yield Bench(store=store, keys=keys)
