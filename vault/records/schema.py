"""The words of a collection; and a parsed file, not yet sealed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from vault.errors.families import Invalid
from vault.records.sensitivity import guess_sensitivity, name_words
from vault.views.field_types import (
    SYSTEM_FIELDS,
    TIME_FIELD,
    UNIT_FIELD,
    ColumnType,
    FieldSpec,
    FieldType,
    RefusedRow,
    Sensitivity,
    UnitKind,
    UnitSpec,
    VectorType,
    column_type,
)
from vault.views.names import has_invisible
from vault.views.records import FileForm

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "LONGEST_NAME",
    "SYSTEM_FIELDS",
    "TIME_FIELD",
    "UNIT_FIELD",
    "FieldSpec",
    "FieldType",
    "ParsedTable",
    "RefusedRow",
    "Sensitivity",
    "UnitKind",
    "UnitSpec",
    "default_unit",
    "guess_sensitivity",
    "guess_time_field",
    "is_plain_name",
    "named",
    "named_types",
]

LONGEST_NAME = 80


Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A kind of export by its name, and the columns of each of its tables: they tell about the same people."""

    name: str
    tables: frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTable:
    """A file as typed columns, nothing sealed yet.

    ``table`` has the columns of ``fields`` in order, in the types of ``arrow_type``; ``lines`` is an int64
    array with the line of every row; ``digest_input`` is the SHA-256 of the file's bytes (32 bytes);
    ``source`` is the file's own name without its folder; ``notes`` are sentences for the owner. A row whose ``key``
    columns are stored already is left out, ``known_rows`` of them so far; without a key every row is stored.
    ``export`` is the kind of export that it is a table of, ``known_as`` what it is of one, ``fitbit/sleep``,
    and ``parts`` are all tables of the file with their rows.
    ``called`` are all columns as they are called in it, ``form`` is how the file is written, and in it
    ``has_local_times`` that name no zone. ``maybe_times`` says of columns how to have them as times, ``maybe_vectors``
    as what vectors; ``signs`` are those of money or percent that numbers carry, by column.
    """

    fields: tuple[FieldSpec, ...]
    table: pa.Table
    lines: pa.Array
    refused: tuple[RefusedRow, ...]
    digest_input: bytes
    format: str
    source: str
    notes: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    known_rows: int = 0
    export: Export | None = None
    known_as: str | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    form: FileForm | None = None
    has_local_times: bool = False
    maybe_times: tuple[str, ...] = ()
    maybe_vectors: Mapping[str, VectorType] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)


def is_plain_name(name: str) -> bool:
    """Whether a name is 1 to 80 characters that can be seen, in normal form C, without spaces around it."""
    return (
        1 <= len(name) <= LONGEST_NAME
        and not has_invisible(name)
        and not unicodedata.combining(name[0])
        and name == name.strip()
        and unicodedata.is_normalized("NFC", name)
    )


def guess_time_field(fields: Sequence[FieldSpec]) -> str | None:
    """The column that most likely says when a row happened: the first of times that is no birthday."""
    times = [
        field.name
        for field in fields
        if field.type is FieldType.TIMESTAMP
        and not {"birth", "birthday", "birthdate", "dob"} & name_words(field.name)
    ]
    return times[0] if times else None


def default_unit(fields: Sequence[FieldSpec], time_field: str | None, zone: str = "") -> UnitSpec:
    """A day where the rows have times, else a row: a day hides all its rows, so it is the safer choice."""
    has_times = any(field.name == time_field and field.type is FieldType.TIMESTAMP for field in fields)
    if has_times:
        return UnitSpec(kind=UnitKind.DAY, zone=zone or None)
    return UnitSpec(kind=UnitKind.RECORD)


def named_types(given: Mapping[str, str]) -> dict[str, ColumnType]:
    """Column → type, from the words a person typed; raises Invalid with the words there are."""
    return {column: _named_type(word) for column, word in given.items()}


def _named_type(word: str) -> ColumnType:
    try:
        return column_type(word)
    except ValueError as error:
        known = ", ".join(kind.value for kind in FieldType)
        raise Invalid(reason=f"{word} is none of {known}, vector(N)") from error


def named(given: Mapping[str, str], kinds: type[Word]) -> dict[str, Word]:
    """Column → type or class, from the words a person typed; raises Invalid with the words there are."""
    known = {kind.value: kind for kind in kinds}
    for word in given.values():
        if word not in known:
            raise Invalid(reason=f"{word} is none of {', '.join(known)}")
    return {column: known[word] for column, word in given.items()}
