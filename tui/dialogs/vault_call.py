"""The base of dialogs whose answer is one call to the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual import work
from textual.widget import Widget
from textual.widgets import Button, Input

from tui.dialogs.dialog import Dialog
from tui.dialogs.word import WordDialog
from tui.text.screen_words import on_screen
from tui.widgets.plain import Plain
from vault.errors.families import Invalid, LockboxError
from vault.errors.requests import WasDrill

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession


T = TypeVar("T")

A_DRILL: Final = "A drill"


class VaultCallDialog(Dialog[str]):
    """A dialog that does one thing in the vault; an error is said in it, and what was typed stays."""

    FIELDS: ClassVar[Mapping[str, str]] = {}
    """The labels of its fields by the options of the command that take the same."""
    _typed_then: Sequence[str] = ()
    """What the fields said when the problem was shown."""
    _is_acting: bool = False

    def before_buttons(self) -> Iterable[Widget]:
        """What went wrong."""
        yield Plain("", id="problem", classes="bad")

    async def is_typed(self, word: str, for_good: str) -> bool:
        """Whether this word was typed, which what is for good takes; no word is needed where it is empty."""
        if not word:
            return True
        is_typed = await self.app.push_screen_wait(WordDialog(word, for_good))
        return is_typed is True

    # in a group of its own: what is looked at meanwhile cancels nothing that the vault is at work on
    @work(group="call")
    async def carry_out(
        self,
        call: Callable[[OwnerSession], T],
        done: Callable[[T], str],
        result: str | Callable[[T], str],
        *,
        title: str = "",
    ) -> None:
        """Call the vault, tell what was done, and leave with a result; an error is said in the dialog.

        Who answers twice, as by enter in a field, is heard once: the first answer is on its way already.
        """
        if self._is_acting:
            return
        self._is_acting = True
        self.lock_buttons(True)
        try:
            answer = await self.program.ask(call)
        except WasDrill as drill:
            self.dismiss(result if isinstance(result, str) else None)
            self.program.tell(on_screen(drill), title=A_DRILL)
        except LockboxError as error:
            self._is_acting = False
            self.lock_buttons(False)
            self.show_problem(on_screen(error, self.FIELDS))
        else:
            self.dismiss(result if isinstance(result, str) else result(answer))
            self.program.tell(done(answer), title=title)

    def answer(self, name: str) -> None:
        """What was typed and cannot be read is said like what the vault refuses."""
        try:
            self.chosen(name)
        except Invalid as error:
            self.show_problem(on_screen(error, self.FIELDS))

    def on_input_changed(self) -> None:
        """What was wrong is being corrected, and no longer said; what had been typed by then corrects nothing."""
        if self._field_values() != self._typed_then:
            self.show_problem("")

    def _field_values(self) -> list[str]:
        return [field.value for field in self.query(Input)]

    def lock_buttons(self, is_locked: bool) -> None:
        """While the vault works on it, only leaving is possible."""
        for button in self.query(Button):
            button.disabled = is_locked and button.id != "safe"

    def show_problem(self, sentence: str) -> None:
        """One sentence about what cannot be done as it stands."""
        self._typed_then = self._field_values()
        self.query_one("#problem", Plain).set_text(sentence)
