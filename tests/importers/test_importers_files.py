"""Files as people have them, as data: each comes in value by value, or is refused with its sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vault.errors.families import LockboxError
from vault.importers.column_wishes import ColumnWishes
from vault.importers.read import parse, read_file
from vault.importers.wishes import cell_wishes, file_wishes
from vault.records.cells import cell
from vault.records.schema import ParsedTable
from vault.views.field_types import FieldType
from vault.views.records import FileChoice

FILES = Path(__file__).with_name("files")
OUTCOMES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("outcomes.json").read_text(encoding="utf-8")
)


def read(name: str) -> ParsedTable:
    choice = FileChoice(path=FILES / name, name="rows", **OUTCOMES[name].get("said", {}))
    return parse(
        read_file(choice.path),
        types={column: FieldType(word) for column, word in choice.types.items()},
        wishes=ColumnWishes(drop=tuple(choice.drop), rename=choice.rename),
        said=file_wishes(choice),
        form=cell_wishes(choice, ""),
    )


def test_every_file_has_its_outcome_and_there_are_enough() -> None:
    assert {path.name for path in FILES.iterdir()} == OUTCOMES.keys()
    assert len(OUTCOMES) >= 150


@pytest.mark.parametrize("name", [name for name, one in OUTCOMES.items() if "refused" in one])
def test_a_file_is_refused_with_its_sentence(name: str) -> None:
    with pytest.raises(LockboxError) as caught:
        read(name)

    assert OUTCOMES[name]["refused"] in str(caught.value)


@pytest.mark.parametrize("name", [name for name, one in OUTCOMES.items() if "rows" in one])
def test_a_file_comes_in_value_by_value(name: str) -> None:
    """As an export spells them."""
    parsed, wanted = read(name), OUTCOMES[name]
    columns = [[cell(value) for value in column.to_pylist()] for column in parsed.table.columns]

    assert {field.name: field.type.value for field in parsed.fields} == wanted["columns"]
    assert list(map(list, zip(*columns, strict=True))) == wanted["rows"]
    assert [[row.line, row.reason] for row in parsed.refused] == wanted.get("lost", [])
