"""The objects of a large JSON file one by one, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import ijson  # type: ignore[import-untyped]

from vault.importers.catalogue.streams import Progress, chunks
from vault.importers.source import File

_LONGEST_TOKEN: Final = 8 * 2**20
_MOST_EVENTS: Final = 2_000_000
_DEEPEST: Final = 64
_OPENS, _CLOSES = ("start_map", "start_array"), ("end_map", "end_array")


class _Pieces:
    """A file for the parser, that knows how much was read since the last thing that it found."""

    def __init__(self, file: File, progress: Progress) -> None:
        self.silent = 0
        self._file = file
        self._pieces = chunks(file, progress)
        self._is_first = True

    def read(self, size: int = -1) -> bytes:
        if size == 0:
            return b""
        piece = next(self._pieces, b"")
        self.silent += len(piece)
        if self.silent > _LONGEST_TOKEN:
            raise self._file.unreadable(f"one piece of it is longer than {_LONGEST_TOKEN // 2**20} MiB")
        if self._is_first:
            self._is_first = False
            return piece.removeprefix(b"\xef\xbb\xbf")
        return piece


def items(file: File, progress: Progress, prefix: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the list at this place with their numbers, then nothing more of the file is read.

    Numbers with a point are floats, others have 64 bits: of one that is longer than Python takes, the parser would
    crash. Raises Unreadable for what is no such file, or is nested too deep.
    """
    pieces = _Pieces(file, progress)
    builder: ijson.ObjectBuilder | None = None
    depth = number = events = 0
    try:
        for place, event, value in ijson.parse(pieces, use_float=True):
            pieces.silent = 0
            depth += (event in _OPENS) - (event in _CLOSES)
            if depth > _DEEPEST:
                raise file.unreadable(f"it is nested more than {_DEEPEST} deep")
            if builder is None:
                if place == prefix and event == "start_map":
                    builder, events = ijson.ObjectBuilder(), 0
                elif f"{place}.item" == prefix and event == "end_array":
                    return
            if builder is not None:
                events += 1
                if events > _MOST_EVENTS:
                    raise file.unreadable(f"one entry of it holds more than {_MOST_EVENTS:,} values")
                builder.event(event, value)
                if place == prefix and event == "end_map":
                    number += 1
                    yield number, builder.value
                    builder = None
    except ijson.IncompleteJSONError as error:
        is_large = "overflow" in str(error)
        why = "one of its numbers is too large" if is_large else "it ends in the middle, or is no JSON"
        raise file.unreadable(why) from error
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise file.unreadable("it is no JSON") from error


def first(value: object) -> object:
    """The first of a list; None where it is none, or is empty."""
    return value[0] if isinstance(value, list) and value else None


def inside(value: object, *names: str) -> Any:
    """What stands at the end of a chain of names; None where one is missing."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
