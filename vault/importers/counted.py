"""How many there are, in words that fit one as well as several."""

from __future__ import annotations

from collections.abc import Mapping


def counted(count: int, one: str, several: str) -> str:
    """A number and what is said of it: "1 row has", "2 rows have"."""
    return f"{count:,} {one if count == 1 else several}"


def times(count: int) -> str:
    """How often something is there."""
    return "once" if count == 1 else f"{count:,} times"


def words_counted(words: Mapping[str, int]) -> str:
    """Each word and how often it is there, with the verb: "NA (2 times) and - (once) count"."""
    *others, last = [f"{word} ({times(count)})" for word, count in words.items()]
    return f"{', '.join(others)} and {last} count" if others else f"{last} counts"
