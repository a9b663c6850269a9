"""The words of a collection: units, names, labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors.families import Invalid
from vault.records.cells import shown
from vault.records.schema import default_unit, guess_time_field, is_plain_name
from vault.records.sensitivity import guess_sensitivity
from vault.views.field_types import FieldSpec, FieldType, Sensitivity, UnitKind, UnitSpec


def spec(name: str, known: FieldType) -> FieldSpec:
    return FieldSpec(name=name, type=known, sensitivity=Sensitivity.ORDINARY)


@pytest.mark.parametrize(
    ("text", "kind", "field"),
    [
        ("record", UnitKind.RECORD, None),
        ("day", UnitKind.DAY, None),
        ("person", UnitKind.COLUMN, "person"),
        ("column:person", UnitKind.COLUMN, "person"),
        ("column:day", UnitKind.COLUMN, "day"),
    ],
)
def test_a_unit_is_record_day_or_a_column(text, kind, field):
    unit = UnitSpec.parse(text, ["person", "day"])

    assert UnitSpec(kind=kind, field=field) == unit
    assert UnitSpec.parse(str(unit), ["person", "day"]) == unit


def test_a_unit_of_no_column_is_refused():
    with pytest.raises(Invalid, match="there is no column persn"):
        UnitSpec.parse("persn", ["person"])


def test_rows_with_times_are_grouped_by_day_and_others_stand_alone():
    fields = [spec("n", FieldType.INT), spec("at", FieldType.TIMESTAMP)]

    assert default_unit(fields, "at").kind is UnitKind.DAY
    assert default_unit(fields, None).kind is UnitKind.RECORD
    assert default_unit(fields, "n").kind is UnitKind.RECORD


def test_the_time_of_a_row_is_its_first_time_that_is_no_birthday():
    times = [spec(name, FieldType.TIMESTAMP) for name in ("birth_date", "dob", "visitDate", "end")]

    assert guess_time_field([spec("n", FieldType.INT), *times]) == "visitDate"
    assert guess_time_field(times[:2]) is None


@pytest.mark.parametrize(
    ("names", "sensitivity"),
    [
        (
            "patient_id lastName surname eMail homeAddress phone2 IBAN zip lat birthDate deviceId",
            "identifying",
        ),
        (
            "diagnosis heartRate hr systolic_bp mean_radius_tumor weight mood is_smoker religion sex",
            "special",
        ),
        ("amount balance steps sleepHours city age notes Country transaction_type", "sensitive"),
        ("n value x1 agenda racetrack idea when temperature mean_radius widths", "ordinary"),
    ],
)
def test_names_suggest_how_much_a_column_gives_away(names, sensitivity):
    assert {name: guess_sensitivity(name).value for name in names.split()} == dict.fromkeys(
        names.split(), sensitivity
    )


@pytest.mark.parametrize("name", ["", " a", "a ", "a\n", "e\u0301", "a\u200b", "n" * 81, "a\x00"])
def test_names_that_look_like_others_or_hide_something_are_not_plain(name):
    assert not is_plain_name(name)


@given(st.text())
def test_what_is_shown_fits_on_a_line_and_moves_no_cursor(text):
    line = shown(text)

    assert len(line) <= 40
    assert line.isprintable()
    assert line == text or len(text) > 40 or not text.isprintable()
