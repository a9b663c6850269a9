"""Whether two imports tell about the same people, decided from their fingerprints alone.

A column is comparable beside the units where a quarter of the units of the smaller import is in the other and chance
explains at most 60 % of its pairs; and beside other values where chance explains at most half. Its score is how much
more it agrees than chance: 1 for the same values, 0 for those of strangers. The imports are of the same people when two
thirds of the comparable columns score a half or more, and when they hold the very same rows, in whatever order. When
fewer columns do, but one of them scores 0.7, it is worth a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from vault.records.fingerprint import ColumnPrint, Fingerprint, Pairs
from vault.records.minhash import containment

LEAST_UNITS: Final = 0.25
MOST_CHANCE: Final = 0.6
MOST_VALUES_CHANCE: Final = 0.5
AGREES: Final = 0.5
MOST_COLUMNS: Final = 2 / 3
QUESTION: Final = 0.7
FEWEST_PAIRS: Final = 4
RENAMED_CHANCE: Final = 0.2
MOST_RENAMED: Final = (
    32  # columns of another name that are compared with each other, in the order of the files
)
CLOSED: Final = 0.5


class Likeness(StrEnum):
    """What two fingerprints say about the people in them."""

    SAME = "same"
    PERHAPS = "perhaps"
    OTHER = "other"


def likeness(one: Fingerprint, other: Fingerprint) -> Likeness:
    """Whether two imports tell about the same people; it does not matter which is which."""
    if one.is_destroyed or other.is_destroyed:
        return _by_columns(one, other)
    if one.content == other.content:
        return Likeness.SAME
    scores = list(_scores(one, other))
    agreeing = sum(score >= AGREES for score in scores)
    if agreeing and agreeing >= MOST_COLUMNS * len(scores):
        return Likeness.SAME
    return Likeness.PERHAPS if any(score >= QUESTION for score in scores) else Likeness.OTHER


def _by_columns(one: Fingerprint, other: Fingerprint) -> Likeness:
    """With nothing left to tell people apart, half of the columns in common close an import."""
    left, right = ({each.name for each in of.columns} for of in (one, other))
    fewer = min(len(left), len(right))
    return Likeness.SAME if fewer and len(left & right) >= CLOSED * fewer else Likeness.OTHER


def _scores(one: Fingerprint, other: Fingerprint) -> Iterator[float]:
    """The score of each comparable column of one name, and of each that has another name and yet agrees."""
    units = containment(one.units, other.units)
    here = {each.name: each for each in one.columns}
    there = {each.name: each for each in other.columns}
    for name in here.keys() & there.keys():
        yield from _score(here[name], there[name], units, MOST_CHANCE, MOST_VALUES_CHANCE)
    yield from _renamed(
        [each for each in one.columns if each.name not in there][:MOST_RENAMED],
        [each for each in other.columns if each.name not in here][:MOST_RENAMED],
        units,
    )


def _renamed(left: Sequence[ColumnPrint], right: Sequence[ColumnPrint], units: float) -> Iterator[float]:
    for column in left:
        found = (
            score for each in right for score in _score(column, each, units, RENAMED_CHANCE, RENAMED_CHANCE)
        )
        best = max(found, default=0.0)
        if best >= AGREES:
            yield best


def _score(
    one: ColumnPrint, other: ColumnPrint, units: float, most: float, most_values: float
) -> Iterator[float]:
    scores = []
    if units >= LEAST_UNITS and _is_telling(one.beside_unit, other.beside_unit, most):
        scores.append(_above_chance(one.beside_unit, other.beside_unit, units))
    if _is_telling(one.beside_values, other.beside_values, most_values):
        scores.append(_above_chance(one.beside_values, other.beside_values, 1.0))
    if scores:
        yield max(scores)


def _is_telling(one: Pairs, other: Pairs, most: float) -> bool:
    fewest = min(one.sketch.size, other.sketch.size)
    return fewest >= FEWEST_PAIRS and max(one.chance, other.chance) <= most


def _above_chance(one: Pairs, other: Pairs, of: float) -> float:
    chance = max(one.chance, other.chance)
    return (min(1.0, containment(one.sketch, other.sketch) / of) - chance) / (1 - chance)
