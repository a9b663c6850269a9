"""Times that the clock of a zone shows twice, when it goes back, or never, when it goes forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers.column_notes import column_word
from vault.importers.counted import counted
from vault.views.field_types import ColumnType, FieldType

_MOST_LINES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChanges:
    """The places of a column whose times a clock showed twice or never."""

    twice: tuple[int, ...] = ()
    never: tuple[int, ...] = ()


NONE: Final = ClockChanges()


def clock_changes(times: pa.ChunkedArray, zone: str) -> ClockChanges:
    """Which times without a zone fall into a change of the clock of this one; `times` may be texts of ISO 8601."""
    if not zone:
        return NONE
    naive = _naive(times) if pa.types.is_string(times.type) else times
    if naive.null_count == len(naive):
        return NONE
    first, last = (_moments(naive, zone, which, which) for which in ("earliest", "latest"))
    places = pc.indices_nonzero(pc.fill_null(pc.not_equal(first, last), False))
    found = naive.take(places)
    is_never = pc.not_equal(*(_moments(found, zone, "earliest", which) for which in ("earliest", "latest")))
    never = places.filter(is_never.combine_chunks()).to_pylist()
    return ClockChanges(twice=tuple(sorted({*places.to_pylist()} - {*never})), never=tuple(never))


def clock_notes(
    name: str, found: ClockChanges, lines: Sequence[int], zone: str, kept: ColumnType
) -> tuple[str, ...]:
    """How times at a change of the clock were read, by line; those that refuse their row are said there."""
    told = []
    if found.twice:
        were = counted(len(found.twice), "was", "were")
        told.append(
            f"{were.replace(' ', f' of the times in {name} ')} shown twice when clocks went back in {zone} "
            f"({_named(found.twice, lines)}): the first is meant."
        )
    if found.never and kept is not FieldType.TIMESTAMP:
        a_text = "a category" if kept is FieldType.CATEGORY else "text"
        told.append(
            f"No clock of {zone} ever showed the time in {name} of {_named(found.never, lines)}, where it went "
            f"forward: the column is kept as {a_text}. As times, with the rows refused that hold none: --type "
            f"{column_word(name, 'timestamp')}"
        )
    return tuple(told)


def _named(places: Sequence[int], lines: Sequence[int]) -> str:
    named = [f"{lines[place]:,}" for place in places[:_MOST_LINES]]
    more = [f"{len(places) - _MOST_LINES:,} more"] if len(places) > _MOST_LINES else []
    *others, last = [*named, *more]
    return f"lines {', '.join(others)} and {last}" if others else f"line {last}"


def _naive(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts that are times without a zone as such; nulls for all others."""
    trimmed = pc.utf8_trim_whitespace(texts)
    local = pc.if_else(
        pc.match_substring_regex(trimmed, spelling.LOCAL), trimmed, pa.scalar(None, pa.string())
    )
    try:
        return local.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return pa.chunked_array([[_read(one) for one in local.to_pylist()]], pa.timestamp("us"))


def _read(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None  # no day that there is


def _moments(naive: pa.ChunkedArray, zone: str, ambiguous: str, nonexistent: str) -> pa.ChunkedArray:
    return pc.assume_timezone(naive, zone, ambiguous=ambiguous, nonexistent=nonexistent)
