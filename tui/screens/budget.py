"""The budget page: what is used and left, when and for whom it was spent, and what open requests cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.dialogs.budget import BudgetHelpDialog, JobPriceDialog, job_heading
from tui.text import times, wording
from tui.text.budget_facts import JOBS_ADD_UP, by_what
from tui.text.reopening_facts import CARRIED_OVER
from tui.text.request_facts import OPEN_STATES
from tui.widgets.plain import Plain
from tui.widgets.plot import Series, StepPlot
from tui.widgets.price import PriceBox
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.budget import BudgetLine
    from vault.views.collections import CollectionView
    from vault.views.history import BudgetPoint
    from vault.views.requests import RequestView

WIDE: Final = 120
MOST_OPENED: Final = 60
NAME_ROOM: Final = 22
WORDS_ROOM: Final = 38  # behind a bar: percentages and a count of jobs
LONGEST_BAR: Final = 50
SHORTEST_BAR: Final = 6
WHOSE: Final = ("by collection", "by requester")
EMPTY: Final = (
    "No collection yet, so no budget.\n\n"
    "Each collection gets a lifetime privacy budget when it is imported, under 2 Data. Every job that runs takes from "
    "it before it reads a record, and nothing is ever given back."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the screen shows; `asked` are the requests that can still be decided."""

    lines: tuple[BudgetLine, ...]
    charges: tuple[BudgetPoint, ...]
    asked: tuple[RequestView, ...]
    collections: tuple[CollectionView, ...]

    def noun_of(self, collection: str) -> str:
        """What one unit of a collection is called."""
        shared = [one.members for one in self.lines if one.collection == collection]
        names = {collection, *(name for members in shared for name in members)}
        found = [one for one in self.collections if one.name in names]
        return wording.unit_noun(found[0].unit, found[0].unit_field) if found else "unit"


class JobTable(ListTable):
    """The jobs; on this list h explains instead of moving to the left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("h", "screen.how", "How to read")]


class Budget(Page[Spending]):
    """How much of each lifetime budget is used."""

    NAME = "budget"
    TITLE_TEXT = "Budget"
    HELP: ClassVar[str] = """\
# Budget
How much all jobs together may ever tell about one unit (a day, a row, a patient) of a collection.

