"""What the owner should know about a column that was read: what was taken for what, and how to have it otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers.counted import words_counted
from vault.importers.known_cells import NUMBERS, known_cells
from vault.importers.marks import MISSING
from vault.importers.values import TRUTH
from vault.importers.vector_values import EXACT_IN_A_DOUBLE
from vault.importers.written_dates import WORDS, as_iso, order_of
from vault.importers.written_numbers import are_numbers, is_doubtful, may_be_numbers, points_in_doubt
from vault.records.sensitivity import name_words
from vault.views.field_types import FieldType

if TYPE_CHECKING:
    from vault.importers.wishes import CellWishes

# Of a text column it is said that most of it looks like something else.
_MOSTLY: Final = 0.95
_LOOKED_AT: Final = 12
_LEAST_FINER: Final = len("00:00:00.1234567")
_TOO_MANY: Final = 0.06
_PATTERNS: Final = {
    FieldType.INT: (spelling.INT, "whole numbers"),
    FieldType.FLOAT: (spelling.FLOAT, "numbers"),
    FieldType.BOOL: (spelling.BOOL, "truth values"),
    FieldType.TIMESTAMP: (spelling.TIME, "dates or times"),
}
_UNKEPT: Final = {
    FieldType.FLOAT: "would come back from a number as it is",
    FieldType.TIMESTAMP: "is a day and a time that there are",
}
_ALL_THE_SAME: Final = {
    FieldType.FLOAT: "As numbers of 64 bits",
    FieldType.TIMESTAMP: "As times, with the rows refused that hold none",
}
OF_A_COMMA: Final = "what a comma or a space means in it is not certain; say it: --decimal , or --decimal ."
OF_A_POINT: Final = "what a point means in it is not certain; say it: --decimal , or --decimal ."
_INFINITE: Final = r"(?i:^[+-]?inf(?:inity)?$)"
_LOCAL_DATE: Final = r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}(?:[ T,].*)?$"
_TIME_WORDS: Final = frozenset(("time", "timestamp", "date", "datetime", "ts", "epoch"))
_SINCE_1970: Final = {
    "epoch": ("seconds", 946_684_800, 4_102_444_800),
    "epoch-ms": ("milliseconds", 946_684_800_000, 4_102_444_800_000),
}
"""The years 2000 to 2100."""


def column_word(name: str, word: str) -> str:
    """What is said of a column in a command, in quotes where a shell would take it apart."""
    return shlex.quote(f"{name}={word}")


def of_nothing(name: str, *, is_all: bool = True) -> str:
    """That no cell holds anything; where not all rows are there, that none of the others does."""
    return f"The column {name} is empty." if is_all else f"The column {name} is empty in every row that fits."


def of_values(
    name: str, raw: pa.ChunkedArray, wanted: FieldType, values: pa.ChunkedArray, zone: str
) -> tuple[str, ...]:
    """What is said of a column whose type was guessed from its spelling."""
    if wanted is FieldType.TIMESTAMP:
        return of_times(name, raw, zone)
    if wanted is FieldType.BOOL:
        return of_truths(name, raw)
    epochs = of_epochs(name, values) if wanted is FieldType.INT else ()
    return (*of_missing(name, raw, wanted), *epochs)


def of_truths(name: str, raw: pa.ChunkedArray) -> tuple[str, ...]:
    """That truth values are spelled by other words than they are kept by."""
    words = pc.utf8_lower(known_cells(raw, FieldType.BOOL)).unique().to_pylist()
    others = sorted(set(words) - {"true", "false"}, key=list(TRUTH).index)
    if not others:
        return ()
    told = [f"{word} as {'true' if TRUTH[word] else 'false'}" for word in others]
    told[0] = told[0].replace(" as ", " is kept as ")
    return (f"In {name}, {', '.join(told[:-1])}{' and ' * (len(told) > 1)}{told[-1]}.",)


def of_times(name: str, raw: pa.ChunkedArray, zone: str) -> tuple[str, ...]:
    """That times carry no zone, or are finer than what is kept."""
    known, told = known_cells(raw, FieldType.TIMESTAMP), []
    if not _end_in_z(known) and spelling.matching(known, spelling.LOCAL_TIME):
        told.append(of_zone(name, zone))
    if (pc.max(pc.binary_length(known)).as_py() or 0) >= _LEAST_FINER and spelling.matching(
        known, spelling.FINER
    ):
        told.append(f"The times in {name} are finer than a microsecond: what is finer is left off.")
    return tuple(told)


def _end_in_z(known: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.ends_with(known, "Z"), min_count=0).as_py())


def of_zone(name: str, zone: str) -> str:
    """As which zone's the times of a column are taken."""
    return f"The times in {name} carry no zone: they are taken as {f'those of {zone}' if zone else 'UTC'}."


def of_order(name: str, order: str) -> str:
    """In what order the dates of a column are read."""
    return f"The dates in {name} are read as {WORDS[order]}."


def of_epochs(name: str, values: pa.ChunkedArray) -> tuple[str, ...]:
    """That whole numbers may be times."""
    if not name_words(name) & _TIME_WORDS or values.null_count == len(values):
        return ()
    found = pc.min_max(values).as_py()
    for order, (unit, low, high) in _SINCE_1970.items():
        if low <= found["min"] and found["max"] < high:
            way = f"--date-format {column_word(name, order)}"
            return (f"The numbers in {name} look like {unit} since 1970. As times: {way}",)
    return ()


def of_float_names(name: str, raw: pa.ChunkedArray) -> tuple[str, ...]:
    """That numbers which name something were kept as doubles, where large ones that differ become one."""
    if not pa.types.is_floating(raw.type):
        return ()
    if not pc.any(pc.greater_equal(pc.abs(raw), float(EXACT_IN_A_DOUBLE))).as_py():
        return ()
    return (
        f"The column {name} holds numbers of over 15 digits as doubles: such that differed may have become one "
        "when the file was written.",
    )


