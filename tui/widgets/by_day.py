"""A count by day, as a sparkline or as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Sparkline

from tui.text import wording
from tui.widgets.plain import Plain

MOST_NUMBERS: Final = 5


class ByDay(Vertical):
    """One value a day; hidden until there are two days with something on them."""

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id, classes="by-day -empty")
        self._title = title

    def compose(self) -> ComposeResult:
        """The bars with their first and last day, or the numbers."""
        yield Sparkline(classes="by-day-bars value")
        yield Plain(classes="by-day-words muted")

    def show(self, values: Sequence[tuple[date, Decimal]], *, unit: str, calm: bool) -> None:
        """Show one value a day, the oldest first."""
        busy = [(day, value) for day, value in values if value]
        self.set_class(len(busy) < 2, "-empty")
        bars = self.query_one(Sparkline)
        bars.display = not calm
        bars.data = [float(value) for _, value in values]
        numbers = ", ".join(f"{day:%d %b}: {value}{unit}" for day, value in busy[-MOST_NUMBERS:])
        most = wording.number(float(max((value for _, value in values), default=Decimal())))
        drawn = f"{self._title}, the last {len(values)} days; at most {most}{unit}"
        self.query_one(Plain).set_text(f"{self._title}: {numbers}" if calm else drawn)
