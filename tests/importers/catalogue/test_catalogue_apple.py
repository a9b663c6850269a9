"""An Apple Health export in every dialect comes in as its documentation says; a hostile one says why not."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.importers.catalogue import apple_export as apple
from vault.errors.families import Invalid
from vault.errors.records import Unreadable
from vault.importers import read
from vault.records.schema import ParsedTable

DAYS = 6
EXPORT = apple.export(DAYS)
START = datetime(2024, 1, 1, 8, tzinfo=apple.ZONE)
Part = Callable[..., ParsedTable]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """One part of an export, given as bytes."""

    def part(name: str = "", content: bytes = EXPORT, called: str = "export.xml") -> ParsedTable:
        path = tmp_path / called
        path.write_bytes(content)
        return read.parse(read.read_file(path, None, name))

    return part


def small(*elements: str, dtd: str = apple.DTD) -> bytes:
    """An export of a few elements."""
    made = f' <ExportDate value="{apple.stamp(START.replace(year=2025))}"/>\n'
    return f'{apple.HEAD}{dtd}<HealthData locale="en_US">\n{made}{"".join(elements)}</HealthData>\n'.encode()


def test_a_day_is_one_row_with_sums_and_means(part: Part) -> None:
    found = part()
    first = found.table.to_pylist()[0]
    steps = [row for row in part("steps").table.to_pylist() if row["day"] == first["day"]]

    assert (found.table.num_rows, found.format, len(found.refused)) == (DAYS, "apple-health", 0)
    assert first["day"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert first["steps"] == sum(row["value"] for row in steps if row["source"] == "Watch")
    assert (first["sleep_hours"], first["workout_hours"]) == (7, 0.5)
    assert (first["systolic"], first["diastolic"], first["oxygen_saturation"]) == (120, 80, 0.97)
    assert first["weight_kg"] == pytest.approx(165 * 0.45359237)
    assert first["vo2max"] is None


def test_what_a_correlation_repeats_is_counted_once(part: Part) -> None:
    assert part("systolic-pressure").table.num_rows == DAYS
    assert "Correlation" not in " ".join(part().notes)


def test_a_workout_says_the_same_in_the_words_of_both_versions(part: Part) -> None:
    rows = part("workouts").table.to_pylist()

    assert [row["activity"] for row in rows] == ["Running"] * DAYS
    assert [row["minutes"] for row in rows] == [30] * DAYS
    assert [row["distance_km"] for row in rows] == pytest.approx([5] * DAYS)
    assert [row["energy_kcal"] for row in rows] == pytest.approx([300] * DAYS)


def test_a_night_belongs_to_the_local_day_on_which_it_ends(part: Part) -> None:
    first = part("sleep").table.to_pylist()[0]

    assert first["day"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert first["start"] == datetime(2023, 12, 31, 21, tzinfo=UTC)
    assert (first["stage"], first["zone_minutes"]) == ("InBed", 120)


def test_the_day_of_the_export_is_left_out_because_it_was_not_over(part: Part) -> None:
    found = part("", apple.export(DAYS, exported_after=DAYS - 1))

    assert found.table.num_rows == DAYS - 1
    assert "The day of the export is left out: it was not over." in found.notes


def test_a_value_in_another_unit_is_brought_to_the_one_of_the_schema_and_that_is_said(part: Part) -> None:
    row = part("weight").table.to_pylist()[0]

    assert (row["value"], row["unit"]) == (pytest.approx(74.84274105), "lb")
    assert f"{DAYS} values were brought from lb to kg." in part("weight").notes


@pytest.mark.parametrize("dtd", ["", apple.DTD, "<!DOCTYPE HealthData>\n", apple.DTD.replace("12", "14")])
def test_no_definition_of_the_document_stands_in_the_way(part: Part, dtd: str) -> None:
    assert part("", apple.export(2, dtd=dtd)).table.num_rows == 2


@pytest.mark.parametrize(
    "times",
    [
        'startDate="2024-01-01 08:00:00 +0200" endDate="2024-01-01 08:05:00 +0200"',
        'startDate="20240101080000+0200" endDate="20240101080500+0200"',
        'startDate="2024-01-01T08:00:00+02:00" endDate="2024-01-01T08:05:00+02:00"',
    ],
)
def test_a_time_is_read_as_every_version_writes_it(part: Part, times: str) -> None:
    row = f' <Record type="HKQuantityTypeIdentifierStepCount" unit="count" value="5" sourceName="A\x0bB" {times}/>\n'
    found = part("steps", small(row)).table.to_pylist()

    assert [(one["start"], one["source"]) for one in found] == [(datetime(2024, 1, 1, 6, tzinfo=UTC), "AB")]


@pytest.mark.parametrize(
    "name", ["apple_health_export/export.xml", "导出/导出.xml", "../../../etc/export.xml"]
)
def test_the_export_is_found_in_its_zip_by_what_is_in_it(part: Part, tmp_path: Path, name: str) -> None:
    packed = apple.write_zip(tmp_path / "made.zip", apple.zipped(EXPORT, name)).read_bytes()
    before = sorted(tmp_path.rglob("*"))
    found = part("", packed, "made.zip")

    assert found.table.num_rows == DAYS
    assert sorted(tmp_path.rglob("*")) == before


def test_no_ending_of_a_name_hides_what_a_file_is(part: Part) -> None:
    assert part("", EXPORT, "steps.csv").format == "apple-health"


def test_a_record_that_does_not_fit_is_refused_by_its_line(part: Part) -> None:
    bad = apple.record("HeartRate", "fast", "count/min", START)
    odd = apple.record("HeartRate", 70, "furlong", START)
    late = apple.record("HeartRate", 70, "count/min", START).replace("2024-01-01", "2024-01-41")
    good = apple.record("HeartRate", 70, "count/min", START)
    found = part("heart-rate", small(bad, odd, late, good))
    first = small().count(b"\n")

    assert found.table.num_rows == 1
    assert [(row.line - first, row.reason) for row in found.refused] == [
        (0, "value: not a number"),
        (1, "unit: one that is not known for heart-rate"),
        (2, "a Record without a time that can be read"),
    ]


def test_what_no_part_holds_is_said(part: Part) -> None:
    odd = apple.record("HKQuantityTypeIdentifierSomethingNew", 1, "count", START)
    known = apple.record("StepCount", 1, "count", START)

    assert "Not taken, because no part holds it: SomethingNew (1)." in part("", small(odd, known)).notes


def test_a_part_that_is_not_there_is_named(part: Part) -> None:
    with pytest.raises(Invalid, match="Apple Health has no part step, only days, workouts, sleep"):
        part("step")


BOMB = apple.DTD.replace(
    "<!ELEMENT Record", '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">\n<!ELEMENT Record'
)
OUTSIDE = '<!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
HOSTILE = {
    "entities": (small(dtd=BOMB), "it defines entities of its own"),
    "a file outside": (small(dtd=OUTSIDE), "it defines entities of its own"),
    "an unknown entity": (small(' <Record type="&bomb;"/>\n'), r"line \d+ is no XML \(undefined entity\)"),
    "cut off": (EXPORT[: len(EXPORT) // 2], "it ends in the middle, in line"),
    "cut off in the head": (small()[:500], "it ends in the middle"),
    "deep": (small("<a>" * 200), "it is nested more than 100 deep"),
    "one endless tag": (small(f' <Record type="{"x" * 10**7}"/>\n'), "one piece of it is longer than 4 MiB"),
    "not UTF-8": (small().replace(b"en_US", b"\xff\xfe\xfa"), r"line \d+ is no XML"),
    "another encoding than it says": (
        small().replace(b"UTF-8", b"UTF-16"),
        "its encoding is not what it says",
    ),
    "a word of the root alone": (b'<?xml version="1.0"?>\n<a><HealthData </a>', "it is another XML file"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_export_is_refused_in_a_sentence(part: Part, case: str) -> None:
    content, reason = HOSTILE[case]
    with pytest.raises(Unreadable, match=reason):
        part("", content)


def packed(*members: tuple[str, bytes], flags: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


LOCKED = bytearray(packed(("export.xml", EXPORT)))
LOCKED[6] |= 1
LOCKED[LOCKED.rindex(b"PK\x01\x02") + 8] |= 1
ZIPS = {
    "a bomb": (packed(("export.xml", small(" " * 2**25))), "unpacks to far more than an export does"),
    "locked": (bytes(LOCKED), "a zip file with a password"),
    "cut off": (packed(("export.xml", EXPORT))[:-40], "a zip file that ends in the middle"),
    "damaged": (
        packed(("export.xml", EXPORT)).replace(b"PK\x01\x02", b"PK\x01\x03"),
        "a damaged zip file",
    ),
    "nothing known": (packed(("notes.txt", b"hello")), "a zip or spreadsheet file"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_hostile_zip_is_refused_in_a_sentence(part: Part, case: str) -> None:
    content, reason = ZIPS[case]
    with pytest.raises(Unreadable, match=reason):
        part("", content, "export.zip")


def test_bytes_changed_inside_a_zip_are_noticed(part: Part) -> None:
    content = bytearray(packed(("export.xml", apple.export(60))))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(Unreadable, match=r"damaged zip file|is no XML|ends in the middle"):
        part("", bytes(content), "export.zip")


READ = """
import resource, sys
from pathlib import Path
from vault.importers.read import parse, read_file
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = parse(read_file(Path(sys.argv[1]), None, sys.argv[2])).table.num_rows
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least", "most"), [("days", 300, 15), ("heart-rate", 180_000, 60)])
def test_a_large_export_is_read_in_little_memory(tmp_path: Path, name: str, least: int, most: int) -> None:
    """An export of 65 MB: the days of it take next to nothing, and a heartbeat less than 200 bytes."""
    path = tmp_path / "export.xml"
    apple.write_large(path, 65)
    told = subprocess.run(
        [sys.executable, "-c", READ, path, name], capture_output=True, text=True, check=True
    )
    rows, megabytes = map(int, told.stdout.split())

    assert (rows >= least, megabytes <= most) == (True, True), told.stdout
