"""How many there are, in words that fit one as well as several."""

from __future__ import annotations


def counted(count: int, one: str, several: str) -> str:
    """A number and what is said of it: "1 row has", "2 rows have"."""
    return f"{count:,} {one if count == 1 else several}"


def times(count: int) -> str:
    """How often something is there."""
    return "once" if count == 1 else f"{count:,} times"
