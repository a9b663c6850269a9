"""What a known export is: its tables, their columns with units and meaning, and constants that its format defines.

The constants come from documentation, never from anybody's records, so they may be told to whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vault.views.field_types import FieldType, Sensitivity, UnitKind

PD: Final = "https://w3id.org/dpv/pd#"
"""The personal data categories of the Data Privacy Vocabulary (W3C DPV)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The plausible range of a number, and the centre and scale that bring most of its values near −1 to 1."""

    low: float
    high: float
    centre: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownColumn:
    """One column of a known export; ``measure`` is its unit of measure, ``labels`` the closed list of its words."""

    name: str
    type: FieldType
    meaning: str
    sensitivity: Sensitivity
    category: str
    measure: str = ""
    constants: Constants | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a known export; its unit is the day of the first of its columns, or a row where that is no time.

    A row is stored already where all of its ``key`` columns are; without a key, where all of its columns are.
    """

    name: str
    title: str
    columns: tuple[KnownColumn, ...]
    key: tuple[str, ...] = ()
    says: str = ""

    @property
    def unit(self) -> UnitKind:
        """What one privacy unit of it is."""
        return UnitKind.DAY if self.columns[0].type is FieldType.TIMESTAMP else UnitKind.RECORD

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFormat:
    """A format that is recognised by its content; its first part is the one that is taken unless another is named.

    ``download`` says where a person gets the file, ``needs`` what to give, ``leaves_out`` what is never taken.
    """

    name: str
    title: str
    needs: str
    download: str
    leaves_out: str
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part | None:
        """The part of this name, the first one for an empty name, None where there is none."""
        if not name:
            return self.parts[0]
        return next((part for part in self.parts if part.name == name), None)


def number(
    name: str,
    meaning: str,
    measure: str,
    constants: tuple[float, float, float, float],
    *,
    category: str,
    sensitivity: Sensitivity = Sensitivity.SPECIAL,
    whole: bool = False,
) -> KnownColumn:
    """A column of numbers with its low, high, centre and scale."""
    low, high, centre, scale = constants
    return KnownColumn(
        name=name,
        type=FieldType.INT if whole else FieldType.FLOAT,
        meaning=meaning,
        sensitivity=sensitivity,
        category=category,
        measure=measure,
        constants=Constants(low=low, high=high, centre=centre, scale=scale),
    )


def time(
    name: str, meaning: str, *, category: str, sensitivity: Sensitivity = Sensitivity.SENSITIVE
) -> KnownColumn:
    """A column of times."""
    return KnownColumn(
        name=name, type=FieldType.TIMESTAMP, meaning=meaning, sensitivity=sensitivity, category=category
    )


def words(
    name: str,
    meaning: str,
    labels: tuple[str, ...] = (),
    *,
    category: str,
    sensitivity: Sensitivity = Sensitivity.SENSITIVE,
) -> KnownColumn:
    """A column of words, from a closed list where the format has one."""
    return KnownColumn(
        name=name,
        type=FieldType.CATEGORY,
        meaning=meaning,
        sensitivity=sensitivity,
        category=category,
        labels=labels,
    )


def text(
    name: str, meaning: str, *, category: str, sensitivity: Sensitivity = Sensitivity.IDENTIFYING
) -> KnownColumn:
    """A column of free texts."""
    return KnownColumn(
        name=name, type=FieldType.TEXT, meaning=meaning, sensitivity=sensitivity, category=category
    )


def zone(category: str) -> KnownColumn:
    """How many minutes the local clock was ahead of UTC."""
    return number(
        "zone_minutes",
        "how far the clock on the wall was ahead of UTC",
        "min",
        (-720, 840, 0, 360),
        category=category,
        sensitivity=Sensitivity.SENSITIVE,
        whole=True,
    )
