from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vault.audit import log
from vault.audit.entries import EntryType
from vault.audit.transaction import AuditedTransaction, audited
from vault.audit.vault_date import keep_moment
from vault.importers.read import parse, read_file
from vault.records.collections import find_collection
from vault.records.imports import Import, ImportChoice, choose, import_table
from vault.records.reading import ColumnReader
from vault.records.schema import ParsedTable
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.secret import Secret
from vault.store.engine import Store
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import FieldType
from vault.views.records import ImportReport

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A store with its keys, and short ways to import text into it."""

    folder: Path
    store: Store
    keys: KeyTree

    def parse(
        self, text: str, name: str = "rows.csv", as_format: str | None = None, **options: object
    ) -> ParsedTable:
        """Parse text as a file."""
        file = self.folder / name
        file.write_bytes(text.encode())
        return parse(read_file(file, as_format), **options)  # type: ignore[arg-type]

    def act(self) -> AbstractContextManager[AuditedTransaction]:
        """An act on the first of March 2026, committed when its block ends."""
        return audited(self.store, self.keys, lambda: NOW)

    def put(
        self,
        opened: AuditedTransaction,
        parsed: ParsedTable,
        choice: ImportChoice,
        *,
        into: str = "rows",
        epsilon: str = "8",
    ) -> ImportReport:
        """Import a parsed file in an act that is open."""
        digest = keyed_digest(self.keys.subkey(Purpose.IMPORT_DIGEST), parsed.digest_input)
        wanted = Import(name=into, parsed=parsed, choice=choice, lifetime_epsilon=epsilon, file_digest=digest)
        return import_table(opened, wanted)

    def load(
        self,
        text: str,
        name: str = "rows.csv",
        *,
        into: str = "rows",
        types: Mapping[str, FieldType] | None = None,
        **wishes: str,
    ) -> ImportReport:
        """Parse and import text in an act of its own."""
        parsed = self.parse(text, name, types=types)
        with self.act() as opened:
            return self.put(opened, parsed, choose(opened.uow, into, parsed.fields, **wishes), into=into)

    def owner(self, uow: UnitOfWork, collection: str = "rows") -> ColumnReader:
        """The owner's reader of a collection."""
        return ColumnReader.of_owner(uow, self.keys, find_collection(uow, collection).id)

    def column(self, name: str, collection: str = "rows") -> list[object]:
        """The values of a column, as the owner reads them."""
        with self.store.read() as uow:
            values: list[object] = self.owner(uow, collection).column(name).to_pylist()
        return values


ROOT = Secret(bytes(range(32)))


@contextmanager
def opened(file: Path) -> Iterator[Bench]:
    """The bench around a database file of these tests."""
    keys = KeyTree(ROOT)
    with Store.open(file, keys.subkey(Purpose.DATABASE).reveal(), writable=True) as store:
        yield Bench(folder=file.parent, store=store, keys=keys)


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose audit trail has begun; made once, since making is slow, and copied for each test."""
    file = tmp_path_factory.mktemp("new") / "vault.db"
    with Store.create(file, KeyTree(ROOT).subkey(Purpose.DATABASE).reveal()) as store, store.write() as uow:
        log.append(uow, kind=EntryType.LOG_GENESIS, now=NOW, clear={"app": "test"}, hidden={})
        keep_moment(uow, 0, NOW)
        uow.commit()
    return file


@pytest.fixture(scope="session")
def full_file(new_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a collection of 5,000 rows in two stripes."""
    file = tmp_path_factory.mktemp("full") / "vault.db"
    shutil.copy(new_file, file)
    with opened(file) as bench:
        bench.load(numbered_rows(5000))
    return file


@pytest.fixture
def bench(new_file: Path, tmp_path: Path) -> Iterator[Bench]:
    """A new store."""
    shutil.copy(new_file, tmp_path / "vault.db")
    with opened(tmp_path / "vault.db") as bench:
        yield bench


@pytest.fixture
def full(full_file: Path, tmp_path: Path) -> Iterator[Bench]:
    """A store with 5,000 rows."""
    shutil.copy(full_file, tmp_path / "vault.db")
    with opened(tmp_path / "vault.db") as bench:
        yield bench


def numbered_rows(rows: int, start: int = 0) -> str:
    """A file of so many rows with a number, its half and a word."""
    lines = (f"{number},{number / 2},w{number}" for number in range(start, start + rows))
    return "n,half,word\n" + "\n".join(lines) + "\n"


@pytest.fixture
def numbered() -> Callable[..., str]:
    """The text of such a file."""
    return numbered_rows
