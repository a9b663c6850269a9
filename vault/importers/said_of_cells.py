"""A raw column as its owner says that it is written: what is missing is missing, dates are in their plain form."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.importers.column_notes import column_word
from vault.importers.counted import words_counted
from vault.importers.written_dates import WORDS, as_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

Raw: TypeAlias = pa.ChunkedArray | list[object]
NO_DATE: Final = "not a date"
_MOST_BAD: Final = 1000


def without_nulls(name: str, raw: Raw, nulls: Sequence[str]) -> tuple[Raw, tuple[str, ...]]:
    """The column with the cells that stand for nothing as nulls, and what is said of it."""
    if not nulls or (not isinstance(raw, list) and pa.types.is_list(raw.type)):
        return raw, ()
    wanted = pa.array([token.strip() for token in nulls], pa.string())
    is_null = pc.is_in(as_texts(raw), value_set=wanted)
    found = Counter(pc.filter(as_texts(raw), is_null).to_pylist())
    if not found:
        return raw, ()
    note = f"In {name}, {words_counted(found)} as missing, as you said."
    if isinstance(raw, list):
        flags = is_null.to_pylist()
        return [None if flag else value for flag, value in zip(flags, raw, strict=True)], (note,)
    return pc.if_else(is_null, pa.scalar(None, raw.type), raw), (note,)


def dates_in_order(name: str, raw: Raw, order: str) -> pa.ChunkedArray:
    """A column of dates written in this order in the form of ISO 8601; a cell that is none as what no date is.

    Raises `Invalid` where it is no column of such dates at all.
    """
    texts = as_texts(raw)
    known = pc.and_(pc.is_valid(texts), pc.not_equal(texts, ""))
    encoded = texts.combine_chunks().dictionary_encode()
    bad: list[str] = []
    words = _iso_of(pa.chunked_array([encoded.dictionary]), order, bad)
    if len(bad) > _MOST_BAD:
        raise Invalid(reason=f"the column {name} does not hold {_what(order)}")
    found = pa.chunked_array([words.combine_chunks().take(encoded.indices)])
    return pc.if_else(known, found, pa.scalar(None, pa.string()))


def why_no_date(name: str, order: str) -> str:
    """The reason why a row is refused whose date is not written in this order."""
    return f"{name}: not a date of {WORDS[order]}" if order in WORDS else f"{name}: not a time since 1970"


def why_undecided(name: str) -> str:
    """The reason why rows are refused whose dates may be read in two ways."""
    ways = f"{column_word(name, 'dmy')} or {column_word(name, 'mdy')}"
    return f"{name}: which number is the day is not certain; say it: --date-format {ways}"


def _what(order: str) -> str:
    return f"dates of {WORDS[order]}" if order in WORDS else "numbers of seconds or their parts since 1970"


def _iso_of(cells: pa.ChunkedArray, order: str, bad: list[str]) -> pa.ChunkedArray:
    """Halves are tried where a whole does not fit, until each cell is found that does not."""
    found = as_iso(cells, order) if len(cells) else cells
    if found is not None:
        return found
    if len(cells) == 1 or len(bad) > _MOST_BAD:
        bad.append(cells[0].as_py())
        return pa.chunked_array([[NO_DATE] * len(cells)])
    middle = len(cells) // 2
    parts = [_iso_of(each, order, bad) for each in (cells.slice(0, middle), cells.slice(middle))]
    return pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())


def as_texts(raw: Raw) -> pa.ChunkedArray:
    """The values as texts without spaces around them; half of a character, which JSON can spell, is escaped."""
    if isinstance(raw, list):
        texts = [None if value is None else str(value) for value in raw]
        whole = [text and text.encode(errors="backslashreplace").decode() for text in texts]
        return pa.chunked_array([whole], pa.string())
    return pc.utf8_trim_whitespace(raw.cast(pa.string()))
