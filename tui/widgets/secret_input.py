"""A passphrase field: what is typed shows as dots, and cannot be copied or cut."""

from __future__ import annotations

from typing import Final

from tui.widgets.text_input import TextInput

LONGEST_SECRET: Final = 1024


class SecretInput(TextInput):
    """One line of dots that only its owner turns to letters; Textual's own would copy it to the clipboard."""

    ALLOW_SELECT = False

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
        # select_on_focus: a field left and entered again would be replaced by the next letter, unseen.
        super().__init__(
            password=True, placeholder=placeholder, id=id, select_on_focus=False, most=LONGEST_SECRET,
            compact=False,
        )  # fmt: skip

    def take(self) -> str:
        """What was typed, and an empty field."""
        typed = self.value
        self.value = ""
        return typed

    def action_copy(self) -> None:
        """Nothing: the clipboard belongs to every program."""

    def action_cut(self) -> None:
        """The same."""
