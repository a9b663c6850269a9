"""What a person says of one column of a file, as another choice of the whole; its name is the one it is kept under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vault.views.records import FileChoice

OF_COLUMNS: Final = ("types", "sensitivities", "dates", "decimals")
"""What is said column by column, under the names that the columns get."""


def file_name(choice: FileChoice, column: str) -> str:
    """How the file calls a column that is kept under this name; #3 where it has no name of its own."""
    return next((word for word, name in choice.rename.items() if name == column), column)


def said_of(choice: FileChoice, column: str, about: str, word: str) -> FileChoice:
    """The choice with one word about a column; an empty one leaves it to be found out."""
    known: Mapping[str, str] = getattr(choice, about)
    others = {name: one for name, one in known.items() if name != column}
    return _replaced(choice, {about: {**others, column: word} if word else others})


def renamed(choice: FileChoice, column: str, name: str) -> FileChoice:
    """The choice with another name for a column; what was said of it goes with it."""
    word = file_name(choice, column)
    rename = {one: kept for one, kept in choice.rename.items() if one != word}
    if name != word:
        rename[word] = name
    changed: dict[str, Any] = {
        about: {name if one == column else one: said for one, said in getattr(choice, about).items()}
        for about in OF_COLUMNS
    }
    unit = choice.unit.replace(column, name) if choice.unit in (column, f"column:{column}") else choice.unit
    time_field = name if choice.time_field == column else choice.time_field
    return _replaced(choice, {**changed, "rename": rename, "unit": unit, "time_field": time_field})


def left_out(choice: FileChoice, column: str) -> FileChoice:
    """The choice without a column, and without what was said of it."""
    word = file_name(choice, column)
    changed: dict[str, Any] = {
        about: {one: said for one, said in getattr(choice, about).items() if one != column}
        for about in OF_COLUMNS
    }
    rename = {one: kept for one, kept in choice.rename.items() if one != word}
    unit = None if choice.unit in (column, f"column:{column}") else choice.unit
    time_field = None if choice.time_field == column else choice.time_field
    changed |= {"rename": rename, "unit": unit, "time_field": time_field}
    return _replaced(choice, {**changed, "drop": (*choice.drop, word)})


def taken_back(choice: FileChoice, word: str, column: str) -> FileChoice:
    """The choice with a column that was left out, under the name it had here."""
    drop = tuple(one for one in choice.drop if one != word)
    rename = {**choice.rename, word: column} if column != word else choice.rename
    return _replaced(choice, {"drop": drop, "rename": rename})


def cut_anew(choice: FileChoice, changed: Mapping[str, Any]) -> FileChoice:
    """The choice for a file that is cut into other columns: only wishes about columns by their number stay."""
    kept: dict[str, Any] = {
        "drop": tuple(one for one in choice.drop if one.startswith("#")),
        "rename": {one: name for one, name in choice.rename.items() if one.startswith("#")},
        "unit": None,
        "time_field": None,
        **{about: {} for about in OF_COLUMNS},
    }
    return _replaced(choice, {**kept, **changed})


def _replaced(choice: FileChoice, changed: Mapping[str, Any]) -> FileChoice:
    return replace(choice, **changed)
