"""The first of two decisions: whether this job runs here, and on which columns. It opens by one key and is answered by
another; what it would write, and what it costs, is asked anew whenever something changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Label

from tui.dialogs.approval import PreparedApproval, approve_and_start, error_with_hint, prepare_approval
from tui.dialogs.dialog import Dialog
from tui.dialogs.refuse import RefuseDialog
from tui.text import request_facts, wording
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain, content
from tui.widgets.price import PriceBox
from tui.widgets.toggle import Toggle
from vault.errors import LockboxError, Locked

if TYPE_CHECKING:
    from vault.trail_views import Pulse
    from vault.views import Approval, FieldAskView, GrantDraft

RUN = "Run on this computer"
SCROLL = "Scroll to the end first: not all of it is in sight."
CHANGED = "Something changed while you looked. Read it again."
ASKING = "Asking the vault…"


class RunDialog(Dialog[str]):
    """Run, refuse, or decide later; dismissed with "runs", "refused", or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "numbers", "Numbers", show=False),
        Binding("down,j", "further(1)", show=False),
        Binding("up,k", "further(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("G,end", "page(1000)", show=False),
        Binding("g,home", "page(-1000)", show=False),
    ]

    def __init__(self, offer: PreparedApproval) -> None:
        super().__init__()
        self._offer = offer
        self._optional = offer.optional
        self._without: frozenset[str] = frozenset()
        self._seen_entries: int | None = None
        self._has_read, self._is_busy = False, False
        self._notice = ""

    # what stands there

    def compose(self) -> ComposeResult:
        """The price and what happens; the details, which scroll; what is still missing; the answers."""
        with Vertical(id="dialog"):
            yield Label(content(self.title_text()), id="dialog-title")
            yield PriceBox(self._offer.request.price, id="consequence-price")
            yield Plain(self.consequence(), id="consequence")
            with VerticalScroll(id="details", can_focus=True):
                yield from self.details()
            yield Toggle("", "", id="special")
            yield Plain("", id="missing", classes="bad")
            with Horizontal(id="buttons"):
                yield Button(content("Decide later"), id="safe")
                yield Button(content("Refuse…"), id="refuse")
                yield Button(content(RUN), id="run", disabled=True)

    def title_text(self) -> str:
        """Whose job on what."""
        line = self._offer.request.line
        return f"Run a job of {wording.short(line.requester, 18)} on {wording.short(line.collection, 16)}?"

    def consequence(self) -> str:
        """What is read, where, and that nothing leaves by it."""
        count = wording.counted(len(self._read()), "column")
        return (
            f"It reads {count} here, without network and without your files. "
            "Nothing leaves by it: you are asked again."
        )

    def _read(self) -> tuple[str, ...]:
        draft = self._offer.draft
        if draft is not None:
            return tuple(name for name in draft.fields if name not in self._without)
        return tuple(one.name for one in self._asked() if one.permitted)

    def details(self) -> Iterable[Widget]:
        """Everything that approving would write and do."""
        request, draft = self._offer.request, self._offer.draft
        if draft is not None:
            yield from self._choosable(draft)
        else:
            yield from _covered(self._offer)
        yield Plain(_compared(self._offer.approval), classes="block")
        yield Facts(_changes(self._offer.approval), classes="value")
        yield Plain("Who asks, and what for", classes="heading")
        yield Facts(request_facts.who_and_why(request), classes="value")
        yield Plain(request_facts.THEIRS, classes="muted")
        yield Plain("What is computed", classes="heading")
        yield Facts(request_facts.what_runs(request), classes="value")
        if draft is not None:
            yield Plain("What you agree to, as its record will say", classes="heading")
            yield Plain(draft.notice)
        yield Plain(request_facts.NO_PROMISE, classes="block")

    def _choosable(self, draft: GrantDraft) -> Iterable[Widget]:
        yield Plain("Approving writes this consent; space ticks a column", classes="heading")
        for one in self._asked():
            yield Toggle(
                one.name,
                _about(one),
                is_on=one.name in draft.fields and one.name not in self._without,
                classes="column value",
            )
        yield Plain(_special_sentence(draft), classes="special-sentence value")
        yield Facts(request_facts.draft_ends(draft), classes="block")

    # how it stands

    def on_mount(self) -> None:
        """Watch how far the details were read."""
        details = self.query_one("#details")
        self.watch(details, "scroll_y", self._note_reading, init=False)
        self.watch(details, "virtual_size", self._note_reading, init=False)
        self._stand()
        self.call_after_refresh(self._note_reading)

    def _note_reading(self) -> None:
        details = self.query_one("#details")
        if details.virtual_size.height and details.size.height:
            self._has_read = self._has_read or details.max_scroll_y - details.scroll_offset.y <= 0
            self._notice = "" if self._has_read and self._notice == CHANGED else self._notice
            self._stand()

    def _stand(self) -> None:
        """Say what is missing, and let the job be run when nothing is."""
        missing = self._missing()
        self.query_one("#missing", Plain).say("\n".join(filter(None, (self._notice, missing))))
        self.query_one("#run", Button).disabled = bool(missing)
        decidable = self._offer.request.line.state in ("waiting", "approved")
        self.query_one("#refuse", Button).disabled = self._is_busy or not decidable
        special = self._offer.special
        toggle = self.query_one("#special", Toggle)
        toggle.display = bool(special)
        toggle.say("I consent explicitly", f"to jobs reading {_named(special)}, for this purpose")
        self.query_one("#consequence", Plain).say(self.consequence())

    def _missing(self) -> str:
        """The first thing in the way of running it, or nothing."""
        if self._is_busy or self._optional != self._offer.optional:
            return ASKING
        if self._offer.problem:
            return self._offer.problem
        if self._without:
            names = ", ".join(wording.short(name, 20) for name in sorted(self._without))
            return f"Without this column the request is refused: {names}."
        if not self._has_read:
            return SCROLL
        if self._offer.special and not self.query_one("#special", Toggle).is_on:
            return "What is of a special category takes a yes of its own: tick it above."
        return ""

    # choosing columns

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """A required column is refused or given back; an optional one changes what would be written."""
        event.stop()
        toggle = event.toggle
        if toggle.id != "special":
            self._choose(toggle)
        self._stand()

    def _choose(self, toggle: Toggle) -> None:
        one = {toggle.label}
        if any(field.name == toggle.label and field.necessity == "required" for field in self._asked()):
            self._without = self._without - one if toggle.is_on else self._without | one
        else:
            self._optional = self._optional | one if toggle.is_on else self._optional - one
            self._look_again(is_own=True)

    @work(exclusive=True, group="look")
    async def _look_again(self, *, is_own: bool = False) -> None:
        """Ask the vault how it stands now; what a person has not read takes reading again."""
        request_id, optional = self._offer.request.line.id, self._optional
        try:
            offer = await self.program.ask(lambda vault: prepare_approval(vault, request_id, optional))
        except LockboxError as error:
            self.program.tell_error(error)
            self._take_back()
        else:
            self._show(offer, is_own=is_own)

    def _take_back(self) -> None:
        """The vault did not answer: what stands ticked is what it was asked last."""
        self._optional = self._offer.optional
        for toggle in self.query("#details Toggle").results(Toggle):
            if any(one.name == toggle.label and one.necessity == "optional" for one in self._asked()):
                toggle.turn(toggle.label in self._optional)
        self._stand()

    def _asked(self) -> tuple[FieldAskView, ...]:
        return self._offer.request.decision.fields

    def _show(self, offer: PreparedApproval, *, is_own: bool) -> None:
        before, self._offer = self._offer, offer
        if not offer.is_like(before):
            self._draw_anew(before, is_own=is_own)
        self._stand()
        self.call_after_refresh(self._note_reading)

    def _draw_anew(self, before: PreparedApproval, *, is_own: bool) -> None:
        details, draft = self.query_one("#details", VerticalScroll), self._offer.draft
        if self._offer.special != before.special:
            self.query_one("#special", Toggle).turn(False)
        self.query_one(PriceBox).show_price(self._offer.request.price)
        if is_own and draft is not None and before.draft is not None:
            self.query_one(".special-sentence", Plain).say(_special_sentence(draft))
            return
        self._has_read, self._notice = False, CHANGED
        self._without = frozenset()
        with self.app.batch_update():
            details.remove_children()
            details.mount(*self.details())
        details.scroll_home(animate=False)

    def on_pulse(self, pulse: Pulse) -> None:
        """The trail has grown: something else was decided meanwhile, perhaps about this."""
        if self._seen_entries != pulse.audit_entries and not self._is_busy:
            self._seen_entries = pulse.audit_entries
            self._look_again()

    # moving

    def action_further(self, step: int) -> None:
        """From column to column; past them, and from the buttons, the details scroll."""
        details, toggles = self.query_one("#details"), list(self.query("#details Toggle"))
        place = toggles.index(self.focused) + step if self.focused in toggles else -1
        if 0 <= place < len(toggles):
            toggles[place].focus()
        elif step > 0:
            details.scroll_down(animate=False)
        else:
            details.scroll_up(animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll the details, wherever the focus is."""
        details = self.query_one("#details")
        details.scroll_relative(y=pages * max(1, details.size.height - 1), animate=False)

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case."""
        self.query_one(PriceBox).toggle_numbers()

    # deciding

    def chosen(self, name: str) -> None:
        """Refuse in a dialog of its own, or run."""
        if name == "refuse":
            self._refuse()
        elif name == "run" and not self._missing():
            self._run_it()

    @work(exclusive=True, group="decide")
    async def _refuse(self) -> None:
        if await self.app.push_screen_wait(RefuseDialog(self._offer.request)) is not None:
            self.dismiss("refused")

    @work(exclusive=True, group="decide")
    async def _run_it(self) -> None:
        """Approve what stands here, and begin; an error is said here, and the request is looked at again."""
        self._is_busy, self._notice = True, ""
        self._stand()
        offer, confirmed = self._offer, self.query_one("#special", Toggle).is_on
        try:
            await self.program.ask(lambda vault: approve_and_start(vault, offer, special_confirmed=confirmed))
        except Locked as error:
            self.program.tell_error(error)
        except LockboxError as error:
            await self._failed(error)
        else:
            self.program.tell(
                "The run begins. Its price is paid before the first record is read, and stays spent.",
                title="Approved for one run",
            )
            self.program.run_watch.follow(offer.request.line.id)
            self.dismiss("runs")

    async def _failed(self, error: LockboxError) -> None:
        request_id, optional = self._offer.request.line.id, self._optional
        try:
            offer = await self.program.ask(lambda vault: prepare_approval(vault, request_id, optional))
        except LockboxError as another:
            self.program.tell_error(another)
            return
        finally:
            self._is_busy = False
        self._show(offer, is_own=False)
        self._notice = error_with_hint(error)
        self._stand()


# words ------------------------------------------------------------------------------------------------------


def _special_sentence(draft: GrantDraft) -> str:
    return wording.special_sentence(draft.special) if draft.special else ""


def _named(special: tuple[str, ...], most: int = 2) -> str:
    """The special columns by name; where there are many, the details have all of them."""
    named = [wording.short(name, 16) for name in special]
    if len(named) <= most:
        return " and ".join(named)
    return f"{', '.join(named[:most])} and {wording.counted(len(named) - most, 'other column')}"


def _about(one: FieldAskView) -> str:
    return f"{request_facts.asked_as(one)}; {one.transform}".rstrip("; ")


def _covered(offer: PreparedApproval) -> Iterable[Widget]:
    """What is read under a consent that there is already."""
    decision = offer.request.decision
    if offer.is_approved:
        lead = "You have approved it; it has not run yet, and nothing is spent so far"
    elif decision.permitted:
        lead = f"Your consent {(decision.grant or '')[:8]} covers it already; it reads only what that allows"
    else:
        lead = "What your consents say now"
    yield Plain(lead, classes="heading")
    yield Facts(request_facts.columns_asked(decision), classes="value")
    for sentence in request_facts.verdict(decision):
        yield Plain(sentence, classes="value block")


def _compared(approval: Approval | None) -> str:
    return wording.compared(approval.compared_to, len(approval.changes)) if approval else ""


def _changes(approval: Approval | None) -> list[tuple[str, str]]:
    changes = approval.changes if approval else ()
    return [("•", wording.changed(one.what, one.before, one.now)) for one in changes]
