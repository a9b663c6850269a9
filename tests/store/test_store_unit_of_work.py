from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from vault.errors.families import InternalError
from vault.errors.storage import DiskFull
from vault.store.engine import Store
from vault.store.tables import (
    Collection,
    Disclosure,
    Field,
    HeldRow,
    ImportedFile,
    LogEntry,
    RequesterRow,
    VaultFact,
)
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import FieldType, Sensitivity, UnitKind
from vault.views.states import RequesterStatus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class StoppedError(Exception):
    pass


def collection(name: str) -> Collection:
    return Collection(name=name, unit=UnitKind.RECORD, lifetime_epsilon="8", created_at=NOW)


def names(store: Store) -> list[str]:
    with store.read() as unit:
        return [row.name for row in unit.find(Collection, order_by="name")]


def test_a_missing_commit_undoes_everything(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        assert unit.count(Collection) == 1

    assert names(store) == []


def test_an_error_in_the_block_undoes_everything_and_passes_through(store: Store) -> None:
    def stop() -> None:
        with store.write() as unit:
            unit.add(collection("heart"))
            raise StoppedError

    with pytest.raises(StoppedError):
        stop()

    assert names(store) == []


def test_an_error_of_the_caller_is_never_taken_for_one_of_the_store(store: Store) -> None:
    with pytest.raises(FileNotFoundError), store.write():
        Path("no such file anywhere").read_bytes()


def test_a_failure_undoes_the_unit_even_when_it_is_caught(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        with pytest.raises(InternalError, match=r"UNIQUE constraint failed: collection.name"):
            unit.add(collection("heart"))
        with pytest.raises(InternalError, match="after its end"):
            unit.add(collection("lungs"))
        with pytest.raises(InternalError, match="after its end"):
            unit.commit()

    assert names(store) == []


def test_a_commit_that_fails_undoes_the_unit(store: Store) -> None:
    """A child without its parent is found at the commit."""
    with store.write() as unit:
        unit.add(collection("heart"))
        unit.add(Disclosure(seq=7, digest="d", d="x"))
        with pytest.raises(InternalError, match="FOREIGN KEY"):
            unit.commit()

    assert names(store) == []
    with store.write() as unit:
        unit.add(collection("lungs"))
        unit.commit()
    assert names(store) == ["lungs"]


def test_parent_and_child_may_come_in_either_order(store: Store) -> None:
    with store.write() as unit:
        unit.add(Disclosure(seq=0, digest="d", d="x"))
        unit.add(LogEntry(seq=0, body=b"b", leaf=b"l"))
        unit.commit()

    with store.read() as unit:
        assert unit.count(Disclosure, seq=0) == 1


def test_a_parent_with_children_cannot_be_deleted(store: Store) -> None:
    with store.write() as unit:
        heart = collection("heart")
        unit.add(heart)
        unit.add(
            ImportedFile(
                collection_id=heart.id,
                digest=b"d",
                row_count=1,
                refused_count=0,
                imported_at=NOW,
            )
        )
        unit.commit()

    with store.write() as unit:
        for row in unit.find(Collection):
            unit.delete(row)
        with pytest.raises(InternalError, match="FOREIGN KEY"):
            unit.commit()
    assert names(store) == ["heart"]


def test_a_changed_attribute_is_written_by_the_commit(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        unit.commit()
    with store.write() as unit:
        (row,) = unit.find(Collection)
        row.rows = 5
        assert unit.count(Collection, rows=5) == 1
        unit.commit()

    with store.read() as unit:
        assert [row.rows for row in unit.find(Collection)] == [5]


def test_rows_stay_readable_after_the_unit(store: Store) -> None:
    with store.write() as unit:
        written = collection("heart")
        unit.add(written)
        unit.commit()
    with store.read() as unit:
        (read,) = unit.find(Collection)
    with store.write() as unit:
        (undone,) = unit.find(Collection)

    assert [(row.id, row.name) for row in (written, read, undone)] == [(1, "heart")] * 3


def test_a_unit_is_over_after_its_commit(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        unit.commit()
        with pytest.raises(InternalError, match="after its end"):
            unit.count(Collection)

    assert names(store) == ["heart"]


def test_a_change_after_the_commit_is_not_lost_in_silence(store: Store) -> None:
    def change_too_late() -> None:
        with store.write() as unit:
            heart = collection("heart")
            unit.add(heart)
            unit.commit()
            heart.rows = 9

    with pytest.raises(InternalError, match="cannot be written"):
        change_too_late()


def test_a_reading_unit_refuses_every_write(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        unit.commit()

    with pytest.raises(InternalError, match="only reads"), store.read() as unit:
        unit.add(collection("lungs"))
    with pytest.raises(InternalError, match="only reads"), store.read() as unit:
        unit.delete(unit.find(Collection)[0])
    with pytest.raises(InternalError, match="only reads"), store.read() as unit:
        unit.commit()
    assert names(store) == ["heart"]


def test_a_row_changed_in_a_reading_unit_is_not_lost_in_silence(store: Store) -> None:
    with store.write() as unit:
        unit.add(collection("heart"))
        unit.commit()

    with pytest.raises(InternalError, match="cannot be written"), store.read() as unit:
        unit.find(Collection)[0].rows = 9


def test_find_filters_orders_and_limits(store: Store) -> None:
    with store.write() as unit:
        for name in ("b", "c", "a"):
            unit.add(collection(name))
        unit.commit()

    with store.read() as unit:
        assert [row.name for row in unit.find(Collection)] == ["b", "c", "a"]
        assert [row.name for row in unit.find(Collection, order_by="name", limit=2)] == ["a", "b"]
        assert [row.name for row in unit.find(Collection, order_by="name", descending=True)] == [
            "c",
            "b",
            "a",
        ]
        assert [row.name for row in unit.find(Collection, name="c", unit=UnitKind.RECORD)] == ["c"]
        assert len(unit.find(Collection, unit_field=None)) == 3
        assert unit.find(Collection, unit_field="day") == []
        assert (
            unit.count(Collection),
            unit.count(Collection, name="a"),
            unit.count(Collection, name="z"),
        ) == (3, 1, 0)


def test_rows_come_in_the_same_order_each_time(store: Store) -> None:
    with store.write() as unit:
        for key in ("b", "c", "a"):
            unit.add(VaultFact(key=key, value="same"))
        unit.commit()

    with store.read() as unit:
        assert [row.key for row in unit.find(VaultFact)] == ["a", "b", "c"]
        assert [row.key for row in unit.find(VaultFact, order_by="value")] == ["a", "b", "c"]


def test_get_and_maximum_know_nothing_and_something(store: Store) -> None:
    with store.write() as unit:
        assert unit.get(Collection, 1) is None
        assert unit.maximum(LogEntry, "seq") is None
        unit.add(LogEntry(seq=0, body=b"", leaf=b""))
        unit.add(LogEntry(seq=41, body=b"", leaf=b""))
        unit.add(VaultFact(key="k", value="v"))
        assert unit.maximum(LogEntry, "seq") == 41
        assert getattr(unit.get(VaultFact, "k"), "value", None) == "v"


def test_an_unknown_column_is_a_mistake_of_ours(store: Store) -> None:
    asks: list[Callable[[UnitOfWork], object]] = [
        lambda unit: unit.find(Collection, colour="red"),
        lambda unit: unit.find(Collection, order_by="colour"),
        lambda unit: unit.count(Collection, metadata=1),
        lambda unit: unit.maximum(Collection, "colour"),
    ]
    for ask in asks:
        with pytest.raises(InternalError, match="Collection has no column"), store.read() as unit:
            ask(unit)


def test_a_number_once_given_away_is_never_given_again(store: Store) -> None:
    """Collection and field numbers are bound into sealed blobs."""
    with store.write() as unit:
        first = collection("heart")
        unit.add(first)
        unit.commit()
    with store.write() as unit:
        unit.delete(unit.find(Collection)[0])
        unit.commit()
    with store.write() as unit:
        second = collection("heart")
        unit.add(second)
        unit.commit()

    assert (first.id, second.id) == (1, 2)


def test_one_field_name_stands_once_in_a_collection(store: Store) -> None:
    def field(of: Collection) -> Field:
        return Field(
            collection_id=of.id,
            position=0,
            name="age",
            type=FieldType.INT,
            sensitivity=Sensitivity.ORDINARY,
            wrapped_key=b"k",
        )

    with store.write() as unit:
        heart, lungs = collection("heart"), collection("lungs")
        unit.add(heart)
        unit.add(lungs)
        unit.add(field(heart))
        unit.add(field(lungs))
        with pytest.raises(InternalError, match="UNIQUE"):
            unit.add(field(heart))


def test_columns_named_update_and_private_round_trip(store: Store) -> None:
    def held(name: str, update: bytes | None, private: bytes | None) -> HeldRow:
        return HeldRow(
            id=name,
            request_id=name,
            update=update,
            manifest=b"m",
            manifest_digest="d",
            private=private,
            held_at=NOW,
            expires_at=NOW,
        )

    with store.write() as unit:
        unit.add(held("1", b"\x00\xff", b"p"))
        unit.add(held("2", None, None))
        unit.commit()

    with store.read() as unit:
        assert [(r.id, r.update, r.private) for r in unit.find(HeldRow, update=b"\x00\xff")] == [
            ("1", b"\x00\xff", b"p")
        ]
        assert [row.id for row in unit.find(HeldRow, update=None)] == ["2"]


def test_no_stored_value_stands_in_an_error(store: Store) -> None:
    secret = "diagnosis-of-the-owner"

    def requester(number: str) -> RequesterRow:
        return RequesterRow(
            id=number, name=secret, key=b"k", contact=secret, status=RequesterStatus.NEW, added_at=NOW
        )

    with store.write() as unit:
        unit.add(requester("1"))
        with pytest.raises(InternalError) as caught:
            unit.add(requester("2"))

    assert secret not in "".join(traceback.format_exception(caught.value))
    assert secret not in f"{caught.value.__context__!r} {caught.value.__context__}"


def test_a_full_disk_at_any_step_undoes_the_unit(store: Store) -> None:
    """SQLite's own limit on the size of the file gives the very error of a full disk."""
    assert store._writer is not None

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    event.listen(store._writer, "begin", limit)
    with store.write() as unit:
        unit.add(VaultFact(key="small", value="1"))
        with pytest.raises(DiskFull):
            unit.add(LogEntry(seq=0, body=bytes(200_000), leaf=b""))
    event.remove(store._writer, "begin", limit)

    with store.read() as unit:
        assert (unit.count(VaultFact), unit.count(LogEntry)) == (0, 0)