* **used** is rounded up, **left** is rounded down
* a job pays before it reads the first record; nothing is ever given back
* **enter** on a job says what a guess about one unit could gain from that job
* **p** turns the line over time to the next view, **h** explains the numbers in plain words
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Spending(lines=(), charges=(), asked=(), collections=())
        self._whose, self._shown = 0, ""

    def body(self) -> ComposeResult:
        """Bars, the line over time, the jobs, and where there is room the job under the cursor."""
        yield Plain(EMPTY, id="budget-empty", classes="empty")
        with Container(id="budget-body"):
            with VerticalScroll(id="budget-left", can_focus=False):
                yield Plain("Lifetime privacy budget", classes="heading")
                yield Plain(id="budget-bars", classes="value")
                key = key_of("budget.how", self.program.own_keys)
                yield Plain(f"{JOBS_ADD_UP} {key} explains.", id="jobs-add-up", classes="muted own")
            with Container(id="budget-main"):
                yield StepPlot(id="budget-plot")
                with Vertical(id="budget-right"):
                    yield JobTable(
                        times.heading(),
                        "costs",
                        "used after",
                        "for",
                        "from",
                        id="budget-jobs",
                        classes="value",
                    )
                    with VerticalScroll(id="budget-job", can_focus=False):
                        yield Plain(id="budget-job-heading", classes="heading value")
                        yield Vertical(id="budget-job-price")

    def fetch(self, vault: OwnerSession) -> Spending:
        """Everything in one go; of what waits only so many are opened, for each takes a moment."""
        waiting = [one.id for one in vault.requests() if one.state in OPEN_STATES][:MOST_OPENED]
        return Spending(
            lines=tuple(vault.budget()),
            charges=tuple(vault.budget_history()),
            asked=tuple(vault.request(one) for one in waiting),
            collections=tuple(vault.collections()),
        )

    async def draw(self, facts: Spending) -> None:
        """Show it."""
        self._facts, self._shown = facts, ""
        self.query_one("#budget-empty").display = not facts.lines
        self.query_one("#budget-body").display = bool(facts.lines)
        self.call_after_refresh(self._show_bars)
        self._show_plot()
        table = self.query_one(JobTable)
        table.name_column(0, times.heading())
        table.fill(job_lines(facts))
        self._show_chosen()

    def on_resize(self, event: Resize) -> None:
        """Bars and the pane follow the width."""
        self.call_after_refresh(self._show_bars)
        self.call_after_refresh(self._show_chosen)

    def _show_bars(self) -> None:
        width = self.query_one("#budget-left").scrollable_content_region.width
        self.query_one("#budget-bars", Plain).set_text("\n".join(bar_lines(self._facts, width)))

    def _show_plot(self) -> None:
        whose = WHOSE[self._whose % len(WHOSE)]
        self.query_one(StepPlot).show(
            f"percent of the lifetime budget used, {whose}",
            series_of(self._facts.charges, by_requester=whose == WHOSE[1]),
            until=self.program.now(),
            calm=self.program.is_calm,
        )

    # the job under the cursor

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Beside the list stands the job under the cursor."""
        event.stop()
        self._show_chosen()

    @work(exclusive=True, group="chosen")
    async def _show_chosen(self) -> None:
        name = self.chosen_key(JobTable)
        if self.app.size.width < WIDE or name is None or name == self._shown:
            return
        found = await self._opened(name)
        if found is None:
            return
        self._shown = name
        self.query_one("#budget-job-heading", Plain).set_text(job_heading(found))
        place = self.query_one("#budget-job-price", Vertical)
        with (
            self.app.batch_update()
        ):  # not awaited: the next choice ends this one, and would end its widgets half way
            place.remove_children()
            place.mount(PriceBox(found.price))

    async def _opened(self, name: str) -> RequestView | None:
        if name.startswith(CARRIED_OVER):
            return None  # of no job
        known = [one for one in self._facts.asked if one.line.id == name]
        return known[0] if known else await self.ask(lambda vault: vault.request(name))

    # actions

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open the job."""
        event.stop()
        self.action_open()

    @work(exclusive=True, group="act")
    async def action_open(self) -> None:
        """What the job under the cursor costs, and what that means, in front of the list."""
        name = self.chosen_key(JobTable)
        found = await self._opened(name) if name else None
        if found is not None:
            await self.app.push_screen_wait(JobPriceDialog(found))

    def action_plot(self) -> None:
        """The next view of what was spent over time; where there is little room, it takes turns with the list."""
        body = self.query_one("#budget-body")
        is_in_turns = self.has_class("-low") or self.has_class("-narrow")
        if is_in_turns and not body.has_class("-plot"):
            body.add_class("-plot")
            self._whose = 0
        elif is_in_turns and self._whose + 1 == len(WHOSE):
            body.remove_class("-plot")
            self._whose = 0
        else:
            self._whose = (self._whose + 1) % len(WHOSE)
        self._show_plot()

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case of the job beside the list."""
        self.toggle_class("-numbers")  # of the page: its price is made anew whenever it loads

    def action_how(self) -> None:
        """Explain the numbers."""
        caps = [
            (one.collection, one.lifetime_epsilon, one.delta, self._facts.noun_of(one.collection))
            for one in self._facts.lines
            if one.requester is None
        ]
        self.app.push_screen(BudgetHelpDialog(caps))


# what stands where -----------------------------------------------------------------------------------------


def bar_lines(facts: Spending, width: int) -> Iterable[str]:
    """A line for each collection, and under it one for each requester who used any of it."""
    room = max(8, min(NAME_ROOM, width - WORDS_ROOM - SHORTEST_BAR))
    wide = max(SHORTEST_BAR, min(LONGEST_BAR, width - room - WORDS_ROOM))
    for one in facts.lines:
        name = " + ".join(one.members) if one.requester is None else f"  {one.requester}"
        used = f"{wording.percent(one.used_percent)} used"
        rest = _left(one) if one.requester is None else "of 50 % at most"
        yield f"{wording.short(name, room):{room}} {wording.bar(one.used_percent, wide)} {used:>12}, {rest}"
        if one.requester is None and len(one.members) > 1:
            yield from (f"  shared by {wording.short(member, room)}" for member in one.members)


def _left(one: BudgetLine) -> str:
    return f"{wording.percent(wording.left_of(one.used_percent))} left, {by_what(one)}"


def series_of(charges: Sequence[BudgetPoint], *, by_requester: bool) -> list[Series]:
    """The lines of the plot: of each collection, or of each requester in each collection."""
    found: dict[str, list[tuple[datetime, Decimal]]] = {}
    are_many = len({one.collection for one in charges}) > 1
    for one in charges:
        who = f"{one.requester}, {one.collection}" if are_many else one.requester
        name, used = (who, one.requester_percent) if by_requester else (one.collection, one.used_percent)
        found.setdefault(name, []).append((datetime.fromisoformat(one.at), used))
    return [Series(name=name, points=tuple(points)) for name, points in found.items()]


def job_lines(facts: Spending) -> Iterable[Line]:
    """What open requests would cost, then every charge, the newest first."""
    for one in facts.asked:
        price = one.price
        after = wording.percent(price.used_percent_after)
        fits = after if price.used_percent_after <= wording.WHOLE else "does not fit"
        yield Line(
            key=one.line.id,
            cells=(
                "? not run",
                wording.percent(price.job_percent),
                fits,
                one.line.requester,
                one.line.collection,
            ),
            style="bold",
        )
    for charge in reversed(facts.charges):
        yield Line(
            key=charge.request or f"{CARRIED_OVER} {charge.at} {charge.collection}",
            cells=(
                times.short_time(charge.at),
                wording.percent(charge.job_percent),
                wording.percent(charge.used_percent),
                charge.requester or CARRIED_OVER,
                charge.collection,
            ),
        )
