"""The base of the cards that are shown before a vault is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import ClassVar, Final, Protocol, TypeVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input

from tui.app.key_names import key_of
from tui.app.leaving import Leavable
from tui.app.program import Program, program_of
from tui.app.threads import in_thread
from tui.widgets.plain import Plain, content
from tui.widgets.secret_input import SecretInput
from tui.widgets.text_input import TextInput, refusal_in
from vault.errors.families import LockboxError

T = TypeVar("T")
HIDDEN: Final = "What is typed, and its field, is behind the curtain: {key} shows it again."


class Closable(Protocol):
    """A result that has to be closed when it is not used."""

    def close(self) -> None:
        """Close it."""


class Card(Leavable):
    """One card in the middle of the screen; long work runs beside it, and escape leaves it."""

    HELP: ClassVar[str] = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("ctrl+r", "reveal", "Show what is typed", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._ticking: Timer | None = None
        self._seconds = 0
        self._doing = ""
        self._is_left = Event()

    @property
    def program(self) -> Program:
        """The program this card belongs to."""
        return program_of(self)

    def compose(self) -> ComposeResult:
        """Title, body, the line that says how it goes, and the buttons; the body scrolls where there is little room."""
        with Vertical(id="card"):
            yield Plain(self.title_text(), id="card-title")
            with VerticalScroll(id="card-body", can_focus=False):
                yield from self.body()
            yield Plain(
                HIDDEN.format(key=key_of("everywhere.curtain", self.program.own_keys)), id="card-curtain"
            )
            yield Plain("", id="card-word")
            with Horizontal(id="buttons"):
                for name, label in self.choices():
                    yield Button(content(label), id=name)
            yield Plain(self.keys(), id="card-keys", classes="muted")

    def title_text(self) -> str:
        """What this card is for."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """What stands on it."""
        return ()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The buttons: id and verb."""
        return ()

    def keys(self) -> str:
        """The keys that matter here, in one line."""
        return "tab moves · enter chooses · esc goes back · ctrl+q quits"

    def chosen(self, name: str) -> None:
        """Do what the button of this id says."""
        raise NotImplementedError

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do it."""
        event.stop()
        self.chosen(str(event.button.id))

    # saying how it goes

    def on_text_input_refused(self, event: TextInput.Refused) -> None:
        """A field was given what does not go there, or what does after that."""
        event.stop()
        self.show_message(refusal_in(self), is_bad=True)

    def show_message(self, sentence: str, *, is_bad: bool = False) -> None:
        """One sentence above the buttons."""
        word = self.query_one("#card-word", Plain)
        word.set_class(is_bad, "bad")
        word.set_text(sentence)

    def _begin(self, doing: str) -> None:
        self._is_left = Event()
        self._doing, self._seconds = doing, 0
        self._lock_fields(True)
        self.show_message(f"{doing} …")
        self._ticking = self.set_interval(1, self._tick)

    def _tick(self) -> None:
        self._seconds += 1
        self.show_message(f"{self._doing} … {self._seconds} s (esc stops waiting)")

    def _end(self) -> None:
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        self._lock_fields(False)
        self.show_message("")

    def _lock_fields(self, is_locked: bool) -> None:
        for field in self.query(Input):
            field.disabled = is_locked
        for button in self.query(Button):
            button.disabled = is_locked

    @property
    def is_busy(self) -> bool:
        """Whether work goes on beside this card."""
        return self._ticking is not None

    # long work

    def run_job(self, doing: str, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do a job in a thread, say what is done meanwhile, and go on with its result; escape stops waiting for it."""
        self._begin(doing)
        self._do(self._is_left, job, then)

    @work(exclusive=True, group="card")
    async def _do(self, is_left: Event, job: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            result = await in_thread(lambda: _unless_left(job(), is_left))
        except LockboxError as error:
            self._end()
            self.failed(error)
        else:
            self._end()
            then(result)

    def failed(self, error: LockboxError) -> None:
        """Say in one sentence why it did not work."""
        self.show_message(f"{error} {error.hint}".strip(), is_bad=True)

    def on_unmount(self) -> None:
        """Close what still comes of the work."""
        self._is_left.set()

    def abandon(self) -> None:
        """Wait no longer for the work; its result is closed."""
        self._is_left.set()
        self.workers.cancel_group(self, "card")
        self._end()

    def action_back(self) -> None:
        """Stop waiting, or leave the card."""
        if self.is_busy:
            self.abandon()
        else:
            self.go_back()

    def action_reveal(self) -> None:
        """Show what is typed into the secret fields, or dots again."""
        for field in self.query(SecretInput):
            field.password = not field.password

    def go_back(self) -> None:
        """Where escape leads."""


def _unless_left(result: T, is_left: Event) -> T:
    """The result; where nobody waits for it any more it is closed."""
    if is_left.is_set() and hasattr(result, "close"):
        cast("Closable", result).close()
    return result
