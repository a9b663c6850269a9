"""Exporting, and importing again."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.worlds.disks import full_at
from vault.audit.transaction import AuditedTransaction
from vault.audit.vault_date import VaultDate
from vault.errors.families import Invalid
from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import Damaged, DiskFull
from vault.importers.read import parse, read_file
from vault.records.arrow_types import arrow_type
from vault.records.collections import find_collection
from vault.records.export import export_rows
from vault.records.imports import ImportChoice
from vault.records.schema import ParsedTable
from vault.store.tables import Segment
from vault.views.field_types import FieldSpec, FieldType, Sensitivity, UnitKind, UnitSpec

FIELDS = tuple(
    FieldSpec(name=known.value, type=known, sensitivity=Sensitivity.ORDINARY) for known in FieldType
)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
RECORD = ImportChoice(unit=UnitSpec(kind=UnitKind.RECORD), time_field=None)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
ROW = st.fixed_dictionaries(
    {
        "float": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "int": st.none() | st.integers(-(2**63), 2**63 - 1),
        "bool": st.none() | st.booleans(),
        "text": st.none() | TEXT,
        "timestamp": st.none() | st.datetimes(timezones=st.just(UTC)),
        "category": st.none()
        | st.sampled_from(["", "=1+1", 'quoted "', "a,b;c", "zwei\nZeilen", "\r", "\ufeff", " "]),
    }
)


def send(bench, target, as_format):
    with bench.store.read() as uow:
        return export_rows(bench.owner(uow), find_collection(uow, "rows"), target, as_format)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=12), as_format=st.sampled_from(["csv", "jsonl"]))
def test_what_is_exported_is_imported_the_same(bench, rows, as_format):
    """Every value comes back exactly; only CSV reads an empty text as a null."""
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([(each.name, arrow_type(each.type)) for each in FIELDS])
    )
    parsed = ParsedTable(
        fields=FIELDS,
        table=table,
        lines=pa.array(range(len(rows)), pa.int64()),
        refused=(),
        digest_input=b"",
        format="csv",
        source="rows",
    )
    target = bench.folder / "out"
    target.unlink(missing_ok=True)
    with bench.store.write() as uow:
        bench.put(
            AuditedTransaction(uow=uow, date=VaultDate(now=DAY, clock=DAY), keys=bench.keys), parsed, RECORD
        )
        done = export_rows(bench.owner(uow), find_collection(uow, "rows"), target, as_format)
        assert len(rows) == done.rows
    back = parse(read_file(target, as_format), types={field.name: field.type for field in FIELDS})
    if as_format == "csv":
        rows = [{name: None if value == "" else value for name, value in row.items()} for row in rows]

    assert back.refused == ()
    assert rows == back.table.to_pylist()


def test_columns_whose_names_hold_separators_come_back(bench):
    bench.load('{"a,b":1,"c;d;e":2,"f\\"g":3}\n', "rows.jsonl")
    send(bench, bench.folder / "out.csv", "csv")

    assert parse(read_file(bench.folder / "out.csv")).table.to_pylist() == [{"a,b": 1, "c;d;e": 2, 'f"g': 3}]


def test_one_column_of_nulls_comes_back(bench):
    bench.load('{"n":1}\n{"n":null}\n{"n":3}\n', "rows.jsonl")
    send(bench, bench.folder / "out.csv", "csv")

    assert parse(read_file(bench.folder / "out.csv")).table["n"].to_pylist() == [1, None, 3]


def test_the_export_is_the_owners_alone_and_holds_no_system_column(bench, numbered):
    bench.load(numbered(5000))
    target = bench.folder / "out.jsonl"

    assert send(bench, target, "jsonl").rows == 5000
    assert target.stat().st_mode & 0o777 == 0o600
    lines = target.read_text().splitlines()
    assert len(lines) == 5000
    assert json.loads(lines[-1]) == {"n": 4999, "half": 2499.5, "word": "w4999"}


def test_times_are_written_in_utc(bench):
    bench.load("at,n\n2026-01-01T08:00:00.25+01:00,1\n")
    send(bench, bench.folder / "out.csv", "csv")

    assert (bench.folder / "out.csv").read_bytes() == b'"at","n"\r\n2026-01-01T07:00:00.250000Z,1\r\n'


def test_nothing_is_overwritten(bench, numbered):
    bench.load(numbered(3))
    target = bench.folder / "out.csv"
    target.write_text("mine")
    with pytest.raises(DestinationUnusable, match="something is already there"):
        send(bench, target, "csv")
    (bench.folder / "link.csv").symlink_to(bench.folder / "elsewhere")
    with pytest.raises(DestinationUnusable, match="something is already there"):
        send(bench, bench.folder / "link.csv", "csv")

    assert target.read_text() == "mine"
    assert not (bench.folder / "elsewhere").exists()


def test_a_folder_or_format_that_is_not_there_is_refused(bench, numbered):
    bench.load(numbered(3))
    with pytest.raises(DestinationUnavailable, match="no such file"):
        send(bench, bench.folder / "none" / "out.csv", "csv")
    with pytest.raises(Invalid, match="there is no export as xlsx"):
        send(bench, bench.folder / "out.xlsx", "xlsx")
    assert not (bench.folder / "out.xlsx").exists()


def test_an_export_that_fails_leaves_no_half_file(bench, numbered):
    bench.load(numbered(5000))
    with bench.store.write() as uow:
        uow.find(Segment, field_id=1, stripe=1)[0].blob = b"gone"
        uow.commit()
    with pytest.raises(Damaged):
        send(bench, bench.folder / "out.csv", "csv")

    assert not (bench.folder / "out.csv").exists()


def test_a_full_disk_is_told_and_leaves_no_half_file(bench, numbered, monkeypatch):
    bench.load(numbered(3))
    full_at(monkeypatch, 1)
    with pytest.raises(DiskFull):
        send(bench, bench.folder / "out.csv", "csv")

    assert not (bench.folder / "out.csv").exists()


# what another program may do with it --------------------------------------------------------------------------

ARMED = [
    *("=HYPERLINK(1)", "+1", "-1+2", "@SUM", "\tx", "\rx", "plain", "a=b", "\x1b[2Jx", "\u202egnp.exe"),
]


def cells(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_formulas_and_what_steers_a_terminal_are_counted_and_on_request_disarmed(bench):
    rows = "".join(json.dumps({"=word": word, "n": -5}) + "\n" for word in ARMED)
    bench.load(rows, "rows.jsonl", unit="record")
    with bench.store.read() as uow:
        reader, facts = bench.owner(uow), find_collection(uow, "rows")
        plain = export_rows(reader, facts, bench.folder / "plain.csv", "csv")
        safe = export_rows(reader, facts, bench.folder / "safe.csv", "csv", safe_for_spreadsheets=True)
        with pytest.raises(Invalid):
            export_rows(reader, facts, bench.folder / "safe.jsonl", "jsonl", safe_for_spreadsheets=True)
    kept, found = (cells(bench.folder / name) for name in ("plain.csv", "safe.csv"))

    assert (plain.formulas, plain.controls, plain.is_safe) == (7, 2, False)  # the name of the column is one
    assert (safe.formulas, safe.controls, safe.is_safe) == (7, 2, True)
    assert [row[0] for row in kept[1:]] == ARMED
    assert found[0] == ["'=word", "n"]
    assert [row[0] for row in found[1:]] == [
        *(
            "'=HYPERLINK(1)",
            "'+1",
            "'-1+2",
            "'@SUM",
            "'\tx",
            "'\rx",
            "plain",
            "a=b",
            "\ufffd[2Jx",
            "\ufffdgnp.exe",
        ),
    ]
    assert {row[1] for row in found[1:]} == {"-5"}
