"""A field for a number: what is none stays as it was typed, is told of at once, and is taken for no other number."""

from __future__ import annotations

import re
from typing import Final

from tui.widgets.text_input import TextInput

WHOLE: Final = " *[0-9]* *"
GROUPED: Final = " *[0-9,]* *"
"""A whole number, with commas between groups of three digits or none."""
DECIMAL: Final = r" *[0-9]*\.?[0-9]* *"


class NumberInput(TextInput):
    """A field for a number of this form; as soon as there is something else in it, that is told.

    A comma that was left out of 0,5 would make ten times as much of it, and so would a digit too many of 0.05.
    """

    def __init__(
        self,
        value: str,
        *,
        form: str,
        such_as: str,
        id: str,
        placeholder: str = "",
        classes: str = "",
        select_on_focus: bool = True,
    ) -> None:
        self._form = form
        self._sentence = f"Only a number goes into this field, such as {such_as}."
        super().__init__(
            value, placeholder=placeholder, id=id, classes=classes, select_on_focus=select_on_focus
        )

    def fault(self) -> str:
        """That it is no number, whoever wrote it there."""
        return "" if re.fullmatch(self._form, self.value) else self._sentence
