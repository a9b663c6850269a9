"""The base of dialogs whose answer is one call to the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.widget import Widget
from textual.widgets import Button

from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession


T = TypeVar("T")


class VaultCallDialog(Dialog[str]):
    """A dialog that does one thing in the vault; an error is said in it, and what was typed stays."""

    def before_buttons(self) -> Iterable[Widget]:
        """What went wrong."""
        yield Plain("", id="problem", classes="bad")

    @work(exclusive=True, group="act")
    async def carry_out(
        self,
        call: Callable[[OwnerSession], T],
        done: Callable[[T], str],
        result: str | Callable[[T], str],
        *,
        title: str = "",
    ) -> None:
        """Call the vault, tell what was done, and leave with a result; an error is said in the dialog."""
        self.lock_buttons(True)
        try:
            answer = await self.program.ask(call)
        except LockboxError as error:
            self.lock_buttons(False)
            self.show_problem(f"{error} {error.hint}".strip())
        else:
            self.program.tell(done(answer), title=title)
            self.dismiss(result if isinstance(result, str) else result(answer))

    def lock_buttons(self, is_locked: bool) -> None:
        """While the vault works on it, only leaving is possible."""
        for button in self.query(Button):
            button.disabled = is_locked and button.id != "safe"

    def show_problem(self, sentence: str) -> None:
        """One sentence about what cannot be done as it stands."""
        self.query_one("#problem", Plain).set_text(sentence)
