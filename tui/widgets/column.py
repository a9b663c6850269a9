"""One column drawn: its facts, the distribution of its values, their course over time, days and places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.text.drawing import facts, pictures
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from vault.views.records import ColumnSummary


class ColumnDrawing(Vertical):
    """The values of one column as pictures; as tables of numbers where nothing is drawn."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="value")
        self._drawn: tuple[ColumnSummary, int, bool] | None = None

    def compose(self) -> ComposeResult:
        """Facts, pictures."""
        yield Plain(id="column-facts")
        yield Vertical(id="column-pictures")

    async def show(self, column: ColumnSummary, *, width: int, calm: bool) -> None:
        """Draw this column, at most `width` wide."""
        if self._drawn == (column, width, calm):
            return
        self._drawn = (column, width, calm)
        said = facts(column)
        self.query_one("#column-facts", Plain).set_text(f"{said[:1].upper()}{said[1:]}.")
        place = self.query_one("#column-pictures", Vertical)
        await place.remove_children()
        for heading, lines in pictures(column, width, calm=calm):
            if heading:
                await place.mount(Plain(f"{heading[:1].upper()}{heading[1:]}", classes="heading"))
            await place.mount(Plain("\n".join(lines), classes="" if heading else "first"))
