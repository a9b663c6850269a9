"""What is asked about records and what is shown of them: frozen facts in plain values, fit for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from vault.views.field_types import RefusedRow, Sensitivity, UnitSpec
from vault.views.over_time import Calendar, Every, Places, Point, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoice:
    """A file, the collection it goes to, and what its owner decided about it; nothing given is guessed.

    ``path`` is absolute where it crosses the wire; ``unit`` is text as ``UnitSpec.parse`` reads it; ``types`` and
    ``sensitivities`` are column → word, by the names that ``rename`` gives; ``lifetime`` is the ε of a new collection,
    empty for the default. ``people`` is collection → ``same`` or ``other``: whether these rows are of the same people
    as that collection. ``drop`` are columns that are left out; in it and in ``rename`` #3 is the third column.
    ``vectors`` are columns that others become which stand side by side: each by how many there are of its name and a
    number, or by the first and the last of them as FIRST..LAST.
    Where rows are refused nothing is stored, unless it says to ``allow_refused``. ``part`` is the table of a known
    export that is taken, the first one of its format where it is empty.

    How it is written: its ``encoding``, its ``separator`` (a sign or its name), how many lines to ``skip_lines`` before
    the header, which texts are ``nulls``, the ``decimal`` sign (by column of ``decimals`` where they differ), by column
    of ``dates`` their order (dmy, mdy, ymd, or iso for ISO 8601) or what they count since 1970 (epoch, epoch-ms,
    epoch-us), and the ``zone`` of times that name none; days begin in it.
    With ``flatten`` the value of b in the object a is the column a.b. Where the collection is there already, what was
    decided about its last file holds for one of the same shape, unless it says ``no_plan``.
    """

    path: Path
    name: str
    unit: str | None = None
    time_field: str | None = None
    as_format: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    sensitivities: Mapping[str, str] = field(default_factory=dict)
    lifetime: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, str] = field(default_factory=dict)
    allow_refused: bool = False
    part: str = ""
    encoding: str = ""
    separator: str = ""
    skip_lines: int | None = None
    flatten: bool = False
    nulls: tuple[str, ...] = ()
    decimal: str = ""
    decimals: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    no_plan: bool = False


# imports --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPreview:
    """One column as it would be kept; ``samples`` are at most three texts, safe to print.

    ``vector`` is the type of the lists that its texts spell, empty where they spell none.
    """

    name: str
    type: str
    sensitivity: Sensitivity
    samples: tuple[str, ...]
    nulls: int
    vector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How a file turned out to be written, in the words of a `FileChoice`; what nothing in it decided is empty.

    What is left out, renamed, a vector, missing or taken apart is as it was said, now or of the last file of its
    collection.
    """

    as_format: str
    part: str = ""
    encoding: str = ""
    separator: str = ""
    skip_lines: int | None = None
    decimals: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, str] = field(default_factory=dict)
    nulls: tuple[str, ...] = ()
    flatten: bool = False


class OverlapReason(StrEnum):
    """Why the rows of a file may be of the people of a collection.

    Their units and values say so beyond doubt, or some of their columns do; the owner says so; it is another table of
    the same kind of export; or the fingerprint of an erased collection was destroyed and the columns are its own.
    """

    SAME_PEOPLE = "same-people"
    PERHAPS = "perhaps"
    SAID = "said"
    SAME_EXPORT = "same-export"
    COLUMNS_CLOSED = "columns-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A collection with people in it that a file has too; if it ``joins``, both share one lifetime budget for good.

    ``other_unit`` is the unit of a collection of that budget that is not the unit of these rows; then they are not
    imported as they are, because no cap holds for several units. ``way_out`` are the options that ask for that unit.
    """

    collection: str
    reason: OverlapReason
    is_erased: bool
    joins: bool
    other_unit: str = ""
    way_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBudget:
    """The lifetime budget that the rows would fall under together with others: its collections, its cap, its use.

    ``falls`` are those of its collections whose own cap is larger today, with that cap: it becomes smaller for good.
    """

    members: tuple[str, ...]
    lifetime_epsilon: str
    used_percent: Decimal
    falls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """How a file would be imported: rows sealed and refused (the first ten with reasons), units, and warnings.

    ``id`` names it for the import that carries it out; ``digest`` is the SHA-256 of the file as it was read, in hex.
    ``known_rows`` of the file are in its collection already and are left out. ``rows_before`` are those its collection
    has already, None for a new one, and ``lifetime_epsilon`` is its cap.
    Of a known export ``parts`` are all tables that the file holds, with their rows.
    Where the ``unit_is_proposed`` its column names people in several rows, and nothing is imported before a choice says
    what counts as one. ``overlaps`` are the collections with the same people in them, and ``shared`` is the budget
    shared with any other.
    ``form`` is how the file is written, as it was found or said: with it the next one of its kind is read the same way.
    If it ``follows_last``, the plan of the last file into that collection was applied.
    ``under_consent`` says that somebody may learn from that collection. Importing ``needs_passphrase`` then, and where
    a budget becomes a shared one, because that is for good, and where a budget becomes one more for the same people or
    is larger than the default.
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
    overlaps: tuple[Overlap, ...] = ()
    shared: SharedBudget | None = None
    known_rows: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    form: FileForm | None = None
    unit_is_proposed: bool = False
    follows_last: bool = False
    under_consent: bool = False
    needs_passphrase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: rows sealed now, rows refused, the rows of the collection afterwards, and warnings.

    ``joined`` are the collections with which it shares one lifetime budget from now on; ``known_rows`` of the file were
    left out, because they were in the collection already.
    """

    collection: str
    is_new: bool
    rows: int
    refused: tuple[RefusedRow, ...]
    total_rows: int
    warnings: tuple[str, ...]
    joined: tuple[str, ...] = ()
    known_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export wrote; in a CSV file so many texts look like a formula, and so many hold what steers a terminal.

    If it ``is_safe``, neither is there any more.
    """

    rows: int
    formulas: int = 0
    controls: int = 0
    is_safe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesReport:
    """What a page with pictures shows of so many rows: so many columns, and by name those it leaves out as places."""

    rows: int
    columns: int
    left_out: tuple[str, ...] = ()


