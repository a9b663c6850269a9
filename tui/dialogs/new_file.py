"""A dialog whose answer is written into a new file: where it is typed, and what is said where nothing was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.vault_call import VaultCallDialog
from tui.text.parse import parse_path
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput


class NewFileDialog(VaultCallDialog):
    """It has one field for a path among its details."""

    def path_field(self, example: str) -> Iterable[Widget]:
        """Where the path is typed."""
        yield Plain("Into a new file", classes="heading")
        yield TextInput(placeholder=f"such as {example}", id="path", classes="value", compact=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field writes nothing; it leads to the buttons."""
        event.stop()
        self.query_one("#safe").focus()

    def typed_path(self) -> Path | None:
        """The path that was typed; None where none was, which is then said."""
        typed = self.query_one("#path", Input).value.strip()
        if not typed:
            self.show_problem("Name the file it goes to.")
            self.set_focus(self.query_one("#path"))
            return None
        return parse_path(typed)
