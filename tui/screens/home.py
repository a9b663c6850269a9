"""The home page: what waits for a decision, what happened, what is spent, and what has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.couriers.carrying import Carried, carried_here
from tui.text import campaign_facts, carrying_facts, consent_facts, reopening_facts, times, wording
from tui.widgets.by_day import ByDay
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.audit import AuditLine
    from vault.views.budget import BudgetLine
    from vault.views.campaigns import CampaignLine
    from vault.views.consents import GrantView
    from vault.views.history import BudgetPoint
    from vault.views.releases import ReleaseView
    from vault.views.requests import RequestLine
    from vault.views.runs import Pulse, RunView
    from vault.views.status import VaultStatus

LAST_LINES: Final = 12
# Entries of the trail that are asked for; a long one is read on the Audit screen, page by page.
NEWEST: Final = 500
DAYS: Final = 30
BAR: Final = 20
NAME_ROOM: Final = 16
BUDGET_SHARE, BESIDE_BARS, LEAST_BARS = 0.3, 2, 4
"""Of the height of the window the part of the budget, and what of it is no bar."""
NOTHING_MARKS: Final = {wording.NOTHING_LEFT: "○", reopening_facts.NOTHING_HERE: "?"}
NOTHING_WAITS: Final = "Nothing waits for you."


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that waits: the screen where it is decided, its key there, and its line here."""

    page: str
    key: str
    what: str
    who: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the screen shows; `updates` are those that may still be sent, `couriers` those with updates to carry."""

    status: VaultStatus
    updates: tuple[ReleaseView, ...]
    requests: tuple[RequestLine, ...]
    campaigns: tuple[CampaignLine, ...]
    grants: tuple[GrantView, ...]
    runs: tuple[RunView, ...]
    budget: tuple[BudgetLine, ...]
    charges: tuple[BudgetPoint, ...]
    lines: tuple[AuditLine, ...]
    couriers: tuple[Carried, ...] = ()


class Home(Page[Overview]):
    """The first screen of an unlocked vault."""

    NAME = "home"
    TITLE_TEXT = "Home"
    HELP: ClassVar[str] = """\
# Home
What waits for you, the most urgent first; **enter** goes there and decides nothing.

* **◆** an update is held: it ends by itself unless you decide
* **?** somebody asks to learn from your data, once or in the rounds of a campaign
* **▷** you approved a job that has not run, **▶** one that runs now
* **→** an update you released waits for its courier; **c** lets it go
* **◷** a consent ends within seven days

**d** tells the last week in sentences, whenever you like; when a week has passed since you read it, the top says so.

