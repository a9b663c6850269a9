"""A field of a form with its name before it: a text, or a menu."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Horizontal
from textual.widgets import Input, Label, Select

from tui.widgets.plain import content


def text_field(
    label: str, name: str, placeholder: str = "", value: str = "", *, most: int = 200
) -> Horizontal:
    """A field for a text."""
    field = Input(
        value,
        placeholder=placeholder,
        id=name,
        max_length=most,
        compact=True,
        classes="value",
        select_on_focus=False,
    )
    return _field(label, field)


def menu_field(label: str, name: str, options: Sequence[tuple[str, str]], value: str) -> Horizontal:
    """A menu of sentences with what each stands for; one of them is always chosen."""
    known = [word for _, word in options]
    first = value if value in known else known[0]
    menu: Select[str] = Select(
        [(content(words), word) for words, word in options],
        value=first, allow_blank=False, id=name, compact=True, classes="value",
    )  # fmt: skip
    return _field(label, menu)


def _field(label: str, widget: Input | Select[str]) -> Horizontal:
    return Horizontal(Label(content(label), classes="field-name"), widget, classes="field")
