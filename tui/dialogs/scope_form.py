"""The base of the forms for a new consent and for "what if": requester, collection, columns and purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Label, Select

from tui.dialogs.vault_call import VaultCallDialog
from tui.text import wording
from tui.text.import_facts import CLASSES
from tui.text.parse import parse_moment
from tui.widgets.plain import Plain, content
from tui.widgets.text_input import TextInput
from tui.widgets.toggle import Toggle
from vault.errors.families import Invalid
from vault.views.purposes import PURPOSES

if TYPE_CHECKING:
    from vault.views.collections import CollectionView
    from vault.views.requesters import RequesterView

NOBODY: Final = "Nobody may ask yet. Add who may, with their key file, under 4 Requests, Take in…"
NO_DATA: Final = "There is nothing to learn from yet: import a file under 2 Data."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The requesters and collections to choose from."""

    requesters: tuple[RequesterView, ...]
    collections: tuple[CollectionView, ...]

    @property
    def fault(self) -> str:
        """Why there is nothing to choose, or empty."""
        return ("" if self.collections else NO_DATA) if self.requesters else NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What was chosen."""

    requester: str
    collection: str
    fields: tuple[str, ...]
    purpose: str
    window: tuple[datetime | None, datetime | None]


class ScopeForm(VaultCallDialog):
    """Fields to fill in; nothing is ticked, and nothing happens before the next dialog."""

    AUTO_FOCUS = "#who"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "app.focus_next", show=False),
        Binding("up,k", "app.focus_previous", show=False),
    ]

    def __init__(self, choices: Choices, *, collection: str = "") -> None:
        super().__init__()
        self._choices = choices
        self._first = collection

    # what stands there

    def details(self) -> Iterable[Widget]:
        """The questions, one under the other."""
        yield _field("Who", _select("who", [(_who(one), one.name) for one in self._choices.requesters]))
        collections = [(_collection(one), one.name) for one in self._choices.collections]
        yield _field("Which data", _select("collection", collections, first=self._first))
        yield Plain("Which columns; space ticks one", classes="heading")
        yield Vertical(id="columns")
        purposes = [(words, iri) for iri, words in PURPOSES.items()]
        yield _field("What for", _select("purpose", purposes, is_chosen=False))
        yield from self.more_fields()
        yield Plain("Only if not every record may be read", classes="heading")
        yield text_field("Records from", "records-from", "a date; empty: from the first")
        yield text_field("Records before", "records-to", "a date; empty: to the last")

    def more_fields(self) -> Iterable[Widget]:
        """What this form asks besides."""
        return ()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Another collection has other columns; none of them is ticked."""
        event.stop()
        if event.select.id == "collection":
            self._show_columns()

    def on_mount(self) -> None:
        """Show the columns of the collection that is chosen already."""
        self._show_columns()

    def _show_columns(self) -> None:
        place, one = self.query_one("#columns", Vertical), self.collection
        names = [toggle.label for toggle in place.query(Toggle)]
        fields = one.fields if one else ()
        if names != [field.name for field in fields] or not names:
            place.remove_children()
            toggles: list[Widget] = [
                Toggle(field.name, _about(field.type, field.sensitivity), classes="value") for field in fields
            ]
            place.mount(*toggles or [Plain("First choose the data.", classes="muted")])

    # what was chosen

    @property
    def collection(self) -> CollectionView | None:
        """The collection that is chosen, if one is."""
        name = selected(self, "#collection")
        return next((one for one in self._choices.collections if one.name == name), None)

    def scope(self) -> Scope:
        """What was chosen; raises `Invalid` with the first thing that is missing."""
        found = {
            name: selected(self, f"#{name}", missing)
            for name, missing in (
                ("who", "choose who would learn"),
                ("collection", "choose the data"),
            )
        }
        ticked = tuple(one.label for one in self.query("#columns Toggle").results(Toggle) if one.is_on)
        if not ticked:
            raise Invalid(reason="tick at least one column")
        purpose = selected(self, "#purpose", "choose what it is for")
        window = (self.date("#records-from"), self.date("#records-to"))
        return Scope(
            requester=found["who"],
            collection=found["collection"],
            fields=ticked,
            purpose=purpose,
            window=window,
        )

    def text(self, selector: str) -> str:
        """What was typed into a field."""
        return self.query_one(selector, Input).value.strip()

    def date(self, selector: str) -> datetime | None:
        """A moment that was typed, or None for none; raises `Invalid`."""
        typed = self.text(selector)
        return parse_moment(typed) if typed else None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next; it decides nothing."""
        event.stop()
        self.focus_next()


def selected(form: ScopeForm, selector: str, missing: str = "") -> str:
    """The value of a menu; raises `Invalid` with `missing` for none, or is empty."""
    value = form.query_one(selector, Select).value
    if isinstance(value, str):
        return value
    if missing:
        raise Invalid(reason=missing)
    return ""


def text_field(label: str, name: str, placeholder: str, value: str = "") -> Widget:
    """A field for a text, with its name before it."""
    return _field(label, TextInput(value, placeholder=placeholder, id=name, classes="value"))


def _field(label: str, widget: Widget) -> Widget:
    return Horizontal(Label(content(label), classes="field-name"), widget, classes="field")


def _select(
    name: str, options: Sequence[tuple[str, str]], *, first: str = "", is_chosen: bool = True
) -> Select[str]:
    """A menu; where there is only one thing to choose it is chosen, unless that would be a decision of its own."""
    only = options[0][1] if is_chosen and len(options) == 1 else ""
    value = first if first in (known for _, known in options) else only
    return Select(
        [(content(words), known) for words, known in options],
        prompt="choose",
        value=value or Select.NULL,
        id=name,
        compact=True,
        classes="value",
    )


def _who(one: RequesterView) -> str:
    status = one.status
    return f"{wording.short(one.name, 40)}  {wording.KEY_MARKS[status]} {wording.key_warning(status)}"


def _collection(one: CollectionView) -> str:
    return f"{wording.short(one.name, 40)}, {wording.counted(one.rows, 'row')}"


def _about(kind: str, sensitivity: str) -> str:
    if sensitivity == "ordinary":
        return kind
    return f"{kind}; {sensitivity}: {CLASSES[sensitivity]}"
