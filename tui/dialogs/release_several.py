"""The dialog that releases several held updates at once: each of them with its digest, under one typed word.

As with a single one no key sends, and until the countdown is over nothing is recorded and no byte is written. Each
update leaves by itself, by the digest that stood here: where one is refused, those after it stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label

from tui.dialogs.read_to_end import ReadToEndDialog
from tui.dialogs.release import WORD, Countdown
from tui.text import wording
from tui.text.release_facts import NOT_MEASURED, short_facts, token_missing
from tui.text.screen_words import on_screen
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain, content
from tui.widgets.text_input import TextInput
from vault.errors.families import LockboxError
from vault.views.releases import ReleaseView

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

TYPE_IT: Final = f"Type {WORD} to let all of them leave."


class ReleaseSeveralDialog(ReadToEndDialog):
    """Sends held updates one after the other, to be fetched; dismissed with how many left, as words."""

    ANSWER: ClassVar[str] = "release"

    def __init__(self, updates: Sequence[ReleaseView], *, is_practice: bool = False) -> None:
        super().__init__()
        self._held = tuple(updates)
        self._is_practice = is_practice

    def title_text(self) -> str:
        """What is decided."""
        return f"Release these {len(self._held)} updates?"

    def consequence(self) -> str:
        """What cannot be undone."""
        again = f" {wording.MAY_HAVE_LEFT}" if any(one.state == "sending" for one in self._held) else ""
        return (
            "All of them leave your computer now, each to who asked for it, and cannot be called back. Withdrawing "
            f"consent later will not remove what they taught.{again}"
        )

    def details(self) -> Iterable[Widget]:
        """Who has no token yet; then each update: to whom, what leaves, what it cost, and its digest."""
        theirs = () if self._is_practice else self._held  # the practice coordinator fetches nothing
        for missing in dict.fromkeys(filter(None, (token_missing(one, None) for one in theirs))):
            yield Plain(missing, classes="value")
        for number, one in enumerate(self._held, start=1):
            yield Plain(f"Update {number} of {len(self._held)}", classes="heading")
            yield Facts(short_facts(one), classes="value")
        yield Plain(NOT_MEASURED, classes="heading")

    def before_buttons(self) -> Iterable[Widget]:
        """The word, and what is still missing."""
        with Horizontal(id="word-line"):
            yield Label(content(f"Type {WORD}: "))
            yield TextInput(id="word")
        yield from super().before_buttons()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Release none now"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The one other answer."""
        return [("release", f"Release all {len(self._held)}")]

    def missing_input(self) -> str:
        """The exact word."""
        return "" if self.query_one("#word", Input).value == WORD else TYPE_IT

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter decides nothing."""
        event.stop()

    def chosen(self, name: str) -> None:
        """Count down, once everything was read and the word is there."""
        if name == "release" and not self._is_busy and not self.what_is_missing():
            facts = [(f"{one.recipient}, digest", one.digest) for one in self._held]
            self.app.push_screen(Countdown(facts), self._counted)

    def _counted(self, go: bool | None) -> None:
        if go:
            self._send()
        else:
            self.show_problem("Cancelled: nothing was recorded, nothing left.")

    @work(exclusive=True, group="decide")
    async def _send(self) -> None:
        """Ask the vault for exactly the digests that were on the screen, one after the other."""
        self.lock_buttons(True)
        for number, one in enumerate(self._held, start=1):
            self.show_problem(f"Sending {number} of {len(self._held)} …")
            try:
                await self.program.ask(partial(_sent, one))
            except LockboxError as error:
                self._stop_at(number, on_screen(error))
                return
        self.dismiss(_left(len(self._held)))

    def _stop_at(self, number: int, problem: str) -> None:
        """Say which of them left; those that did are no question any more."""
        left = _left(number - 1) if number > 1 else "None of them left."
        self.dismiss(f"{left} Update {number} was refused, and what comes after it stays: {problem}")


def _sent(one: ReleaseView, vault: OwnerSession) -> ReleaseView:
    return vault.send(one.id, confirm_digest=one.digest)


def _left(count: int) -> str:
    noun = "update" if count == 1 else "updates"
    return f"{count} {noun} left. That cannot be called back."
