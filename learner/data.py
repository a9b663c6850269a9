"""Columns become inputs of the model, by public constants only, and rows are gathered into privacy units."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.units import Units
from learner.protocol import ColumnFrame, FeatureSpec, Job, LabelSpec, input_width

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
class Batch:
    """Some rows as tensors: ``inputs`` float32 (rows, width), ``labels`` (rows,), ``known`` bool (rows,)."""

    inputs: Tensor
    labels: Tensor
    known: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows in compact form; one-hot inputs exist only in the batch that is worked on.

    ``numbers`` float32 (rows, standard features) stand in the inputs ``number_slots``. ``codes`` (rows,
    onehot features) are inputs to be set to one, -1 for none. A row whose label is not ``known`` teaches
    nothing.
    """

    width: int
    numbers: NDArray[np.float32]
    number_slots: NDArray[np.int64]
    codes: NDArray[np.int32]
    labels: NDArray[Any]
    known: NDArray[np.bool_]

    def batch(self, rows: NDArray[np.int64], size: int) -> Batch:
        """The given rows and then empty, unknown ones up to ``size``: one shape whatever the rows are."""
        inputs = np.zeros((size, self.width), dtype=np.float32)
        inputs[: len(rows), self.number_slots] = self.numbers[rows]
        codes = self.codes[rows]
        row, feature = np.nonzero(codes >= 0)
        inputs[row, codes[row, feature]] = 1.0
        labels, known = np.zeros(size, dtype=self.labels.dtype), np.zeros(size, dtype=np.bool_)
        labels[: len(rows)], known[: len(rows)] = self.labels[rows], self.known[rows]
        return Batch(
            inputs=torch.from_numpy(inputs), labels=torch.from_numpy(labels), known=torch.from_numpy(known)
        )


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
        number_slots=np.array(number_slots, dtype=np.int64),
        codes=_side_by_side(codes, frame.rows, np.int32),
        labels=labels,
        known=known,
    )


def _side_by_side(columns: list[NDArray[Any]], rows: int, dtype: type[np.generic]) -> NDArray[Any]:
    return np.column_stack(columns) if columns else np.empty((rows, 0), dtype=dtype)


def _standardised(column: memoryview | None, spec: FeatureSpec, rows: int) -> NDArray[np.float32]:
    values = np.full(rows, np.nan) if column is None else np.asarray(column)
    return _scaled(np.where(np.isnan(values), spec.fill, values), spec)


def _scaled(values: NDArray[np.float64], spec: FeatureSpec | LabelSpec) -> NDArray[np.float32]:
    """(v - center) / scale, clipped; a value far outside may overflow, silently, before it is clipped."""
    with np.errstate(all="ignore"):
        return np.clip((values - spec.center) / spec.scale, -spec.clip, spec.clip).astype(np.float32)


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
    """Columns for a rehearsal, made of no record: waves within each feature's range, one row a unit."""
    places = np.arange(rows, dtype=np.int32)
    features = [
        _made_up(spec, places, feature) if spec.present else None for feature, spec in enumerate(job.features)
    ]
    label = places % job.label.classes if job.label.kind == "classes" else places / rows
    return ColumnFrame.decode(
        job,
        ColumnFrame.encode(job, unit=places.data, features=features, label=np.ascontiguousarray(label).data),
    )


def _made_up(spec: FeatureSpec, places: NDArray[np.int32], feature: int) -> memoryview:
    if spec.kind == "onehot":
        return (places % np.int32(spec.labels)).data
    return (spec.center + spec.scale * min(spec.clip, 1.0) * np.sin(places + feature)).data
