"""Any table that is written comes back equal, but for what a format cannot say: CSV has one spelling for a text of
nothing and a missing one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vault.importers.marks import MISSING
from vault.importers.read import parse, read_file
from vault.records.arrow_types import arrow_type
from vault.records.cells import cell
from vault.records.export import _csv_writer, _Found, _json_writer
from vault.records.schema import ParsedTable
from vault.views.field_types import FieldType

Table = dict[str, list[object]]
TYPES = {
    "i": FieldType.INT,
    "f": FieldType.FLOAT,
    "b": FieldType.BOOL,
    "t": FieldType.TIMESTAMP,
    "s": FieldType.TEXT,
    "c": FieldType.CATEGORY,
}
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
LIKE_OTHERS = st.sampled_from(
    [
        "1",
        "1.10",
        "0012",
        "1,5",
        "1.234,5",
        "12%",
        "2026-01-31",
        "31.12.2026",
        "yes",
        "NA",
        " ",
        "x;y",
        "a|b",
        '"',
        "-",
        "1e5",
    ]
)
VALUES = {
    "i": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(allow_nan=False, allow_infinity=False),
    "b": st.booleans(),
    "t": st.integers(-(2**55), 2**57).map(
        lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    ),
    "s": TEXTS | LIKE_OTHERS,
    "c": LIKE_OTHERS,
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(1, 6))
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, min_size=1))
    return {name: draw(st.lists(st.none() | VALUES[name], min_size=rows, max_size=rows)) for name in names}


def arrow(table: Table) -> pa.Table:
    return pa.table({name: pa.array(column, arrow_type(TYPES[name])) for name, column in table.items()})


def as_csv(rows: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write = _csv_writer(file, rows.column_names, _Found(), is_safe=False)
        for batch in rows.to_batches():
            write(batch)


def as_json_lines(rows: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write = _json_writer(file)
        for batch in rows.to_batches():
            write(batch)


def as_parquet(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path)


def as_json_list(rows: pa.Table, path: Path) -> None:
    as_json_lines(rows, path)
    path.write_text(
        json.dumps([json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line])
    )


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "rows.csv": as_csv,
    "rows.jsonl": as_json_lines,
    "rows.json": as_json_list,
    "rows.parquet": as_parquet,
}


def through(folder: Path, name: str, table: Table, *, is_given: bool) -> ParsedTable:
    WRITERS[name](arrow(table), folder / name)
    types = {column: TYPES[column] for column in table} if is_given else None
    return parse(read_file(folder / name), types=types)


def is_same(written: object, read: object) -> bool:
    """Whether a value that was guessed is the one that was written: its text, its number, its moment or its truth."""
    one, other = cell(written), cell(read)
    if one == other or (
        isinstance(read, bool) and one.strip().lower() in ("yes", "no", "true", "false", "0", "1")
    ):
        return True
    if isinstance(read, datetime):
        return True  # of how dates are written: tests/importers/outcomes.json
    if read is None:
        return one.strip() in ("", *MISSING)
    try:
        return Decimal(one.strip()) == Decimal(other)
    except InvalidOperation:
        plain = one.strip().removesuffix("%").replace(".", "").replace(",", ".")
        return Decimal(plain) == Decimal(other)


EXAMPLES = [25, pytest.param(400, marks=pytest.mark.slow)]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("examples", EXAMPLES)
def test_a_table_comes_back_equal_in_its_types(tmp_path: Path, name: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(table=tables())
    def comes_back(table: Table) -> None:
        parsed = through(tmp_path, name, table, is_given=True)
        assert (arrow(table), ()) == (parsed.table.combine_chunks(), parsed.refused)

    comes_back()


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("examples", EXAMPLES)
def test_a_table_comes_back_equal_in_guessed_types(tmp_path: Path, name: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @example(table={"s": [None, "0", *MISSING]})
    @given(table=tables())
    def comes_back(table: Table) -> None:
        parsed = through(tmp_path, name, table, is_given=False)
        for column, written in table.items():
            for one, other in zip(written, parsed.table[column].to_pylist(), strict=True):
                assert is_same(one, other), (column, one, other)
        assert parsed.refused == ()

    comes_back()
