"""The base of the dialogs: the consequence stays in sight, details scroll, the safe answer has the focus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import InputEvent, Key
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Label

from tui.app.leaving import Leavable
from tui.app.program import Program, program_of
from tui.dialogs.jump import JUMP_KEY
from tui.widgets.plain import Plain, content
from tui.widgets.text_input import TextInput, refusal_in

R = TypeVar("R")

DEAF_SECONDS: Final = 0.5
"""So long a dialog hears no key and no click: what was meant for the screen before it decides nothing."""


class Dialog(Leavable, ModalScreen[R | None]):
    """Base of the dialogs; dismissed with None for "nothing was decided", which escape always means.

    At 60×20 the title, the consequence and the buttons are in sight without scrolling; only `details` scroll. The
    safe button comes first, has the focus, and its answer is never remembered. No letter moves the focus.
    """

    HELP: ClassVar[str] = ""
    """What there is to know besides what stands on it."""

    AUTO_FOCUS = "#safe"
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("question_mark,f1", "app.help", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("down,j", "line(1)", show=False),
        Binding("up,k", "line(-1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
        JUMP_KEY,
    ]

    _hears_from = float("inf")
    _result: tuple[R | None] | None = None
    """With what it is left, where something lay in front of it then."""

    @property
    def program(self) -> Program:
        """The program this dialog belongs to."""
        return program_of(self)

    def compose(self) -> ComposeResult:
        """Title, consequence, details, buttons."""
        with Vertical(id="dialog"):
            yield Label(content(self.title_text()), id="dialog-title")
            yield from self.before_consequence()
            yield Plain(self.consequence(), id="consequence")
            with VerticalScroll(id="details", can_focus=True):
                yield from self.details()
            yield from self.before_buttons()
            with Horizontal(id="buttons"):
                yield Button(content(self.safe_label()), id="safe")
                for name, label in self.choices():
                    yield Button(content(label), id=name)
            yield Plain("", id="note")

    # what it hears

    def on_screen_resume(self) -> None:
        """Hear nothing until it has been in sight for half a second, also when it comes back from under another."""
        self._hears_from = float("inf")
        if self._result is not None:
            self.dismiss(*self._result)
            return
        self.call_after_refresh(self._in_sight)

    def _in_sight(self) -> None:
        self._hears_from = self.program.clock() + DEAF_SECONDS

    def is_deaf_to(self, event: InputEvent) -> bool:
        """Whether it was not long enough in sight when this was pressed; letters of a field and escape are heard."""
        if isinstance(event, Key) and (event.key == "escape" or self._is_typing(event)):
            return False
        return self.program.time_of(event) < self._hears_from

    def _is_typing(self, event: Key) -> bool:
        return event.is_printable and isinstance(self.focused, Input)

    def show_note(self, sentence: str) -> None:
        """Say below the buttons what a page would say in a corner, where it would cover the fields."""
        for note in self.query("#note").results(Plain):
            note.set_text(sentence)
            note.display = bool(sentence)

    def on_text_input_refused(self, event: TextInput.Refused) -> None:
        """A field was given what does not go there, or what does after that."""
        event.stop()
        self.show_note(refusal_in(self))

    # what it scrolls, wherever the focus is

    def action_page(self, pages: int) -> None:
        """Scroll the details by pages."""
        self._scroll(pages * max(1, self._details.size.height - 1))

    def action_line(self, lines: int) -> None:
        """Scroll the details by lines."""
        self._scroll(lines)

    def action_end(self, way: int) -> None:
        """Scroll the details to their end, or back to their beginning."""
        self._scroll(way * self._details.virtual_size.height)

    @property
    def _details(self) -> Widget:
        return self.query_one("#details")

    def _scroll(self, lines: int) -> None:
        self._details.scroll_relative(y=lines, animate=False)

    # what stands on it

    def title_text(self) -> str:
        """What is decided, as a question or a fact."""
        raise NotImplementedError

    def consequence(self) -> str:
        """What happens, in at most six lines of 54 letters; never scrolled away."""
        raise NotImplementedError

    def before_consequence(self) -> Iterable[Widget]:
        """What stands right under the title, such as a price."""
        return ()

    def details(self) -> Iterable[Widget]:
        """What may be scrolled."""
        return ()

    def before_buttons(self) -> Iterable[Widget]:
        """What stands right above the buttons, such as a word to type."""
        return ()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Not now"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The other answers: id and verb. Disabled ones are disabled in `on_mount`."""
        return ()

    def chosen(self, name: str) -> None:
        """Do what the button of this id says."""
        raise NotImplementedError

    def answer(self, name: str) -> None:
        """Carry out what the button of this id says."""
        self.chosen(name)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The safe answer leaves; another one is carried out."""
        event.stop()
        if event.button.id == "safe":
            self.action_leave()
        else:
            self.answer(str(event.button.id))

    def action_leave(self) -> None:
        """Leave without deciding anything."""
        self.dismiss(None)

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Leave with a result; where something lies in front of it, such as the help, once that is left.

        Textual takes away whatever is in front, and of a dialog that was left already the page under it.
        """
        if self.app.screen is self:
            return super().dismiss(result)
        self._result = (result,)
        return AwaitComplete()
