"""The dialog that releases a held update, which cannot be called back.

No key sends. The word is typed, its button is pressed, ten seconds pass in which escape cancels, and only then the
vault is asked: until that moment nothing is recorded and no byte is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Label

from tui.dialogs.dialog import Dialog
from tui.text import wording
from tui.text.release_facts import (
    NOT_MEASURED,
    beware_of_folder,
    folder_fault,
    left_for,
    release_facts,
    to_whom,
    token_missing,
    where_to,
)
from tui.text.screen_words import on_screen
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain, content
from tui.widgets.price import PriceBox
from tui.widgets.text_input import TextInput
from vault.errors.families import LockboxError
from vault.views.releases import ReleaseView

WORD: Final = wording.RELEASE_WORD
NOT_THE_WORD: Final = f"That is not {WORD}, in capitals."
BY_THE_BUTTON: Final = "Enter here decides nothing: go on to the button Release."


class ReleaseDialog(Dialog[ReleaseView]):
    """Sends one held update; dismissed with what became of it once it has left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "numbers", "ε and δ", show=False)]

    def __init__(self, update: ReleaseView, *, is_practice: bool) -> None:
        super().__init__()
        self._held = update
        self._is_practice = is_practice
        self._is_sending = False

    # what stands on it

    def title_text(self) -> str:
        """What is decided."""
        return "Release this update?"

    def consequence(self) -> str:
        """What cannot be undone."""
        again = f" {wording.MAY_HAVE_LEFT}" if self._held.state == "sending" else ""
        return (
            "This leaves your computer now and cannot be called back. Withdrawing consent later will not remove what "
            f"this taught.{again}"
        )

    def details(self) -> Iterable[Widget]:
        """What leaves, how it was hidden, and what it has cost already."""
        if missing := self._token_missing(None):
            yield Plain(missing, classes="value")
        yield Facts(release_facts(self._held), classes="value")
        yield PriceBox(self._held.price)
        yield Plain(NOT_MEASURED, classes="heading")

    def _token_missing(self, to: Path | None) -> str:
        """That its requester has no token yet; the practice coordinator fetches nothing."""
        return "" if self._is_practice else token_missing(self._held, to)

    def before_buttons(self) -> Iterable[Widget]:
        """To whom, where to, and the word; always in sight."""
        yield Plain(to_whom(self._held, is_practice=self._is_practice), id="to-whom", classes="value")
        way = left_for(self._held)
        yield Plain(f"Where: {way}, or a new folder:", id="where")
        yield TextInput(placeholder=f"{way}; or type a folder", id="folder")
        with Horizontal(id="word-line"):
            yield Label(content(f"Type {WORD}: "))
            yield TextInput(id="word")
        yield Plain(id="refused", classes="bad")

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Do not release now"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The one other answer."""
        return [("release", "Release")]

    def on_mount(self) -> None:
        """Nothing can be released before the word is there."""
        self._allow()

    # deciding

    def on_input_changed(self, event: Input.Changed) -> None:
        """The exact word enables the button; any other letter takes it away again, and what was said of the last."""
        event.stop()
        if not self._is_sending:
            self._say("")
        self._allow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter decides nothing, and says so; a folder leads on to the word."""
        event.stop()
        if event.input.id == "word":
            self._say(BY_THE_BUTTON if self._is_typed() else NOT_THE_WORD)
        else:
            self.query_one("#word", Input).focus()

    def _allow(self) -> None:
        for button in self.query("#release").results(Button):
            button.disabled = self._is_sending or not self._is_typed()

    def _is_typed(self) -> bool:
        return any(one.value == WORD for one in self.query("#word").results(Input))

    def chosen(self, name: str) -> None:
        """Count down; what is wrong with the folder is said before."""
        if self._is_sending or not self._is_typed():
            return
        typed = self.query_one("#folder", Input).value.strip()
        fault = folder_fault(typed) if typed else ""
        self._say(fault)
        if fault:
            self.query_one("#folder", Input).focus()
            return
        to = Path(typed).expanduser().absolute() if typed else None
        one = self._held
        beware = beware_of_folder(one, to) or self._token_missing(to)
        facts = [("to", one.recipient), ("where", where_to(one, to)), ("digest", one.digest)]
        facts += [("beware", beware)] if beware else []
        self.app.push_screen(Countdown(facts), lambda go: self._counted(to, go))

    def _counted(self, to: Path | None, go: bool | None) -> None:
        if go:
            self._send(to)
        else:
            self._say("Cancelled: nothing was recorded, nothing left.")

    @work(exclusive=True, group="decide")
    async def _send(self, to: Path | None) -> None:
        """Ask the vault for exactly the digest that was on the screen."""
        one = self._held
        self._set_sending(True)
        try:
            sent = await self.program.ask(lambda vault: vault.send(one.id, confirm_digest=one.digest, to=to))
        except LockboxError as error:
            self._set_sending(False)
            self._say(on_screen(error))
            self.program.tell_error(error)
            return
        self.dismiss(sent)

    def _set_sending(self, is_sending: bool) -> None:
        self._is_sending = is_sending
        self.query_one("#safe", Button).disabled = is_sending
        self._say("Sending …" if is_sending else "")
        self._allow()

    def _say(self, sentence: str) -> None:
        self.query_one("#refused", Plain).set_text(sentence)

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case."""
        self.query_one(PriceBox).toggle_numbers()

    def action_leave(self) -> None:
        """Leave without deciding; what is being sent is waited for."""
        if not self._is_sending:
            super().action_leave()


class Countdown(Dialog[bool]):
    """The last seconds in which it can be cancelled; dismissed with True when they are over."""

    SECONDS: ClassVar[int] = 10
    TICK: ClassVar[float] = 1.0

    def __init__(self, facts: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._facts = facts
        self._left = self.SECONDS

    def title_text(self) -> str:
        """How long there is."""
        return f"Sending in {self._left} s … esc cancels"

    def consequence(self) -> str:
        """What has not happened yet."""
        return "Nothing is recorded and no byte is written before these seconds are over."

    def details(self) -> Iterable[Widget]:
        """What goes where."""
        yield Facts(self._facts, classes="value")

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Cancel"

    def on_mount(self) -> None:
        """Start the countdown."""
        self.set_interval(self.TICK, self._tick)

    def _tick(self) -> None:
        if not self.is_active:
            return  # seconds in which something else covers this do not count
        self._left -= 1
        self.query_one("#dialog-title", Label).update(content(self.title_text()))
        if self._left <= 0:
            self.dismiss(True)
