"""Answers of plain facts, read without the library that reads any other."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Final, get_type_hints

_PLAIN: Final = (str, int, bool)
SURROGATE: Final = rb"\ud"  # how half a sign is spelled, which is no text


class NotPlain(Exception):
    """The answer is no plain fact, or not spelled as one."""


def read_plain(kind: Any, data: bytes) -> Any:
    """An answer of facts that are texts, whole numbers and yes or no, with every fact in it and nothing else.

    Raises `NotPlain` for anything else, which may still be an answer of this kind.
    """
    wanted = _kinds(kind)
    if SURROGATE in data.lower():
        raise NotPlain
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        raise NotPlain from None
    if not isinstance(told, dict) or told.keys() != wanted.keys():
        raise NotPlain
    if any(type(told[name]) is not one for name, one in wanted.items()):
        raise NotPlain
    return kind(**told)


@cache
def _kinds(kind: Any) -> dict[str, type]:
    """What its facts are."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise NotPlain
    hints = get_type_hints(kind)
    found = {one.name: hints[one.name] for one in fields(kind) if _is_plain(one)}
    if len(found) < len(fields(kind)) or any(one not in _PLAIN for one in found.values()):
        raise NotPlain
    return found


def _is_plain(one: Field[Any]) -> bool:
    return one.init and one.default_factory is MISSING
