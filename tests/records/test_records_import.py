"""Importing into a collection, and appending to one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.sweeps import sweep
from tests.worlds.importing import import_file
from tests.worlds.plain_words import has_word
from tests.worlds.world import World
from vault.audit.entries import parse_entry
from vault.audit.log import opened, read_entries
from vault.audit.transaction import AuditedTransaction
from vault.audit.vault_date import VaultDate
from vault.errors.families import Invalid
from vault.errors.records import (
    AlreadyImported,
    ImportedByAnotherUnit,
    NoRows,
    NothingToImport,
    SchemaMismatch,
    TooManyUnits,
    UnknownCollection,
)
from vault.records import unit_limit
from vault.records.collections import find_collection, list_collections
from vault.records.imports import ImportChoice, choose
from vault.store.tables import Collection, Field, ImportedFile, Segment
from vault.views.field_types import FieldType, Sensitivity, UnitKind, UnitSpec
from vault.views.records import FileChoice

DIARY = "at,person,n\n2026-01-01T23:30:00-01:00,ada,1\n2026-01-01,bob,2\n,ada,3\n2026-01-03,,4\n2026-01-01,ada,x\n"
DIARY += "".join(f"2026-02-{day:02},ada,{day}\n" for day in range(1, 29))


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = ImportChoice(unit=UnitSpec(kind=UnitKind.RECORD), time_field=None)
DAY = ImportChoice(unit=UnitSpec(kind=UnitKind.DAY), time_field="at")


def test_an_import_says_what_it_did_and_can_be_found(bench, numbered):
    report = bench.load(numbered(40) + "oops,1,x\n", types={"n": FieldType.INT})

    assert (report.is_new, report.rows, report.total_rows) == (True, 40, 40)
    assert [(row.line, row.reason) for row in report.refused] == [(42, "n: not a whole number of 64 bits")]
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")
        assert [facts] == list_collections(uow)
    assert [(field.name, field.type.value) for field in facts.fields] == [
        ("n", "int"),
        ("half", "float"),
        ("word", "text"),
    ]
    assert [(field.name, field.type.value) for field in facts.system_fields] == [("_unit", "text")]
    assert (facts.rows, facts.lifetime_epsilon) == (40, "8")
    assert facts.created_at.isoformat() == "2026-03-01T12:00:00+00:00"


def test_an_unknown_collection_is_told_by_its_name(bench):
    with bench.store.read() as uow, pytest.raises(UnknownCollection, match="There is no collection diary"):
        find_collection(uow, "diary")


def test_a_record_is_its_own_unit_for_the_whole_life_of_the_collection(bench, numbered):
    bench.load(numbered(3))
    bench.load(numbered(2, start=90))

    assert bench.column("_unit") == ["0", "1", "2", "3", "4"]


def test_a_day_is_the_date_in_utc_and_rows_without_one_are_refused(bench):
    report = bench.load(DIARY, types={"n": FieldType.INT})

    assert bench.column("_unit")[:3] == ["2026-01-02", "2026-01-01", "2026-01-03"]
    assert [(row.line, row.reason) for row in report.refused] == [
        (4, "at: empty, so the row has no unit"),
        (6, "n: not a whole number of 64 bits"),
    ]
    assert bench.column("at") == bench.column("_time")


def test_days_before_1970_are_days_too(bench):
    bench.load("at\n1969-12-31T23:00:00Z\n0001-01-01T00:00:01Z\n9999-12-31T23:59:59.999999Z\n")

    assert bench.column("_unit") == ["1969-12-31", "0001-01-01", "9999-12-31"]


def test_a_column_gives_units_by_its_text_and_rows_without_one_are_refused(bench):
    report = bench.load(DIARY, unit="column:person", types={"n": FieldType.INT})

    assert bench.column("_unit")[:3] == ["ada", "bob", "ada"]
    assert [row.line for row in report.refused] == [5, 6]
    assert bench.column("_time")[2] is None


def test_a_blank_text_names_no_unit(bench):
    report = bench.load('{"who":"ada"}\n{"who":" "}\n{"who":""}\n', "rows.jsonl", unit="who")

    assert bench.column("_unit") == ["ada"]
    assert [row.line for row in report.refused] == [2, 3]


def test_numbers_and_truth_values_name_units_too(bench):
    bench.load("ward,n\n7,1\n12,2\n7,3\n", unit="ward")

    assert bench.column("_unit") == ["7", "12", "7"]


def test_system_columns_are_as_sensitive_as_their_source(bench):
    bench.load(DIARY, unit="person")
    with bench.store.read() as uow:
        labels = [field.sensitivity for field in find_collection(uow, "rows").system_fields]

    assert labels == [Sensitivity.IDENTIFYING, Sensitivity.ORDINARY]


@pytest.mark.parametrize(
    ("unit", "time_field", "reason"),
    [
        (UnitSpec(kind=UnitKind.DAY), None, "the unit day needs a column of dates or times"),
        (UnitSpec(kind=UnitKind.DAY), "n", "n is not a column of dates or times"),
        (UnitSpec(kind=UnitKind.RECORD), "none", "none is not a column of dates or times"),
        (UnitSpec(kind=UnitKind.COLUMN, field="none"), None, "there is no column none"),
    ],
)
def test_a_unit_that_the_columns_cannot_give_is_refused(bench, numbered, unit, time_field, reason):
    with pytest.raises(Invalid, match=reason), bench.act() as act:
        bench.put(act, bench.parse(numbered(3)), ImportChoice(unit=unit, time_field=time_field))


@pytest.mark.parametrize("epsilon", ["0", "-1", "NaN", "sNaN", "Infinity", "much", ""])
def test_the_lifetime_epsilon_is_a_number_above_zero(bench, numbered, epsilon):
    with pytest.raises(Invalid, match="the lifetime epsilon is a number above 0"), bench.act() as act:
        bench.put(act, bench.parse(numbered(3)), RECORD, epsilon=epsilon)


@pytest.mark.parametrize("name", ["", " rows", "ro\u202ews", "n" * 81])
def test_a_collection_has_a_plain_name(bench, numbered, name):
    with pytest.raises(Invalid, match="a collection's name is 1 to 80 characters that can be seen"):
        bench.load(numbered(3), into=name)


@pytest.mark.parametrize(("text", "error"), [("n\n", NoRows), ("n,m\n1\n2\n", NothingToImport)])
def test_a_file_without_a_row_to_keep_makes_no_collection(bench, text, error):
    with pytest.raises(error):
        bench.load(text)
    with bench.store.read() as uow:
        assert list_collections(uow) == []


def test_the_very_file_is_refused_the_second_time_with_the_date_of_the_first(bench, numbered):
    """Also into another collection, and under another name of the file."""
    bench.load(numbered(3))

    with pytest.raises(AlreadyImported, match=r"already imported on 2026-03-01, as .*\.csv into rows"):
        bench.load(numbered(3), "other.csv", into="others")


def test_the_very_file_by_another_unit_says_what_it_would_take(bench, numbered):
    bench.load(numbered(3))

    with pytest.raises(ImportedByAnotherUnit, match=r"into rows, whose unit is .*, for good") as refused:
        bench.load(numbered(3), "other.csv", into="others", unit="column:n")
    assert "lockbox data erase NAME" in refused.value.hint


def test_an_import_that_is_not_committed_leaves_nothing(bench, numbered):
    bench.load(numbered(3))
    with bench.store.write() as uow:
        bench.put(
            AuditedTransaction(uow=uow, date=VaultDate(now=NOW, clock=NOW), keys=bench.keys),
            bench.parse(numbered(5000, start=3)),
            RECORD,
        )

    with bench.store.read() as uow:
        assert (
            find_collection(uow, "rows").rows,
            uow.count(Segment),
            uow.count(ImportedFile),
            len(read_entries(uow)),
        ) == (3, 4, 1, 2)
    assert bench.load(numbered(5000, start=3)).total_rows == 5003


def test_the_audit_entry_shows_nothing_in_clear(bench, numbered):
    bench.load(numbered(120), "my diary.csv", into="diary")
    with bench.store.read() as uow:
        body = read_entries(uow)[-1].body
        hidden = {each.name: each.value for each in opened(uow, 1)}

    assert parse_entry(body).clear == {}
    for word in (b"120", b"diary", b"half", b"word", b"csv"):
        assert not has_word(body, word)
    assert hidden == {
        "collection": "diary",
        "source": "my diary.csv",
        "schema": [["n", "int"], ["half", "float"], ["word", "text"]],
        "rows": 120,
        "refused": 0,
        "joined": [],
        "apart": [],
    }


@pytest.mark.parametrize(
    "sizes",
    sweep(
        [
            *([100, 9000, 3], [4096], [4097], [4095, 1], [1, 4095, 1]),
            *([1], [4095], [8192], [4095, 2], [4096, 4096]),
        ],
        default=5,
    ),
)
def test_rows_stay_in_order_over_the_edges_of_stripes(bench, numbered, sizes):
    """However an import is cut into files, every stripe but the last is full, and every column agrees."""
    done = 0
    for size in sizes:
        report = bench.load(numbered(size, start=done))
        done += size

    assert report.total_rows == done
    assert list(range(done)) == bench.column("n")
    assert [number / 2 for number in range(done)] == bench.column("half")
    assert [str(number) for number in range(done)] == bench.column("_unit")
    with bench.store.read() as uow:
        sizes = [segment.row_count for segment in uow.find(Segment, field_id=1, order_by="stripe")]
        assert [4096] * (done // 4096) + [done % 4096] * bool(done % 4096) == sizes
        assert 4 * len(sizes) == uow.count(Segment)


def test_filling_a_stripe_raises_its_generation(bench, numbered):
    bench.load(numbered(10))
    bench.load(numbered(10, start=10))
    with bench.store.read() as uow:
        assert {2} == {segment.generation for segment in uow.find(Segment)}


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("n\n1.5\n2.5\n", "n\n3\n4\n", [1.5, 2.5, 3.0, 4.0]),
        ("n\n1.5\n", "n\n9007199254740993\n", [1.5, 9007199254740992.0]),
        ("n\na\na\n", "n\nb\nc\nd\n", ["a", "a", "b", "c", "d"]),
        ("n\na\nb\nc\n", "n\nd\nd\n", ["a", "b", "c", "d", "d"]),
        ("m,n\n1,1\n1,2\n", "m,n\n7,\n8,\n", [1, 2, None, None]),
        ("m,n\n1,1\n1,2\n", "n,m\n3,1\n", [1, 2, 3]),
    ],
)
def test_a_second_file_takes_the_types_and_order_of_the_collection(bench, first, second, values):
    bench.load(first)
    bench.load(second)

    assert values == bench.column("n")


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("n,word\n1,a\n", "the column half is missing"),
        ("n,half,word,more\n1,2,a,3\n", "the column more is not in it"),
        ("n,half,word\n1.5,2,a\n", "the column n is float and should be int"),
        ("n,half,word\nx,2,a\n", "the column n is text and should be int"),
        ("n,half,word\n1,yes,a\n", "the column half is bool and should be float"),
    ],
)
def test_a_second_file_with_other_columns_is_refused_naming_the_column(bench, numbered, second, reason):
    bench.load(numbered(3))

    with pytest.raises(SchemaMismatch, match=f"do not fit the collection rows: {reason}"):
        bench.load(second)


def test_a_second_file_keeps_the_unit_and_the_times(bench):
    bench.load(DIARY)
    with pytest.raises(SchemaMismatch, match="its unit is day"):
        bench.load("at,person,n\n2026-03-01,ada,1\n", unit="record")
    choice = ImportChoice(unit=DAY.unit, time_field=None)
    with pytest.raises(SchemaMismatch, match="its rows come from the column at"), bench.act() as act:
        bench.put(act, bench.parse("at,person,n\n2026-03-01,ada,1\n"), choice)


def test_what_was_not_asked_for_is_as_the_collection_has_it(bench, numbered):
    bench.load(DIARY, unit="person")
    fields = bench.parse(DIARY).fields
    with bench.store.read() as uow:
        again, fresh = choose(uow, "rows", fields), choose(uow, "new", fields)

    assert (str(again.unit), again.time_field) == ("column:person", "at")
    assert (str(fresh.unit), fresh.time_field) == ("day", "at")


def test_the_cap_of_a_collection_stays_as_it_was_first_set(bench, numbered):
    bench.load(numbered(3))
    with bench.act() as act:
        bench.put(act, bench.parse(numbered(3, start=3)), RECORD, epsilon="800")
    with bench.store.read() as uow:
        assert find_collection(uow, "rows").lifetime_epsilon == "8"


def test_every_field_has_a_key_of_its_own(bench, numbered):
    bench.load(numbered(3))
    with bench.store.read() as uow:
        wrapped = [field.wrapped_key for field in uow.find(Field)]

    assert len(set(wrapped)) == len(wrapped) == 4
    assert all(wrapped)


def test_two_collections_do_not_mix(bench, numbered):
    bench.load(numbered(3), into="a")
    bench.load(numbered(2, start=50), into="b")

    assert bench.column("n", "a") == [0, 1, 2]
    assert bench.column("n", "b") == [50, 51]
    with bench.store.read() as uow:
        assert [facts.name for facts in list_collections(uow)] == ["a", "b"]
        assert {3, 2} == {row.next_row for row in uow.find(Collection)}


def test_a_collection_has_no_more_units_than_a_sum_is_proven_for(bench, numbered, monkeypatch):
    monkeypatch.setattr(unit_limit, "MAX_UNITS", 5)
    bench.load(numbered(5))
    with pytest.raises(TooManyUnits, match="rows would have more than 5 units"):
        bench.load(numbered(1, start=90))
    with pytest.raises(TooManyUnits):
        bench.load(numbered(6, start=200), into="others")

    assert len(bench.column("_unit")) == 5


def test_rows_of_units_that_are_there_make_no_new_ones(bench, monkeypatch):
    monkeypatch.setattr(unit_limit, "MAX_UNITS", 31)
    bench.load(DIARY)
    bench.load(DIARY.replace("ada", "eve"))

    assert len(set(bench.column("_unit"))) == 31


def test_the_column_that_names_the_units_is_kept_as_it_is_spelled(world: World) -> None:
    """1.1, 1.10 and 1.100 are three people, and so are numbers that no 64 bits hold."""
    file = world.folder / "people.csv"
    file.write_text("who,pulse\n1.1,60\n1.10,61\n1.100,62\n007,63\n7,64\n99999999999999999999,65\n")
    with world.vault() as vault:
        import_file(vault, FileChoice(path=file, name="people", unit="who"))
        page = vault.browse("people")

    assert [row[0] for row in page.rows] == ["1.1", "1.10", "1.100", "007", "7", "99999999999999999999"]


def test_the_widest_numbers_are_no_numbering_and_no_overflow(bench):
    numbers = [-(2**63), 2**63 - 1, 0, 1, -1, 5]
    report = bench.load("n\n" + "".join(f"{number}\n" for number in numbers))

    assert (report.rows, bench.column("n")) == (6, numbers)
