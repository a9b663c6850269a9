"""No file, plan or option makes an import take longer than its length, whatever it says; each is refused or read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sweeps import sweep
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from tui.cli.import_plan import read_plan
from vault.errors.families import Invalid, LockboxError
from vault.errors.records import Unreadable
from vault.importers.catalogue.streams import HEAD
from vault.importers.read import parse as parse_file
from vault.importers.read import read_file
from vault.importers.wishes import FileWishes, cell_wishes, file_wishes
from vault.views.records import FileChoice

FEW_SECONDS = (
    "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5)); import sys; from pathlib import Path;"
)
READ = f"""{FEW_SECONDS}
from vault.errors.families import LockboxError
from vault.importers.read import parse, read_file
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        parse(read_file(path))
    except LockboxError:
        continue
print("done")
"""
GPX_START, LONGEST_PROLOGUE = b'<?xml version="1.0"?><gpx>', 2**20
PLACE = b'[{"startTime":"2024-03-01T00:00:00Z","endTime":"2024-03-01T01:00:00Z","visit":{"topCandidate":{'
STARTS = {
    "comments": b"<!---->" * (HEAD // 7),
    "comments that do not end": b"<!--" * (HEAD // 4),
    "one long comment": b"<!--" + b"-" * HEAD,
    "blanks": b" " * HEAD,
    "blanks in a definition": b"<!DOCTYPE " + b" " * HEAD,
    "resources": b'{"resourceType"' + b" " * (HEAD - 20),
    "definitions": GPX_START + b"<!DOCTYPE[" * (LONGEST_PROLOGUE // 10),
    "definitions that half end": GPX_START + b"<!DOCTYPE[" + b"] " * (LONGEST_PROLOGUE // 2),
    "a place of blanks": PLACE + b'"placeLocation":{"latLng":"1' + b" " * 400_000 + b'x"}}}}]',
}


def repeated_in_few_bytes(folder: Path) -> Path:
    """A text of 100,000 characters in each of 4,000 rows: 400 MB in some KB."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"a": column}), folder / "rows.parquet", compression="zstd")
    return folder / "rows.parquet"


def names_for_each_line(folder: Path) -> Path:
    """20 million cells of which one in 500 is there."""
    path = folder / "rows.jsonl"
    path.write_text("".join(f'{{"a{number % 500}":1}}\n' for number in range(40_000)), encoding="utf-8")
    return path


@pytest.mark.parametrize("small", [repeated_in_few_bytes, names_for_each_line])
def test_no_small_file_fills_the_memory(tmp_path: Path, small: Callable[[Path], Path]) -> None:
    with pytest.raises(Unreadable, match=r"unpacks to far more than a table does|lack most of its names"):
        parse_file(read_file(small(tmp_path)))


def test_no_start_of_a_file_takes_longer_than_its_length(tmp_path: Path) -> None:
    for name, content in STARTS.items():
        (tmp_path / name).write_bytes(content)
    found = subprocess.run(
        [sys.executable, "-c", READ, tmp_path], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "done\n"), found.stderr[-500:]


@pytest.mark.parametrize("lines", [10**6, 10**400], ids=["many", "endless"])
def test_no_more_lines_are_skipped_than_a_file_may_begin_with(today: World, lines: int) -> None:
    table, plan = today.folder / "steps.csv", today.folder / "plan.json"
    table.write_text("steps\n1\n", encoding="utf-8")
    plan.write_text(json.dumps({"v": 1, "skip_lines": lines}), encoding="utf-8")
    says = "so many lines cannot be skipped; 0 to 100,000 can"
    assert_refused(run(today.paths, "import", table, "--plan", plan, "--dry-run"), 1, says, secrets_of(today))


def test_lines_are_skipped_up_to_the_end_of_the_file(tmp_path: Path) -> None:
    table = tmp_path / "steps.csv"
    table.write_text("steps\n1\n", encoding="utf-8")
    with pytest.raises(LockboxError, match="it has no columns"):
        parse_file(read_file(table), said=FileWishes(skip_lines=100_000))


