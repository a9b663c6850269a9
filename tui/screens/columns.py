"""The page with the columns of one collection, their sensitivity, their readers and their distributions."""

from __future__ import annotations

from asyncio import Lock
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable

from tui.app.leaving import while_here
from tui.app.page import Page
from tui.app.threads import to_its_end
from tui.text import times, wording
from tui.text.import_facts import CLASSES, MARKS
from tui.widgets.column import ColumnDrawing
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView, FieldView
    from vault.views.consents import GrantView
    from vault.views.records import ColumnSummary

HIDDEN: Final = "Values are hidden. v draws every column; the look is recorded in the trail."
DRAWING: Final = "Drawing the columns: the vault opens every row of them …"
NAME_ROOM: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """The collection, if it is still there, and the consents that are in force on it."""

    collection: CollectionView | None
    grants: tuple[GrantView, ...]


class Columns(Page[ColumnFacts]):
    """One collection, column by column; no value is asked for before `v`."""

    NAME = "columns"
    TAB = "data"
    HELP: ClassVar[str] = """\
# Columns
One column a line; beside or under it what it is, who may read it, and, after **v**, how its values are spread, how they
run over time, on which days there are rows, and which rounded places there are.

* The drawing is for your eyes. It is made in the vault, and that you looked is recorded.
* **b** shows the rows themselves. **escape** goes back to your collections.
"""

    def __init__(self, collection: str, *, is_drawn: bool = False) -> None:
        super().__init__()
        self._collection = collection
        self._facts = ColumnFacts(collection=None, grants=())
        self._summaries: dict[str, ColumnSummary] = {}
        self._is_wanted = is_drawn
        self._drawing = Lock()

    def body(self) -> ComposeResult:
        """The list and what is said and drawn of the column under the cursor."""
        yield Plain(id="columns-title", classes="heading value")
        with Container(id="columns-body"):
            yield ListTable("", "column", "type", "class", id="columns-list")
            with VerticalScroll(id="columns-details", can_focus=True):
                yield Facts((), id="column-about", classes="value")
                yield Plain(HIDDEN, id="column-hidden", classes="muted")
                yield ColumnDrawing(id="column-drawing")

    def fetch(self, vault: OwnerSession) -> ColumnFacts:
        """The collection and its consents; no value is read."""
        found = [one for one in vault.collections() if one.name == self._collection]
        grants = [
            one for one in vault.grants() if one.collection == self._collection and one.state == "active"
        ]
        return ColumnFacts(collection=found[0] if found else None, grants=tuple(grants))

    async def draw(self, facts: ColumnFacts) -> None:
        """Fill the list; a collection that is gone leads back."""
        self._facts = facts
        if facts.collection is None:
            self.action_close()
            return
        one = facts.collection
        size = f"{wording.counted(len(one.fields), 'column')}, {wording.counted(one.rows, 'row')}"
        self.query_one("#columns-title", Plain).set_text(f"{wording.short(one.name, 40)}: {size}")
        self.query_one(ListTable).fill(map(_line, one.fields))
        await self._show_chosen()
        if self._is_wanted:
            self._is_wanted = False
            self.action_view()

    @property
    def chosen(self) -> FieldView | None:
        """The column under the cursor."""
        key, one = self.chosen_key(), self._facts.collection
        return next((field for field in one.fields if field.name == key), None) if one else None

    async def _show_chosen(self) -> None:
        async with self._drawing:  # the cursor may go on while what it was on is still being drawn
            field = self.chosen
            if field is None:
                return
            readers = [one for one in self._facts.grants if field.name in one.fields]
            self.query_one("#column-about", Facts).set_facts(_about(field, readers))
            summary = self._summaries.get(field.name)
            self.query_one("#column-hidden").display = summary is None
            drawing = self.query_one(ColumnDrawing)
            drawing.display = summary is not None
            if summary is not None:
                await drawing.show(summary, width=self._room(), calm=self.program.is_calm)

    async def _show_viewed(self) -> None:
        with while_here(self):
            await self._show_chosen()

    def _room(self) -> int:
        width = self.query_one("#columns-details").size.width or self.app.size.width
        return max(20, width - 4)

    async def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what the cursor is on."""
        event.stop()
        await self._show_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter reads on, in place of the list where there is no room for both."""
        event.stop()
        self.action_open()

    async def on_resize(self, event: Resize) -> None:
        """Draw as wide as there is room now."""
        self.call_after_refresh(self._show_chosen)

    # actions

    def action_open(self) -> None:
        """Read the details, in place of the list where there is no room for both."""
        self.query_one("#columns-body").add_class("-details")
        self.query_one("#columns-details").focus()

    @work(exclusive=True, group="view")
    async def action_view(self) -> None:
        """Have every column drawn; the look is recorded."""
        if self._summaries:
            return
        hidden = self.query_one("#column-hidden", Plain)
        hidden.set_text(DRAWING)
        name = self._collection
        found = await self.ask(lambda vault: vault.show_collection(name))
        hidden.set_text(HIDDEN)
        self._summaries = {one.name: one for one in found or ()}
        # Another press ends this worker, and a widget whose removal is broken off breaks its parent's.
        await to_its_end(self._show_viewed())

    def action_browse(self) -> None:
        """Show the rows; recorded as a look."""
        from tui.screens.browse import Browse

        self.app.switch_screen(Browse(self._collection))

    def action_close(self) -> None:
        """Back to the collections."""
        self.program.open_page("data", at=self._collection)

    async def leave_part(self) -> None:
        """Back, first to the list."""
        body = self.query_one("#columns-body")
        if body.has_class("-details"):
            body.remove_class("-details")
            self.focus_first()
        else:
            self.action_close()


def _line(field: FieldView) -> Line:
    mark = MARKS.get(field.sensitivity, "")
    return Line(
        key=field.name, cells=(mark, wording.short(field.name, NAME_ROOM), field.type, field.sensitivity)
    )


def _about(field: FieldView, readers: list[GrantView]) -> list[tuple[str, str]]:
    who = [
        f"{one.requester}, for {one.purpose_words}, until {times.day_of(one.not_after)}" for one in readers
    ]
    return [
        ("column", field.name),
        ("type", _type_words(field.type)),
        ("class", f"{field.sensitivity}: {CLASSES.get(field.sensitivity, '')}".rstrip(": ")),
        ("who may read it now", "\n".join(who) or "nobody"),
    ]


def _type_words(word: str) -> str:
    if word.startswith("vector("):
        return f"{word.removeprefix('vector(').rstrip(')')} numbers in each row"
    return TYPES.get(word, word)


TYPES: Final = {
    "float": "numbers with a fraction",
    "int": "whole numbers",
    "bool": "yes or no",
    "text": "text",
    "timestamp": "times",
    "category": "one of a few words",
}
