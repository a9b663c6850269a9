"""Answers of plain facts, read without the library that reads any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Final, get_type_hints

_PLAIN: Final[Mapping[Any, tuple[type, ...]]] = {
    str: (str,),
    int: (int,),
    bool: (bool,),
    str | None: (str, NoneType),
}
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
        told = json.loads(data.decode())  # of bytes it would guess the encoding, and read half signs as text
    except (ValueError, RecursionError):
        raise NotPlain from None
    if not isinstance(told, dict) or told.keys() != wanted.keys():
        raise NotPlain
    if any(type(told[name]) not in kinds for name, kinds in wanted.items()):
        raise NotPlain
    return kind(**told)


@cache
def _kinds(kind: Any) -> Mapping[str, tuple[type, ...]]:
    """What its facts are."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise NotPlain
    hints = get_type_hints(kind)
    if any(hints[one.name] not in _PLAIN or not one.init for one in fields(kind)):
        raise NotPlain
    return {one.name: _PLAIN[hints[one.name]] for one in fields(kind)}