def test_a_plan_is_a_file_of_a_plans_size(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large.json"
    os.mkfifo(pipe)
    large.write_bytes(b'{"v":1}' + b" " * 2**20)
    for plan in (pipe, Path("/dev/zero"), large, tmp_path):
        with pytest.raises(Invalid, match="is no plan of an import"):
            read_plan(plan)
    (tmp_path / "another name.json").symlink_to(tmp_path / "plan.json")
    (tmp_path / "plan.json").write_text('{"v":1,"unit":"day"}', encoding="utf-8")
    assert read_plan(tmp_path / "another name.json") == {"unit": "day"}


@pytest.mark.parametrize(
    "said",
    [{"unit": "\ud800"}, {"drop": ["\udcff"]}, {"rename": {"steps": "\ud800"}}, {"nulls": ["\ud800"]}],
)
def test_half_of_a_character_is_said_of_no_file(today: World, said: dict[str, object]) -> None:
    table, plan = today.folder / "steps.csv", today.folder / "plan.json"
    table.write_text("steps\n1\n", encoding="utf-8")
    plan.write_text(json.dumps({"v": 1, **said}), encoding="utf-8")
    found = run(today.paths, "import", table, "--plan", plan, "--dry-run")
    assert_refused(found, 1, "what was said of the file holds half of a character", secrets_of(today))


BYTES = (
    b"a,b\n\xff\xfe\x80,2\n",
    b"a,b\n+2AA-,\\ud800\n+3DA-2\n",
    bytes(range(1, 256)),
    b"xn--a,b\xe9\n",
    b"a,b\n1,2\n",
)


def test_in_any_encoding_a_file_is_read_or_refused(tmp_path: Path) -> None:
    table = tmp_path / "steps.csv"
    for content in BYTES:
        table.write_bytes(content)
        for name in (
            "idna",
            "punycode",
            "undefined",
            "unicode_escape",
            "utf_7",
            "utf_16",
            "utf_32",
            "cp932",
            "hz",
        ):
            try:
                parse_file(
                    read_file(table), said=file_wishes(FileChoice(path=table, name="a", encoding=name))
                )
            except LockboxError:
                continue


@pytest.mark.parametrize(
    "name", sweep(["undefined", "rot13", "hex", "idna", "unicode_escape", "no such"], default=3)
)
def test_what_is_no_encoding_of_text_is_said_so(today: World, name: str) -> None:
    table = today.folder / "steps.csv"
    table.write_text("steps\n1\n", encoding="utf-8")
    found = run(today.paths, "import", table, "--encoding", name, "--dry-run")
    assert_refused(found, 1, f"there is no encoding {name}", secrets_of(today))


@pytest.mark.parametrize("name", sweep([".50", "[0]", ".a[1]"]))
def test_a_name_that_looks_like_a_path_is_a_name(today: World, name: str) -> None:
    table, again = today.folder / "steps.csv", today.folder / "again.csv"
    table.write_text(f"{name},b\n1,2\n1,2\n", encoding="utf-8")
    again.write_text(f"{name},b\n1,2\n3,4\n", encoding="utf-8")
    run(today.paths, "import", table)
    said = run(today.paths, "import", again, "--collection", "steps", "--dry-run")
    assert "1 of these rows is in the collection already" in " ".join(said.err.split())


@pytest.mark.parametrize("said", [{"nulls": ("-",)}, {"dates": {"steps": "dmy"}}])
def test_half_of_a_character_in_a_file_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    table = tmp_path / "rows.jsonl"
    table.write_text('{"steps": "\\ud800"}\n{"steps": "31.12.2026"}\n{"steps": 1}\n', encoding="utf-8")
    form = cell_wishes(FileChoice(path=table, name="a", **said), "")
    assert 1 in [row.line for row in parse_file(read_file(table), form=form).refused]


def test_utf_16_without_a_mark_is_read_where_it_is_said(tmp_path: Path) -> None:
    table = tmp_path / "steps.csv"
    table.write_bytes("steps\nä\n".encode("utf-16-le"))
    said = file_wishes(FileChoice(path=table, name="a", encoding="utf-16"))
    assert parse_file(read_file(table), said=said).table.to_pydict() == {"steps": ["ä"]}


@pytest.mark.parametrize(
    "row", [{"a" * 2000: {"b": 1}}, {"a": {str(number): {"b": number} for number in range(20_000)}}]
)
def test_what_is_nested_takes_no_more_room_than_a_table_may(tmp_path: Path, row: dict[str, object]) -> None:
    table = tmp_path / "rows.jsonl"
    table.write_text(json.dumps({"steps": 1}) + "\n" + json.dumps(row) + "\n", encoding="utf-8")
    parsed = parse_file(read_file(table), said=FileWishes(flatten=True))
    assert [one.reason for one in parsed.refused] == [
        "a name that is nested in it is too long, or it has too many"
    ]
