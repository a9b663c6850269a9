"""A checkbox: space or a click ticks it, enter does nothing."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from tui.text.layout import escaped

ON, OFF = "[x]", "[ ]"


class Toggle(Static, can_focus=True):
    """A mark, a name and what there is to know about it, wrapped under itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "turn", "Tick", show=False)]

    class Turned(Message):
        """It was ticked or unticked."""

        def __init__(self, toggle: Toggle) -> None:
            super().__init__()
            self.toggle = toggle

        @property
        def control(self) -> Toggle:
            """The toggle itself."""
            return self.toggle

    def __init__(
        self, name: str, about: str, *, is_on: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.label, self._about, self.is_on = name, about, is_on

    def on_mount(self) -> None:
        """Draw the mark."""
        self._draw()

    def set_on(self, is_on: bool) -> None:
        """Set the mark without a message."""
        self.is_on = is_on
        self._draw()

    def set_label(self, name: str, about: str) -> None:
        """Set another name and explanation."""
        self.label, self._about = name, about
        self._draw()

    def action_turn(self) -> None:
        """Tick or untick it."""
        self.set_on(not self.is_on)
        self.post_message(self.Turned(self))

    def on_click(self, event: Click) -> None:
        """Tick or untick it by a click."""
        event.stop()
        self.action_turn()

    def _draw(self) -> None:
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=len(ON))
        table.add_column(ratio=1, overflow="fold")
        words = Text(escaped(self.label), style="bold")
        if self._about:
            words.append(Text(f"  {escaped(self._about)}", style="not bold"))
        table.add_row(Text(ON if self.is_on else OFF), words)
        self.update(table)
