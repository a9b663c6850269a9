"""Raw batches to typed ones: a row with one value that does not fit its column is refused whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from vault.importers.source import RawBatch
from vault.importers.values import AS_TYPE, misfit
from vault.records.schema import ARROW_TYPES
from vault.views.field_types import FieldType, RefusedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedBatch:
    """The rows that fit, one Arrow array a column, with their lines; and the rows that do not."""

    lines: Sequence[int]
    columns: list[pa.Array]
    refused: list[RefusedRow]


def convert_batch(batch: RawBatch, names: Sequence[str], types: Sequence[FieldType]) -> ConvertedBatch:
    """Convert a batch; the first column that does not fit gives a row's reason."""
    reasons: dict[int, str] = {}
    converted = [
        _convert_column(values, name, wanted, reasons)
        for values, name, wanted in zip(batch.columns, names, types, strict=True)
    ]
    lines = batch.lines
    if reasons:
        good = [place for place in range(len(lines)) if place not in reasons]
        converted = [[column[place] for place in good] for column in converted]
        lines = [lines[place] for place in good]
    refused = [RefusedRow(line=batch.lines[place], reason=reason) for place, reason in reasons.items()]
    columns = [
        pa.array(column, type=ARROW_TYPES[wanted]) for column, wanted in zip(converted, types, strict=True)
    ]
    return ConvertedBatch(lines=lines, columns=columns, refused=[*batch.refused, *refused])


def _convert_column(
    values: Sequence[object], name: str, wanted: FieldType, reasons: dict[int, str]
) -> list[object]:
    """The values in their type; the places of those that do not fit go into ``reasons`` and hold None."""
    convert = AS_TYPE[wanted]
    try:
        return [None if value is None else convert(value) for value in values]
    except ValueError:
        typed: list[object] = [None] * len(values)
    for place, value in enumerate(values):
        try:
            typed[place] = None if value is None else convert(value)
        except ValueError:
            reasons.setdefault(place, f"{name}: {misfit(value, wanted)}")
    return typed
