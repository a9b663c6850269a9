"""Consented columns → the frame the learner reads: rows in the window, units numbered, labels coded.

Every step is a function of one row, or of public constants, so that removing one privacy unit changes no other
unit's rows (add/remove adjacency, Dwork et al. 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from learner.protocol import ColumnFrame, Job
from vault.training.readings import byte_codes, codes, numbers, vectors
from vault.views.field_types import TIME_FIELD, UNIT_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.records.reading import ColumnReader
    from vault.requests.manifest import Feature, Label, Manifest


def project(reader: ColumnReader, manifest: Manifest, allowed: frozenset[str], job: Job) -> bytearray:
    """Read the allowed columns and nothing else, and return the learner's column buffer."""
    kept = _rows_in_window(reader, manifest)

    def coded(field: Feature | Label) -> list[memoryview | None]:
        if field.name not in allowed:
            return [None] * _width(field)
        values = _coded(reader.column(field.name), field)[kept]
        return [np.ascontiguousarray(one).data for one in (values.T if values.ndim == 2 else [values])]

    (label,) = coded(manifest.label)
    assert label is not None  # a label is always required, and a decision that permits allows all required
    unit = np.ascontiguousarray(_numbered(reader.column(UNIT_FIELD))[kept])
    features = [one for field in manifest.features for one in coded(field)]
    return ColumnFrame.encode(job, unit=unit.data, features=features, label=label)


def project_own(reader: ColumnReader, manifest: Manifest, names: frozenset[str], job: Job) -> bytearray:
    """Every row of the columns of these names, for the owner's own use; a label that is not among them is missing."""
    unit = _numbered(reader.column(UNIT_FIELD))
    read = {name: reader.column(name) for name in names}
    return _encoded(manifest, job, unit, read)


def project_cells(
    columns: Mapping[str, Sequence[str | None]], manifest: Manifest, rows: int, job: Job
) -> bytearray:
    """The same of cells of a file of the owner's, by the names of their columns; every row is a unit."""
    unit = np.arange(rows, dtype=np.int32)
    read = {name: pa.chunked_array([pa.array(cells, pa.string())]) for name, cells in columns.items()}
    return _encoded(manifest, job, unit, read)


def _encoded(
    manifest: Manifest, job: Job, unit: npt.NDArray[np.int32], read: Mapping[str, pa.ChunkedArray]
) -> bytearray:
    def coded(field: Feature | Label) -> list[memoryview | None]:
        if field.name not in read:
            return [None] * _width(field)
        values = _coded(read[field.name], field)
        return [np.ascontiguousarray(one).data for one in (values.T if values.ndim == 2 else [values])]

    nothing = pa.nulls(len(unit), pa.string())
    known = _coded(read.get(manifest.label.name, pa.chunked_array([nothing])), manifest.label)
    features = [one for field in manifest.features for one in coded(field)]
    label = np.ascontiguousarray(known).data
    return ColumnFrame.encode(job, unit=np.ascontiguousarray(unit).data, features=features, label=label)


def _rows_in_window(reader: ColumnReader, manifest: Manifest) -> npt.NDArray[np.bool_]:
    """The rows whose own time lies in the job's window; with an open window, every row."""
    where = manifest.where
    if where.start is None and where.end is None:
        return np.ones(len(reader.column(UNIT_FIELD)), dtype=np.bool_)
    seconds = numbers(reader.column(TIME_FIELD))
    kept = ~np.isnan(seconds)
    if where.start is not None:
        kept &= seconds >= where.start.timestamp()
    if where.end is not None:
        kept &= seconds < where.end.timestamp()
    return kept


def _numbered(units: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """Units as integers from 0; which number a unit gets carries no meaning for the learner."""
    # Not by numpy, whose array of texts is as wide everywhere as the longest one.
    numbers = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in units.dictionary_encode().chunks]
    return np.concatenate([np.empty(0, dtype=np.int32), *numbers])


def _width(field: Feature | Label) -> int:
    """How many columns of the learner a field is."""
    if field.transform.kind == "bytes":
        return field.transform.length
    return field.transform.size if field.transform.kind == "vector" else 1


def _coded(column: pa.ChunkedArray, field: Feature | Label) -> npt.NDArray[np.generic]:
    """One value a row, or of a vector (rows, size), of a text (rows, bytes)."""
    if field.transform.kind == "bytes":
        return byte_codes(column, field.transform.length)
    if field.transform.kind == "vector":
        return vectors(column, field.transform.size)
    if field.transform.kind == "standard":
        return numbers(column)
    return codes(column, field.transform.labels)
