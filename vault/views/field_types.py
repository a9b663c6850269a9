"""The words of a collection: field types, sensitivities, privacy units. Plain values, loaded in a blink."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeAlias

from vault.errors.families import Invalid

UNIT_FIELD = "_unit"
TIME_FIELD = "_time"
SYSTEM_FIELDS = frozenset((UNIT_FIELD, TIME_FIELD))


class FieldType(StrEnum):
    """What the values of a field are; a category is a text from a short list."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    CATEGORY = "category"


LONGEST_VECTOR: Final = 4096


@dataclass(frozen=True, slots=True)
class VectorType:
    """So many numbers in every row, such as an image, a window of a sensor or an embedding: ``vector(784)``."""

    size: int

    def __post_init__(self) -> None:
        if not 1 < self.size <= LONGEST_VECTOR:
            raise ValueError("a vector has 2 to 4096 numbers")

    @property
    def value(self) -> str:
        """The word for it."""
        return f"vector({self.size})"

    def __str__(self) -> str:
        return self.value


ColumnType: TypeAlias = FieldType | VectorType
_VECTOR: Final = re.compile(r"vector\(([1-9][0-9]{0,3})\)")


def column_type(word: str) -> ColumnType:
    """The type that a word names; raises ValueError."""
    found = _VECTOR.fullmatch(word)
    return VectorType(int(found[1])) if found else FieldType(word)


class Sensitivity(StrEnum):
    """How much harm a column can do outside; ``special`` are the categories of GDPR Articles 9 and 10."""

    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"
    SPECIAL = "special"
    IDENTIFYING = "identifying"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One column of a collection."""

    name: str
    type: ColumnType
    sensitivity: Sensitivity


class UnitKind(StrEnum):
    """What one privacy unit is: a row, everything of one day, or everything that shares a column's value."""

    RECORD = "record"
    DAY = "day"
    COLUMN = "column"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpec:
    """The privacy unit of a collection: what a job's noise hides whole.

    A day begins at midnight of its ``zone``, None is UTC; to a job it is a day.
    """

    kind: UnitKind
    field: str | None = None
    zone: str | None = None

    @classmethod
    def parse(cls, text: str, field_names: Collection[str], zone: str | None = None) -> Self:
        """Read ``record``, ``day``, ``column:NAME`` or ``NAME``; raises Invalid for an unknown column."""
        if text == UnitKind.DAY:
            return cls(kind=UnitKind.DAY, zone=zone)
        if text == UnitKind.RECORD:
            return cls(kind=UnitKind.RECORD)
        name = text.removeprefix(f"{UnitKind.COLUMN}:")
        if name not in field_names:
            raise Invalid(
                reason=f"the unit is record, day or the name of a column, and there is no column {name}"
            )
        return cls(kind=UnitKind.COLUMN, field=name)

    @property
    def of(self) -> str | None:
        """What it is told by: the column, or the zone of a day."""
        return self.field if self.kind is UnitKind.COLUMN else self.zone

    def described(self) -> str:
        """Its word, and the zone of a day."""
        return f"{self} ({self.zone or 'UTC'})" if self.kind is UnitKind.DAY else str(self)

    def options(self) -> str:
        """The options of an import that ask for it."""
        if self.kind is UnitKind.DAY:
            return f"--unit day --zone {self.zone or 'UTC'}"
        return f"--unit {shlex.quote(self.field or self.kind.value)}"

    def __str__(self) -> str:
        return self.kind.value if self.field is None else f"{self.kind}:{self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that is not imported; ``line`` is where it starts in the file, counted from 1."""

    line: int
    reason: str
