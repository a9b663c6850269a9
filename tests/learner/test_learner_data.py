"""Columns by public constants, rows into units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learner_setups import LINEAR, LOGISTIC, frame_of

from learner.data import Units, constant_frame, encode_rows, group_units
from learner.protocol import ColumnFrame, FeatureSpec, Job, LabelSpec

NUMBER = FeatureSpec(kind="standard", center=10.0, scale=2.0, clip=3.0, fill=12.0)
KIND = FeatureSpec(kind="onehot", labels=3, fill_index=2)


def _job(*features: FeatureSpec, label: LabelSpec = LOGISTIC.label, base: Job = LOGISTIC) -> Job:
    return replace(base, features=features, label=label, grid=20)


def _inputs(job: Job, *columns: list[Any]) -> list[list[float]]:
    count = max((len(column) for column in columns if column is not None), default=0)
    rows = encode_rows(job, frame_of(job, range(count), columns, [0] * count))
    block = rows.block(np.zeros((count, rows.width + 1)))
    rows.fill(block, np.arange(count))
    assert (block.inputs[:, -1] == 1.0).all()
    return block.inputs[:, :-1].tolist()


def _units(unit: list[int], max_rows: int = 8) -> Units:
    return group_units(np.array(unit, dtype=np.int32).data, max_rows)


def _rows(units: Units) -> list[list[int]]:
    return [next(units.blocks(np.array([member]), 8)).rows.tolist() for member in range(units.count)]


# rows ---------------------------------------------------------------------------------------------------


def test_a_number_is_standardised_clipped_and_filled() -> None:
    """(v - 10) / 2 within ±3; null becomes the fill, which is in raw units; infinities are clipped."""
    values = [10.0, 12.0, 9.0, 100.0, -np.inf, np.inf, np.nan]
    assert _inputs(_job(NUMBER), values) == [[0.0], [1.0], [-0.5], [3.0], [-3.0], [3.0], [1.0]]


def test_a_value_that_overflows_is_clipped_without_a_word() -> None:
    """A warning would be a sign of a record."""
    job = _job(replace(NUMBER, scale=1e-300))
    assert _inputs(job, [1e300, -1e300]) == [[3.0], [-3.0]]


def test_a_category_is_one_hot_and_filled() -> None:
    """Null and unknown codes are the fill category, or no category at all when there is none."""
    assert _inputs(_job(KIND), [0, 1, -1, 3]) == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert _inputs(_job(replace(KIND, fill_index=None)), [-1, 7, 2]) == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_features_keep_their_places() -> None:
    """Numbers and categories may alternate."""
    job = _job(KIND, NUMBER, replace(KIND, labels=2, fill_index=None), NUMBER)
    assert _inputs(job, [1], [12.0], [0], [8.0]) == [[0, 1, 0, 1.0, 1, 0, -1.0]]


def test_a_field_that_was_not_granted_is_its_public_fill() -> None:
    """The model keeps its shape, and every row looks the same there."""
    job = _job(replace(NUMBER, present=False), NUMBER, replace(KIND, present=False))
    assert _inputs(job, None, [10.0, 12.0], None) == [[1.0, 0.0, 0, 0, 1], [1.0, 1.0, 0, 0, 1]]


def test_a_label_is_a_code_or_a_standardised_number() -> None:
    """Unknown codes, nulls and NaN are not known; labels are clipped as features are."""
    job = _job(NUMBER, label=LabelSpec(kind="classes", classes=2))
    rows = encode_rows(job, frame_of(job, range(4), [[10.0] * 4], [0, 1, -1, 2]))
    assert (rows.labels.tolist(), rows.known.tolist()) == ([0, 1, 0, 0], [True, True, False, False])
    job = _job(NUMBER, label=replace(LINEAR.label, center=1.0, scale=2.0, clip=4.0), base=LINEAR)
    rows = encode_rows(job, frame_of(job, range(3), [[10.0] * 3], [3.0, np.nan, 1e9]))
    assert (rows.labels.tolist(), rows.known.tolist()) == ([1.0, 0.0, 4.0], [True, False, True])


def test_a_block_has_one_shape_and_its_padding_is_unknown() -> None:
    """Two rows in room for five: the other three teach nothing, whatever stood there before."""
    job = _job(NUMBER, KIND)
    rows = encode_rows(job, frame_of(job, range(3), [[10.0, 12.0, 14.0], [0, 1, 2]], [1, 0, 1]))
    block = rows.block(np.zeros((5, 6)))
    rows.fill(block, np.array([0, 1, 2, 0, 1]))
    rows.fill(block, np.array([2, 0]))
    assert block.inputs[:2].tolist() == [[2.0, 0, 0, 1, 1, 0], [0.0, 1, 0, 0, 1, 0]]
    assert block.known.tolist() == [True, True, False, False, False]
    assert not block.inputs[2:, :4].any()
    assert (block.inputs[:, 4] == 1.0).all()


def test_every_input_is_finite() -> None:
    """However far a manifest lets a value be: what no factor could mask is never there."""
    far = replace(NUMBER, center=-1e300, scale=1e-300, clip=1e300)
    job = _job(far, replace(far, center=1e300))
    inputs = np.array(_inputs(job, [1e300, -np.inf, np.nan], [1e308, -1e308, np.inf]))
    assert np.isfinite(inputs).all()


def test_no_rows_are_no_error() -> None:
    """n = 0 gives empty columns and no unit."""
    job = _job(NUMBER, KIND)
    frame = frame_of(job, [], [[], []], [])
    assert _inputs(job, [], []) == []
    assert group_units(frame.unit, 3).count == 0


@pytest.mark.parametrize("job", [LOGISTIC, LINEAR, _job(NUMBER, replace(KIND, present=False), KIND)])
def test_made_up_columns_fit_the_job(job: Job) -> None:
    """A rehearsal sees every kind of column the job will get."""
    frame = constant_frame(job, 64)
    assert frame == ColumnFrame.decode(
        job, ColumnFrame.encode(job, unit=frame.unit, features=frame.features, label=frame.label)
    )
    assert encode_rows(job, frame).known.all()


# units --------------------------------------------------------------------------------------------------


def test_equal_numbers_are_one_unit() -> None:
    """Wherever its rows stand in the file, and whatever the numbers are."""
    assert _rows(_units([7, -1, 7, 3, 7])) == [[1], [3], [0, 2, 4]]


def test_several_members_come_one_after_another() -> None:
    """With how many rows each has, and where in the block it begins."""
    (block,) = _units([7, 1, 7, 3, 7]).blocks(np.array([0, 2]), 8)
    assert (block.rows.tolist(), block.counts.tolist()) == ([1, 0, 2, 4], [1, 3])
    assert block.starts.tolist() == [0, 1]


@given(st.lists(st.integers(1, 20), max_size=30))
def test_blocks_hold_whole_units_and_a_long_one_alone(sizes: list[int]) -> None:
    """At most eight rows a block, all in order; who has more than four is alone, as only its own size says."""
    units = _units(np.repeat(np.arange(len(sizes)), sizes).tolist(), max_rows=20)
    blocks = list(units.blocks(np.arange(len(sizes)), 8))
    assert [member for block in blocks for member in block.members] == list(range(len(sizes)))
    assert [row for block in blocks for row in block.rows] == units.rows.tolist()
    for block in blocks:
        assert len(block.rows) <= 8 or len(block.members) == 1
        assert block.counts.max() <= 4 or len(block.members) == 1


def test_nobody_is_in_no_block() -> None:
    """An empty batch computes nothing."""
    assert list(_units([1, 2]).blocks(np.array([], np.int64), 8)) == []


def test_a_unit_beyond_its_cap_keeps_the_rows_of_smallest_hash() -> None:
    """By SHA-256 of the place within the unit as eight bytes: frozen, so that it stays the same for ever."""
    assert _rows(_units([5] * 10, max_rows=4)) == [[5, 6, 8, 9]]


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 6), st.integers(0, 4))
def test_which_rows_a_unit_keeps_depends_on_its_own_rows_alone(
    unit: list[int], max_rows: int, gone: int
) -> None:
    """Taking another unit out changes no other unit's rows."""
    numbers = np.array(unit, dtype=np.int64)
    stay = numbers != gone
    before = {int(numbers[rows[0]]): rows for rows in _rows(_units(unit, max_rows))}
    places = np.flatnonzero(stay)
    after = {
        int(numbers[stay][rows[0]]): places[rows].tolist()
        for rows in _rows(_units(numbers[stay].tolist(), max_rows))
    }
    before.pop(gone, None)
    assert before == after
    assert all(len(rows) == min(max_rows, unit.count(number)) for number, rows in after.items())


def test_old_and_new_rows_are_kept_alike() -> None:
    """The cap does not prefer the newest rows, nor the oldest."""
    kept = np.concatenate(_rows(_units([0] * 1000, max_rows=100)))
    assert 400 < kept.mean() < 600
