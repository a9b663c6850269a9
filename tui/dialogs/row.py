"""The dialog with one row of a collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.text import wording
from tui.widgets.facts import Facts


class RowDialog(Dialog[None]):
    """Every value of one row under the name of its column; space or escape goes back."""

    AUTO_FOCUS = "#details"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "leave", "Back", show=False)]

    def __init__(self, collection: str, number: int, values: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._collection, self._number, self._values = collection, number, values

    def title_text(self) -> str:
        """Which row."""
        return f"Row {self._number:,} of {wording.short(self._collection, 40)}"

    def consequence(self) -> str:
        """What is not shown."""
        return "Values longer than a thousand letters end in “…”; signs that would steer a terminal are dots."

    def details(self) -> Iterable[Widget]:
        """The values."""
        yield Facts([(name, value or "(empty)") for name, value in self._values], classes="value")

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"