# looking --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Which rows are meant: those that hold a ``text`` in any column, or in the one ``column``, in whatever case.

    Of them only those that happened at ``since`` or later and earlier than ``before``. What is not given leaves out
    nothing.
    """

    text: str = ""
    column: str = ""
    since: datetime | None = None
    before: datetime | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves out no row."""
        return not self.text and not self.has_time

    @property
    def has_time(self) -> bool:
        """Whether rows are left out by when they happened."""
        return self.since is not None or self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of a collection as texts, in its order, under the names of its ``columns``.

    ``row_numbers`` counts the rows of the collection from 1. Of the ``total`` rows ``matches`` hold the ``search``
    text (all of them where it is empty) and, where it ``has_time``, happened in the time that was asked for; the page
    begins after the first ``first`` of those.
    """

    collection: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]
    first: int
    total: int
    matches: int
    search: str
    has_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of equal bins: ``counts[i]`` values lie between ``edges[i]`` and ``edges[i + 1]``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """One column: what does not apply to its type is None or empty.

    ``minimum`` and ``maximum`` are numbers, or texts for times; ``mean`` of a truth value is its share of true;
    ``top`` are the commonest labels with their counts. Where the collection has times, ``over_time`` holds one point
    ``every`` day, week, month or year: means for numbers and truth values (``is_mean``), else counts, and of labels the
    ``shares`` of the commonest. ``calendar`` tells of a column of times which days have rows. A column that by its name
    is a latitude or a longitude beside the other ``is_place``: its values, and the ``places`` of both, are for the
    screen alone.
    """

    name: str
    type: str
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
    every: Every | None = None
    over_time: tuple[Point, ...] = ()
    shares: tuple[Share, ...] = ()
    calendar: Calendar | None = None
    is_place: bool = False
    places: Places | None = None


# erasing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneImport:
    """The last import of a collection, as it is taken out again: its rows, those that stay, and when it was made.

    With those of ``shares_budget_with`` the collection goes on sharing its lifetime budget. The models of
    ``models_deleted`` were fitted on its rows at home, and go too.
    """

    collection: str
    rows: int
    rows_left: int
    imported_at: str
    shares_budget_with: tuple[str, ...] = ()
    models_deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What erasing a collection ends or ended, and what it cannot reach.

    The middle five are ids: consents withdrawn; requests refused; held updates destroyed; updates that left before
    and those that may have. ``name_reserved`` says that budget was spent on it, or on one of ``shares_budget_with``:
    its name stays taken, its cap holds, its files stay refused, and ``budget_used_percent`` stays used for good. If it
    ``keeps_fingerprint``, the same people are known when they come in again; if not, its columns stay closed.
    ``linked_elsewhere`` says that the file of the database has another name, under which the same is erased. The models
    of ``models_deleted`` were fitted on its rows at home, and go with them. ``campaigns_refused`` are the ids of those
    that nobody joined yet.
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
    keeps_fingerprint: bool = False
    shares_budget_with: tuple[str, ...] = ()
    linked_elsewhere: bool = False
    models_deleted: tuple[str, ...] = ()
    campaigns_refused: tuple[str, ...] = ()
