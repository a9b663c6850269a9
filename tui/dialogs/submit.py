"""The dialog that submits a job folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.vault_call import VaultCallDialog


class SubmitDialog(VaultCallDialog):
    """The path of a signed job folder; nothing is read of your data and nothing is charged by taking it in."""

    AUTO_FOCUS = "#job"

    def title_text(self) -> str:
        """What is done."""
        return "Take a job folder into the inbox"

    def consequence(self) -> str:
        """What it changes."""
        return (
            "Its signature, its limits and its price are checked; then it waits for your decision. "
            "Nothing of your data is read, and nothing is spent."
        )

    def before_buttons(self) -> Iterable[Widget]:
        """Where the folder is."""
        yield Input(placeholder="path of the job folder", id="job", compact=True)
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("submit", "Take it in")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter does what the button does: it only puts the job among those that wait."""
        event.stop()
        self.chosen("submit")

    def chosen(self, name: str) -> None:
        """Take it in."""
        typed = self.query_one("#job", Input).value.strip()
        if not typed:
            self.show_problem("Type the path of the folder that the requester gave you.")
            return
        folder = Path(typed).expanduser().absolute()
        self.carry_out(
            lambda vault: vault.submit(folder), lambda _: "The request waits for you.", "submitted"
        )
