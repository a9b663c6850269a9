"""What is nested in rows of JSON: objects are taken apart, and what stands against that is said at once."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from vault.records.schema import LONGEST_NAME
from vault.views.names import has_invisible

Rows: TypeAlias = Iterator[tuple[int, dict[str, object] | str]]
"""Rows with their lines: the object, or the reason why there is none."""
# What is flattened repeats the outer names before each inner one; without bounds a short line would fill the memory.
_LONGEST_NAME: Final = 1_000
_MOST_NAMES: Final = 10_000
_MOST_SAID: Final = 20


def flattened(rows: Callable[[], Rows]) -> Rows:
    """The rows with what is nested taken apart: `a.b` is the value of b in a."""
    for line, row in rows():
        yield line, row if isinstance(row, str) else flat(row)


def flat(row: dict[str, object]) -> dict[str, object] | str:
    """One object taken apart, or the reason why it is none."""
    found: dict[str, object] = {}
    waiting = list(row.items())[::-1]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            if len(name) > _LONGEST_NAME or len(found) + len(waiting) + len(value) > _MOST_NAMES:
                return "a name that is nested in it is too long, or it has too many"
            waiting.extend([(f"{name}.{inner}", one) for inner, one in value.items()][::-1])
        elif name in found:
            return "a name stands there twice"
        else:
            found[name] = value
    return found


def obstacles_in(rows: Rows, keys: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Of every column that holds an object or a list, also inside objects, where it is and the option that helps."""
    objects, lists = dict[str, None](), dict[str, None]()
    for _, row in rows:
        if len(objects) + len(lists) > _MOST_SAID:
            break
        for key in kept if isinstance(row, dict) else ():
            value = row.get(key) if isinstance(row, dict) else None
            if isinstance(value, list):
                lists[key] = None
            elif isinstance(value, dict):
                objects[key] = None
                inner = flat({key: value})
                lists.update((name, None) for name, one in _items(inner) if isinstance(one, list))
    told = [
        *(f"{_shown(name)} holds objects: take them apart with --flatten" for name in objects),
        *(f"{_shown(name)} holds lists: leave it out with --drop {_word(name, keys)}" for name in lists),
    ]
    return told if len(told) <= _MOST_SAID else [*told[:_MOST_SAID], "and more columns hold lists or objects"]


def _items(inner: dict[str, object] | str) -> Iterator[tuple[str, object]]:
    yield from inner.items() if isinstance(inner, dict) else ()


def _shown(name: str) -> str:
    return name if _may_be_shown(name) else "a column without a name"


def _may_be_shown(name: str) -> bool:
    return len(name.strip()) > 0 and len(name) <= LONGEST_NAME and not has_invisible(name)


def _word(name: str, keys: Sequence[str]) -> str:
    """How a column is called on a command line: by its number where its name cannot be typed."""
    if _may_be_shown(name):
        return shlex.quote(name)
    return f"'#{list(keys).index(name) + 1}'" if name in keys else "COLUMN"