def of_missing(name: str, raw: pa.ChunkedArray, wanted: FieldType) -> tuple[str, ...]:
    """Which cells count as missing among numbers."""
    if wanted not in NUMBERS:
        return ()
    trimmed = pc.utf8_trim_whitespace(raw)
    tokens = pc.value_counts(pc.filter(trimmed, pc.is_in(trimmed, value_set=pa.array(MISSING))))
    return of_words(name, {one["values"]: one["counts"] for one in tokens.to_pylist()})


def of_words(name: str, words: Mapping[str, int]) -> tuple[str, ...]:
    """How often which word among numbers counts as missing."""
    return (f"In {name}, {words_counted(words)} as missing.",) if words else ()


def of_text(
    name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType], form: CellWishes, kind: FieldType
) -> tuple[str, ...]:
    """What a column that is kept as text looks like, and how to have it otherwise."""
    kept = "kept as a category" if kind is FieldType.CATEGORY else "kept as text"
    known = known_cells(raw, FieldType.TEXT)
    if spelling.all_match(known, spelling.TIME):
        return _almost(name, raw, candidates, kept)
    if FieldType.INT in candidates and not form.decimal and (way := _of_doubt(raw, form)):
        return (f"The column {name} looks like numbers, but is {kept}: {way}",)
    if FieldType.INT in candidates and _holds_infinities(known):
        return (f"The column {name} holds infinities, which no number that is kept can be: it is {kept}.",)
    if order_of(known) == "":
        ways = f"{column_word(name, 'dmy')} or {column_word(name, 'mdy')}"
        way = f"which number is the day is not certain; say it: --date-format {ways}"
        return (f"The column {name} looks like dates, but is {kept}: {way}",)
    if (found := _matching_if_most(raw, FieldType.TEXT, _LOCAL_DATE)) and found[0] >= _MOSTLY * found[1]:
        way = _way_to_read(name, known) or _no_one_form(name, kind)
        return (f"The column {name} looks like dates, but is {kept}: {way}",)
    return _almost(name, raw, candidates, kept)


def _way_to_read(name: str, known: pa.ChunkedArray) -> str:
    """How to have the dates of a column read that are not read by themselves; empty where no form reads most."""
    trimmed = pc.utf8_trim_whitespace(known)
    dates = pc.filter(trimmed, pc.match_substring_regex(trimmed, _LOCAL_DATE))
    fitting = [order for order in WORDS if _days_read(order, dates) >= _MOSTLY * len(dates)]
    return f"say their form, such as --date-format {column_word(name, fitting[0])}" if fitting else ""


def _no_one_form(name: str, kind: FieldType) -> str:
    """That dates are written in several ways; of a category another note says how to have it as text."""
    way = f"; --type {column_word(name, 'text')} keeps them as they are" if kind is FieldType.TEXT else ""
    return f"no one form reads them all{way}"


def _days_read(order: str, dates: pa.ChunkedArray) -> int:
    """How many of them are a day in this order; 0 where one is not written in it at all."""
    found = as_iso(dates, order)
    if found is None:
        return 0
    days = pc.strptime(pc.utf8_slice_codeunits(found, 0, 10), "%Y-%m-%d", "s", error_is_null=True)
    return len(days) - int(days.null_count)


def _holds_infinities(known: pa.ChunkedArray) -> bool:
    """Whether all cells are numbers but for some that spell an infinity."""
    return (
        spelling.all_match(known, f"{spelling.FLOAT}|{_INFINITE}") and spelling.matching(known, _INFINITE) > 0
    )


def _of_doubt(raw: pa.ChunkedArray, form: CellWishes) -> str:
    """Which sign of its numbers nobody can tell the meaning of, and how to say it; empty where there is none."""
    if not may_be_numbers(known_cells(raw.slice(0, spelling.FIRST), FieldType.FLOAT)):
        return ""
    cells = known_cells(raw, FieldType.FLOAT)
    if points_in_doubt(cells, cells, doubts_points=form.doubts_points) is not None and are_numbers(cells):
        return OF_A_POINT.replace("in it", "in them")
    return OF_A_COMMA.replace("in it", "in them") if is_doubtful(cells) else ""


def _almost(name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType], kept: str) -> tuple[str, ...]:
    """That most cells are of a type, and how many rows it would refuse."""
    for wanted in candidates:
        pattern, looks = _PATTERNS[wanted]
        found = _matching_if_most(raw, wanted, pattern)
        if found is None:
            continue
        fitting, count = found
        if count > fitting >= _MOSTLY * count:
            return (
                f"{fitting:,} of {count:,} cells in {name} look like {looks}: it is {kept}. With the "
                f"type {wanted.value}, {_rows(count - fitting)} would be refused.",
            )
        if fitting == count and wanted in _UNKEPT:
            way = f"{_ALL_THE_SAME[wanted]}: --type {column_word(name, wanted.value)}"
            return (f"Not every value of {name} {_UNKEPT[wanted]}: it is {kept}. {way}",)
    return ()


def _matching_if_most(raw: pa.ChunkedArray, wanted: FieldType, pattern: str) -> tuple[int, int] | None:
    """How many of how many cells match; None where so many of the first do not that most of all cannot."""
    first = known_cells(raw.slice(0, len(raw) // _LOOKED_AT), wanted)
    if len(first) - spelling.matching(first, pattern) > _TOO_MANY * len(raw):
        return None
    known = known_cells(raw, wanted)
    return spelling.matching(known, pattern), len(known)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
