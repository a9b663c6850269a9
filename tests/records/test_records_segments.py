"""Sealed segments and wrapped keys open in their own place only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.errors.storage import Damaged
from vault.records.arrow_types import arrow_type
from vault.records.field_keys import FieldPlace, new_field_key, unwrap_key, wrap_key
from vault.records.segments import STRIPE_ROWS, SegmentPlace, open_segment, seal_segment
from vault.sealing.keytree import KeyTree
from vault.sealing.random import random_secret
from vault.views.field_types import FieldType

FIELD = FieldPlace(collection=1, field=2, name="steps", type=FieldType.INT)
PLACE = SegmentPlace(field=FIELD, stripe=3, generation=4, rows=3)
VALUES = pa.array([1, None, 3], pa.int64())
OTHER_FIELDS = [
    replace(FIELD, collection=9),
    replace(FIELD, field=9),
    replace(FIELD, name="sleep"),
    replace(FIELD, type=FieldType.FLOAT),
]
OTHER_PLACES = [
    *(replace(PLACE, field=field) for field in OTHER_FIELDS),
    replace(PLACE, stripe=9),
    replace(PLACE, generation=5),
    replace(PLACE, generation=4 + 2**32),
    replace(PLACE, rows=2),
]
SINGLE = {
    FieldType.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    FieldType.INT: st.integers(-(2**63), 2**63 - 1),
    FieldType.BOOL: st.booleans(),
    FieldType.TEXT: st.text(),
    FieldType.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
    FieldType.CATEGORY: st.sampled_from(["", "a", "ä"]),
}


@settings(deadline=None, max_examples=60)
@given(data=st.data(), known=st.sampled_from(FieldType))
def test_every_value_comes_back(data, known):
    values = data.draw(st.lists(st.none() | SINGLE[known], max_size=20))
    place = replace(PLACE, field=replace(FIELD, type=known), rows=len(values))
    key = new_field_key()
    blob = seal_segment(key, pa.array(values, arrow_type(known)), place)

    assert values == open_segment(key, blob, place).to_pylist()


@pytest.mark.parametrize("elsewhere", OTHER_PLACES)
def test_a_segment_opens_in_no_other_place(elsewhere):
    key = new_field_key()
    blob = seal_segment(key, VALUES, PLACE)

    assert VALUES.equals(open_segment(key, blob, PLACE))
    with pytest.raises(Damaged, match=r"part \d+ of the column \w+ is damaged"):
        open_segment(key, blob, elsewhere)


def test_a_segment_opens_under_no_other_key():
    blob = seal_segment(new_field_key(), VALUES, PLACE)

    with pytest.raises(Damaged):
        open_segment(new_field_key(), blob, PLACE)


def test_a_segment_with_one_bit_changed_does_not_open():
    key = new_field_key()
    blob = seal_segment(key, VALUES, PLACE)
    for place in range(0, len(blob), 7):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(Damaged):
            open_segment(key, bytes(changed), PLACE)


def test_a_part_of_a_long_column_is_sealed_without_the_rest():
    column = pa.array(range(10 * STRIPE_ROWS), pa.int64())
    place = replace(PLACE, rows=STRIPE_ROWS)
    blob = seal_segment(new_field_key(), column.slice(STRIPE_ROWS, STRIPE_ROWS), place)

    assert 8 * STRIPE_ROWS <= len(blob) < 8 * STRIPE_ROWS + 1000


@pytest.mark.parametrize("elsewhere", OTHER_FIELDS)
def test_a_field_key_opens_for_no_other_field(elsewhere):
    keys, key = KeyTree(random_secret()), new_field_key()
    wrapped = wrap_key(keys, key, FIELD)

    assert unwrap_key(keys, wrapped, FIELD).matches(key)
    with pytest.raises(Damaged, match=r"the key of the column \w+ is damaged"):
        unwrap_key(keys, wrapped, elsewhere)


def test_a_field_key_opens_in_no_other_vault():
    wrapped = wrap_key(KeyTree(random_secret()), new_field_key(), FIELD)

    with pytest.raises(Damaged):
        unwrap_key(KeyTree(random_secret()), wrapped, FIELD)


def test_no_plain_value_stands_in_a_blob():
    place = replace(PLACE, field=replace(FIELD, type=FieldType.TEXT), rows=1)
    blob = seal_segment(new_field_key(), pa.array(["a very plain secret"]), place)

    assert b"plain" not in blob


def test_times_keep_their_microseconds():
    moment = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    place = replace(PLACE, field=replace(FIELD, type=FieldType.TIMESTAMP), rows=1)
    key = new_field_key()
    blob = seal_segment(key, pa.array([moment], arrow_type(FieldType.TIMESTAMP)), place)

    assert [moment] == open_segment(key, blob, place).to_pylist()
