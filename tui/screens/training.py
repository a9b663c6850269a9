"""The training page: what runs, how far it is, what it costs and how it is confined, and what ran before."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, ProgressBar

from tui.app.page import Page
from tui.dialogs.approval import prepare_approval
from tui.dialogs.run import RunDialog
from tui.text import request_facts, times, wording
from tui.text.action import Action
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.views.runs import RunView

if TYPE_CHECKING:
    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.requests import RequestLine, RequestView
    from vault.views.runs import Pulse

TALL, NORMAL = 30, 80
NOTHING = "Nothing is running."
NEXT = "Open a request (4) and have it run; it is asked about once, runs here, and its result waits for you."
READY = (
    "The learner gets ready: it locks itself in and rehearses on made-up numbers. "
    "Nothing is read and nothing is paid yet."
)
NO_CURVE = (
    "How well it learns is not shown while it runs: it is told from your records, and knowing it would let your "
    "decision about the release give it away. You see it, for you alone, once you have decided."
)
PAID, UNPAID = "paid, and spent whatever happens now", "not paid yet; it is, before the first record is read"
RAN: Final = frozenset({"approved", "failed", "held", "sending", "released", "withheld", "destroyed"})
LAYERS: Final = {
    "landlock": "Landlock (files)",
    "landlock-network": "Landlock's second lock on the network",
    "landlock-scope": "Landlock's lock on signals and abstract sockets",
    "seccomp": "seccomp (network, other programs and other users)",
    "argument-window": "an empty place for its arguments, which every user can read",
    "single-thread": "being alone in its process when it locked itself in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What runs now, with the requests behind it, and what ran before."""

    now: list[RunView]
    requests: dict[str, RequestView]
    before: list[RequestLine]


class Pace:
    """How long a run will take, from the steps that were seen to pass."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}

    def left(self, run: RunView, now: float) -> str:
        """The time left in words, or that it is not known yet."""
        since, step = self._first.setdefault(run.request, (now, run.step))
        done = run.step - step
        if run.step == 0 or step == 0:
            self._first[run.request] = (now, run.step)
        if step == 0 or done <= 0 or now <= since:
            return f"time left: known after a few{' more' * (run.step > 0)} steps"
        return f"about {rough_duration((run.of - run.step) * (now - since) / done)} left"


def rough_duration(seconds: float) -> str:
    """A span that is only known roughly."""
    if seconds < 90:
        return wording.counted(max(1, round(seconds)), "second")
    return wording.duration(max(2, round(seconds / 60)))


def confinement(run: RunView) -> list[tuple[str, str]]:
    """What the process that learns can reach, and what of its locks is missing on this computer."""
    abi = f"Landlock ABI {run.landlock_abi}" if run.landlock_abi else "no Landlock"
    lock = "seccomp" if run.seccomp else "no seccomp"
    reach = [
        ("files", f"none of yours; it reads its own program alone ({abi})"),
        ("network", f"none ({lock})"),
        ("programs", f"it can start none ({lock})"),
    ]
    gone = ", ".join(LAYERS.get(name, name) for name in run.missing)
    return [*reach, ("MISSING here", gone)] if gone else [*reach, ("missing here", "nothing")]


class RunBox(Vertical):
    """One run."""

    def __init__(self, run: RunView) -> None:
        super().__init__(classes="run")
        self.run = run

    def compose(self) -> ComposeResult:
        """Its bar and its facts."""
        run = self.run
        yield Plain(f"{run.requester} learns from {run.collection}", classes="heading value")
        yield ProgressBar(total=run.of, show_percentage=False, show_eta=False)
        yield Plain("", classes="step")
        yield Facts([], classes="run-facts")
        yield Plain(NO_CURVE, classes="muted block")

    def show(self, run: RunView, left: str, *, is_paid: bool) -> None:
        """Say how far it is; a box that is not composed yet is told again a second later."""
        self.run = run
        if not self.query(".run-facts"):
            return
        self.query_one(ProgressBar).update(total=run.of, progress=run.step)
        self.query_one(".step", Plain).set_text(_step(run, left))
        cost = f"{wording.epsilon_up(run.epsilon)}: {PAID if is_paid else UNPAID}"
        begun = f"{times.full_time(run.started_at)}"
        facts = [("request", run.request[:8]), ("begun", begun), ("costs", cost), *confinement(run)]
        self.query_one(".run-facts", Facts).set_facts(facts)


def _step(run: RunView, left: str) -> str:
    if run.step == 0:
        return f"the learner gets ready for {wording.counted(run.of, 'step')}"
    return f"step {run.step:,} of {run.of:,}  ·  {left}"


class Training(Page[Runs]):
    """What runs and what ran."""

    NAME = "training"
    HELP: ClassVar[str] = """\
# Training

What learns from your records on this computer right now, in a process without network and without your files.