The sentence on top is read from the audit trail. Once something has left, it never says “nothing” again.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts: Overview | None = None
        self._waiting: dict[str, Waiting] = {}
        self._minute = 0

    def body(self) -> ComposeResult:
        """What left, what waits, the budget, what happened."""
        yield Plain(id="home-left")
        with Container(id="home-panes"):
            with Vertical(id="home-waits"):
                yield Plain("What waits for you", classes="heading")
                yield ListTable("what", "who", "until", id="home-list", classes="value")
                yield Plain(id="home-empty", classes="empty")
            with VerticalScroll(id="home-budget", can_focus=False):
                yield Plain("Lifetime privacy budget", classes="heading")
                yield Plain(id="home-bars", classes="value")
                yield ByDay("used by day", id="home-spent")
            with VerticalScroll(id="home-trail", can_focus=False):
                yield Plain("What happened", classes="heading")
                yield ByDay("entries of the trail by day", id="home-activity")
                yield Plain(id="home-lines", classes="value")

    def fetch(self, vault: OwnerSession) -> Overview:
        """Everything in one go; what was decided long ago is not opened, for each of those takes a moment."""
        requests = tuple(vault.requests())
        couriers = carried_here(self.program.paths.courier, vault)
        open_updates = (vault.release(one.id) for one in requests if one.state in ("held", "sending"))
        return Overview(
            status=vault.status(),
            updates=tuple(one for one in open_updates if one.decided_at is None),
            requests=requests,
            campaigns=tuple(vault.campaigns()),
            grants=tuple(vault.grants()),
            runs=tuple(vault.runs()),
            budget=tuple(vault.budget()),
            charges=tuple(vault.budget_history()),
            lines=tuple(vault.audit_lines(newest=NEWEST)),
            couriers=tuple(one for one in couriers.values() if one.to_carry),
        )

    async def draw(self, facts: Overview) -> None:
        """Show it."""
        self._facts = facts
        self._show_left(facts)
        self._show_waiting(facts, facts.runs)
        self._show_budget(facts)
        self._show_trail(facts)

    def _show_left(self, facts: Overview) -> None:
        status = facts.status
        left = wording.left_sentence(
            status.released,
            status.may_have_left,
            status.last_left_at,
            nothing=reopening_facts.nothing_left(status),
        )
        mark = NOTHING_MARKS.get(left, wording.UPDATE_MARKS["released"])
        date = (
            f"The date is in question: {status.date_question}. See: lockbox date show\n"
            if status.date_question
            else ""
        )
        week = f"{self._week()}\n" if status.is_digest_due else ""
        copy = "".join(f"! {one}\n" for one in reopening_facts.copy_sentences(status))
        self.query_one("#home-left", Plain).set_text(f"{copy}{date}{week}{mark} {left}")

    def _week(self) -> str:
        key = key_of("home.digest", self.program.own_keys)
        return f"A week has passed: {key} tells it, and what waits."

    def _show_waiting(self, facts: Overview, runs: Iterable[RunView]) -> None:
        now = self.program.now()
        self._minute = int(now.timestamp() // 60)
        found = waiting(facts, runs, now)
        self._waiting = {f"{one.page} {one.key}": one for one in found}
        table, empty = self.query_one("#home-list", ListTable), self.query_one("#home-empty", Plain)
        table.fill(Line(key=key, cells=(one.what, one.who, one.until)) for key, one in self._waiting.items())
        table.display, empty.display = bool(found), not found
        empty.set_text(f"{NOTHING_WAITS}\n\n{self._next(facts.status)}")

    def _next(self, status: VaultStatus) -> str:
        """What to do when nothing waits; in the sample that is a vault of one's own."""
        program = self.program
        if not program.is_sample:
            return what_next(status, key_of("home.submit", program.own_keys))
        return after_sample(
            key_of("everywhere.lock", program.own_keys), has_own=program.own_paths.database.exists()
        )

    def _show_budget(self, facts: Overview) -> None:
        lines = [one for one in facts.budget if one.requester is None]
        self.query_one("#home-bars", Plain).set_text(
            budget_lines(lines, self._budget_room()) or "No collection yet."
        )
        spent: dict[date, Decimal] = {}
        for one in facts.charges:
            day = times.day_of(one.at)
            spent[day] = spent.get(day, Decimal()) + one.job_percent
        self._by_day("#home-spent", spent, " %")

    def _budget_room(self) -> int:
        """How many lines of bars are in sight at this height."""
        return max(LEAST_BARS, int(self.app.size.height * BUDGET_SHARE) - BESIDE_BARS)

    def on_resize(self) -> None:
        """Another height has room for other bars."""
        if self._facts is not None:
            self._show_budget(self._facts)

    def _show_trail(self, facts: Overview) -> None:
        last = sorted(facts.lines, key=lambda line: line.seq)[-LAST_LINES:]
        said = "\n".join(
            f"#{line.seq}  {times.short_time(line.ts)}  {line.sentence}" for line in reversed(last)
        )
        self.query_one("#home-lines", Plain).set_text(said)
        days = Counter(times.day_of(line.ts) for line in facts.lines)
        self._by_day("#home-activity", {day: Decimal(count) for day, count in days.items()}, "")

    def _by_day(self, where: str, found: dict[date, Decimal], unit: str) -> None:
        today = times.in_zone(self.program.now()).date()
        days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        values = [(day, found.get(day, Decimal())) for day in days]
        self.query_one(where, ByDay).show(values, unit=unit, calm=self.program.is_calm)

    # what changes by itself

    def on_pulse(self, pulse: Pulse) -> None:
        """Show the steps of the runs, and the time that is left."""
        if self._facts is None:
            return
        is_later = int(self.program.now().timestamp() // 60) != self._minute
        if is_later or pulse.runs or any(one.page == "training" for one in self._waiting.values()):
            self._show_waiting(self._facts, pulse.runs)

    # going there

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click go to where it is decided."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Go to what the cursor is on."""
        chosen = self._waiting.get(self.chosen_key() or "")
        if chosen is not None:
            self.program.open_page(chosen.page, at=chosen.key)

    @work(exclusive=True, group="act")
    async def action_digest(self) -> None:
        """Read the digest of the week, which is noted on the trail unless it cannot be written."""
        from tui.dialogs.digest import DigestDialog

        found = await self.ask(lambda vault: vault.digest())
        if found is None:
            return
        await self.app.push_screen_wait(DigestDialog(found))
        if self._facts is not None and not self._facts.status.read_only_because:
            await self.ask(lambda vault: vault.note_digest_read())
            self.reload()

    @work(exclusive=True, group="act")
    async def action_submit(self) -> None:
        """Take in a job, a campaign, an invitation or a key."""
        from tui.dialogs.submit import take_in

        await take_in(self)

    @work(exclusive=True, group="act")
    async def action_carry(self) -> None:
        """Open the dialog of the courier that an update waits for: that of the line, else the first."""
        from tui.dialogs.carry import let_go

        waiting = [] if self._facts is None else [one.access.campaign for one in self._facts.couriers]
        key = (self.chosen_key() or "").removeprefix(f"requests {campaign_facts.KEY}")
        if waiting:
            await let_go(self, key if key in waiting else waiting[0])
        else:
            self.program.tell(carrying_facts.NOTHING_TO_CARRY)

    @work(exclusive=True, group="act")
    async def action_withdraw(self) -> None:
        """Open the decision to withdraw the consent of this line."""
        from tui.dialogs.withdraw import open_withdraw

        chosen = self._waiting.get(self.chosen_key() or "")
        if chosen is None or chosen.page != "consents":
            key = key_of("consents.withdraw", self.program.own_keys)
            self.program.tell(
                f"This line is no consent; all of yours are under 3 Consents, where {key} withdraws one."
            )
        else:
            await open_withdraw(self, chosen.key)


def waiting(facts: Overview, runs: Iterable[RunView], now: datetime) -> list[Waiting]:
    """All that waits: what runs, then what ends by itself, the soonest first, then what was approved."""
    held = sorted((one for one in facts.updates if one.can_be_sent), key=lambda one: one.expires_at)
    asked = sorted((one for one in facts.requests if one.waits), key=lambda one: one.expires_at)
    approved = [one for one in facts.requests if one.state == "approved"]
    return [
        *map(_run, runs),
        *(_held(one, now) for one in held),
        *(_request(one, "? asks to learn", now) for one in asked),
        *(_campaign(one, now) for one in facts.campaigns if one.waits),
        *(_request(one, "▷ approved, has not run", now) for one in approved),
        *map(_to_carry, facts.couriers),
        *(_ending(one, now) for one in facts.grants if consent_facts.standing(one, now) == "expires soon"),
    ]


def after_sample(lock: str, *, has_own: bool) -> str:
    """What comes after the made-up data."""
    own = "your own vault opens by its passphrase" if has_own else "a vault of your own can be made"
    return (
        f"That was the sample, on made-up data. Next: {lock} locks it, and then {own}. Nothing of the sample goes "
        "along; lockbox demo --remove takes it away."
    )


def what_next(status: VaultStatus, key: str) -> str:
    """What to do when nothing waits."""
    if not status.collections:
        return "Next: import a CSV, JSON or Parquet file, under 2 Data."
    if status.released:
        return (
            f"What is asked next appears here and under 4 Requests; {key} takes in what somebody hands you."
        )
    return (
        "Next: somebody has to ask. Requests appear here and under 4 Requests; "
        f"{key} takes in an invitation, or the key file of who may ask."
    )


def _run(one: RunView) -> Waiting:
    done = f"step {one.step} of {one.of}" if one.step else "getting ready"
    who = f"{one.requester}, {one.collection}"
    return Waiting(page="training", key=one.request, what="▶ runs now", who=who, until=done)


def _held(one: ReleaseView, now: datetime) -> Waiting:
    what = f"{wording.UPDATE_MARKS[one.state]} update held" if one.state == "held" else "▲ may have left"
    return Waiting(
        page="release",
        key=one.id,
        what=what,
        who=f"{one.recipient}, {one.collection}",
        until=_left(one.expires_at, now),
    )


def _request(one: RequestLine, what: str, now: datetime) -> Waiting:
    who = f"{one.requester}, {one.collection}"
    return Waiting(page="requests", key=one.id, what=what, who=who, until=_left(one.expires_at, now))


def _campaign(one: CampaignLine, now: datetime) -> Waiting:
    return Waiting(
        page="requests",
        key=f"{campaign_facts.KEY}{one.id}",
        what="? asks you to join",
        who=f"{one.requester}, {one.collection}",
        until=_left(one.ends_at, now),
    )


def _to_carry(one: Carried) -> Waiting:
    return Waiting(
        page="requests",
        key=f"{campaign_facts.KEY}{one.access.campaign}",
        what="→ released, to be carried",
        who=one.access.requester,
        until="",
    )


def _ending(one: GrantView, now: datetime) -> Waiting:
    who = f"{one.requester}, {one.collection}"
    return Waiting(
        page="consents", key=one.id, what="◷ consent ends", who=who, until=_left(one.not_after, now)
    )


def _left(stamp: str, now: datetime) -> str:
    return f"{wording.time_left((datetime.fromisoformat(stamp) - now).total_seconds())} left"


def budget_lines(lines: Sequence[BudgetLine], room: int) -> str:
    """A bar for each budget, the most used first; where not all fit, how many more there are."""
    blocks = [_budget_line(one) for one in sorted(lines, key=lambda one: one.used_percent, reverse=True)]
    shown = list(blocks)
    while len(shown) > 1 and sum(one.count("\n") + 1 for one in shown) > room - (len(shown) < len(blocks)):
        shown.pop()
    more = len(blocks) - len(shown)
    rest = [f"and {more} more, none of them used more: 7 Budget"] if more else []
    return "\n".join([*shown, *rest])


def _budget_line(one: BudgetLine) -> str:
    used = f"{wording.bar(one.used_percent, BAR)} {wording.percent(one.used_percent)} used"
    first = f"{wording.short(one.members[0], NAME_ROOM):{NAME_ROOM}} {used}"
    others = (f"{wording.short(name, NAME_ROOM):{NAME_ROOM}} in the same budget" for name in one.members[1:])
    return "\n".join([first, *others])
