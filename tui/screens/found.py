"""The page with the rows that hold a text, in whichever collection they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.widgets import DataTable

from tui.app.page import Page
from tui.text import wording
from tui.text.layout import one_line
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.views.records import RowFilter

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import Page as Rows

MOST_EACH: Final = 20
NAME_ROOM: Final = 20
VALUE_ROOM: Final = 60
DOING: Final = "Searching every collection in the vault … esc gives it up"


class Found(Page[tuple[str, ...]]):
    """What one search found; each collection that was searched is recorded as looked at."""

    NAME = "found"
    TAB = "data"
    HELP: ClassVar[str] = """\
# Found
Rows of all your collections that hold the text, the first 20 of each. Each collection that was searched is recorded as
looked at; what you searched for is not.

* **enter** opens the rows of that collection that hold the text.
* **escape** goes back to your collections.
"""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._is_begun = False

    def body(self) -> ComposeResult:
        """What was found, and where."""
        yield Plain(DOING, id="found-where", classes="heading value")
        yield ListTable("collection", "row", "column", "value", id="found-list", classes="value")

    def fetch(self, vault: OwnerSession) -> tuple[str, ...]:
        """The names of the collections; searching is asked for once, not by every look."""
        return tuple(one.name for one in vault.collections())

    async def draw(self, facts: tuple[str, ...]) -> None:
        """Begin the search; one of a collection that is gone leads nowhere."""
        if not self._is_begun:
            self._is_begun = True
            self._search()

    @work(exclusive=True, group="found")
    async def _search(self) -> None:
        found = await self.ask(lambda vault: vault.search_all(RowFilter(text=self._text), limit=MOST_EACH))
        if found is None:
            self.action_close()
            return
        self.query_one("#found-where", Plain).set_text(where(found, self._text))
        self.query_one(ListTable).fill(line for page in found for line in lines(page))
        self.focus_first()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open the rows."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Show the rows of that collection that hold the text."""
        from tui.screens.browse import Browse

        if key := self.chosen_key():
            self.app.switch_screen(Browse(key.split("\n")[0], search=self._text))

    def action_close(self) -> None:
        """Back to the collections."""
        self.program.open_page("data")

    async def leave_part(self) -> None:
        """Back; a search that goes on is given up."""
        self.workers.cancel_group(self, "found")
        self.action_close()


def where(found: list[Rows], text: str) -> str:
    """How many rows of how many collections hold the text."""
    rows = wording.counted(sum(page.matches for page in found), "row")
    first = f"; the first {MOST_EACH} of each" if any(page.matches > len(page.rows) for page in found) else ""
    return f"{rows} of {wording.counted(len(found), 'collection')} with {wording.quoted(text)}{first}"


def lines(page: Rows) -> list[Line]:
    """One line a row: the first of its columns that holds the text."""
    made = []
    for number, row in zip(page.row_numbers, page.rows, strict=True):
        column, value = _holding(page, row)
        cells = (
            wording.short(page.collection, NAME_ROOM),
            f"{number:,}",
            wording.short(column, NAME_ROOM),
            value,
        )
        made.append(Line(key=f"{page.collection}\n{number}", cells=cells))
    return made


def _holding(page: Rows, row: tuple[str, ...]) -> tuple[str, str]:
    for column, value in zip(page.columns, row, strict=True):
        place = value.lower().find(page.search.lower())
        if place >= 0:
            begin = max(0, place - VALUE_ROOM // 2)
            cut = f"…{value[begin:]}" if begin else value
            return column, wording.short(one_line(cut), VALUE_ROOM)
    return "", "in the part of a long text that is not shown here"
