"""The dry run before an import."""

from __future__ import annotations

import pytest

from vault.errors.families import Invalid
from vault.records.preview import ColumnPreview, preview
from vault.views.field_types import FieldType, Sensitivity, UnitKind, UnitSpec

RECORD, DAY = UnitSpec(kind=UnitKind.RECORD), UnitSpec(kind=UnitKind.DAY)
VISITS = "at,patient,pulse\n2026-01-01,ada,60\n2026-01-01,ada,60\n2026-01-02,bob,\n,ada,70\n"
CATEGORY = "The column patient holds few texts, often repeated: it is kept as a category. As text: --type patient=text"


def test_every_column_is_shown_as_it_would_be_kept(bench):
    shown = preview(bench.parse(VISITS), DAY, "at")

    assert (
        *(shown.source, shown.format, shown.rows, shown.refused_rows, shown.units, shown.time_field),
    ) == ("rows.csv", "csv", 3, 1, 2, "at")
    assert [(row.line, row.reason) for row in shown.first_refused] == [
        (5, "at: empty, so the row has no unit")
    ]
    assert shown.columns[1:] == (
        ColumnPreview(
            name="patient",
            type=FieldType.CATEGORY,
            sensitivity=Sensitivity.IDENTIFYING,
            samples=("ada", "bob"),
            nulls=0,
        ),
        ColumnPreview(
            name="pulse", type=FieldType.INT, sensitivity=Sensitivity.SPECIAL, samples=("60",), nulls=1
        ),
    )


def test_the_owner_is_warned_in_sentences(bench):
    assert preview(bench.parse(VISITS), RECORD, "at").warnings == (
        CATEGORY,
        "Each row counts as its own unit; a habit shown by many rows is not hidden.",
        "1 row repeats another row; what is told twice is hidden less well.",
        "There are only 4 units: an update that hides each of them will say little.",
        "patient has 2 values in 4 rows: if they are people, nothing hides one of them whole unless they are the unit: "
        "--unit patient",
        "These columns may name somebody: patient.",
    )


def test_a_day_warns_of_habits_and_of_refused_rows(bench):
    assert preview(bench.parse(VISITS), DAY, "at").warnings[:5] == (
        CATEGORY,
        "1 of 4 rows would be refused.",
        "All rows of one day count as one unit; a habit shown on many days is not hidden.",
        "There are only 2 units: an update that hides each of them will say little.",
        "The column at decides the day of a row, as it is written there.",
    )


def test_a_column_warns_of_its_spelling(bench):
    unit = UnitSpec(kind=UnitKind.COLUMN, field="patient")

    assert "All rows with the same patient count as one unit, as it is spelled in the file." in (
        preview(bench.parse(VISITS), unit, None).warnings
    )
    assert not [one for one in preview(bench.parse(VISITS), unit, None).warnings if "--unit" in one]


def test_many_units_are_not_called_few(bench, numbered):
    assert not [
        warning
        for warning in preview(bench.parse(numbered(1000)), RECORD, None).warnings
        if "only" in warning
    ]
    assert [
        warning for warning in preview(bench.parse(numbered(999)), RECORD, None).warnings if "only" in warning
    ]


def test_notes_of_the_importer_come_first(bench):
    assert preview(bench.parse("a;b\n1;x\n"), RECORD, None).warnings[0] == (
        "The cells are taken to be separated by semicolons."
    )


def test_samples_are_three_and_safe_to_print(bench):
    parsed = bench.parse('s\na\na\n"\x1b[2Jb"\n' + "c" * 99 + "\nd\n")

    assert preview(parsed, RECORD, None).columns[0].samples == ("a", "·[2Jb", "c" * 39 + "…")


def test_a_table_without_rows_can_be_looked_at(bench):
    shown = preview(bench.parse("n\n"), RECORD, None)

    assert (shown.rows, shown.units) == (0, 0)


def test_a_unit_that_cannot_be_is_refused_before_the_import(bench):
    with pytest.raises(Invalid):
        preview(bench.parse(VISITS), DAY, None)


def test_only_the_first_refused_rows_are_listed(bench):
    shown = preview(bench.parse("n,m\n1,2\n" + "1\n" * 30), RECORD, None)

    assert (shown.refused_rows, len(shown.first_refused)) == (30, 10)


def test_one_unit_is_one_unit(bench):
    only = preview(bench.parse(VISITS.splitlines()[0] + "\n" + VISITS.splitlines()[1] + "\n"), RECORD, "at")
    assert "There is only 1 unit: an update that hides it will say little." in only.warnings
