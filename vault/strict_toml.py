"""TOML of strangers, read in a time that its length bounds: no long dotted key, and nothing nested deeply."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

MOST_PARTS: Final = 8
"""Parts of a dotted key or of the name of a table; tomllib takes a time that grows with their square."""
DEEPEST: Final = 32
"""Tables and lists inside each other."""

WHOLE: Final = range(-(1 << 63), 1 << 63)
"""The whole numbers that whoever reads TOML has to take (TOML 1.0); longer hexadecimal ones cannot even be written."""


class TooLarge(ValueError):
    """A whole number lies beyond `WHOLE`."""


# Whole strings and comments are put away, so that what is left of a quotation is one sign: a part of a key like any
# word. At a string without an end tomllib stops, and so does this.
_QUOTED: Final = re.compile(
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"{3,5}'
    r"|'''[^']*+(?:'(?!'')[^']*+)*+'{3,5}"
    r'|"(?!"")(?:[^"\\\n]|\\.)*+"'
    r"|'(?!'')[^'\n]*+'"
    r"|#[^\n]*+"
    r"|[\"'].*+",
    re.DOTALL,
)
_LONG_KEY: Final = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}")


def parse_toml(data: bytes) -> dict[str, Any]:
    """The document in a file of ours; raises `TooLarge`, or `ValueError` with the line where that is known."""
    text = data.decode()
    if found := _LONG_KEY.search(_QUOTED.sub(_put_away, text)):
        line = found.string.count("\n", 0, found.start()) + 1
        raise ValueError(f"a key of more than {MOST_PARTS} parts (at line {line})")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    check_bounds(document)
    return document


def check_bounds(document: object) -> None:
    """Refuse what whatever walks it would fail at: what is nested deeper than anything of ours, and long numbers.

    Raises `ValueError` and `TooLarge`.
    """
    inner = [document]
    for _ in range(DEEPEST):
        inner = [value for one in inner for value in _values(one)]
        if any(isinstance(value, int) and value not in WHOLE for value in inner):
            raise TooLarge("a whole number that takes more than 64 bits")
    if inner:
        raise ValueError("it is nested too deeply")


def _values(one: object) -> list[object]:
    if isinstance(one, dict):
        return list(one.values())
    return one if isinstance(one, list) else []


def _put_away(quoted: re.Match[str]) -> str:
    """A word in the place of a string, and the ends of lines that it had."""
    lines = "\n" * quoted[0].count("\n")
    return lines if quoted[0].startswith("#") else f"s{lines}"
