"""The release page: held updates, what each would take along, and what became of the others."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable

from tui.actions import newest_entry
from tui.app.page import Page
from tui.couriers.carrying import Carried, carried_here
from tui.dialogs.carry import let_go
from tui.dialogs.release import ReleaseDialog
from tui.dialogs.release_several import ReleaseSeveralDialog
from tui.text import carrying_facts, times, update_facts, wording
from tui.text.release_facts import release_facts
from tui.text.update_facts import is_decided, nothing_to_decide
from tui.widgets.facts import Facts
from tui.widgets.owner_results import OwnerResultsPane
from tui.widgets.plain import Plain
from tui.widgets.price import PriceBox
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.releases import ReleaseView
    from vault.views.runs import Pulse

EMPTY = (
    "Nothing is held. Held updates stay here until you decide.\n\n"
    "A run puts its result here, and nowhere else: what is asked of you is under 4 Requests."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """What the screen shows: every update, and what couriers carry."""

    updates: tuple[ReleaseView, ...]
    couriers: Mapping[str, Carried] = field(default_factory=dict)


class UpdateDetails(VerticalScroll):
    """What leaves with one update, to whom, what it has cost, and what can be done about it."""

    def compose(self) -> ComposeResult:
        """Its state, its facts, its price, what cannot be taken back."""
        yield Plain(id="update-state", classes="heading")
        yield Facts((), id="update-facts", classes="value")
        yield Vertical(id="update-price")
        yield Plain(id="update-warning", classes="heading")

    async def show(self, one: ReleaseView, now: datetime) -> None:
        """Show this update."""
        self.say_state(one, now)
        self.query_one("#update-facts", Facts).set_facts([*release_facts(one), *_times(one)])
        place = self.query_one("#update-price", Vertical)
        await place.remove_children()
        await place.mount(PriceBox(one.price))
        self.query_one("#update-warning", Plain).set_text(_warning(one))

    def say_state(self, one: ReleaseView, now: datetime) -> None:
        """Say where it stands; what waits has less time with every minute."""
        self.query_one("#update-state", Plain).set_text(state_sentence(one, now))


class Releases(Page[Updates]):
    """Every update that was held."""

    NAME = "release"
    TITLE_TEXT = "Release"
    HELP = """\
# Release
A run that you allowed leaves its result here and nowhere else. It stays until you decide, or ends by itself.

**Release** sends it to who asked. That cannot be called back, so a word has to be typed for it.
**Keep private** deletes it for good. Either way the budget it cost stays spent.

