"""Every known export in each dialect gives its rows and nothing of other people; what is hostile is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.importers.catalogue import apple_export as apple
from tests.importers.catalogue import made_exports as made
from tests.importers.catalogue import timeline_export as timeline
from tests.importers.catalogue.dialects import DIALECTS
from tests.importers.damaged import zipped
from vault.errors.records import Unreadable
from vault.importers import read
from vault.records.schema import ParsedTable
from vault.records.stored_rows import new_rows

Part = Callable[..., ParsedTable]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """One part of an export, given as bytes under a name that says nothing."""

    def part(content: bytes, name: str = "", called: str = "file") -> ParsedTable:
        path = tmp_path / called
        path.write_bytes(content)
        return read.parse(read.read_file(path, None, name))

    return part


@pytest.mark.parametrize("case", DIALECTS)
def test_a_dialect_gives_these_rows(part: Part, case: str) -> None:
    content, name, count, first = DIALECTS[case]
    found = part(content, name)
    row = found.table.to_pylist()[0]

    assert (found.table.num_rows, found.refused) == (count, ())
    assert {key: row[key] for key in first} == pytest.approx(first)


def test_a_number_that_ran_over_is_where_it_was(part: Part) -> None:
    rows = part(timeline.records(3), "points").table.to_pylist()

    assert [row["longitude"] for row in rows] == [-74.2] * 3


THIRD_PARTIES = (
    "A Shop",
    "A SHOP",
    "A Person",
    "A PERSON",
    "Made Up",
    "Doe",
    "example.org",
    "Reference",
    "Somewhere",
    "192.0.2.1",
    "made-up-",
    "Hello",
    "lines",
    "+1",
)


@pytest.mark.parametrize("case", DIALECTS)
def test_nothing_of_other_people_is_taken(part: Part, case: str) -> None:
    content, name, _, _ = DIALECTS[case]
    told = str(part(content, name).table.to_pylist())

    assert [word for word in THIRD_PARTIES if word in told] == []


def test_a_payment_on_the_way_is_left_out_and_counted(part: Part) -> None:
    assert "1 row has no day yet, such as payments on the way: left out." in part(made.REVOLUT.encode()).notes


def test_a_date_that_fits_both_ways_is_refused(part: Part) -> None:
    found = part(b"!Type:Bank\nD02/03/2024\nT-1.00\n^\n")

    assert [(row.line, row.reason) for row in found.refused] == [
        (4, "D: day and month fit both ways in this file")
    ]


def test_an_export_without_anything_of_the_part_says_what_it_holds(part: Part) -> None:
    with pytest.raises(
        Unreadable, match=r"nothing in it belongs to the part visits; taken with --part NAME: points \(3\)"
    ):
        part(timeline.records(3), "visits")


CONDITION = (
    b'{"resourceType": "Condition", "id": "1", "recordedDate": "2024-03-01", "code": {"text": "cold"}}\n'
)
LATER = {
    "google-timeline/points": timeline.records(3),
    "fitbit/sleep": made.FITBIT[made.FITBIT.index(b"Sleep") :],
    "fhir/conditions": CONDITION,
    "apple-health/workouts": apple.export(1, exported_after=0),
}


@pytest.mark.parametrize("known_as", LATER)
def test_where_no_part_is_named_the_first_is_taken_that_the_file_holds(part: Part, known_as: str) -> None:
    name = known_as.partition("/")[2]
    found, named = part(LATER[known_as]), part(LATER[known_as], name)

    assert (found.known_as, found.table, found.digest_input) == (known_as, named.table, named.digest_input)
    assert found.form == named.form
    assert any(
        note.startswith("No part was named, and it holds nothing of the part ")
        and note.endswith(f": {name} is the first that it has.")
        for note in found.notes
    )
    assert not any(note.startswith("No part") for note in named.notes)


def test_points_without_a_place_are_no_part_of_a_file(part: Part) -> None:
    content = timeline.android(2).replace(b"52.5000000\xc2\xb0, 13.4000000\xc2\xb0", b"?").replace(
        b"52.5050000\xc2\xb0, 13.4500000\xc2\xb0", b"?"
    )  # fmt: skip

    assert part(content).parts == {"visits": 2, "trips": 2}


@pytest.mark.parametrize(
    ("rows", "stored", "new"),
    [
        ([1, 2, None], [1], [1, 2]),
        ([5, 5, 5, 6], [5], [1, 2, 3]),
        ([5, None, 5], [5, 5, None], []),
        ([], [5], []),
    ],
)
def test_of_equal_rows_those_are_new_that_are_more_than_are_stored(
    rows: list[int | None], stored: list[int], new: list[int]
) -> None:
    tables = [pa.table({"a": pa.array(one, type=pa.int64())}) for one in (rows, stored)]

    assert new_rows(tables[0], tables[1].column).to_pylist() == new


WALLED = b'<!DOCTYPE gpx [<!ENTITY a "b">]><gpx '
HOSTILE = {
    "a cell of 10 MB": (made.REVOLUT.encode().replace(b"A Shop", b"x" * 10**7), "line 2 is damaged, or far too long"),
    "OFX cut off": (made.OFX_SGML.encode()[:-40], "it ends in the middle"),
    "OFX with entities": (made.OFX_XML.replace("<?OFX", "<!DOCTYPE a [<!ENTITY a 'b'>]><?OFX", 1).encode(), "."),
    "GPX with entities": (made.GPX.encode().replace(b"<gpx ", WALLED, 1), "it is XML; export it"),
    "GPX cut off": (made.GPX.encode()[:-90], "it ends in the middle"),
    "deep GPX": (made.GPX.encode().replace(b"<trkseg>", b"<a>" * 200), "it is nested more than 100 deep"),
    "FIT cut off": (made.fit(50)[:400], "it is damaged, or ends in the middle"),
    "FIT changed": (made.fit(50)[:100] + b"\xff" + made.fit(50)[101:], "it is damaged, or ends in the middle"),
    "a calendar cut off": (made.ICALENDAR.encode()[:600], "it ends in the middle"),
    "a deep calendar": (b"BEGIN:VCALENDAR\n" * 1000, "it is nested more than 20 deep"),
    "deep FHIR": (b'{"resourceType": "Observation", "x": ' + b"[" * 100_000, "a line of it is no JSON object"),
    "a line of FHIR of 10 MB": (made.fhir_lines() + b" " * 10**7 + b"{", "one piece of it is longer than 8 MiB"),
    "a deep bundle": (
        made.fhir_bundle().replace(b'"resource": {', b'"resource": {"a": ' + b"[" * 100 + b"]" * 100 + b",", 1),
        "it is nested more than 64 deep",
    ),
    "deep JSON": (b'{"semanticSegments": [{"startTime": ' + b"[" * 10_000, "it is nested more than 64 deep"),
    "JSON cut off": (timeline.android(3)[:1500], "it ends in the middle, or is no JSON"),
    "a text of 10 MB": (
        timeline.iphone(1).replace(b"made-up", b"x" * 10**7), "one piece of it is longer than 8 MiB",
    ),
    "a zip packed with LZMA": (zipped("export.xml", apple.export(1), zipfile.ZIP_LZMA), "packed as no export is"),
    "a number of 5,000 digits": (
        timeline.records(2).replace(b"525000000", b"5" * 5000, 1), "one of its numbers is too large",
    ),
    "an encoding far behind": (
        made.GPX.encode().replace(b'encoding="UTF-8"', b" " * 300 + b'encoding="cp932"'), "encoding which is not read",
    ),
    "bytes that are no UTF-8": (timeline.iphone(1).replace(b"made-up", b"\xff\xfe"), "it is no JSON|or is no JSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(part: Part, case: str) -> None:
    content, reason = HOSTILE[case]
    with pytest.raises(Unreadable, match=reason):
        part(content)


NO_TEXT = "not a text of at most 131,072 characters"
UNFIT = {
    "a length of 5,000 digits": (
        made.ICALENDAR.encode().replace(b"P1DT1H30M", b"P" + b"9" * 5000 + b"D"), ["DURATION: not a length of time"],
    ),
    "a time of 5,000 digits": (
        made.GARMIN.replace("00:55:30", "9" * 5000 + ":55:30").encode(), ["minutes: not a length of time"],
    ),
    "an hour after the last day": (
        made.ICALENDAR.encode().replace(b"20240702T090000", b"99991231T240000"), ["DTSTART: not a time"],
    ),
    "a day before all years": (
        made.GPX.encode().replace(b"2024-05-01T05:12:33.000Z", b"0001-01-01T00:00:00+14:00"),
        ["day: not a time of the years 1 to 9999"],
    ),
    "an artist that is a number": (made.spotify_year().replace(b'"A band"', b"5"), [f"artist: {NO_TEXT}"]),
    "a character of nothing": (made.spotify_year().replace(b'"A band"', b'"\\u0000"'), [f"artist: {NO_TEXT}"]),
    "a truth value for a length": (made.spotify_year().replace(b"187500", b"true"), ["ms_played: not a number"]),
    "codes that are numbers": (made.fhir_bundle().replace(b'"coding": [', b'"coding": 5, "x": ['), []),
    "pieces that are a number": (made.fhir_bundle().replace(b'"component": [', b'"component": 5, "x": ['), []),
    "a way that is a number": (
        timeline.month(2).replace(b'"activitySegment": {', b'"activitySegment": 5, "x": {', 1), ["time: not a time"],
    ),
    "a place beyond all numbers": (
        timeline.records(1).replace(b"525000000", b"9" * 18, 1), ["place: not on the earth"],
    ),
    "a sum beyond all numbers": (
        apple.export(1).replace(b'value="', b'value="1e308" x="').replace(b"<ExportDate", b"<Me"),
        ["steps: not a whole number of 64 bits"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_an_entry_that_does_not_fit_is_refused_alone(part: Part, case: str) -> None:
    content, reasons = UNFIT[case]
    assert [row.reason for row in part(content).refused] == reasons
