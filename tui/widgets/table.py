"""A list with a cursor: arrows and hjkl move, g and G go to the ends, enter opens, and a search filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tui.widgets.plain import cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a list: what it stands for, and its cells; `style` colours a whole line, never alone."""

    key: str
    cells: tuple[str, ...]
    style: str = ""

    def has(self, text: str) -> bool:
        """Whether a cell holds this text, in whatever case."""
        return any(text.casefold() in one.casefold() for one in self.cells)


class ListTable(DataTable[Text]):
    """Rows that are chosen one at a time; at most 500 of them, because who has more pages through them."""

    LONGEST: ClassVar[int] = 500
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("h", "cursor_left", show=False),
        Binding("l", "cursor_right", show=False),
        Binding("g", "scroll_top", show=False),
        Binding("G", "scroll_bottom", show=False),
    ]

    def __init__(self, *headings: str, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, cursor_type="row", zebra_stripes=False)
        self._headings = headings
        self._lines: tuple[Line, ...] = ()
        self._filter = ""
        self._to_keep: str | None = None

    def on_mount(self) -> None:
        """Write the headings."""
        for heading in self._headings:
            self.add_column(cell(heading), key=heading)

    def set_headings(self, *headings: str) -> None:
        """Show other columns; the lines that fit them are filled in next, with the cursor on the line it was on."""
        self._to_keep = self.chosen or self._to_keep
        self._headings, self._lines = headings, ()
        self.clear(columns=True)
        for heading in headings:
            self.add_column(cell(heading), key=heading)

    def name_column(self, place: int, heading: str) -> None:
        """Write another heading over a column; it is seen once lines are filled in."""
        self.ordered_columns[place].label = cell(heading)

    @property
    def chosen(self) -> str | None:
        """The key of the line under the cursor, or None in an empty list."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def fill(self, lines: Iterable[Line]) -> None:
        """Show these lines, with the cursor on the line it was on."""
        self._lines = tuple(lines)
        self._draw()

    def point_at(self, key: str) -> None:
        """Put the cursor on the line of this key, if it is shown."""
        if key in (row.value for row in self.rows):
            self.move_cursor(row=self.get_row_index(key))

    def filter(self, text: str) -> int:
        """Show only the lines with this text and return how many there are."""
        self._filter = text
        self._draw()
        return self.row_count

    def _draw(self) -> None:
        before, place = self.chosen or self._to_keep, self.cursor_row
        self._to_keep = None
        self.clear()
        shown = [line for line in self._lines if line.has(self._filter)][: self.LONGEST]
        rows = [[cell(text, line.style) for text in line.cells] for line in shown]
        # A long cell that went away would keep its width; and what is drawn before the table measures is kept as it is.
        for number, column in enumerate(self.ordered_columns):
            column.content_width = max([column.label.cell_len, *(row[number].cell_len for row in rows)])
        for line, row in zip(shown, rows, strict=True):
            self.add_row(*row, key=line.key)
        self._return_to(before, place, [line.key for line in shown])

    def _return_to(self, key: str | None, place: int, keys: Sequence[str]) -> None:
        if keys:
            self.move_cursor(row=keys.index(key) if key in keys else min(place, len(keys) - 1))
