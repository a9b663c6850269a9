"""The guess rate as 100 dots: how many of 100 guesses about one privacy unit are right."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content

from tui.text import wording
from tui.widgets.plain import Plain

WIDE, NARROW = 25, 50


class Dots(Plain):
    """100 dots in four rows, or two where rows are dear, as many filled as guesses are right in 100."""

    def __init__(self, guess_rate: Decimal, *, columns: int = WIDE, id: str | None = None) -> None:
        super().__init__(id=id, classes="dots")
        self._rows = wording.dots(guess_rate, columns=columns)

    def on_mount(self) -> None:
        """Draw filled and empty dots in two colours as well as in two shapes."""
        self.update(Content("\n").join(_row(row) for row in self._rows))


def _row(row: str) -> Content:
    filled = row.count(wording.FILLED)
    return Content.assemble((wording.FILLED * filled, "$warning"), (row[filled:], "$text-muted"))
