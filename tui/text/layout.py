"""Lay text out for a terminal: escaped, wrapped to the width, as facts and tables."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

NARROWEST, WIDEST = 40, 100
GAP = 2
SHORT = 16

_FINGERPRINT: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{4}(?: [0-9a-f]{4}){3}(?![0-9a-f])", re.ASCII)
_PADDING: Final = re.compile(r"(?:\s|\x1b\[[0-9;]*m)+$")
_PLAIN: Final = "\x1b[0m"
_HELD: Final = "\ue000"
"""Stands for a space at which no line is broken; it is not printable, and a text that has it stays as it is."""


def escaped(text: str) -> str:
    """The text with every invisible or control character escaped (`\\x1b`, `\\u202e`).

    Line ends stay, as the program's own words use them: bring text from elsewhere through `one_line` first.
    """
    return "".join(
        sign if sign == "\n" or sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in text
    )


def one_line(text: str) -> str:
    """Text from elsewhere on one line: its line ends are escaped as well."""
    return escaped(text.replace("\n", "\\n"))


def wrapped(text: str, width: int) -> str:
    """Sentences broken between words at `width` columns; lines that begin with a space stay as they are.

    Those are commands, keys and drawings, which a person copies whole.
    """
    return "\n".join(
        line if line.startswith(" ") else hanging("", line, width) if line else ""
        for line in text.split("\n")
    )


def hanging(mark: str, text: str, width: int, *, indent: int | None = None) -> str:
    """A text after a mark, wrapped under itself and not under the mark, or by `indent`."""
    broken = textwrap.fill(
        _held(text),
        width,
        initial_indent=mark,
        subsequent_indent=" " * (len(mark) if indent is None else indent),
        break_long_words=bool(mark),
        break_on_hyphens=False,
    )
    return broken if _HELD in text else broken.replace(_HELD, " ")


def _held(text: str) -> str:
    """A text whose fingerprints are not broken: people compare them group by group."""
    return text if _HELD in text else _FINGERPRINT.sub(lambda found: found[0].replace(" ", _HELD), text)


def facts_text(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Names on the left, what they are on the right, wrapped under itself."""
    rows = list(rows)
    if _is_simple(rows, width):
        return _beside(rows)
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, GAP, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in rows:
        _add(table, (name, fact))
    return _drawn(table, width)


def _is_simple(rows: Sequence[tuple[str, str]], width: int) -> bool:
    """Whether all fits without wrapping, and each sign is one column wide, so that the library has nothing to do."""
    is_plain = all(text.isascii() and text.isprintable() for row in rows for text in row)
    return (
        is_plain
        and max((len(text) for text, _ in rows), default=0)
        + GAP
        + max((len(text) for _, text in rows), default=0)
        <= width
    )


def _beside(rows: Sequence[tuple[str, str]]) -> str:
    widest = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{widest + GAP}}{fact}".rstrip() for name, fact in rows)


def table_text(
    headings: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, colour: bool = False
) -> str:
    """A table as wide as it may be; where it does not fit without breaking words, one block of facts a row."""
    from rich.table import Table

    columns = list(zip(headings, *rows, strict=True))
    least, room = [_least_width(column) for column in columns], width - GAP * (len(columns) - 1)
    if sum(least) > room:
        blocks = (facts_text(zip(headings, row, strict=True), width) for row in rows)
        return "\n\n".join(blocks)
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold" if colour else "")
    for heading, fixed in zip(headings, _widths(columns, least, room), strict=True):
        table.add_column(heading, overflow="fold", width=fixed)
    for row in rows:
        _add(table, row)
    return _drawn(table, width, colour=colour)


def _widths(columns: Sequence[Sequence[str]], least: Sequence[int], room: int) -> list[int]:
    """As wide as the cells are, and where that is too much the widest column gives way, but never too far."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in columns]
    while sum(widths) > room:
        wide = max(range(len(widths)), key=lambda index: (widths[index] > least[index], widths[index]))
        widths[wide] -= 1
    return widths


def _least_width(cells: Sequence[str]) -> int:
    """The width at which no short cell, and no word of a long one, has to be broken."""
    from rich.cells import cell_len

    whole = [cell_len(cell) for cell in cells if cell_len(cell) <= SHORT]
    words = [cell_len(word) for cell in cells for word in cell.split()]
    return max([0, *whole, *words])


def _add(table: Table, cells: Sequence[str]) -> None:
    """A row whose cells are never read as markup."""
    from rich.text import Text

    table.add_row(*(Text(_held(one_line(cell))) for cell in cells))


def _drawn(table: Table, width: int, *, colour: bool = False) -> str:
    from rich.console import Console

    # The last column is padded as the others are; its padding is cut off again below, also where it is bold.
    console = Console(width=width + GAP, highlight=False, force_terminal=colour, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(map(_without_padding, captured.get().replace(_HELD, " ").splitlines()))


def _without_padding(line: str) -> str:
    return _PADDING.sub(lambda found: _PLAIN if "\x1b" in found[0] else "", line)
