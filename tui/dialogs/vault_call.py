"""A dialog whose answer is one call to the vault; an error is said in it, and what was typed stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import work
from textual.widget import Widget
from textual.widgets import Button

from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain
from vault.errors import LockboxError

if TYPE_CHECKING:
    from vault.client.client import RemoteVault


class VaultCallDialog(Dialog[str]):
    """A dialog that does one thing in the vault; an error is said in it, and what was typed stays."""

    def before_buttons(self) -> Iterable[Widget]:
        """What went wrong."""
        yield Plain("", id="problem", classes="bad")

    @work(exclusive=True, group="act")
    async def carry_out(self, done: str, result: str, act: Callable[[RemoteVault], object]) -> None:
        """Do this in the vault, off the loop, say `done` or else what it returned, and leave with this result."""
        self.lock_buttons(True)
        try:
            said = await self.program.ask(act)
        except LockboxError as error:
            self.lock_buttons(False)
            self.say_problem(f"{error} {error.hint}".strip())
        else:
            self.program.tell(done or str(said))
            self.dismiss(result)

    def lock_buttons(self, is_locked: bool) -> None:
        """While the vault works on it, only leaving is possible."""
        for button in self.query(Button):
            button.disabled = is_locked and button.id != "safe"

    def say_problem(self, sentence: str) -> None:
        """One sentence about what cannot be done as it stands."""
        self.query_one("#problem", Plain).say(sentence)
