"""Reading what the other side wrote: keys, types, bounds; an error names the rule, never a value."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview


class ProtocolError(ValueError):
    """The other side broke the protocol; the text names the rule and no value."""


def integer(value: object, what: str, low: int, high: int) -> None:
    """Raise ProtocolError unless ``value`` is a whole number within [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ProtocolError(f"{what} is not a whole number within its bounds")


def number(value: object, what: str, low: float = -math.inf, *, above: bool = False) -> None:
    """Raise ProtocolError unless ``value`` is finite and at least (with ``above``: over) ``low``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise ProtocolError(f"{what} is not a finite number")
    if not math.isfinite(value) or value < low or (above and value == low):
        raise ProtocolError(f"{what} is outside its bounds")


def choice(value: object, what: str, *options: object) -> None:
    """Raise ProtocolError unless ``value`` is one of ``options``."""
    if not any(value is option or (isinstance(value, str) and value == option) for option in options):
        raise ProtocolError(f"{what} is not one of the known kinds")


def parse_json(data: Bytes, limit: int) -> object:
    """Parse at most ``limit`` bytes of JSON; raises ProtocolError for NaN and doubled keys too."""
    if len(data) > limit:
        raise ProtocolError("a message is too long")
    try:
        return json.loads(bytes(data).decode(), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ProtocolError("a message is not strict JSON") from None


def _no_constant(_name: str) -> object:
    raise ProtocolError("a number is not finite")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ProtocolError("a key is given twice")
    return dict(pairs)


def names(kind: type) -> tuple[str, ...]:
    """The field names of a dataclass."""
    return tuple(item.name for item in fields(kind))


# the values are checked by the class that takes them, so their type is open here
def members(value: object, keys: Sequence[str]) -> dict[str, Any]:
    """Raise ProtocolError unless ``value`` is an object with exactly these keys."""
    if not isinstance(value, dict) or set(value) != set(keys):
        raise ProtocolError("an object does not have exactly its keys")
    return value
