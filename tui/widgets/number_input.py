"""A field for a number: what is none stays as it was typed, is told of at once, and is taken for no other number."""

from __future__ import annotations

import re
from typing import Final

from textual.message import Message
from textual.widgets import Input

WHOLE: Final = "[0-9]*"
GROUPED: Final = "[0-9,]*"
"""A whole number, with commas between groups of three digits or none."""
DECIMAL: Final = r"[0-9]*\.?[0-9]*"
LONGEST: Final = 12


class NumberInput(Input):
    """A field for a number of this form; as soon as there is something else in it, that is told."""

    class Refused(Message):
        """What stands there is no number; one sentence says what goes there. It is empty once it is one again."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(
        self,
        value: str,
        *,
        form: str,
        such_as: str,
        id: str,
        placeholder: str = "",
        most: int = LONGEST,
        classes: str = "",
        select_on_focus: bool = True,
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, id=id, max_length=most, compact=True, classes=classes or None,
            select_on_focus=select_on_focus,
        )  # fmt: skip
        self._form, self._is_told = form, False
        self._sentence = f"Only a number goes into this field, such as {such_as}."

    def replace(self, text: str, start: int, end: int) -> None:
        """Take what is typed as it is: a comma that was left out of 0,5 would make ten times as much of it."""
        super().replace(text, start, end)
        is_odd = re.fullmatch(self._form, self.value) is None
        if is_odd != self._is_told:
            self._is_told = is_odd
            self.post_message(self.Refused(self._sentence if is_odd else ""))
