"""A unit of work: one transaction, rolled back unless told to commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from vault.errors.families import InternalError, LockboxError
from vault.store.failures import translated
from vault.store.tables import Row
from vault.store.versioned import highest_given

if TYPE_CHECKING:
    from vault.sealing.multiset import MultisetDigest
    from vault.store.row_changes import RowChanges

R = TypeVar("R", bound=Row)

KEPT: Final = 512
"""How many statements are kept; the program has fewer."""
_LIMIT: Final = "_limit"


class UnitOfWork:
    """Rows read and written in one transaction.

    A unit that reads sees one snapshot throughout. A unit that writes has the `changes` of its connection and keeps
    nothing but what `commit` wrote: any failure undoes the whole unit and ends it. Changes to the attributes of a
    fetched row are written.
    Every method raises DiskFull, DiskReadOnly, DiskFailing, VaultBusy, Damaged, or InternalError for a bug.
    """

    def __init__(self, session: Session, path: Path, *, changes: RowChanges | None) -> None:
        self._session = session
        self._path = path
        self._changes = changes
        self._is_over = False
        with self._working():
            # SQLite takes the snapshot at the first read, not at BEGIN.
            session.execute(text("SELECT 1 FROM sqlite_master LIMIT 1"))

    def add(self, row: Row) -> None:
        """Write a new row now, so that a number the database gives is known at once."""
        with self._writing():
            self._session.add(row)
            self._session.flush()

    def add_all(self, rows: Sequence[Row]) -> None:
        """Write new rows now, at less cost than one by one; the numbers that the database gives are not known."""
        with self._writing():
            self._session.flush()
            self._session.bulk_save_objects(rows)

    def get(self, table: type[R], key: int | str) -> R | None:
        """The row with this primary key, or None when there is none."""
        with self._working():
            return self._session.get(table, key)

    def find(
        self,
        table: type[R],
        *,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        **equals: object,
    ) -> list[R]:
        """The rows whose columns have these values (None: is empty), by `order_by`, then by primary key."""
        with self._working():
            query = _find(
                table, _given(equals), order_by, is_descending=descending, is_limited=limit is not None
            )
            return list(self._session.scalars(query, equals if limit is None else {**equals, _LIMIT: limit}))

    def find_span(self, table: type[R], column: str, start: int, end: int) -> list[R]:
        """The rows whose number in a column is at least `start` and less than `end`, by it, then by primary key."""
        with self._working():
            number = _column(table, column)
            query = select(table).where(number >= start, number < end)
            return list(self._session.scalars(query.order_by(number, *inspect(table).primary_key)))

    def count(self, table: type[Row], **equals: object) -> int:
        """How many rows have these values."""
        with self._working():
            return self._session.scalars(_count(table, _given(equals)), equals).one()

    def values(self, table: type[Row], columns: Sequence[str], **equals: object) -> list[tuple[Any, ...]]:
        """Some columns of the rows that have these values, without their blobs."""
        with self._working():
            wanted = [_column(table, name) for name in columns]
            query = select(*wanted).where(*_conditions(table, _given(equals)))
            return [tuple(row) for row in self._session.execute(query, equals)]

    def maximum(self, table: type[Row], column: str) -> int | None:
        """The largest number in a column, or None when there is no row."""
        with self._working():
            largest: int | None = self._session.scalars(select(func.max(_column(table, column)))).one()
            return largest

    def highest_given(self, table: type[Row]) -> int:
        """The largest number that a row of this table ever had, 0 where there was none; no other gets it again."""
        with self.connection() as connection:
            return highest_given(connection, str(inspect(table).local_table.name))

    def columns(self, table: type[Row], *names: str) -> list[tuple[Any, ...]]:
        """These columns of every row, by primary key; cheaper than the rows themselves."""
        with self._working():
            query = select(*(_column(table, name) for name in names)).order_by(*inspect(table).primary_key)
            return [tuple(row) for row in self._session.execute(query)]

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """The database's own connection, in this transaction, for reading what no table of the program describes."""
        with self._working():
            if self._changes is not None:
                self._session.flush()
            yield self._session.connection().connection.driver_connection

    def apply_changes(self, digest: MultisetDigest) -> None:
        """Bring a digest of the versioned rows from what they were before this unit to what they are now."""
        with self._writing(), self.connection() as connection:
            assert self._changes is not None, "a unit that writes follows its changes"
            self._changes.apply(digest, connection)

    def delete(self, row: Row) -> None:
        """Delete a fetched row now."""
        with self._writing():
            self._session.delete(row)
            self._session.flush()

    def delete_all(self, table: type[Row], **equals: object) -> None:
        """Delete the rows that have these values now, without fetching them."""
        with self._writing():
            self._session.flush()
            self._session.execute(
                delete(table).where(*_conditions(table, _given(equals))),
                equals,
                execution_options={"synchronize_session": "fetch"},
            )

    def commit(self) -> None:
        """Make everything in this unit durable; the unit is over afterwards, the rows stay readable."""
        with self._writing():
            self._session.commit()
        self._is_over = True

    def close(self, *, failed: bool) -> None:
        """End the unit: what was not committed is undone. Called by the store alone.

        Raises InternalError when a change would be lost without anybody having asked for it.
        """
        must_not_change = self._is_over or self._changes is None
        lost = not failed and must_not_change and self._has_changes()
        # Rows let go of before the end stay readable after it.
        self._session.expunge_all()
        self._undo()
        if lost:
            raise InternalError(what="a row was changed where it cannot be written")

    def _has_changes(self) -> bool:
        return any(self._session.is_modified(row) for row in self._session.dirty)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._working():
            if self._changes is None:
                raise InternalError(what="a unit of work that only reads was asked to write")
            yield

    @contextmanager
    def _working(self) -> Iterator[None]:
        if self._is_over:
            raise InternalError(what="a unit of work was used after its end")
        try:
            with translated(self._path):
                yield
        except LockboxError:
            self._undo()
            raise

    def _undo(self) -> None:
        self._is_over = True
        try:
            self._session.rollback()
        except SQLAlchemyError:
            # A connection that cannot even roll back is dropped; SQLite then undoes the rest by itself.
            self._session.invalidate()


Given = frozenset[tuple[str, bool]]
"""The columns that are to have a value, each with whether it is to be empty."""


def _given(equals: Mapping[str, object]) -> Given:
    return frozenset((name, value is None) for name, value in equals.items())


@lru_cache(maxsize=KEPT)
def _find(
    table: type[R], given: Given, order_by: str | None, *, is_descending: bool, is_limited: bool
) -> Select[R]:
    columns = [] if order_by is None else [_column(table, order_by)]
    columns += inspect(table).primary_key
    order = [column.desc() if is_descending else column.asc() for column in columns]
    query = select(table).where(*_conditions(table, given)).order_by(*order)
    return query.limit(bindparam(_LIMIT, type_=Integer)) if is_limited else query


@lru_cache(maxsize=KEPT)
def _count(table: type[Row], given: Given) -> Select[int]:
    return select(func.count()).select_from(table).where(*_conditions(table, given))


def _conditions(table: type[Row], given: Given) -> list[ColumnElement[bool]]:
    """Conditions whose values are given when they are asked: to write a statement takes longer than to ask it."""
    return [
        _column(table, name).is_(None) if is_empty else _column(table, name) == bindparam(name)
        for name, is_empty in sorted(given)
    ]


def _column(table: type[Row], name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] | None = inspect(table).columns.get(name)
    if column is None:
        raise InternalError(what=f"{table.__name__} has no column {name}")
    return column
