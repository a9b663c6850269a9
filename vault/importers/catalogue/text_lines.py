"""The lines of a text as it streams, in constant memory whatever the file holds."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from vault.importers.catalogue.streams import Progress, chunks
from vault.importers.source import File

LONGEST_LINE: Final = 4 * 2**20


def lines(file: File, progress: Progress) -> Iterator[tuple[int, str]]:
    """Every line with its number, in UTF-8 or UTF-16; a byte that is neither becomes one sign that says so.

    Raises Unreadable for a line that is far too long.
    """
    number, pending = 0, ""
    for text in _texts(file, progress):
        *done, pending = (pending + text).split("\n")
        for line in done:
            number += 1
            yield number, line.removesuffix("\r")
        if len(pending) > LONGEST_LINE:
            raise file.unreadable(f"line {number + 1:,} is longer than {LONGEST_LINE // 2**20} MiB")
    if pending:
        yield number + 1, pending.removesuffix("\r")


def _texts(file: File, progress: Progress) -> Iterator[str]:
    decoder: codecs.IncrementalDecoder | None = None
    for piece in chunks(file, progress):
        if decoder is None:
            is_wide = piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            decoder = codecs.getincrementaldecoder("utf-16" if is_wide else "utf-8-sig")(errors="replace")
        yield decoder.decode(piece)
