"""Every known export in each dialect: which rows it gives, and what the first of them says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importers.catalogue import made_exports as made
from tests.importers.catalogue import people_exports as people
from tests.importers.catalogue import timeline_export as timeline
from vault.errors.families import LockboxError
from vault.errors.records import Unreadable
from vault.importers import read
from vault.records.schema import ParsedTable
from vault.records.stored_rows import new_rows

Part = Callable[..., ParsedTable]
MARCH, MAY = datetime(2024, 3, 1, tzinfo=UTC), datetime(2020, 5, 1, tzinfo=UTC)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """One part of an export, given as bytes under a name that says nothing."""

    def part(content: bytes, name: str = "", called: str = "file") -> ParsedTable:
        path = tmp_path / called
        path.write_bytes(content)
        return read.parse(read.read_file(path, None, name))

    return part


HOME, WORK = {"latitude": 52.5, "longitude": 13.4}, {"to_latitude": 52.51, "to_longitude": 13.5}
RIDE = {"mode": "IN_SUBWAY", "from_latitude": 52.5, **WORK}
NIGHT = {"day": MARCH, "start": MARCH - timedelta(minutes=30), "minutes": 450, "zone_minutes": 60, **HOME}

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
RUN = {
    "day": datetime(2024, 5, 1, tzinfo=UTC),
    "distance": 10.02,
    "calories": 1012,
    "minutes": 55.5,
    "heart_rate": 152,
}
PAID = {"day": datetime(2024, 2, 2, tzinfo=UTC), "amount": -12.5}
WEIGHED = {
    "day": PAID["day"],
    "code": "29463-7",
    "name": "Body Weight",
    "value": 80.5,
    "unit": "kg",
    "status": "final",
}
WAY = {
    "at": datetime(2024, 5, 1, 5, 12, 33, tzinfo=UTC),
    "latitude": 52.5,
    "longitude": 13.4,
    "heart_rate": 121,
}
PLAY = {"at": WAY["at"], "seconds": 187.5, "artist": "A band", "track": "A song", "ended_by": "trackdone"}

DIALECTS: dict[str, tuple[bytes, str, int, dict[str, Any]]] = {
    "Timeline of Android, visits": (timeline.android(3), "visits", 3, {**NIGHT, "place": "INFERRED_HOME"}),
    "Timeline of Android, trips": (timeline.android(3), "trips", 3, {**RIDE, "minutes": 30, "distance_m": 7100.5}),
    "Timeline of Android, points": (timeline.android(3), "points", 6, {**HOME, "at": MARCH + timedelta(minutes=425)}),
    "Timeline of the iPhone, visits": (timeline.iphone(3), "visits", 3, {**NIGHT, "place": "HOME"}),
    "Timeline of the iPhone, trips": (timeline.iphone(3), "trips", 3, {**RIDE, "distance_m": 7100.5}),
    "Timeline of the iPhone, points": (timeline.iphone(3), "points", 6, {**HOME, "at": MARCH - timedelta(minutes=25)}),
    "a month of Semantic Location History, visits": (
        timeline.month(2), "visits", 2, {**HOME, "day": MAY, "minutes": 90, "place": "HOME", "zone_minutes": 0},
    ),
    "a month of Semantic Location History, trips": (
        timeline.month(2), "trips", 2, {**RIDE, "day": MAY, "distance_m": 7100},
    ),
    "Records.json": (timeline.records(3), "points", 3, {"latitude": 52.5, "longitude": -74.2, "accuracy_m": 20}),
    "an older Records.json": (timeline.records(3, millis=True), "points", 3, {"at": MAY + timedelta(hours=6)}),
    "Fitbit, activities": (made.FITBIT, "activities", 2, {
        "day": NEW_YEAR, "calories": 2345, "steps": 10_012, "distance": 7.31, "floors": 12, "very_active_min": 35,
    }),
    "Fitbit, sleep": (made.FITBIT, "sleep", 2, {
        "day": NEW_YEAR + timedelta(days=1), "start": NEW_YEAR + timedelta(hours=23, minutes=12), "asleep_min": 410,
        "awakenings": 22, "rem_min": 85,
    }),
    "Fitbit, body": (made.FITBIT, "body", 2, {"weight": 80.5, "body_fat_percent": 21}),
    "Garmin": (made.GARMIN.encode(), "", 2, RUN | {"activity": "Running"}),
    "Garmin in German": (made.GARMIN_GERMAN.encode(), "", 1, RUN | {"activity": "Laufen"}),
    "Garmin with a mark in front": (made.GARMIN.encode("utf-8-sig"), "", 2, RUN),
    "Revolut": (made.REVOLUT.encode(), "", 2, PAID | {"currency": "EUR", "kind": "CARD_PAYMENT", "balance": 87.5}),
    "N26": (made.N26.encode(), "", 1, PAID | {"currency": "EUR", "kind": "Presentment"}),
    "Monzo": (made.MONZO.encode(), "", 1, PAID | {"currency": "GBP", "category": "Groceries"}),
    "Chase": (made.CHASE.encode(), "", 1, PAID | {"currency": "USD", "category": "Groceries"}),
    "DKB": (made.DKB.encode(), "", 1, {"day": PAID["day"], "amount": -1012.5, "kind": "Ausgang"}),
    "a Sparkasse": (made.SPARKASSE, "", 1, PAID | {"currency": "EUR", "kind": "KARTENZAHLUNG"}),
    "ING": (made.ING, "", 1, PAID | {"currency": "EUR", "balance": 1234.56}),
    "OFX 1": (made.OFX_SGML.encode(), "", 2, PAID | {"currency": "USD", "kind": "POS", "id": "1"}),
    "OFX 2": (made.OFX_XML.encode(), "", 1, PAID | {"currency": "EUR", "kind": "POS", "id": "1"}),
    "QIF": (made.QIF.encode(), "", 2, PAID | {"category": "Food:Groceries"}),
    "QIF of old": (made.QIF_OLD, "", 1, {"day": datetime(2024, 2, 13, tzinfo=UTC), "amount": -1012.5}),
    "a FHIR bundle": (made.fhir_bundle(), "observations", 4, WEIGHED),
    "FHIR, a line each": (made.fhir_lines(), "observations", 4, WEIGHED),
    "FHIR, diagnoses": (made.fhir_bundle(), "conditions", 1, {
        "day": datetime(2019, 5, 1, tzinfo=UTC), "name": "Hay fever", "status": "active",
    }),
    "FHIR, medicines": (made.fhir_bundle(), "medications", 1, {"day": PAID["day"], "name": "A medicine"}),
    "FHIR, vaccinations": (made.fhir_bundle(), "immunizations", 1, {
        "day": datetime(2021, 1, 1, tzinfo=UTC), "code": "3",
    }),
    "GPX": (made.GPX.encode(), "", 1, {**WAY, "cadence": 84, "elevation_m": 34.5}),
    "GPX in UTF-16": (made.GPX.replace("UTF-8", "UTF-16").encode("utf-16"), "", 1, WAY),
    "TCX": (made.TCX.encode(), "", 1, {**WAY, "cadence": 84, "distance_m": 3.5}),
    "FIT": (made.fit(3), "", 3, {**WAY, "elevation_m": 34.6}),
    "iCalendar": (made.ICALENDAR.encode(), "", 3, {
        "day": datetime(2024, 7, 2, tzinfo=UTC), "start": datetime(2024, 7, 2, 7, tzinfo=UTC), "minutes": 90,
        "repeats": "WEEKLY", "guests": 2, "status": "CONFIRMED", "id": "1@made-up",
    }),
    "Spotify": (made.spotify(), "", 2, {**PLAY, "skipped": "no", "country": "DE"}),
    "Spotify, a year": (made.spotify_year(), "", 1, {"seconds": 187.5, "artist": "A band"}),
    **people.CASES,
}  # fmt: skip


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
    "bytes that are no UTF-8": (timeline.iphone(1).replace(b"made-up", b"\xff\xfe"), "it is no JSON|or is no JSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(part: Part, case: str) -> None:
    content, reason = HOSTILE[case]
    with pytest.raises(Unreadable, match=reason):
        part(content)


PLACES = st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=6)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(DIALECTS)),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=4),
    st.integers(0),
)
def test_a_damaged_export_is_read_or_refused(
    part: Part, case: str, places: list[tuple[int, int]], cut: int
) -> None:
    damage(part, case, places, cut)


@pytest.mark.slow
@settings(deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(DIALECTS)),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8),
    st.integers(0),
)
def test_any_damaged_export_is_read_or_refused(
    part: Part, case: str, places: list[tuple[int, int]], cut: int
) -> None:
    damage(part, case, places, cut)


def damage(part: Part, case: str, places: list[tuple[int, int]], cut: int) -> None:
    """Change and cut the bytes of an export, and read what is left of it."""
    content, name, _, _ = DIALECTS[case]
    changed = bytearray(content)
    for place, value in places:
        changed[place % len(changed)] = value
    with suppress(LockboxError):
        part(bytes(changed[: len(changed) - cut % 100 if cut % 3 == 0 else None]), name)
