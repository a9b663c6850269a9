"""Names on the left, what they are on the right, wrapped under itself."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from tui.text.layout import escaped

LONGEST_NAME = 24


class Facts(Static):
    """A block of facts; nothing in them is read as markup, and line ends of other people are spelled out."""

    def __init__(
        self, facts: Iterable[tuple[str, str]], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(_table(facts), id=id, classes=classes)

    def set_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Show other facts."""
        self.update(_table(facts))


def _table(facts: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(max_width=LONGEST_NAME, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for name, fact in facts:
        table.add_row(Text(escaped(name), style="dim"), Text(escaped(fact)))
    return table
