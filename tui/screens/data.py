"""The data page: the collections with their size, sensitivity, privacy unit, consents and budget."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable, Input

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.export_data import DataExportDialog
from tui.text import consent_facts, times, wording
from tui.text.import_facts import MARKS, SENSITIVITIES
from tui.text.layout import table_text
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from tui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.budget import BudgetLine
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantView

EMPTY: Final = (
    "No data yet. Import a CSV, JSON Lines or Parquet file: press {key}.\n\n"
    "Its rows are sealed into your vault, and nobody may learn from them before you say so."
)
NOBODY: Final = "Nobody. Consents are given under 3 Consents, or when you approve a request."
BAR: Final = 25
NAME_ROOM: Final = 24


class AllBar(TextInput):
    """The field for a text that is looked for in every collection."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="search the rows of every collection; enter begins, escape stays",
            id="all-bar",
            classes="value",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Every collection, every consent, and how much of each lifetime budget is used, in percent."""

    collections: tuple[CollectionView, ...]
    grants: tuple[GrantView, ...]
    budgets: dict[str, BudgetLine]


class Data(Page[Holdings]):
    """What is in the vault."""

    NAME = "data"
    TITLE_TEXT = "Data"
    HELP: ClassVar[str] = """\
# Data
Your collections. **enter** shows the columns of one, **b** its rows.

