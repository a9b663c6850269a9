"""What is asked about records and what is shown of them: frozen facts in plain values, fit for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from vault.views.field_types import FieldType, RefusedRow, Sensitivity, UnitSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoice:
    """A file, the collection it goes to, and what its owner decided about it; nothing given is guessed.

    ``path`` is absolute where it crosses the wire; ``unit`` is text as ``UnitSpec.parse`` reads it; ``types`` and
    ``sensitivities`` are column → word; ``lifetime`` is the ε of a new collection, empty for the default.
    """

    path: Path
    name: str
    unit: str | None = None
    time_field: str | None = None
    as_format: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    sensitivities: Mapping[str, str] = field(default_factory=dict)
    lifetime: str = ""


# imports --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPreview:
    """One column as it would be kept; ``samples`` are at most three texts, safe to print."""

    name: str
    type: FieldType
    sensitivity: Sensitivity
    samples: tuple[str, ...]
    nulls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """How a file would be imported: rows sealed and refused (the first ten with reasons), units, and warnings.

    ``id`` names it for the import that carries it out; ``digest`` is the SHA-256 of the file as it was read, in hex.
    ``rows_before`` are those its collection has already, None for a new one, and ``lifetime_epsilon`` is its cap.
    ``under_consent`` says that somebody may learn from that collection, so that importing needs the passphrase.
    """

    source: str
    format: str
    columns: tuple[ColumnPreview, ...]
    rows: int
    refused_rows: int
    first_refused: tuple[RefusedRow, ...]
    unit: UnitSpec
    units: int
    time_field: str | None
    warnings: tuple[str, ...]
    digest: str
    id: str = ""
    collection: str = ""
    rows_before: int | None = None
    lifetime_epsilon: str = ""
    under_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: rows sealed now, rows refused, the rows of the collection afterwards, and warnings."""

    collection: str
    is_new: bool
    rows: int
    refused: tuple[RefusedRow, ...]
    total_rows: int
    warnings: tuple[str, ...]


# looking --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of a collection as texts, in its order, under the names of its ``columns``.

    ``row_numbers`` counts the rows of the collection from 1. Of the ``total`` rows ``matches`` hold the ``search``
    text (all of them where it is empty), and the page begins after the first ``first`` of those.
    """

    collection: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]
    first: int
    total: int
    matches: int
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of equal bins: ``counts[i]`` values lie between ``edges[i]`` and ``edges[i + 1]``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bucket of time: a day, month or year, and the mean of its values or how many there are."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """One column: what does not apply to its type is None or empty.

    ``minimum`` and ``maximum`` are numbers, or texts for times; ``mean`` of a truth value is its share of true;
    ``top`` are the commonest labels with their counts; ``over_time`` holds means for numbers and truth
    values (``is_mean``), else counts.
    """

    name: str
    type: FieldType
    rows: int
    nulls: int
    distinct: int
    minimum: float | int | str | None = None
    maximum: float | int | str | None = None
    mean: float | None = None
    median: float | None = None
    histogram: Histogram | None = None
    top: tuple[tuple[str, int], ...] = ()
    is_mean: bool = False
    over_time: tuple[Point, ...] = ()


# erasing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What erasing a collection ends or ended, and what it cannot reach.

    The middle five are ids: consents withdrawn; requests refused; held updates destroyed; updates that left before
    and those that may have. ``name_reserved`` says that budget was spent on it: its name stays taken, its files
    stay refused, and ``budget_used_percent`` stays used for good.
    """

    collection: str
    rows: int
    columns: tuple[str, ...]
    consents_ended: tuple[str, ...]
    requests_ended: tuple[str, ...]
    updates_destroyed: tuple[str, ...]
    already_left: tuple[str, ...]
    may_have_left: tuple[str, ...]
    budget_used_percent: Decimal
    name_reserved: bool
