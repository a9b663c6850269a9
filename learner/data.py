"""Columns become inputs of the model, by public constants only, and rows are gathered into privacy units."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.dp.units import Units
from learner.protocol import ColumnFrame, FeatureSpec, Job, LabelSpec, input_width

_LARGEST = float(np.finfo(np.float32).max)

# units --------------------------------------------------------------------------------------------------


def group_units(unit: memoryview, max_rows: int) -> Units:
    """Gather rows of equal ``unit`` number, at most ``max_rows`` of each by a rule on the unit's own rows.

    A unit with more keeps those whose place within the unit has the smallest SHA-256: public, the same
    whatever other units there are, and no better for new rows than for old ones.
    """
    numbers = np.asarray(unit)
    order = np.argsort(numbers, kind="stable")
    _, starts, counts = np.unique(numbers[order], return_index=True, return_counts=True)
    kept = np.ones(len(order), dtype=np.bool_)
    ranking = _hash_order(int(counts.max(initial=0))) if (counts > max_rows).any() else np.empty(0, np.int64)
    for start, count in zip(starts[counts > max_rows], counts[counts > max_rows], strict=True):
        kept[start : start + count] = False
        kept[start + ranking[ranking < count][:max_rows]] = True
    ends = np.cumsum(np.minimum(counts, max_rows))
    return Units(rows=order[kept], starts=np.concatenate((np.zeros(1, np.int64), ends)))


def _hash_order(count: int) -> NDArray[np.int64]:
    """The places 0 … count - 1 by the SHA-256 of their eight bytes, big endian."""
    return np.array(sorted(range(count), key=lambda place: sha256(place.to_bytes(8)).digest()), np.int64)


# rows ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Room for some rows: ``inputs`` (rows, columns) with the constant one after them, labels, which are known."""

    inputs: NDArray[Any]
    labels: NDArray[Any]
    known: NDArray[np.bool_]

    def first(self, size: int) -> Block:
        """The room for the first ``size`` rows."""
        return Block(inputs=self.inputs[:size], labels=self.labels[:size], known=self.known[:size])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows in compact form; one-hot inputs exist only in the block that is worked on.

    ``numbers`` float32 (rows, standard features) stand in the inputs ``number_slots``. ``codes`` (rows,
    onehot features) are inputs to be set to one, -1 for none. A row whose label is not ``known`` teaches
    nothing. All numbers are finite.
    """

    width: int
    numbers: NDArray[np.float32]
    number_slots: NDArray[np.int64] | slice
    codes: NDArray[np.int32]
    labels: NDArray[Any]
    known: NDArray[np.bool_]

    def block(self, inputs: NDArray[Any]) -> Block:
        """Room for rows in these zeros, of at least one more column than there are inputs."""
        inputs[:, self.width] = 1.0
        alone = self.labels_alone(len(inputs))
        return Block(inputs=inputs, labels=alone.labels, known=alone.known)

    def fill(self, block: Block, rows: NDArray[np.int64]) -> None:
        """Put in the given rows, and then empty, unknown ones: one of few shapes whatever the rows are."""
        count, inputs = len(rows), block.inputs[:, : self.width]
        if self.codes.shape[1]:
            self._set_codes(inputs, rows)
        inputs[:count, self.number_slots] = self.numbers[rows]
        inputs[count:] = 0.0
        self.fill_labels(block, rows)

    def labels_alone(self, size: int) -> Block:
        """Room for the labels of ``size`` rows, for a model that takes in codes and no inputs."""
        labels, known = np.zeros(size, dtype=self.labels.dtype), np.zeros(size, dtype=np.bool_)
        return Block(inputs=np.empty((size, 0)), labels=labels, known=known)

    def fill_labels(self, block: Block, rows: NDArray[np.int64]) -> None:
        """Put in the labels of the given rows, and then unknown ones."""
        count = len(rows)
        block.labels[:count], block.labels[count:] = self.labels[rows], 0
        block.known[:count], block.known[count:] = self.known[rows], False

    def _set_codes(self, inputs: NDArray[Any], rows: NDArray[np.int64]) -> None:
        inputs[:] = 0.0
        codes = self.codes[rows]
        row, feature = np.nonzero(codes >= 0)
        inputs[row, codes[row, feature]] = 1.0


def encode_rows(job: Job, frame: ColumnFrame) -> Rows:
    """Apply the public constants of the job to the columns; one function of each row alone."""
    numbers, number_slots, codes, slot = [], [], [], 0
    for spec, column in zip(job.features, frame.features, strict=True):
        if spec.kind == "standard":
            numbers.append(_standardised(column, spec, frame.rows))
            number_slots.append(slot)
        else:
            codes.append(_coded(column, spec, slot, frame.rows))
        slot += spec.labels if spec.kind == "onehot" else 1
    labels, known = _labels(np.asarray(frame.label), job.label)
    return Rows(
        width=input_width(job.features),
        numbers=_side_by_side(numbers, frame.rows, np.float32),
        number_slots=_slots(number_slots),
        codes=_side_by_side(codes, frame.rows, np.int32),
        labels=labels,
        known=known,
    )


def _side_by_side(columns: list[NDArray[Any]], rows: int, dtype: type[np.generic]) -> NDArray[Any]:
    return np.column_stack(columns) if columns else np.empty((rows, 0), dtype=dtype)


def _slots(slots: list[int]) -> NDArray[np.int64] | slice:
    """The slots as a slice, which is filled faster, where they stand side by side."""
    if slots and slots[-1] - slots[0] + 1 == len(slots):
        return slice(slots[0], slots[-1] + 1)
    return np.array(slots, dtype=np.int64)


def _standardised(column: memoryview | None, spec: FeatureSpec, rows: int) -> NDArray[np.float32]:
    values = np.full(rows, np.nan) if column is None else np.asarray(column)
    return _scaled(np.where(np.isnan(values), spec.fill, values), spec)


def _scaled(values: NDArray[np.float64], spec: FeatureSpec | LabelSpec) -> NDArray[np.float32]:
    """(v - center) / scale, clipped to what is finite; a value far outside may overflow before, silently."""
    most = min(spec.clip, _LARGEST)
    with np.errstate(all="ignore"):
        return np.clip((values - spec.center) / spec.scale, -most, most).astype(np.float32)


def _coded(column: memoryview | None, spec: FeatureSpec, slot: int, rows: int) -> NDArray[np.int32]:
    codes = np.full(rows, -1, dtype=np.int32) if column is None else np.asarray(column)
    fill = -1 if spec.fill_index is None else slot + spec.fill_index
    return np.where((codes >= 0) & (codes < spec.labels), slot + codes, fill).astype(np.int32)


def _labels(column: NDArray[Any], spec: LabelSpec) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    if spec.kind == "classes":
        known = (column >= 0) & (column < spec.classes)
        return np.where(known, column, 0).astype(np.int64), known
    known = ~np.isnan(column)
    return _scaled(np.where(known, column, spec.center), spec), known


def constant_frame(job: Job, rows: int) -> ColumnFrame:
    """Columns for a rehearsal, made of no record: waves within each feature's range, units of up to three rows."""
    places = np.arange(rows, dtype=np.int32)
    unit = places // np.int32(min(job.max_rows_per_unit, 3))
    features = [
        _made_up(spec, places, feature) if spec.present else None for feature, spec in enumerate(job.features)
    ]
    label = places % job.label.classes if job.label.kind == "classes" else places / rows
    return ColumnFrame.decode(
        job,
        ColumnFrame.encode(job, unit=unit.data, features=features, label=np.ascontiguousarray(label).data),
    )


def _made_up(spec: FeatureSpec, places: NDArray[np.int32], feature: int) -> memoryview:
    if spec.kind == "onehot":
        return ((places + np.int32(feature)) % np.int32(spec.labels)).data
    return (spec.center + spec.scale * min(spec.clip, 1.0) * np.sin(places + feature)).data