* No value is shown before you ask for it. Looking at values is recorded in the trail, and nothing leaves by it.
* *What counts as one* is what the noise of every job hides whole: a day, a record, a person.
* The *lifetime privacy budget* was fixed at the import. What jobs used of it never comes back.
* **s** searches the rows of every collection.
* **c** describes a collection to who asks, in a file.
* **e** writes a readable copy into a file of yours. **D** erases a collection for good: its name has to be typed.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Holdings(collections=(), grants=(), budgets={})

    def body(self) -> ComposeResult:
        """The list, and beside or under it what there is to know of the one under the cursor."""
        key = key_of("data.import", self.program.own_keys)
        yield Plain(EMPTY.format(key=key), classes="empty", id="data-empty")
        with Container(id="data-body"):
            yield ListTable("collection", "rows", "columns", "sensitive", "learn now", "used", id="data-list")
            with VerticalScroll(id="data-details", can_focus=True):
                yield Plain(id="data-name", classes="heading value")
                yield Facts((), id="data-facts", classes="value")
                yield Plain(id="data-columns", classes="value")

    def fetch(self, vault: OwnerSession) -> Holdings:
        """The collections, consents and budgets; no value is read."""
        lines = [line for line in vault.budget() if line.requester is None]
        return Holdings(
            collections=tuple(vault.collections()),
            grants=tuple(vault.grants()),
            budgets={name: line for line in lines for name in line.members},
        )

    async def draw(self, facts: Holdings) -> None:
        """Fill the list; the details follow its cursor."""
        self._facts = facts
        self.query_one("#data-empty").display = not facts.collections
        self.query_one("#data-body").display = bool(facts.collections)
        self.query_one(ListTable).fill(map(self._line, facts.collections))
        self._show_chosen()

    def _line(self, one: CollectionView) -> Line:
        learn = len(self._active(one))
        cells = (
            wording.short(one.name, NAME_ROOM),
            f"{one.rows:,}",
            str(len(one.fields)),
            _marked_columns(one),
            wording.counted(learn, "consent") if learn else "nobody",
            wording.percent(budget.used_percent) if (budget := self._budget(one)) else "",
        )
        return Line(key=one.name, cells=cells)

    def _active(self, one: CollectionView) -> list[GrantView]:
        return [
            grant for grant in self._facts.grants if grant.collection == one.name and grant.state == "active"
        ]

    def _budget(self, one: CollectionView) -> BudgetLine | None:
        return self._facts.budgets.get(one.name)

    @property
    def chosen(self) -> CollectionView | None:
        """The collection under the cursor."""
        key = self.chosen_key()
        return next((one for one in self._facts.collections if one.name == key), None)

    def _show_chosen(self) -> None:
        one = self.chosen
        if one is not None:
            self.query_one("#data-name", Plain).set_text(one.name)
            self.query_one("#data-facts", Facts).set_facts(
                collection_facts(one, self._active(one), self._budget(one), self.program.now())
            )

            self.query_one("#data-columns", Plain).set_text(columns_table(one, self._room()))

    def _room(self) -> int:
        return max(30, (self.query_one("#data-details").size.width or self.app.size.width) - 4)

    def on_resize(self) -> None:
        """The columns are laid out anew for another width."""
        self.call_after_refresh(self._show_chosen)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what the cursor is on."""
        event.stop()
        self._show_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open the columns."""
        event.stop()
        self.action_open()

    # actions

    def action_open(self) -> None:
        """Show the columns, without a value."""
        self._turn_to_columns(is_drawn=False)

    def action_view(self) -> None:
        """Show the columns with their drawings; recorded as a look."""
        self._turn_to_columns(is_drawn=True)

    def _turn_to_columns(self, *, is_drawn: bool) -> None:
        from tui.screens.columns import Columns

        if self.chosen is not None:
            self.app.switch_screen(Columns(self.chosen.name, is_drawn=is_drawn))

    def action_browse(self) -> None:
        """Show the rows; recorded as a look."""
        from tui.screens.browse import Browse

        if self.chosen is not None:
            self.app.switch_screen(Browse(self.chosen.name))

    async def action_search_all(self) -> None:
        """Type a text to look for in the rows of every collection; the vault looks when it is all typed."""
        if not self.query(AllBar):
            await self.query_one("#body").mount(AllBar())
        self.set_focus(self.query_one(AllBar))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin that search; the one in the list goes on in what is left of it."""
        from tui.screens.found import Found

        event.stop()
        event.prevent_default()
        if event.input.id != "all-bar":
            self.focus_first()
        elif event.value:
            self.app.switch_screen(Found(event.value))

    async def leave_part(self) -> None:
        """Close the field of the search."""
        if self.query(AllBar):
            await self.query(AllBar).remove()
            self.focus_first()

    def action_import(self) -> None:
        """Bring a file in."""
        self.app.push_screen(ChooseFileDialog(), self._imported)

    def action_add_rows(self) -> None:
        """Bring a file into the collection under the cursor."""
        if self.chosen is not None:
            self.app.push_screen(ChooseFileDialog(collection=self.chosen.name), self._imported)

    def _imported(self, collection: str | None) -> None:
        if collection is not None:
            self.cursor_key = collection
            self.reload()

    def action_export(self) -> None:
        """Take everything out, readable."""
        if self.chosen is not None:
            self.app.push_screen(DataExportDialog(self.chosen), self._done)

    @work(exclusive=True, group="act")
    async def action_card(self) -> None:
        """Describe it to who asks; the names of those are asked first."""
        from tui.dialogs.data_card import DataCardDialog

        if self.chosen is None:
            return
        collection = self.chosen
        requesters = await self.ask(lambda vault: vault.requesters())
        if requesters is not None:
            self.app.push_screen(DataCardDialog(collection, requesters), self._done)

    @work(exclusive=True, group="act")
    async def action_erase(self) -> None:
        """Open the decision to erase; what it would do is asked first."""
        from tui.dialogs.erase import EraseDialog

        if self.chosen is None:
            return
        name = self.chosen.name
        planned = await self.ask(lambda vault: vault.preview_erase(name))
        if planned is not None:
            self.app.push_screen(EraseDialog(planned), self._done)

    def _done(self, done: str | None) -> None:
        if done:
            self.reload()


def collection_facts(
    one: CollectionView, active: list[GrantView], budget: BudgetLine | None, now: datetime
) -> list[tuple[str, str]]:
    """What there is to know of a collection without a look at a value."""
    noun = wording.unit_noun(one.unit, one.unit_field)
    unit = wording.unit_sentence(one.unit, one.unit_field)
    return [
        ("size", f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.fields), 'column')}"),
        ("what counts as one", f"{unit[:1].upper()}{unit[1:]}. {wording.not_hidden(one.unit, noun)}"),
        ("who may learn now", "\n".join(_who(grant, now) for grant in active) or NOBODY),
        ("lifetime budget", "" if budget is None else _budget_words(one, budget, noun)),
        ("time", f"column {one.time_field}" if one.time_field else "no column says when a row happened"),
        ("how sensitive", classes_in_words(one)),
        ("since", f"{times.full_time(one.created_at)}"),
    ]


def _budget_words(one: CollectionView, budget: BudgetLine, noun: str) -> str:
    used = budget.used_percent
    cap = wording.lifetime_cap(budget.lifetime_epsilon, noun)
    words = f"{wording.bar(used, BAR)} {wording.percent(used)} used of {cap}"
    others = [name for name in budget.members if name != one.name]
    return f"{words}, one budget with {', '.join(others)}" if others else words


def columns_table(one: CollectionView, width: int) -> str:
    """Its columns with their types and classes."""
    rows = [
        (f"{MARKS[field.sensitivity]} {wording.short(field.name, NAME_ROOM)}", field.type, field.sensitivity)
        for field in one.fields
    ]
    return table_text(("  column", "type", "class"), rows, width)


def classes_in_words(one: CollectionView) -> str:
    """How many columns there are of each class, the most sensitive first, with what a class means."""
    found = Counter(field.sensitivity for field in one.fields)
    named = [name for name in reversed(SENSITIVITIES) if found[name] and name != "ordinary"]
    said = [f"{wording.counted(found[name], 'column')} {wording.sensitivity_words(name)}" for name in named]
    return "\n".join([*said, f"{wording.counted(found['ordinary'], 'column')} ordinary"])


def _marked_columns(one: CollectionView) -> str:
    """How many columns are not ordinary, in one cell."""
    count = sum(field.sensitivity != "ordinary" for field in one.fields)
    return f"{count} of {len(one.fields)}" if count else "none"


def _who(grant: GrantView, now: datetime) -> str:
    left = wording.counted(consent_facts.uses_left(grant), "job")
    columns = wording.counted(len(grant.fields), "column")
    return (
        f"{consent_facts.MARKS[consent_facts.standing(grant, now)]} {grant.requester}: {columns}, for "
        f"{grant.purpose_words}, until {times.day_of(grant.not_after)}, {left} left"
    )
