"""The page with the rows of one collection, 200 at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.widgets import DataTable, Input

from tui.app.page import Page, SearchBar
from tui.dialogs.row import RowDialog
from tui.text import wording
from tui.text.parse import parse_count
from tui.widgets.number_input import GROUPED, NumberInput
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import Page as Rows

PAGE_ROWS: Final = 200
LONGEST_CELL: Final = 32
SEARCHES: Final = "Searching {rows} in the vault … esc stops waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which rows are shown: from which one on, and which text they hold."""

    first: int = 0
    search: str = ""


class JumpBar(NumberInput):
    """The field for the number of a row."""

    def __init__(self) -> None:
        hint = "number of a row; enter goes there, escape stays"
        super().__init__("", placeholder=hint, id="jump-bar", form=GROUPED, such_as="5000")


class Browse(Page[bool]):
    """The rows as text; each page is recorded as a look."""

    NAME = "browse"
    TAB = "data"
    HELP: ClassVar[str] = """\
# Rows
The rows themselves, for your eyes, 200 at a time. That you looked is recorded; what you searched for is not.

* **n** and **p** turn the page, **o** goes to a row by its number.
* **/** searches every column inside the vault, in upper or lower case, and says how many rows hold the text.
* **space** or **enter** shows one row whole: in the list long values are cut.
* **escape** ends a search, then goes back.
"""

    def __init__(self, collection: str, *, search: str = "") -> None:
        super().__init__()
        self._collection = collection
        self._rows: Rows | None = None
        self._total: int | None = None
        self._wanted = Place(search=search)

    def body(self) -> ComposeResult:
        """Where in the collection this is, and the rows."""
        yield Plain(id="browse-where", classes="heading")
        yield Plain(id="browse-doing", classes="muted")
        yield ListTable(id="rows", classes="value")

    def fetch(self, vault: OwnerSession) -> bool:
        """Whether there are other rows now; a page of them is asked for by who turns it, not by every look."""
        found = [one.rows for one in vault.collections() if one.name == self._collection]
        is_changed, self._total = found[:1] != [self._total], found[0] if found else None
        return is_changed

    async def draw(self, facts: bool) -> None:
        """Ask for the rows for the first time, or again when there are others."""
        if self._total is None:
            self.action_close()
        elif facts:
            self.go_to(
                Place(first=self._rows.first, search=self._rows.search) if self._rows else self._wanted
            )

    # pages

    @work(exclusive=True, group="rows")
    async def go_to(self, place: Place) -> None:
        """Ask the vault for one page and show it; a page asked for later takes its place."""
        self._wanted = place
        self._say_doing(place)
        name = self._collection
        found = await self.ask(
            lambda vault: vault.browse(name, first=place.first, limit=PAGE_ROWS, search=place.search)
        )
        self.query_one("#browse-doing").display = False
        if found is not None:
            self._show(found)

    def _say_doing(self, place: Place) -> None:
        doing = self.query_one("#browse-doing", Plain)
        rows = wording.counted(self._total or 0, "row")
        doing.set_text(SEARCHES.format(rows=rows) if place.search else "Opening the rows …")
        doing.display = True

    def _show(self, rows: Rows) -> None:
        table = self.query_one("#rows", ListTable)
        if self._rows is None or self._rows.columns != rows.columns:
            table.set_headings("row", *(wording.short(name, LONGEST_CELL) for name in _unlike(rows.columns)))
        self._rows = rows
        table.fill(
            Line(key=str(number), cells=(f"{number:,}", *(wording.short(one, LONGEST_CELL) for one in row)))
            for number, row in zip(rows.row_numbers, rows.rows, strict=True)
        )
        table.move_cursor(row=0)
        self.query_one("#browse-where", Plain).set_text(where(rows))
        if self.focused is None:
            self.set_focus(table)

    def action_next(self) -> None:
        """The page behind this one."""
        if self._rows is None or self._rows.first + len(self._rows.rows) >= self._rows.matches:
            self.notify("This is the last page.")
        else:
            self.go_to(Place(first=self._rows.first + PAGE_ROWS, search=self._rows.search))

    def action_previous(self) -> None:
        """The page before this one."""
        if self._rows is None or self._rows.first == 0:
            self.notify("This is the first page.")
        else:
            self.go_to(Place(first=max(0, self._rows.first - PAGE_ROWS), search=self._rows.search))

    async def action_jump(self) -> None:
        """Type the number of a row."""
        if not self.query(JumpBar):
            await self.query_one("#body").mount(JumpBar())
        self.set_focus(self.query_one(JumpBar))

    @work(exclusive=True, group="jump")
    async def _jump(self, typed: str) -> None:
        try:
            number = parse_count(typed)
        except Invalid as error:
            self.program.tell_error(error)
            return
        if not 1 <= number <= (self._total or 0):
            self.program.tell(f"There is no row {number:,}; there are {self._total or 0:,}.")
            return
        self.query(
            JumpBar
        ).remove()  # not awaited: the next jump ends this one, and would end its widgets half way
        self.set_focus(self.query_one(ListTable))
        self.go_to(Place(first=number - 1))

    # searching, in the vault

    async def action_search(self) -> None:
        """Type what to look for; the vault looks when it is all typed."""
        if not self.query(SearchBar):
            bar = SearchBar()
            bar.placeholder = "search every column in the vault; enter begins, escape ends it"
            bar.add_class("value")
            await self.query_one("#body").mount(bar)
        self.set_focus(self.query_one(SearchBar))

    def filter_list(self, text: str) -> None:
        """Letters alone begin no search: it opens every row."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin the search, or go to the row."""
        event.stop()
        event.prevent_default()
        if event.input.id == "jump-bar":
            self._jump(event.value.strip())
        else:
            self.set_focus(self.query_one(ListTable))
            self.go_to(Place(search=event.value))

    # one row

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click show the row whole."""
        event.stop()
        self.action_row()

    def action_row(self) -> None:
        """Show one row whole."""
        key, rows = self.chosen_key(), self._rows
        if key is None or rows is None or int(key) not in rows.row_numbers:
            return
        values = rows.rows[rows.row_numbers.index(int(key))]
        self.app.push_screen(
            RowDialog(rows.collection, int(key), list(zip(rows.columns, values, strict=True)))
        )

    # leaving

    async def leave_part(self) -> None:
        """What is going on, then the search, then the screen."""
        if self.query(JumpBar):
            await self.query(JumpBar).remove()
            self.set_focus(self.query_one(ListTable))
        elif self._wanted.search:
            await self.end_search()
        else:
            self.action_close()

    async def end_search(self) -> None:
        """Wait for it no longer, and show all rows; those of a page that is here already are not asked for again."""
        self.workers.cancel_group(self, "rows")
        await self.query(SearchBar).remove()
        self.set_focus(self.query_one(ListTable))
        self.query_one("#browse-doing").display = False
        was, self._wanted = self._wanted, Place()
        if self._rows is None or self._rows.search:
            self.go_to(Place())
        elif was.search:
            self.notify("The search was given up.")

    def action_close(self) -> None:
        """Back to the collections."""
        self.program.open_page("data", at=self._collection)


def where(rows: Rows) -> str:
    """How much of the collection this is."""
    name = wording.short(rows.collection, 30)
    of = f"{wording.counted(rows.matches, 'row')} of {name}"
    if rows.search:
        held = "holds" if rows.matches == 1 else "hold"
        matches = f"{wording.counted(rows.matches, 'row')} of {rows.total:,}"
        of = f"{matches} that {held} {wording.quoted(rows.search)}, {name}"
    if not rows.rows:
        return f"Nothing here; {of}"
    return f"{rows.first + 1:,} to {rows.first + len(rows.rows):,} of {of}"


def _unlike(names: tuple[str, ...]) -> list[str]:
    """Headings that differ even where they are cut, as each is the key of its column."""
    cut = [wording.short(name, LONGEST_CELL) for name in names]
    return [
        name
        if cut.count(name) == 1 and name != "row"
        else f"{wording.short(name, LONGEST_CELL - 6)} ({place})"
        for place, name in enumerate(cut, start=1)
    ]
