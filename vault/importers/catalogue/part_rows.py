"""The rows of one part as they are read, kept as Arrow arrays so that millions of them stay small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from vault.importers.catalogue.part_cells import as_array, why_unfit
from vault.importers.catalogue.schema import Part
from vault.importers.source import BATCH_ROWS, MOST_ROWS, File
from vault.records.arrow_types import arrow_type
from vault.views.field_types import RefusedRow

MOST_REFUSED = 10_000


class PartRows:
    """Rows in the order of the columns of a part; times are whole microseconds of UTC since 1970.

    Whatever a file says, a row is kept only where each of its cells is of the type of its column.
    """

    def __init__(self, file: File, part: Part) -> None:
        self.part = part
        self.count = 0
        self.refused: list[RefusedRow] = []
        self._file = file
        self._lines: list[int] = []
        self._columns: list[list[object]] = [[] for _ in part.columns]
        self._batches: list[pa.RecordBatch] = []
        self._done_lines: list[pa.Array] = []

    def add(self, line: int, values: Sequence[object]) -> None:
        """Keep one row; raises Unreadable for one too many."""
        self.count += 1
        if self.count > MOST_ROWS:
            raise self._file.unreadable(f"it has more than {MOST_ROWS:,} rows; split it")
        self._lines.append(line)
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
        if len(self._lines) >= BATCH_ROWS:
            self._flush()

    def refuse(self, line: int, reason: str) -> None:
        """Note a row that does not fit; raises Unreadable where too many of them do not."""
        self.refused.append(RefusedRow(line=line, reason=reason))
        if len(self.refused) > MOST_REFUSED:
            raise self._file.unreadable(f"more than {MOST_REFUSED:,} of its rows cannot be read")

    def table(self) -> tuple[pa.Table, pa.Array]:
        """The rows, and their lines."""
        self._flush()
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in self.part.columns])
        lines = pa.concat_arrays(self._done_lines) if self._done_lines else pa.array([], type=pa.int64())
        return pa.Table.from_batches(self._batches, schema=schema), lines

    def _flush(self) -> None:
        if not self._lines:
            return
        arrays = self._arrays()
        if any(one is None for one in arrays):
            self._refuse_misfits()
            arrays = self._arrays()
        self._batches.append(pa.RecordBatch.from_arrays(arrays, names=list(self.part.names)))
        self._done_lines.append(pa.array(self._lines, type=pa.int64()))
        self._lines = []
        self._columns = [[] for _ in self.part.columns]

    def _arrays(self) -> list[pa.Array | None]:
        """The cells of each column; None for one in which some do not fit."""
        return [
            as_array(values, column.type)
            for values, column in zip(self._columns, self.part.columns, strict=True)
        ]

    def _refuse_misfits(self) -> None:
        fitting = []
        for line, row in zip(self._lines, zip(*self._columns, strict=True), strict=True):
            reasons = (
                (column.name, why_unfit(value, column.type))
                for value, column in zip(row, self.part.columns, strict=True)
            )
            found = next((f"{name}: {reason}" for name, reason in reasons if reason), "")
            if found:
                self.refuse(line, found)
            else:
                fitting.append((line, row))
        self._lines = [line for line, _ in fitting]
        self._columns = [[row[place] for _, row in fitting] for place in range(len(self.part.columns))]


def sorted_rows(rows: Sequence[RefusedRow]) -> tuple[RefusedRow, ...]:
    """Refused rows in the order of their lines."""
    return tuple(sorted((replace(row) for row in rows), key=lambda row: row.line))
