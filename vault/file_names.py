"""Names of files as text that can be kept, sent and shown, whatever bytes they are made of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ESCAPED_BYTES = range(0xDC80, 0xDD00)  # how Python spells a byte that is not UTF-8


def spelled(name: str | Path) -> str:
    """A name with what is not UTF-8 (`\\xff`) and what is no printable sign (`\\n`, `\\u202e`) escaped."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in os.fspath(name))


def all_spelled(value: Any) -> Any:
    """A value of JSON in which every text can be written as UTF-8: lone surrogates are escaped."""
    match value:
        case str():
            return "".join(_escaped(sign) if "\ud800" <= sign <= "\udfff" else sign for sign in value)
        case Mapping():
            return {all_spelled(key): all_spelled(one) for key, one in value.items()}
        case list() | tuple():
            return [all_spelled(one) for one in value]
    return value


def is_text(name: str | Path) -> bool:
    """Whether a name is UTF-8."""
    return bool(all_spelled(os.fspath(name)) == os.fspath(name))


def _escaped(sign: str) -> str:
    if ord(sign) in _ESCAPED_BYTES:
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()
