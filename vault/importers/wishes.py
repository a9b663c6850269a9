"""What the owner of a file said about how it is written; what was not said is found out from the file."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vault.errors.families import Invalid
from vault.importers.written_dates import ORDERS

if TYPE_CHECKING:
    from vault.views.records import FileChoice

SEPARATORS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
DECIMALS: Final = (",", ".")
MOST_SKIPPED: Final = 100_000
# Codecs of names and of source text, no encodings of files: their errors tell no place, or they write what no text is.
_NO_ENCODINGS: Final = frozenset(
    ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWishes:
    """How a file is cut into cells: its encoding, its separator, the lines before its header, what is nested in it."""

    encoding: str = ""
    separator: str = ""
    skip_lines: int | None = None
    flatten: bool = False


AS_FOUND: Final = FileWishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWishes:
    """How cells are read: what is missing, the decimal sign, also by column, the form of dates by column, the zone of
    local times.

    A file `doubts_commas` whose cells they separate: one within a cell may stand between two values.
    It `doubts_points` where its decimals may begin with a comma: then a point may stand between thousands.
    """

    nulls: tuple[str, ...] = ()
    decimal: str = ""
    decimals: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    doubts_commas: bool = False
    doubts_points: bool = False

    def of(self, column: str) -> CellWishes:
        """The same for one column, whose own decimal sign counts before that of all."""
        return replace(self, decimal=self.decimals.get(column, self.decimal))


def file_wishes(choice: FileChoice) -> FileWishes:
    """What was said of the whole file; raises `Invalid` for what cannot be."""
    separator = SEPARATORS.get(choice.separator, choice.separator)
    if separator and (len(separator) != 1 or separator in '"\r\n'):
        raise Invalid(reason=f"a separator is one sign, or {', '.join(SEPARATORS)}")
    if choice.skip_lines is not None and not 0 <= choice.skip_lines <= MOST_SKIPPED:
        raise Invalid(reason=f"so many lines cannot be skipped; 0 to {MOST_SKIPPED:,} can")
    return FileWishes(
        encoding=_known_encoding(choice.encoding),
        separator=separator,
        skip_lines=choice.skip_lines,
        flatten=choice.flatten,
    )


def cell_wishes(choice: FileChoice, zone: str) -> CellWishes:
    """What was said of its cells, with the zone of the collection where none was named; raises `Invalid`."""
    if not {choice.decimal, *choice.decimals.values()} <= {"", *DECIMALS}:
        raise Invalid(reason="the decimal sign is a comma or a point")
    for order in choice.dates.values():
        if order not in ORDERS:
            raise Invalid(reason=f"{order} is none of {', '.join(ORDERS)}")
    return CellWishes(
        nulls=choice.nulls,
        decimal=choice.decimal,
        decimals=choice.decimals,
        dates=choice.dates,
        zone=known_zone(choice.zone or zone),
    )


def words_of(said: FileWishes, form: CellWishes) -> dict[str, object]:
    """What was said of a file by the options that say it, but for the zone, in which days begin whatever the file."""
    return {
        "encoding": said.encoding,
        "separator": said.separator,
        "skip-lines": said.skip_lines,
        "flatten": said.flatten or None,
        "null": form.nulls or None,
        "decimal": form.decimal or form.decimals or None,
        "date-format": form.dates or None,
    }


def refuse_wishes(form: str, given: Mapping[str, object]) -> None:
    """Raise `Invalid` for the first that was said of a format that has no such thing."""
    for option, value in given.items():
        if value not in (None, ""):
            raise Invalid(reason=f"{form} has no use for --{option}")


def known_zone(name: str) -> str:
    """The zone of this name, nothing for UTC; raises `Invalid` for one that is not there."""
    if not name or name == "UTC":
        return ""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(reason=f"there is no zone {name}; they are called such as Europe/Berlin") from None
    return name


def _known_encoding(name: str) -> str:
    if not name:
        return ""
    try:
        found = codecs.lookup(name)
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        found = None
    if found is None or found.name in _NO_ENCODINGS:
        raise Invalid(reason=f"there is no encoding {name}; they are called such as utf-8 or cp1252")
    return "utf-8-sig" if found.name == "utf-8" else found.name
