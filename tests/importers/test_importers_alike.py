"""The same column is the same in every format, what is said of one is true, and a table is taken for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.importers.catalogue import made_exports as made
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from vault.importers import read
from vault.importers.read import parse, read_file
from vault.records.schema import ParsedTable
from vault.views.field_types import FieldType

BODY = "Date,Weight,BMI,Fat\n2026-01-01,70.1,22.5,18\n2026-01-02,70.3,22.6,18\n"


def written(folder: Path, form: str, words: list[str]) -> ParsedTable:
    path = folder / f"words.{form}"
    if form == "parquet":
        pq.write_table(pa.table({"smoker": words, "n": range(len(words))}), path)
    elif form == "csv":
        path.write_text("smoker,n\n" + "".join(f"{word},{n}\n" for n, word in enumerate(words)))
    else:
        path.write_text("".join(json.dumps({"smoker": word, "n": n}) + "\n" for n, word in enumerate(words)))
    return parse(read_file(path))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("words", "wanted", "says"),
    [
        (["Yes", "no"], FieldType.BOOL, ("In smoker, yes is kept as true and no as false.",)),
        (["true", "FALSE"], FieldType.BOOL, ()),
        (["no", "no"], FieldType.BOOL, ("In smoker, no is kept as false.",)),
        (["yes", "no", "maybe"], FieldType.TEXT, ()),
    ],
)
def test_truth_values_are_the_same_in_every_format(
    tmp_path: Path, form: str, words: list[str], wanted: FieldType, says: tuple[str, ...]
) -> None:
    found = written(tmp_path, form, words)

    assert (found.fields[0].type, found.notes) == (wanted, says)


def test_digits_that_are_texts_stay_texts_where_there_are_numbers(tmp_path: Path) -> None:
    assert written(tmp_path, "jsonl", ["0", "1", "yes"]).fields[0].type is FieldType.TEXT


@pytest.mark.parametrize(
    ("text", "name"),
    [('{"n":1,"e":["a"]}\n{"n":2}\n{"n":3}\n', "odd.jsonl"), ("n,e\n1,\n2,\n3,x,y\n", "odd.csv")],
)
def test_a_column_is_called_empty_only_where_it_is(today: World, text: str, name: str) -> None:
    path = today.folder / name
    path.write_text(text)
    words = ("--unit", "record", "--allow-refused", "--dry-run", "--json")
    notes = json.loads(run(today.paths, "import", path, *words).out)["warnings"]

    assert "The column e is empty in every row that fits." in notes
    assert "The column e is empty." not in notes


def test_a_look_that_fails_does_not_ask_for_a_look(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text("n,m\nx,1\n")
    outcome = run(today.paths, "import", path, "--type", "n=int", "--dry-run")

    assert_refused(outcome, 1, "no row of odd.csv could be imported", secrets_of(today))
    assert "hint: mend its rows, or say how they are written" in outcome.err


def test_a_header_alone_has_no_rows_to_mend(today: World) -> None:
    path = today.folder / "bare.csv"
    path.write_text("n,m\n")
    outcome = run(today.paths, "import", path, "--dry-run")

    assert_refused(outcome, 1, "bare.csv has no rows, so there is nothing to store", secrets_of(today))
    assert "hint: import it once it has some" in outcome.err


Read = Callable[..., ParsedTable]


@pytest.mark.parametrize("more", ["Mood", "Muscle,Fat (kg)"])
def test_a_table_with_columns_of_its_own_is_no_export_of_fitbit(parse: Read, more: str) -> None:
    """Else they would be left out, and nobody would hear of it."""
    own = BODY.replace("Fat\n", f"Fat,{more}\n").replace(",18\n", f",18{',1' * len(more.split(','))}\n")
    found = parse(own)

    assert (found.format, found.table.column_names[4:]) == ("csv", more.split(","))


@pytest.mark.parametrize("before", ["", "Body\n", "\n\n"])
def test_one_part_of_fitbit_alone_is_known(tmp_path: Path, before: str) -> None:
    path = tmp_path / "body.csv"
    path.write_text(before + BODY)

    assert read.parse(read_file(path, None, "body")).known_as == "fitbit/body"


def test_what_is_not_taken_of_a_known_table_is_said(parse: Read) -> None:
    notes = parse(made.REVOLUT.encode()).notes
    assert any(note.startswith("Not taken from this file: ") and "Description" in note for note in notes)
    other = "month,what,mine\n1,x,2\n2,y,3\n\n" + made.REVOLUT
    assert any("3 lines stand in no table that is known" in note for note in parse(other).notes)
