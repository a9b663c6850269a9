"""A valid file of every format that is read, and ways in which it can be damaged, told by a number."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tests.importers.catalogue import apple_export as apple
from tests.importers.catalogue import made_exports as made
from tests.importers.catalogue import timeline_export as timeline
from tests.importers.catalogue.dialects import DIALECTS

FILES: Final = Path(__file__).with_name("files")
OUTCOMES: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("outcomes.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A file that is read: its bytes, its name, the part that is wanted, and what is said of it.

    What is `within` a zip is damaged before it is packed; `mend` makes the checks of a format right afterwards.
    """

    content: bytes
    name: str = "file"
    part: str = ""
    said: dict[str, Any] | None = None
    mend: Callable[[bytes], bytes] = bytes
    within: str = ""


def _table() -> pa.Table:
    """Some rows of every type that is read of Parquet."""
    return pa.table(
        {
            "whole": pa.array([1, None, 3] * 20, pa.int32()),
            "large": pa.array([2**63 + 1, 2, 3] * 20, pa.uint64()),
            "number": pa.array([1.5, float("nan"), None] * 20, pa.float32()),
            "exact": pa.array([Decimal("1.10"), None, Decimal("-3.00")] * 20, pa.decimal128(9, 2)),
            "word": pa.array(["a", "b", None] * 20).dictionary_encode(),
            "text": pa.array([f"text {number}" for number in range(60)], pa.large_string()),
            "is": pa.array([True, False, None] * 20),
            "day": pa.array([date(2024, 1, 1), None, date(2024, 1, 3)] * 20),
            "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 60, pa.timestamp("ns", tz="UTC")),
            "local": pa.array([date(2024, 1, 1)] * 60).cast(pa.timestamp("ms")),
        }
    )


def _parquet(**options: Any) -> bytes:
    found = io.BytesIO()
    pq.write_table(_table(), found, **options)
    return found.getvalue()


def zipped(name: str, content: bytes, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip that holds a file of this name."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", kind) as archive:
        archive.writestr("apple_health_export/README.txt", "made up")
        archive.writestr(name, content)
    return found.getvalue()


def _spreadsheet() -> bytes:
    return zipped("xl/worksheets/sheet1.xml", b"<?xml version='1.0'?><worksheet><sheetData/></worksheet>")


SAMPLES: Final[dict[str, Sample]] = {
    **{name: Sample(content=content, part=part) for name, (content, part, _, _) in DIALECTS.items()},
    **{
        name: Sample(content=(FILES / name).read_bytes(), name=name, said=one.get("said"))
        for name, one in OUTCOMES.items()
        if "rows" in one and len(one["rows"]) > 1
    },
    "Apple Health": Sample(content=apple.export(3)),
    "Apple Health, workouts": Sample(content=apple.export(3), part="workouts"),
    "Apple Health, sleep": Sample(content=apple.export(3), part="sleep"),
    "Apple Health, rings": Sample(content=apple.export(3), part="rings"),
    "Apple Health, heart rate": Sample(content=apple.export(3), part="heart-rate"),
    "Apple Health in a zip": Sample(content=zipped("apple_health_export/export.xml", apple.export(2))),
    "Apple Health within a zip": Sample(content=apple.export(2), within="apple_health_export/export.xml"),
    "Takeout": Sample(content=timeline.records(3), within="Takeout/Location History/Records.json", part="points"),
    "Takeout that is stored": Sample(
        content=zipped("Takeout/Location History/Records.json", timeline.records(3), zipfile.ZIP_STORED), part="points"
    ),
    "a zip of another kind": Sample(content=zipped("export.xml", apple.export(2), zipfile.ZIP_LZMA)),
    "one more zip of another kind": Sample(content=zipped("export.xml", apple.export(2), zipfile.ZIP_BZIP2)),
    "FIT, with its checks": Sample(content=made.fit(5), mend=made.checked_fit),
    "Parquet": Sample(content=_parquet(), name="rows.parquet"),
    "Parquet, packed": Sample(content=_parquet(compression="zstd", write_page_checksum=True), name="rows.parquet"),
    "Parquet of old times": Sample(
        content=_parquet(use_deprecated_int96_timestamps=True, compression="gzip"), name="rows.parquet"
    ),
    "a spreadsheet": Sample(content=_spreadsheet(), name="rows.xlsx"),
}  # fmt: skip

