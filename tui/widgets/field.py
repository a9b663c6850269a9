"""A field of a form with its name before it, a text or a menu; and fields that tell when they are used."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Select

from tui.widgets.number_input import NumberInput
from tui.widgets.plain import content
from tui.widgets.text_input import TextInput
from tui.widgets.toggle import Toggle


def text_field(label: str, name: str, placeholder: str = "", value: str = "", *, most: int = 0) -> Horizontal:
    """A field for a text of up to so many letters, 0 for any number."""
    field = TextInput(
        value, placeholder=placeholder, id=name, most=most, classes="value", select_on_focus=False
    )
    return _field(label, field)


def number_field(
    label: str,
    name: str,
    placeholder: str,
    value: str = "",
    *,
    form: str,
    such_as: str,
    select_on_focus: bool = True,
) -> Horizontal:
    """A field for a number and nothing else."""
    field = NumberInput(
        value, placeholder=placeholder, id=name, form=form, such_as=such_as, classes="value",
        select_on_focus=select_on_focus,
    )  # fmt: skip
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


class Fields(Vertical):
    """Fields that are told of as soon as one of them is used or left."""

    def tell(self) -> None:
        """Say what the fields say now."""
        raise NotImplementedError

    def on_select_changed(self, event: Select.Changed) -> None:
        """A menu was used."""
        event.stop()
        self.tell()

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """A tick was turned."""
        event.stop()
        self.tell()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """A field was left."""
        event.stop()
        self.tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field leads on."""
        event.stop()
        self.tell()
        self.screen.focus_next()
