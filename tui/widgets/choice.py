"""A radio button that shows its state by a mark and not by its colour alone."""

from __future__ import annotations

from textual.widgets import RadioButton

CHOSEN, NOT_CHOSEN = "●", "○"


class Choice(RadioButton):
    """A radio button that shows ● when it is chosen and ○ when it is not."""

    BUTTON_INNER = NOT_CHOSEN

    def watch_value(self) -> None:
        """Draw the mark of the value."""
        self.BUTTON_INNER = CHOSEN if self.value else NOT_CHOSEN
        super().watch_value()