What it learned about your own rows, and what an attack on that run comes to, is shown under *For you*, once nothing
can be decided any more.
"""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._facts = Updates(updates=())
        self._minute = 0
        self._drawing = Lock()
        self._shown: ReleaseView | None = None

    def body(self) -> ComposeResult:
        """The list, and beside or behind it the details and what is for the owner alone."""
        yield Plain(EMPTY, classes="empty", id="release-empty")
        with Container(id="release-body"):
            yield ListTable("state", "for", "from", "when", id="release-list", classes="value")
            yield UpdateDetails(id="release-details")
            yield OwnerResultsPane(id="release-for-you")

    def fetch(self, vault: OwnerSession) -> Updates:
        """Every update, newest first."""
        couriers = carried_here(self.program.paths.courier, vault)
        return Updates(updates=tuple(vault.releases()), couriers=couriers)

    async def draw(self, facts: Updates) -> None:
        """Fill the list; the details follow its cursor."""
        self._facts = facts
        self.query_one("#release-empty").display = not facts.updates
        self.query_one("#release-body").display = bool(facts.updates)
        self._fill()
        await self._show_chosen()

    def _fill(self) -> None:
        now = self.program.now()
        self._minute = int(now.timestamp() // 60)
        self.query_one(ListTable).fill(_line(one, now) for one in self._facts.updates)

    @property
    def chosen(self) -> ReleaseView | None:
        """The update under the cursor."""
        key = self.chosen_key()
        return next((one for one in self._facts.updates if one.id == key), None)

    async def _show_chosen(self) -> None:
        async with self._drawing:  # the cursor may go on while what it was on is still being drawn
            one = self.chosen
            if one is not None and one != self._shown:
                self._shown = None  # a newer load may end this one halfway
                await self.query_one(UpdateDetails).show(one, self.program.now())
                await self.query_one(OwnerResultsPane).show(one, calm=self.program.is_calm)
                self._shown = one

    def on_pulse(self, pulse: Pulse) -> None:
        """Show the time that is left, every minute."""
        if int(self.program.now().timestamp() // 60) != self._minute and self._facts.updates:
            self._fill()
            if (one := self.chosen) is not None:
                self.query_one(UpdateDetails).say_state(one, self.program.now())

    async def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what the cursor is on."""
        event.stop()
        await self._show_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter opens; it decides nothing."""
        event.stop()
        self.action_open()

    # actions

    async def subject(self) -> ReleaseView | None:
        """The update under the cursor."""
        return self.chosen

    def action_open(self) -> None:
        """Read the details, in place of the list where there is no room for both."""
        self._turn_to("-details", "#release-details")

    def action_for_you(self) -> None:
        """Show what the update says about the owner's own rows, or why it is not shown."""
        self._turn_to("-for-you", "#release-for-you")

    def _turn_to(self, name: str, pane: str) -> None:
        body = self.query_one("#release-body")
        body.set_class(name == "-details", "-details")
        body.set_class(name == "-for-you", "-for-you")
        self.query_one(pane).focus()

    def action_close(self) -> None:
        """Go back to the list."""
        self.query_one("#release-body").remove_class("-details", "-for-you")
        self.focus_first()

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case."""
        self.toggle_class("-numbers")  # of the page: its price is made anew whenever it loads

    def action_release(self) -> None:
        """Open the decision to send."""
        one = self.chosen
        if one is None:
            return
        if not one.can_be_sent:
            self.program.tell(_why_not_sent(one))
            return
        dialog = ReleaseDialog(one, is_practice=self.program.is_sample)
        self.app.push_screen(dialog, self._released)

    def _courier_of(self, one: ReleaseView) -> Carried | None:
        """Who carries this update, if it answers a round that a courier brought."""
        return None if one.round is None else self._facts.couriers.get(one.round.campaign)

    def action_several(self) -> None:
        """Open the decision to send all that are held, where there are several."""
        held = [one for one in self._facts.updates if one.can_be_sent]
        if len(held) < 2:
            self.program.tell("There are no two updates that could leave now.")
            return
        self.app.push_screen(
            ReleaseSeveralDialog(held, is_practice=self.program.is_sample), self._several_decided
        )

    def _several_decided(self, said: str | None) -> None:
        if said is not None:
            self.program.tell(said, title="Released")
            self.reload()

    def _released(self, sent: ReleaseView | None) -> None:
        if sent is not None:
            self.run_worker(self._tell_sent(sent), group="tell")

    async def _tell_sent(self, sent: ReleaseView) -> None:
        number = await self.ask(lambda vault: newest_entry(vault, "release.sent"))
        self.program.tell(
            f"The update left for {sent.recipient}: {wording.size(sent.size)}, audit entry {number}. "
            "It cannot be called back.",
            title="Released",
        )
        self.reload()
        if sent.round is not None and sent.fetch_until and self._courier_of(sent) is not None:
            await let_go(self, sent.round.campaign, lead=carrying_facts.STAYS_HERE)


def _line(one: ReleaseView, now: datetime) -> Line:
    when = times.short_time(one.decided_at or one.held_at)
    if one.state == "held":
        when = f"{wording.time_left(seconds_left(one, now))} left"
    return Line(key=one.id, cells=(update_facts.short_state(one), one.recipient, one.collection, when))


def seconds_left(one: ReleaseView, now: datetime) -> float:
    """Until an update ends by itself."""
    return max(0.0, (datetime.fromisoformat(one.expires_at) - now).total_seconds())


def state_sentence(one: ReleaseView, now: datetime) -> str:
    """Where an update stands, with its mark."""
    mark = wording.UPDATE_MARKS[one.state]
    if one.can_be_sent:
        what = "held: it waits for your decision" if one.state == "held" else "may have left"
        left = wording.time_left(seconds_left(one, now))
        return f"{mark} {what}; it ends by itself in {left}, and is then deleted"
    when = f", {times.full_time(one.decided_at)}" if one.decided_at else ""
    return f"{mark} {update_facts.state(one)}{when}"


def _times(one: ReleaseView) -> Sequence[tuple[str, str]]:
    until = [("held until", f"{times.full_time(one.expires_at)}")] if not one.decided_at else []
    return [("held since", f"{times.full_time(one.held_at)}"), *until]


def _warning(one: ReleaseView) -> str:
    """What cannot be undone about it, before and after."""
    match one.state:
        case "released":
            return "It has left and cannot be called back; withdrawing the consent does not remove what it taught."
        case "sending":
            again = wording.CANNOT_BE_CALLED_BACK if one.can_be_sent else update_facts.why_not_sent(one)
            return f"{wording.MAY_HAVE_LEFT} {again}"
        case "held":
            return wording.CANNOT_BE_CALLED_BACK if one.can_be_sent else update_facts.why_not_sent(one)
        case _:
            return "Its bytes are deleted and did not leave; its budget stays spent."


def _why_not_sent(one: ReleaseView) -> str:
    if is_decided(one):
        return nothing_to_decide(one.state)
    return update_facts.why_not_sent(one)
