"""Dates and times as people write them, to the form 2026-01-31T08:30:00, a whole column at once.

Which of two small numbers is the day is decided by all cells together: one above 12 is none of a month. Where no cell
decides it, nothing is decided.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Cells: TypeAlias = pa.ChunkedArray
ISO: Final = "iso"
ORDERS: Final = ("dmy", "mdy", "ymd", ISO, "epoch", "epoch-ms", "epoch-us")
"""What a date is made of, in order, or that it is one of ISO 8601; or that it counts since 1970, in UTC."""
WORDS: Final = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
_DIGITS_BELOW_A_SECOND: Final = {"epoch": 6, "epoch-ms": 3, "epoch-us": 0}
_CLOCK: Final = (
    r"(?:(?:[Tt]|,? +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:[.,][0-9]{1,9})?))?"
    r" ?(?P<half>[AaPp])?(?:\.?[Mm]\.?)? ?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_NUMBERS: Final = (
    r"^(?P<one>[0-9]{1,4})(?P<sign>[./-])(?P<two>[0-9]{1,2})(?P<again>[./-])(?P<three>[0-9]{1,4})" + _CLOCK
)
_DAY_FIRST: Final = (
    r"^(?P<one>[0-9]{1,2})(?:[ -]|\. ?)(?P<two>[A-Za-z]{3,9})\.?[ -](?P<three>[0-9]{4})" + _CLOCK
)
_MONTH_FIRST: Final = r"^(?P<two>[A-Za-z]{3,9})\.? (?P<one>[0-9]{1,2}),? (?P<three>[0-9]{4})" + _CLOCK
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_FIRST: Final = 64  # where these are no dates, all of them are none
_THIS_CENTURY: Final = 69  # as POSIX reads a year of two digits


def order_of(cells: Cells) -> str | None:
    """What the dates of a column are made of, in order; empty where nothing decides it, None for what is no date."""
    if not len(cells) or (len(cells) > _FIRST and order_of(cells.slice(0, _FIRST)) is None):
        return None
    if _named(cells) is not None:
        return "dmy"
    parts = _numbers(cells)
    if parts is None:
        return None
    first, middle, last = (pc.utf8_length(parts[name]) for name in ("one", "two", "three"))
    if _all(pc.equal(first, 4)):
        return "ymd" if _all(pc.less(last, 3)) else None
    if not _all(pc.and_(pc.equal(last, 4), pc.less(pc.max_element_wise(first, middle), 3))):
        return None
    days_first, days_later = (
        pc.max(pc.cast(parts[name], pa.int64())).as_py() > 12 for name in ("one", "two")
    )
    return None if days_first and days_later else "dmy" if days_first else "mdy" if days_later else ""


def as_iso(cells: Cells, order: str) -> Cells | None:
    """The cells in the form of ISO 8601; None where one of them is not written in this order."""
    if order in _DIGITS_BELOW_A_SECOND:
        return _since_1970(cells, order)
    named = _named(cells) if order == "dmy" else None
    parts = named or _numbers(cells)
    if parts is None:
        return None
    places = dict(zip(order, ("one", "two", "three"), strict=True))
    year, month, day = (parts[places[each]] for each in "ymd")
    if _all(pc.equal(pc.utf8_length(year), 2)):
        early = pc.less_equal(pc.cast(year, pa.int64()), _THIS_CENTURY - 1)
        year = pc.binary_join_element_wise(pc.if_else(early, "20", "19"), year, "")
    fits = pc.and_(pc.equal(pc.utf8_length(year), 4), pc.less(pc.utf8_length(month), 3))
    if not _all(pc.and_(fits, pc.less(pc.utf8_length(day), 3))):
        return None
    date = pc.binary_join_element_wise(year, _two(month), _two(day), "-")
    return pc.binary_join_element_wise(date, _clock(parts), "")


def _since_1970(cells: Cells, order: str) -> Cells | None:
    digits = _DIGITS_BELOW_A_SECOND[order]
    fraction = rf"(?:\.[0-9]{{1,{digits}}})?" if digits else ""
    if not _all(pc.match_substring_regex(cells, rf"^-?[0-9]{{1,17}}{fraction}$")):
        return None
    whole = pc.replace_substring_regex(cells, r"\..*$", "")
    below = pc.utf8_rpad(pc.replace_substring_regex(cells, r"^[^.]*\.?", ""), digits, "0")
    try:
        micros = pc.binary_join_element_wise(whole, below, "").cast(pa.int64())
        moments = micros.cast(pa.timestamp("us"))
        if not _all(pc.and_(pc.greater(pc.year(moments), 0), pc.less(pc.year(moments), 10000))):
            return None
    except pa.ArrowInvalid:
        return None
    return pc.binary_join_element_wise(pc.strftime(moments, "%Y-%m-%dT%H:%M:%S"), "Z", "")


def _numbers(cells: Cells) -> dict[str, Cells] | None:
    parts = _parts(cells, _NUMBERS)
    return parts if parts and _all(pc.equal(parts["sign"], parts["again"])) else None


def _named(cells: Cells) -> dict[str, Cells] | None:
    """Dates with the name of the month, in English; the day is then `one`, the number of the month `two`."""
    parts = _parts(cells, _DAY_FIRST) or _parts(cells, _MONTH_FIRST)
    if parts is None:
        return None
    name = pc.utf8_lower(parts["two"])
    month = pc.index_in(pc.utf8_slice_codeunits(name, 0, 3), pa.array([each[:3] for each in _MONTHS]))
    whole = pc.is_in(name, pa.array([*_MONTHS, *(each[:3] for each in _MONTHS), "sept"]))
    if not _all(pc.and_(pc.is_valid(month), whole)):
        return None
    return {**parts, "two": pc.add(month, 1).cast(pa.string())}


def _parts(cells: Cells, pattern: str) -> dict[str, Cells] | None:
    """The parts of every cell; None where one does not match, or where a clock of twelve hours is none."""
    found = pc.extract_regex(cells, pattern)
    if found.null_count:
        return None
    parts = {field.name: pc.struct_field(found, field.name) for field in found.type}
    hour = pc.if_else(pc.equal(parts["hour"], ""), "1", parts["hour"]).cast(pa.int64())
    is_half = pc.not_equal(parts["half"], "")
    return (
        parts if _all(pc.or_(pc.invert(is_half), pc.and_(pc.greater(hour, 0), pc.less(hour, 13)))) else None
    )


def _clock(parts: dict[str, Cells]) -> Cells:
    """The time behind a date, empty where there is none."""
    hour, half = parts["hour"], pc.utf8_lower(parts["half"])
    number = pc.if_else(pc.equal(hour, ""), "0", hour).cast(pa.int64())
    twelve = pc.if_else(pc.equal(number, 12), 0, number)
    number = pc.if_else(
        pc.equal(half, "p"), pc.add(twelve, 12), pc.if_else(pc.equal(half, "a"), twelve, number)
    )
    second = pc.if_else(pc.equal(parts["second"], ""), "00", parts["second"])
    time = pc.binary_join_element_wise(_two(number.cast(pa.string())), parts["minute"], second, ":")
    written = pc.binary_join_element_wise("T", time, parts["zone"], "")
    return pc.if_else(pc.equal(hour, ""), "", written)


def _two(numbers: Cells) -> Cells:
    return pc.utf8_lpad(numbers, 2, "0")


def _all(answers: Cells) -> bool:
    return bool(pc.all(answers, min_count=0).as_py())
