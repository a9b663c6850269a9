"""A field that keeps what is typed and pasted as it is; what does not go into it is told of, and nothing is cut."""

from __future__ import annotations

from typing import Final

from textual.events import Paste
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.text.parse import too_long

SEVERAL_LINES: Final = "One line goes into this field, and several were pasted: none of it was taken."


class TextInput(Input):
    """A line of text of up to `most` letters, 0 for any number: a longer one stays too, and is told to be too long.

    Textual's own `max_length` drops the letter that is one too many, and a paste whole, without a word.
    """

    class Refused(Message):
        """What stands there, or was pasted, does not go there, as `refusal` says; or it does again."""

        def __init__(self, field: TextInput) -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> TextInput:
            """The field."""
            return self.field

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        id: str | None = None,
        most: int = 0,
        compact: bool = True,
        classes: str = "",
        password: bool = False,
        select_on_focus: bool = True,
    ) -> None:
        self._most, self._has_lost, self._told = most, False, ""
        super().__init__(
            value, placeholder=placeholder, id=id, compact=compact, classes=classes or None, password=password,
            select_on_focus=select_on_focus,
        )  # fmt: skip

    @property
    def refusal(self) -> str:
        """One sentence about what stands there and does not go there, or was pasted and not taken; else empty."""
        return SEVERAL_LINES if self._has_lost else self.fault()

    def fault(self) -> str:
        """What is wrong with the value, in one sentence; else empty."""
        found = too_long(self.value, self._most) if self._most else ""
        return f"{found[:1].upper()}{found[1:]}{'.' * bool(found)}"

    def watch_value(self) -> None:
        """Whoever changed it, a person or the program: what is told fits what stands there."""
        self._has_lost = False
        self._tell()

    def _on_paste(self, event: Paste) -> None:
        """Take one line, without its end; of several the base would take the first and lose the others."""
        event.stop()
        event.prevent_default()
        lines = event.text.strip("\r\n").splitlines()
        if len(lines) == 1:
            start, end = self.selection
            self.replace(lines[0], start, end)
        elif lines:
            self._has_lost = True
            self._tell()

    def _tell(self) -> None:
        if self.refusal != self._told:
            self._told = self.refusal
            self.post_message(self.Refused(self))


def refusal_in(screen: Widget) -> str:
    """What the first field of this screen that was given something else says; empty where none was."""
    return next((one.refusal for one in screen.query(TextInput) if one.refusal), "")
