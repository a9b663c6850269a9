"""A reader opens what it was given, and nothing that was moved, changed or taken away."""

from __future__ import annotations

import pytest

from vault.errors.families import InternalError
from vault.errors.records import UnknownField
from vault.errors.storage import Damaged
from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.sealing.keytree import KeyTree
from vault.sealing.random import random_secret
from vault.store.tables import Collection, Field, Segment
from vault.views.field_types import FieldType

ROWS = 5000  # two stripes, the second not full


def reader(bench, uow, *allowed):
    return ColumnReader(uow, bench.keys, find_collection(uow, "rows").id, frozenset(allowed))


def field(uow, name):
    return uow.find(Field, name=name)[0]


def segment(uow, name, stripe):
    return uow.find(Segment, field_id=field(uow, name).id, stripe=stripe)[0]


def test_a_reader_reads_what_it_was_given(full):
    with full.store.read() as uow:
        opened = reader(full, uow, "n", "_unit")

        assert ({"n", "_unit"}, ROWS) == (opened.allowed, opened.rows)
        assert list(range(ROWS)) == opened.column("n").to_pylist()
        assert [len(chunk) for chunk in opened.column("_unit").chunks] == [4096, 904]


@pytest.mark.parametrize("name", ["half", "_unit", "none"])
def test_a_reader_refuses_what_it_was_not_given(full, name):
    with full.store.read() as uow:
        opened = reader(full, uow, "n")
        with pytest.raises(InternalError, match="a column outside the allowed ones was asked for"):
            opened.column(name)
        with pytest.raises(InternalError):
            list(opened.stripes(["n", name]))


def test_a_reader_holds_no_key_of_another_field(full, monkeypatch):
    """Only the keys of allowed fields are ever unwrapped."""
    from vault.records import reading

    unwrapped = []
    real = reading.unwrap_key
    monkeypatch.setattr(
        reading,
        "unwrap_key",
        lambda keys, blob, place: unwrapped.append(place.name) or real(keys, blob, place),
    )
    with full.store.read() as uow:
        reader(full, uow, "half", "word").column("half")

    assert sorted(unwrapped) == ["half", "word"]


def test_allowing_a_field_that_is_not_there_is_told(full):
    with full.store.read() as uow, pytest.raises(UnknownField, match="Collection rows has no field none"):
        reader(full, uow, "n", "none")


def test_a_reader_of_no_collection_is_a_mistake_of_ours(full):
    with full.store.read() as uow, pytest.raises(InternalError):
        ColumnReader(uow, full.keys, 99, frozenset())


def test_another_root_key_opens_nothing(full):
    with full.store.read() as uow, pytest.raises(Damaged, match="the key of the column n is damaged"):
        ColumnReader(uow, KeyTree(random_secret()), 1, frozenset({"n"}))


def test_a_closed_reader_reads_nothing(full):
    with full.store.read() as uow:
        opened = reader(full, uow, "n")
        opened.close()
        with pytest.raises(InternalError):
            opened.column("n")


def swap_blobs(one, other):
    one.blob, other.blob = other.blob, one.blob


def exchange_fields(uow):
    """Point the segments of two fields at each other's field."""
    half, number = field(uow, "half").id, field(uow, "n").id
    for found, place in [(segment(uow, name, stripe), stripe) for name in ("n", "half") for stripe in (0, 1)]:
        found.field_id, found.stripe = (half if found.field_id == number else number), place + 10
    uow.count(Segment)
    for found in uow.find(Segment):
        found.stripe %= 10


def exchange_names(uow):
    """Counting writes what waits, so that no name is there twice."""
    one, other = field(uow, "n"), field(uow, "half")
    one.name = "away"
    uow.count(Field)
    other.name = "n"
    uow.count(Field)
    one.name = "half"


TAMPERINGS = {
    "blobs of two fields exchanged": lambda uow: swap_blobs(segment(uow, "n", 0), segment(uow, "half", 0)),
    "blobs of two stripes exchanged": lambda uow: swap_blobs(segment(uow, "n", 0), segment(uow, "n", 1)),
    "segments moved to another field": exchange_fields,
    "another generation": lambda uow: setattr(segment(uow, "n", 1), "generation", 2),
    "another number of rows": lambda uow: setattr(segment(uow, "n", 1), "row_count", 903),
    "a stripe taken away": lambda uow: uow.delete(segment(uow, "n", 1)),
    "the first stripe taken away": lambda uow: uow.delete(segment(uow, "n", 0)),
    "fewer rows in the collection": lambda uow: setattr(uow.get(Collection, 1), "rows", 4096),
    "more rows in the collection": lambda uow: setattr(uow.get(Collection, 1), "rows", 5001),
    "another type": lambda uow: setattr(field(uow, "n"), "type", FieldType.FLOAT),
    "names of two fields exchanged": exchange_names,
    "keys of two fields exchanged": lambda uow: setattr(
        field(uow, "n"), "wrapped_key", field(uow, "half").wrapped_key
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_with_the_rows_of_the_database_is_seen(full, tampering):
    """Whoever can write the database but lacks a field's key cannot pass other values off as its own."""
    with full.store.write() as uow:
        tampering(uow)
        uow.commit()
    with full.store.read() as uow, pytest.raises(Damaged):
        reader(full, uow, "n").column("n")
    with full.store.read() as uow, pytest.raises(Damaged):
        list(reader(full, uow, "n").stripes(["n"]))


def test_an_older_blob_of_a_stripe_does_not_come_back(bench, numbered):
    """A stripe that was rewritten does not open with what stood there before."""
    bench.load(numbered(10))
    with bench.store.read() as uow:
        old = segment(uow, "n", 0).blob
    bench.load(numbered(10, start=10))
    with bench.store.write() as uow:
        now = segment(uow, "n", 0)
        now.blob, now.row_count = old, 10
        uow.get(Collection, 1).rows = 10
        uow.commit()
    with bench.store.read() as uow, pytest.raises(Damaged):
        reader(bench, uow, "n").column("n")


def test_a_blob_of_another_collection_does_not_open(bench, numbered):
    """Even where field name, type, stripe and size are the same."""
    bench.load(numbered(10), into="rows")
    bench.load(numbered(10, start=10), into="others")
    with bench.store.write() as uow:
        one, other = (uow.find(Segment, collection_id=number)[0] for number in (1, 2))
        swap_blobs(one, other)
        uow.commit()
    with bench.store.read() as uow, pytest.raises(Damaged):
        reader(bench, uow, "n").column("n")


def test_stripes_hold_the_columns_side_by_side(full):
    with full.store.read() as uow:
        parts = list(full.owner(uow).stripes(["word", "n"]))

    assert [part.num_rows for part in parts] == [4096, 904]
    assert parts[1].to_pylist()[-1] == {"word": "w4999", "n": 4999}
