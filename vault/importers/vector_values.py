"""One list of numbers, as a value or spelled as text, to the bytes in which a vector is kept."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from math import isfinite
from typing import Final, TypeGuard

from vault.views.field_types import LONGEST_VECTOR

EXACT_IN_A_DOUBLE = 2**53
"""Whole numbers up to this one are doubles too (IEEE 754, binary64)."""
_SEPARATED: Final = re.compile(r"[\s,;]+")
# One list, of numbers in digits: what is nested could be nested as deep as a text is long.
_SIGNS: Final = re.compile(r"\[?[0-9eE+.,;\s-]+\]?")


def as_vector(value: object, size: int) -> bytes | None:
    """A list of so many finite numbers, or a text that spells one: in JSON, or with spaces or commas between them.

    Raises ValueError for any other value.
    """
    numbers = _spelled(value) if isinstance(value, str) else value
    if numbers is None:
        return None
    if not isinstance(numbers, list) or len(numbers) != size or not are_numbers(numbers):
        raise ValueError
    return struct.pack(f"<{size}d", *numbers)


def vector_of(text: str, size: int) -> bytes | None:
    """The vector that a text spells, None for any other text."""
    try:
        return as_vector(text, size)
    except ValueError:
        return None


def size_of(text: str) -> int:
    """How many finite numbers a text spells as a list; 0 where it spells none, or fewer or more than a vector has."""
    try:
        numbers = _spelled(text)
    except ValueError:
        return 0
    size = len(numbers) if isinstance(numbers, list) and are_numbers(numbers) else 0
    return size if 1 < size <= LONGEST_VECTOR else 0


def _spelled(text: str) -> object:
    plain = text.strip()
    if not plain:
        return None
    if not _SIGNS.fullmatch(plain):
        raise ValueError
    if plain.startswith("["):
        return json.loads(plain)
    return [float(each) for each in _SEPARATED.split(plain)]


def are_numbers(values: Sequence[object]) -> bool:
    """Whether all of them are finite numbers that a double holds exactly, and none is missing."""
    return all(_is_double(value) and isfinite(value) for value in values)


def are_doubles(values: Sequence[object]) -> bool:
    """Whether all that are there are numbers that a double holds exactly."""
    return all(value is None or _is_double(value) for value in values)


def _is_double(value: object) -> TypeGuard[float]:
    return type(value) is float or (type(value) is int and abs(value) <= EXACT_IN_A_DOUBLE)