# What damages more than a byte: ends and beginnings of everything, numbers without end, half of a character.
TOKENS: Final = (
    *(b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80" * 8, b"\xed\xa0\x80", b"\\ud800"),
    *(b"\n", b"\r", b"\t", b'"', b"'", b",", b";", b"[", b"]", b"{", b"}", b"<", b">", b"&", b"\\", b":", b"=", b"-"),
    *(b"<!--", b"-->", b"<![CDATA[", b"<!DOCTYPE a [", b"<!ENTITY a 'b'>", b"&a;", b"&#0;", b"<?xml version='1.0'?>"),
    *(b"9" * 30, b"9" * 400, b"9" * 5000, b"1e400", b"-1e308", b"NaN", b"Infinity", b"0x10", b"1_0", "١".encode()),
    *(b"[" * 300, b'{"a":' * 300, b" " * 3000, b"<a>" * 300, b'"' * 300, b"," * 600, b"x" * 9000),
    *(b"0001-01-01T00:00:00Z", b"9999-12-31T24:00:60-14:00", b"0000-00-00", b"99999-01-01", b"2024-02-30"),
    *(b"\nDURATION:P" + b"9" * 5000 + b"D\n", b'encoding="cp932"', b'encoding="utf-7"', b"TZID=../../etc/passwd:"),
)  # fmt: skip
VALUES: Final = (
    *(None, True, [], {}, [1], [[]], {"a": 1}, [{"a": []}], 0, 1, -1, 1.5, 1e308, -1e308, 2**53 + 1, 2**63, 10**400),
    *("", "x", "\0", "\ud800", "y" * 200_000, "9" * 400, "-1e308", "1e400", "nan", "٣", "1:02", "9" * 5000 + ":00:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T24:59:60-14:00", "2024-02-30", "20240101T246060Z", "52.5°, 400°"),
)  # fmt: skip
_CELL: Final = re.compile(rb'(?<=[,;\t|"\n:=>])[^,;\t|"\r\n=<>]{1,60}(?=[,;\t|"\r\n<])')
WISHES: Final[tuple[dict[str, Any], ...]] = (
    *(
        {},
        {},
        {},
        {"flatten": True},
        {"skip_lines": 3},
        {"separator": "|"},
        {"decimal": ","},
        {"nulls": ("1", "x")},
    ),
    *(
        {"encoding": name}
        for name in ("utf-16", "utf-32", "cp932", "hz", "utf-8", "cp1252", "iso2022_jp", "utf-16-be")
    ),
    *({"zone": "Pacific/Kiritimati"}, {"zone": "America/St_Johns"}),
)


def damaged(sample: Sample, seed: int) -> Sample:
    """The sample with one to four things changed in its bytes, and sometimes with something said of it."""
    draw = random.Random(seed)
    content = sample.content
    for _ in range(draw.randint(1, 4)):
        content = draw.choice(_CHANGES)(content, draw)
    content = sample.mend(content)
    if sample.within:
        content = zipped(sample.within, content)
    said = sample.said if sample.said is not None else draw.choice(WISHES)
    return replace(sample, content=content, said=said)


def _flipped(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + bytes((draw.randrange(256),)) + data[at + 1 :]


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _left_out(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + data[at + draw.randrange(1, 200) :]


def _again(data: bytes, draw: random.Random) -> bytes:
    at, to = draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)
    return data[:to] + data[at : at + draw.randrange(1, 500)] * draw.choice((1, 1, 30)) + data[to:]


def _put_in(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(TOKENS) + data[at + draw.choice((0, 0, 1, 4)) :]


def _another_cell(data: bytes, draw: random.Random) -> bytes:
    """What stands between two signs, such as a cell, an attribute or a value, becomes another one."""
    found = _CELL.search(data, draw.randrange(len(data) + 1)) or _CELL.search(data)
    if found is None:
        return data
    new = str(draw.choice(VALUES)).encode("utf-8", "surrogatepass")
    return data[: found.start()] + new + data[found.end() :]


def _another_value(data: bytes, draw: random.Random) -> bytes:
    """A value of JSON, at any depth, becomes another one; what is no JSON changes by a cell."""
    lines = data.split(b"\n") if data[:1] == b"{" and b"}\n{" in data else [data]
    at = draw.randrange(len(lines))
    try:
        found = json.loads(lines[at])
    except (ValueError, RecursionError):
        return _another_cell(data, draw)
    places = list(_places(found))
    if places:
        inside, key = draw.choice(places)
        inside[key] = draw.choice(VALUES)
    lines[at] = json.dumps(found).encode()
    return b"\n".join(lines)


def _places(found: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value in objects and lists."""
    keys = list(found) if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
    for key in keys:
        yield found, key
        yield from _places(found[key])


_CHANGES: Final = (
    *(_flipped, _cut, _left_out, _again, _put_in, _put_in),
    *(_another_cell, _another_cell, _another_value, _another_value, _another_value),
)
