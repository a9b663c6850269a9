"""A radio button that shows its state by a mark and not by its colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import RadioButton

if TYPE_CHECKING:
    from textual.geometry import Size

CHOSEN, NOT_CHOSEN = "●", "○"


class Choice(RadioButton):
    """A radio button that shows ● when it is chosen and ○ when it is not."""

    BUTTON_INNER = NOT_CHOSEN

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as its words take, which one button of Textual would cut."""
        return Widget.get_content_height(self, container, viewport, width)

    def watch_value(self) -> None:
        """Draw the mark of the value."""
        self.BUTTON_INNER = CHOSEN if self.value else NOT_CHOSEN
        super().watch_value()
