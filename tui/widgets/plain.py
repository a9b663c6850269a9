"""Plain text: nothing in it is read as markup, and nothing in it steers the terminal."""

from __future__ import annotations

from rich.text import Text
from textual.content import Content
from textual.widgets import Static

from tui.text.layout import escaped


def content(text: str, style: str = "") -> Content:
    """Text for buttons, titles and options, where a plain string would be read as markup."""
    return Content.styled(escaped(text), style) if style else Content(escaped(text))


def cell(text: str, style: str = "") -> Text:
    """Text for the cell of a table, where a plain string would be read as markup."""
    return Text(escaped(text), style=style, no_wrap=True, end="")


class Plain(Static):
    """A text, wrapped to its place; `value` in its classes says that the curtain hides it."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(escaped(text), markup=False, id=id, classes=classes)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self.update(content(text))
