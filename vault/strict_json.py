"""Strict JSON: no key twice in an object, no NaN and no infinity (RFC 8259 sections 4 and 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite, isinf
from typing import Final, NoReturn

_SIGN: Final = re.compile(r"[ \t\n\r]*([\[\],]?)[ \t\n\r]*")


class DuplicateKey(ValueError):
    """An object gives a key twice."""


class NotFinite(ValueError):
    """A number is NaN or infinite, or larger than a double can be."""


def strict_loads(text: str | bytes) -> object:
    """The JSON value in a text; raises `DuplicateKey`, `NotFinite`, `ValueError` and `RecursionError`."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def finite_loads(text: str) -> object:
    """The same, and no number that is larger than a double: it would be read as an infinity."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite_float)


def items_with_unfinite(text: str) -> Iterator[object]:
    """The items of a JSON list one by one, whose numbers may be NaN or infinite.

    Raises `DuplicateKey`, `ValueError` and `RecursionError` where the text is no such list from there on.
    """
    decode = json.JSONDecoder(object_pairs_hook=_unique).raw_decode
    sign, place = _sign(text, 0)
    if sign != "[":
        raise ValueError
    if text.startswith("]", place):
        sign, place = _sign(text, place)
    else:
        sign = ","
    while sign == ",":
        item, place = decode(text, place)
        yield item
        sign, place = _sign(text, place)
    if sign != "]" or place < len(text):
        raise ValueError


def holds_unfinite(value: object) -> bool:
    """Whether a number in a JSON value is NaN or infinite."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case float() as number:
                if not isfinite(number):
                    return True
            case dict() as inner:
                waiting.extend(inner.values())
            case list() as several:
                waiting.extend(several)
    return False


def _sign(text: str, place: int) -> tuple[str, int]:
    """The sign of a list that stands there, empty for none, and where what follows begins."""
    found = _SIGN.match(text, place)
    assert found is not None  # it matches nothing as well
    return found[1], found.end()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _finite_float(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise NotFinite
    return number


def _refuse(_name: str) -> NoReturn:
    raise NotFinite