* Its price was paid before the first record was read. Stopping it gives nothing back.
* No curve is drawn before you have decided about the release: it is told from your records.
* **s** stops a run and discards what it learned, after a question.
* When it ends, its result is held here. **enter** on it leads to Release, where nothing leaves without your word.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Runs(now=[], requests={}, before=[])
        self._pace = Pace()
        self._drawn_widths: dict[str, int] = {}

    def body(self) -> ComposeResult:
        """What runs, and below it what ran."""
        yield VerticalScroll(id="runs")
        yield Plain("", id="no-runs", classes="empty")
        yield Plain("What waits to run, and what ran before", id="before", classes="heading")
        yield ListTable(id="ran", classes="value")

    def fetch(self, vault: OwnerSession) -> Runs:
        """What runs, whether it is paid, and what ran."""
        now = vault.runs()
        lines = [line for line in vault.requests() if line.state in RAN]
        return Runs(now=now, requests={run.request: vault.request(run.request) for run in now}, before=lines)

    async def draw(self, facts: Runs) -> None:
        """Show it."""
        self._facts = facts
        self._show_idle()
        await self._show_runs(facts.now)
        running = {run.request for run in facts.now}
        self._fill(line for line in facts.before if line.id not in running)
        has_room = bool(self.query_one(ListTable).row_count) and not (
            facts.now and self.app.size.height < TALL
        )
        self.query_one(ListTable).display = self.query_one("#before").display = has_room

    def _fill(self, lines: Iterable[RequestLine]) -> None:
        table, widths = self.query_one(ListTable), _widths(self.app.size.width)
        if widths != self._drawn_widths:
            table.set_headings(*widths)
            self._drawn_widths = widths
        table.fill(_line(line, widths) for line in lines)

    def on_resize(self, event: Resize) -> None:
        """Draw what the new size has room for."""
        if self._drawn_widths:
            self.reload()

    def on_pulse(self, pulse: Pulse) -> None:
        """Every second: how far it is. A run that came or went is drawn anew."""
        self._show_idle()
        boxes = {box.run.request: box for box in self.query(RunBox)}
        if set(boxes) != {run.request for run in pulse.runs}:
            self.reload()
            return
        for run in pulse.runs:
            self._show_run(boxes[run.request], run)

    async def _show_runs(self, runs: Iterable[RunView]) -> None:
        runs, place = list(runs), self.query_one("#runs")
        if [box.run.request for box in self.query(RunBox)] != [run.request for run in runs]:
            await place.remove_children()
            await place.mount(*(RunBox(run) for run in runs))
        for box, run in zip(self.query(RunBox), runs, strict=True):
            self._show_run(box, run)
        place.display, self.query_one("#no-runs").display = bool(runs), not runs

    def _show_idle(self) -> None:
        is_coming = self.program.run_watch.expects({run.request for run in self._facts.now})
        self.query_one("#no-runs", Plain).set_text(READY if is_coming else f"{NOTHING} {NEXT}")

    def _show_run(self, box: RunBox, run: RunView) -> None:
        found = self._facts.requests.get(run.request)
        is_paid = run.step > 0 or (found is not None and found.price.paid)
        box.show(run, self._pace.left(run, time.monotonic()), is_paid=is_paid)

    # actions

    async def subject(self) -> RunView | None:
        """What runs."""
        boxes = list(self.query(RunBox))
        if not boxes:
            self.program.tell(NOTHING)
            return None
        return boxes[0].run

    def act_begins(self, action: Action[Any], subject: object) -> None:
        """Whoever stops a run is told by the dialog how it ended, and by nothing else."""
        assert isinstance(subject, RunView)
        self.program.run_watch.ignore(subject.request)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click lead on."""
        event.stop()
        self.action_look()

    @work(exclusive=True, group="act")
    async def action_look(self) -> None:
        """Go to the result that is held or was decided, or open the dialog of an approved job that has not run."""
        chosen = self.chosen_key()
        line = next((one for one in self._facts.before if one.id == chosen), None)
        if line is None:
            self.program.tell("Nothing has run yet.")
        elif line.state == "approved":
            offer = await self.ask(lambda vault: prepare_approval(vault, line.id, frozenset()))
            if offer is not None:
                await self.app.push_screen_wait(RunDialog(offer))
        elif line.state == "failed":
            self.program.tell(wording.after_a_stop(line.state), title="This run failed")
        else:
            self.program.open_page("release", at=line.id)


def _widths(width: int) -> dict[str, int]:
    """How many letters each column has at this width of the terminal."""
    if width < NORMAL:
        return {"request": 8, "who": 12, "from": 10, "state": 20}
    each = (width - 2 - 10 - 8 - 10) // 4
    return {"request": 8, "came": 10, "who": each, "from": each, "state": 2 * each}


def _line(line: RequestLine, widths: dict[str, int]) -> Line:
    facts = {
        "request": line.id,
        "came": f"{times.day_of(line.received_at)}",
        "who": line.requester,
        "from": line.collection,
        "state": "approved, not run yet" if line.state == "approved" else request_facts.state(line),
    }
    cells = (
        line.id[:8] if name == "request" else wording.short(facts[name], most)
        for name, most in widths.items()
    )
    return Line(key=line.id, cells=tuple(cells))
