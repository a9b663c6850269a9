"""The database file: making, opening, reading, writing, copying and checking it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2

from vault.errors.families import Unavailable
from vault.errors.storage import Damaged, DiskReadOnly, NoVault, VaultBusy, VaultExists
from vault.sealing.durable import sync
from vault.store import cipher
from vault.store.failures import DATABASE, translated
from vault.store.files import drafted
from vault.store.integrity import problems_of
from vault.store.row_changes import RowChanges
from vault.store.schema import has_schema, is_newest, migrate, refuse_other_schema
from vault.store.unit_of_work import UnitOfWork

# Each thread that works on the vault may read within what it reads, for the mark; none may wait for another one's.
_READERS = 32
BACKUP_PAGES = 2048

Connect = Callable[[str, Sequence[str]], Any]
Migrating = Callable[[Any], AbstractContextManager[None]]
"""What goes on around a migration, given the database's own connection."""


class Store:
    """One encrypted SQLite file: one connection that writes, several that read beside it.

    Only the process that holds the `writer_lock` may open it writable. Every method raises DiskFull,
    DiskReadOnly, DiskFailing, Damaged or VaultBusy for what the disk and the file say.
    """

    def __init__(
        self,
        path: Path,
        *,
        connect: Connect,
        reading: str,
        reader: Engine,
        writer: Engine | None,
        changes: RowChanges | None,
    ) -> None:
        self.path = path
        self._connect = connect
        self._reading = reading
        self._reader = reader
        self._writer = writer
        self._changes = changes

    @classmethod
    def create(cls, path: Path, key: bytes) -> Self:
        """Make the file with the newest schema, wholly or not at all, and open it to write.

        `key` is 32 random bytes. Raises VaultExists, NoVault when the folder is missing.
        """
        if path.exists():
            raise VaultExists(path=path)
        with drafted(path) as draft, translated(path):
            engine = _writing_engine(draft, _keyed(key))
            try:
                migrate(engine)
            finally:
                engine.dispose()
            cipher.assert_encrypted(draft)
        return cls.open(path, key, writable=True)

    @property
    def _wal(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    @property
    def is_writable(self) -> bool:
        """Whether it was opened to be written to."""
        return self._writer is not None

    @classmethod
    def open(cls, path: Path, key: bytes, *, writable: bool, migrating: Migrating = nullcontext) -> Self:
        """Open the file; a writable one is brought to the newest schema first, within `migrating`.

        Raises NoVault, NewerVault, OutdatedVault, and Damaged for a wrong key and a damaged file alike.
        A file on a read-only disk opens to read unless a killed writer left something to recover.
        """
        with translated(path), ExitStack() as undo:
            _refuse_unusable(path, writable=writable)
            connect = _keyed(key)
            changes = RowChanges() if writable else None
            writer = _writing_engine(path, connect, changes) if writable else None
            if writer is not None:
                # First, since it recovers what a killed process left and makes the shared memory file.
                undo.callback(writer.dispose)
                _bring_up_to_date(writer, lambda: _writing_engine(path, connect), migrating)
            reading = _reading_location(path, connect)
            reader = _reading_engine(reading, connect)
            undo.callback(reader.dispose)
            refuse_other_schema(reader)
            undo.pop_all()
            return cls(path, connect=connect, reading=reading, reader=reader, writer=writer, changes=changes)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A transaction that nobody else can write beside; undone unless its `commit` was called."""
        if self._writer is None:
            raise DiskReadOnly(path=self.path)
        with self._unit(self._writer, self._changes) as unit:
            yield unit

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """One consistent snapshot, whatever a writer does meanwhile."""
        with self._unit(self._reader, None) as unit:
            yield unit

    def backup(self, target: Path, progress: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """Put a consistent copy, encrypted under the same key and checked page by page, at `target`.

        Writers go on meanwhile; `progress` is told the pages copied, and what it raises leaves nothing behind. Raises
        VaultExists when `target` is there already.
        """
        if target.exists():
            raise VaultExists(path=target)
        with translated(self.path):
            source = self._connect_to_read()
        with closing(source), drafted(target) as draft, translated(draft):
            location = cipher.location(draft, "rw")
            with closing(self._connect(location, ())) as copy:
                # One snapshot for all steps, or a writer between two of them would begin the copy anew.
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                source.backup(
                    copy, pages=BACKUP_PAGES, progress=lambda _status, left, of: progress(of - left, of)
                )
            with closing(self._connect(location, ())) as copy:
                problems = problems_of(copy, draft)
            cipher.assert_encrypted(draft)
            if problems:
                raise Damaged(what="the backup")

    def integrity_problems(self) -> list[str]:
        """Every page authenticated and the structure checked: what is wrong, or an empty list."""
        try:
            with translated(self.path), closing(self._connect_to_read()) as connection:
                return problems_of(connection, self.path)
        except Damaged:
            return ["the first page cannot be read with this key"]

    def checkpoint_wal(self) -> None:
        """Write everything into the main file, and give back to the disk what was deleted.

        After this no deleted page is left in the main or the WAL file. Raises VaultBusy while a reader holds
        an older snapshot, since the deleted pages then stay where they are.
        """
        if self._writer is None:
            raise DiskReadOnly(path=self.path)
        with translated(self.path):
            # A raw connection, since neither step works inside a transaction.
            with closing(self._writer.raw_connection()) as connection:
                _truncate_wal(connection)
                connection.cursor().execute("PRAGMA incremental_vacuum").fetchall()
                _truncate_wal(connection)
            # SQLite does not sync what it cuts off there; it holds no lock on this file that closing it here would end.
            sync(self._wal)
            sync(self.path.parent)

    def bring_home(self) -> None:
        """Write into the main file what a killed process left beside it: pages it erased lie there until then.

        What cannot be written now, because somebody reads or the disk is full, is written the next time.
        """
        if self._wal.exists() and self._wal.stat().st_size:
            with suppress(Unavailable):
                self.checkpoint_wal()

    def close(self) -> None:
        """Close every connection; the writing one goes last and leaves no WAL file behind."""
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def _connect_to_read(self) -> Any:
        return self._connect(self._reading, cipher.READING)

    @contextmanager
    def _unit(self, engine: Engine, changes: RowChanges | None) -> Iterator[UnitOfWork]:
        with Session(engine, expire_on_commit=False) as session:
            unit = UnitOfWork(session, self.path, changes=changes)
            try:
                yield unit
            except BaseException:
                unit.close(failed=True)
                raise
            unit.close(failed=False)


def _keyed(key: bytes) -> Connect:
    # The key lives in this closure alone, so that no attribute and no repr can show it.
    return lambda location, pragmas: cipher.connect(location, key, pragmas)


def _writing_engine(path: Path, connect: Connect, changes: RowChanges | None = None) -> Engine:
    """One connection that writes; without `changes` it is for the schema alone."""
    location = cipher.location(path, "rw")

    def connected() -> Any:
        connection = connect(location, cipher.WRITING)
        if changes is not None:
            changes.watch(connection)
        return connection

    engine = _engine(connected, begin="BEGIN IMMEDIATE", connections=1)
    if changes is not None:
        event.listen(engine, "begin", lambda begun: changes.begin(begun.connection.driver_connection))
    return engine


def _reading_engine(location: str, connect: Connect) -> Engine:
    return _engine(lambda: connect(location, cipher.READING), begin="BEGIN", connections=_READERS)


def _engine(connect: Callable[[], Any], *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        module=dbapi2,
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=cipher.BUSY_SECONDS,
        hide_parameters=True,  # or the text of an error would hold what was being stored
    )
    event.listen(engine, "begin", partial(_begin, begin))
    return engine


def _begin(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)


def _bring_up_to_date(writer: Engine, for_schema: Callable[[], Engine], migrating: Migrating) -> None:
    # A file without any schema is no vault: it is not to be made one by opening it.
    if not has_schema(writer):
        raise Damaged(what=DATABASE)
    if is_newest(writer):
        return
    # What follows changes of rows knows the tables of its connection, so it begins anew with the new schema.
    writer.dispose()
    other = for_schema()
    try:
        migrate(other, migrating)
    finally:
        other.dispose()


def _refuse_unusable(path: Path, *, writable: bool) -> None:
    if not path.is_file():
        raise NoVault(path=path)
    if path.stat().st_size == 0:
        raise Damaged(what=DATABASE)
    # SQLite itself would quietly open such a file to read.
    if writable and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise DiskReadOnly(path=path)


def _reading_location(path: Path, connect: Connect) -> str:
    usual = cipher.location(path, "ro")
    try:
        connect(usual, cipher.READING).close()
    except dbapi2.OperationalError:
        if not _cannot_change(path):
            raise
        # Without locks and shared memory; safe since nobody can write here and nothing waits in the WAL.
        return usual + "&immutable=1"
    return usual


def _cannot_change(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    has_content = wal.exists() and wal.stat().st_size > 0
    return not has_content and not os.access(path.parent, os.W_OK)


def _truncate_wal(connection: Any) -> None:
    is_busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise VaultBusy
