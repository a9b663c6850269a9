"""Columns whose names differ by their numbers alone, such as pixel_0 to pixel_63, which become one of vectors."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import prod
from typing import Final

from vault.errors.families import Invalid
from vault.views.field_types import LONGEST_VECTOR, VectorType

FEWEST_PROPOSED: Final = 16
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_LONGEST_NUMBER: Final = 9
_BEFORE_NUMBERS: Final = " _.-"
_TO: Final = ".."
_OTHERWISE: Final = "or name the first and the last: --vector NAME=FIRST..LAST"

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A column of vectors by its name, and those that become it, in the order of their numbers."""

    name: str
    columns: tuple[str, ...]

    @property
    def type(self) -> VectorType:
        """One number for each column."""
        return VectorType(len(self.columns))

    @property
    def span(self) -> str:
        """The first and the last of them."""
        return f"{self.columns[0]} … {self.columns[-1]}"

    @property
    def note(self) -> str:
        """What is said of them."""
        size = len(self.columns)
        return f"{size:,} columns {self.span} become {self.name}, a vector of {size:,}."


def joined_of(vectors: Mapping[str, str], called: Sequence[str], *, has_order: bool) -> tuple[Joined, ...]:
    """What was said of vectors, NAME=N or NAME=FIRST..LAST, as the columns of the file that are meant.

    Raises Invalid where those are not there, not as many, or not side by side in a file that `has_order`.
    """
    found = [_joined(name, word.strip(), called) for name, word in vectors.items()]
    taken, there = Counter(column for one in found for column in one.columns), Counter(called)
    for column in (column for column, times in taken.items() if times > 1 or there[column] > 1):
        raise Invalid(reason=f"{column} stands twice among what becomes vectors")
    place_of = {column: place for place, column in enumerate(called)}
    for one in found if has_order else ():
        _check_beside(one, called, place_of)
    return tuple(found)


def proposed(called: Sequence[str]) -> Iterator[tuple[str, Joined]]:
    """Each run of numbered columns that would be a vector, and the word that says so."""
    for _, group in groupby(called, _shape):
        columns = list(group)
        numbers = [_numbers(column) for column in columns]
        if len(columns) < FEWEST_PROPOSED or not all(numbers) or not _is_box(numbers):
            continue
        stem = _NUMBER.split(columns[0], maxsplit=1)[0].rstrip(_BEFORE_NUMBERS)
        ordered = tuple(sorted(columns, key=_numbers))
        name = stem or "vector"
        word = f"{len(columns)}"
        if numbered(name, called).get(_below(name, columns[0])) != ordered:
            word = f"{ordered[0]}{_TO}{ordered[-1]}"
        yield shlex.quote(f"{name}={word}"), Joined(name=name, columns=ordered)


def _joined(name: str, word: str, called: Sequence[str]) -> Joined:
    if _TO in word:
        columns = _between(word, called)
    elif word.isascii() and word.isdigit() and len(word) <= _LONGEST_NUMBER:
        columns = _counted(name, int(word), called)
    else:
        raise Invalid(reason=f"a vector is said as NAME=N or NAME=FIRST..LAST, and not as {name}={word}")
    if not 1 < len(columns) <= LONGEST_VECTOR:
        raise Invalid(
            reason=f"a vector has 2 to {LONGEST_VECTOR:,} numbers, and {name} would have {len(columns):,}"
        )
    return Joined(name=name, columns=columns)


# by their number ----------------------------------------------------------------------------------------------


def _counted(name: str, wanted: int, called: Sequence[str]) -> tuple[str, ...]:
    """The columns of this name and a number behind it, if there are as many."""
    found = list(numbered(name, called).values())
    if not found:
        raise Invalid(
            reason=f"the file has no columns {name} with a number, such as {name}_0; {_OTHERWISE[3:]}"
        )
    if len(found) > 1:
        spans = " and ".join(f"{one[0]} … {one[-1]}" for one in found[:3])
        raise Invalid(
            reason=f"more than one row of columns is called {name} with a number: {spans}; {_OTHERWISE[3:]}"
        )
    (columns,) = found
    if len(columns) != wanted:
        there = f"{len(columns):,} columns {columns[0]} … {columns[-1]}" if len(columns) > 1 else columns[0]
        way_out = f"say --vector {name}={len(columns)}, {_OTHERWISE}"
        raise Invalid(reason=f"{name} with a number are {there}, and not {wanted:,}: {way_out}")
    if len({_numbers(column[len(name) :]) for column in columns}) < len(columns):
        raise Invalid(
            reason=f"two of the columns {columns[0]} … {columns[-1]} have one number; {_OTHERWISE[3:]}"
        )
    return columns


def numbered(name: str, called: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The columns with nothing but numbers behind a name, by how those are written, each in the order of them."""
    sign = f"[{_BEFORE_NUMBERS}]" if name[-1:].isdigit() else f"[{_BEFORE_NUMBERS}]?"
    pattern = re.compile(rf"{re.escape(name)}{sign}[0-9]+(?:[x,{_BEFORE_NUMBERS}][0-9]+)*")
    found: dict[str, list[str]] = {}
    for column in called:
        if pattern.fullmatch(column):
            found.setdefault(_below(name, column), []).append(column)
    return {
        shape: tuple(sorted(columns, key=lambda column: _numbers(column[len(name) :])))
        for shape, columns in found.items()
    }


def _below(name: str, column: str) -> str:
    return _shape(column[len(name) :])


# by the first and the last ------------------------------------------------------------------------------------


def _between(word: str, called: Sequence[str]) -> tuple[str, ...]:
    """All columns from the first to the last one by their numbers; none of them may be missing."""
    first, _, last = (part.strip() for part in word.partition(_TO))
    begin, end = _numbers(first), _numbers(last)
    if not begin or _shape(first) != _shape(last) or any(a > b for a, b in zip(begin, end, strict=True)):
        raise Invalid(
            reason=f"{first} and {last} are no names that differ by their numbers alone, the lower one first"
        )
    meant = [
        column
        for column in called
        if _shape(column) == _shape(first)
        and all(a <= b <= c for a, b, c in zip(begin, _numbers(column), end, strict=True))
    ]
    wanted = prod(b - a + 1 for a, b in zip(begin, end, strict=True))
    if len(meant) != wanted or not {first, last} <= {*meant}:
        raise Invalid(
            reason=f"from {first} to {last} are {wanted:,} columns, and {len(meant):,} of them are in the file"
        )
    return tuple(sorted(meant, key=_numbers))


def _is_box(numbers: Sequence[Numbers]) -> bool:
    """Whether none is missing between the lowest and the highest of each place, and none is there twice."""
    sides = [set(side) for side in zip(*numbers, strict=True)]
    are_runs = all(b - a == 1 for side in sides for a, b in pairwise(sorted(side)))
    return are_runs and len(set(numbers)) == len(numbers) == prod(len(side) for side in sides)


def _shape(name: str) -> str:
    return _NUMBER.sub("0", name)


def _numbers(name: str) -> Numbers:
    return tuple(int(digits) for digits in _NUMBER.findall(name))


def _check_beside(one: Joined, called: Sequence[str], place_of: Mapping[str, int]) -> None:
    places = sorted(place_of[column] for column in one.columns)
    if places[-1] - places[0] >= len(places):
        between = next(called[a + 1] for a, b in pairwise(places) if b > a + 1)
        raise Invalid(
            reason=f"the columns {one.span} do not stand side by side: {between or 'another one'} is between them"
        )
