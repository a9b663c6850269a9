"""The last question before what is for good: a word that is typed, so that no key alone decides it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput


class WordDialog(Dialog[bool]):
    """Dismissed with True once exactly this word was typed and sent with enter."""

    AUTO_FOCUS = "#word"

    def __init__(self, word: str, consequence: str) -> None:
        super().__init__()
        self._word, self._consequence = word, consequence

    def title_text(self) -> str:
        """What to do."""
        return f"Type {self._word} and press enter"

    def consequence(self) -> str:
        """What is for good."""
        return self._consequence

    def before_buttons(self) -> Iterable[Widget]:
        """The field of the word."""
        yield TextInput(id="word", placeholder=self._word)
        yield Plain("", id="problem", classes="bad")

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong is being corrected."""
        event.stop()
        self.query_one("#problem", Plain).set_text("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Exactly the word decides; anything else is said to be something else."""
        event.stop()
        if event.value == self._word:
            self.dismiss(True)
        else:
            self.query_one("#problem", Plain).set_text(f"That is not {self._word}, in capitals.")
