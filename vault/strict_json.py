"""Strict JSON: no key twice in an object, no NaN and no infinity (RFC 8259 sections 4 and 6)."""

from __future__ import annotations

import json
from typing import NoReturn


class DuplicateKey(ValueError):
    """An object gives a key twice."""


class NotFinite(ValueError):
    """A number is NaN or infinite."""


def strict_loads(text: str | bytes) -> object:
    """The JSON value in a text; raises `DuplicateKey`, `NotFinite`, `ValueError` and `RecursionError`."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _refuse(_name: str) -> NoReturn:
    raise NotFinite
