"""How a job reads a text: as so many bytes, by the text alone, whatever type its column has."""

from __future__ import annotations

from datetime import datetime

from vault.importers.marks import MISSING, mark_of

_EXACT = 2**53


def bytes_of(text: str, length: int) -> bytes | None:
    """The first ``length`` bytes of a text in UTF-8, filled up with zeros; None for a missing one.

    A number is written in one way (``written``), since a column of numbers does not keep how it was written; a time
    is none, since it does not keep its zone. What has no byte but zeros is missing too.
    """
    plain = text.strip()
    if plain in MISSING:
        return None
    mark = mark_of(plain)
    if isinstance(mark, datetime):
        return None
    words = mark if isinstance(mark, str) else written(mark)
    # a character has one byte at least; one that no UTF-8 has becomes a question mark
    data = words[:length].encode("utf-8", "replace")[:length].ljust(length, b"\0")
    return data if any(data) else None


def written(number: float) -> str:
    """A number as a text: whole ones without a point, others in the fewest digits that tell them from others."""
    return f"{number:.0f}" if number.is_integer() and abs(number) < _EXACT else repr(number)
