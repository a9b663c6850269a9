"""A field that takes a number and nothing else: what is no part of one is refused where it is typed."""

from __future__ import annotations

from typing import Final

from textual.message import Message
from textual.widgets import Input

WHOLE: Final = "[0-9]*"
GROUPED: Final = "[0-9,]*"
"""A whole number, with commas between groups of three digits or none."""
DECIMAL: Final = r"[0-9]*\.?[0-9]*"
LONGEST: Final = 12


class NumberInput(Input):
    """A field for a number of this form; a key that cannot be part of one changes nothing and is told of."""

    class Refused(Message):
        """Something was typed that is no part of a number; one sentence says what goes there.

        It is empty once what is typed after that can be.
        """

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
            restrict=form, select_on_focus=select_on_focus,
        )  # fmt: skip
        self._such_as, self._is_told = such_as, False

    def replace(self, text: str, start: int, end: int) -> None:
        """Take a part of a number."""
        was_told, self._is_told = self._is_told, False
        super().replace(text, start, end)
        if was_told and not self._is_told:
            self.post_message(self.Refused(""))

    def restricted(self) -> None:
        """Say what goes here."""
        self._is_told = True
        self.post_message(self.Refused(f"Only a number goes into this field, such as {self._such_as}."))
