"""The first of two decisions: whether this job runs here, and on which columns. It opens by one key and is answered by
another; what it would write, and what it costs, is asked anew whenever something changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from tui.actions import REFUSE
from tui.dialogs.action import ActionDialog
from tui.dialogs.approval import (
    PreparedApproval,
    approve_and_start,
    prepare_approval,
    prepare_with_choice,
)
from tui.dialogs.read_to_end import SCROLL, ReadToEndDialog
from tui.dialogs.vault_call import A_DRILL
from tui.text import attack_facts, request_facts, wording
from tui.text.screen_words import on_screen
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.price import PriceBox, cost
from tui.widgets.special_toggle import MISSING, SpecialToggle
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError, Locked
from vault.errors.requests import WasDrill

if TYPE_CHECKING:
    from vault.views.consents import FieldAskView, GrantDraft
    from vault.views.requests import Approval
    from vault.views.runs import Pulse

RUN, WORD = "Run on this computer", wording.RUN_WORD
CHANGED = "Something changed while you looked. Read it again."
ASKING = "Asking the vault…"


class RunDialog(ReadToEndDialog):
    """Run, refuse, or decide later; dismissed with "runs", "refused", or None."""

    ANSWER: ClassVar[str] = "run"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "numbers", "Numbers", show=False),
        Binding("G,end", "page(1000)", show=False),
        Binding("g,home", "page(-1000)", show=False),
    ]

    def __init__(self, prepared: PreparedApproval) -> None:
        super().__init__()
        self._prepared = prepared
        self._optional = prepared.optional
        self._without: frozenset[str] = frozenset()
        self._seen_entries: int | None = None
        self._notice = ""

    # what stands there

    def before_consequence(self) -> Iterable[Widget]:
        """The price; what came of an attack stands first of what scrolls, since there is little room here."""
        yield PriceBox(replace(self._prepared.request.price, attack=None), id="consequence-price")

    def before_buttons(self) -> Iterable[Widget]:
        """The yes of its own for what belongs to a special category, and what is still missing."""
        yield SpecialToggle(self._prepared.special)
        yield from super().before_buttons()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Decide later"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The other answers."""
        return (("refuse", "Refuse…"), ("run", RUN))

    def title_text(self) -> str:
        """Whose job on what."""
        line = self._prepared.request.line
        return f"Run a job of {wording.short(line.requester, 18)} on {wording.short(line.collection, 16)}?"

    def consequence(self) -> str:
        """What is read, where, and that nothing leaves by it."""
        count = wording.counted(len(self._read()), "column")
        return (
            f"It reads {count} here, without network and without your files. "
            "Nothing leaves by it: you are asked again."
        )

    def _read(self) -> tuple[str, ...]:
        draft = self._prepared.draft
        if draft is not None:
            return tuple(name for name in draft.fields if name not in self._without)
        return tuple(one.name for one in self._asked() if one.permitted)

    def details(self) -> Iterable[Widget]:
        """Everything that approving would write and do."""
        request, draft = self._prepared.request, self._prepared.draft
        if request.price.attack:
            yield Plain(attack_facts.sentence(request.price.attack), classes="block")
        yield Plain(_compared(self._prepared.approval))
        yield Facts(_changes(self._prepared.approval), classes="value")
        if draft is not None:
            yield from self._choosable(draft)
        else:
            yield from _covered(self._prepared)
        for sentence in request.misfits:
            yield Plain(sentence, classes="block")
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

    def _note_position(self) -> None:
        super()._note_position()
        if self._has_read and self._notice == CHANGED:
            self._notice = ""
            self.update_answer()

    def update_answer(self) -> None:
        """Say what is missing, and let the job be run when nothing is."""
        missing = self.what_is_missing()
        self.show_problem("\n".join(filter(None, (self._notice, missing))))
        self.query_one("#run", Button).disabled = bool(missing)
        is_open = self._prepared.request.line.state in request_facts.OPEN_STATES
        self.query_one("#refuse", Button).disabled = self._is_busy or not is_open
        self.query_one(SpecialToggle).set_columns(self._prepared.special)
        self.query_one("#consequence", Plain).set_text(self.consequence())

    def what_is_missing(self) -> str:
        """The first thing in the way of running it, or nothing."""
        if self._is_busy or self._optional != self._prepared.optional:
            return ASKING
        if self._prepared.problem:
            return self._prepared.problem
        if self._without:
            names = ", ".join(wording.short(name, 20) for name in sorted(self._without))
            return f"Without this column the request is refused: {names}."
        if not self._has_read:
            return SCROLL
        if self._prepared.special and not self.query_one("#special", Toggle).is_on:
            return MISSING
        return ""

    # choosing columns

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """A required column is refused or given back; an optional one changes what would be written."""
        event.stop()
        toggle = event.toggle
        if toggle.id != "special":
            self._choose(toggle)
        self.update_answer()

    def _choose(self, toggle: Toggle) -> None:
        one = {toggle.label}
        if any(field.name == toggle.label and field.necessity == "required" for field in self._asked()):
            self._without = self._without - one if toggle.is_on else self._without | one
        else:
            self._optional = self._optional | one if toggle.is_on else self._optional - one
            self._prepare_again()

    @work(exclusive=True, group="look")
    async def _prepare_again(self) -> None:
        """Ask the vault how it stands now; what a person has not read takes reading again."""
        shown, optional = self._prepared, self._optional
        try:
            as_shown, prepared = await self.program.ask(
                lambda vault: prepare_with_choice(vault, shown, optional)
            )
        except LockboxError as error:
            self.program.tell_error(error)
            self._take_back()
        else:
            self._show(prepared, is_read=as_shown.is_like(shown))

    def _take_back(self) -> None:
        """The vault did not answer: what stands ticked is what it was asked last."""
        self._optional = self._prepared.optional
        for toggle in self.query("#details Toggle").results(Toggle):
            if any(one.name == toggle.label and one.necessity == "optional" for one in self._asked()):
                toggle.set_on(toggle.label in self._optional)
        self.update_answer()

    def _asked(self) -> tuple[FieldAskView, ...]:
        return self._prepared.request.decision.fields

    def _show(self, prepared: PreparedApproval, *, is_read: bool) -> None:
        """Show what holds now; `is_read` says whether it differs by this person's own choice of columns alone."""
        before, self._prepared = self._prepared, prepared
        if not prepared.is_like(before):
            self._draw_anew(before, is_read=is_read)
        self.update_answer()
        self.call_after_refresh(self._note_position)

    def _draw_anew(self, before: PreparedApproval, *, is_read: bool) -> None:
        details, draft = self.query_one("#details", VerticalScroll), self._prepared.draft
        if self._prepared.special != before.special:
            self.query_one("#special", Toggle).set_on(False)
        self.query_one(PriceBox).show_price(self._prepared.request.price)
        if is_read and draft is not None and before.draft is not None:
            self.query_one(".special-sentence", Plain).set_text(_special_sentence(draft))
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
            self._prepare_again()

    # moving

    def action_line(self, lines: int) -> None:
        """From column to column; past them, and from the buttons, the details scroll."""
        details, toggles = self.query_one("#details"), list(self.query("#details Toggle"))
        place = toggles.index(self.focused) + lines if self.focused in toggles else -1
        if 0 <= place < len(toggles):
            toggles[place].focus()
        elif lines > 0:
            details.scroll_down(animate=False)
        else:
            details.scroll_up(animate=False)

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case."""
        self.query_one(PriceBox).toggle_numbers()

    # deciding

    def chosen(self, name: str) -> None:
        """Refuse in a dialog of its own, or run."""
        if name == "refuse":
            self._refuse()
        elif name == "run" and not self.what_is_missing():
            self._run_it()

    @work(exclusive=True, group="decide")
    async def _refuse(self) -> None:
        if await self.app.push_screen_wait(ActionDialog(REFUSE, self._prepared.request)) is not None:
            self.dismiss("refused")

    @work(exclusive=True, group="decide")
    async def _run_it(self) -> None:
        """Approve what stands here, and begin; an error is said here, and the request is looked at again."""
        asked = self._prepared
        if not await self.is_typed(WORD, cost(asked.request.price)) or not self._prepared.is_like(asked):
            return
        self._is_busy, self._notice = True, ""
        self.update_answer()
        prepared, confirmed = self._prepared, self.query_one("#special", Toggle).is_on
        try:
            await self.program.ask(
                lambda vault: approve_and_start(vault, prepared, special_confirmed=confirmed)
            )
        except Locked as error:
            self.program.tell_error(error)
        except WasDrill as drill:
            self.dismiss(None)
            self.program.tell(on_screen(drill), title=A_DRILL)
        except LockboxError as error:
            await self._failed(error)
        else:
            self.program.run_watch.follow(prepared.request.line.id)
            self.dismiss("runs")
            self.program.tell(
                "The run begins. Its price is paid before the first record is read, and stays spent.",
                title="Approved for one run",
            )

    async def _failed(self, error: LockboxError) -> None:
        request_id, optional = self._prepared.request.line.id, self._optional
        try:
            prepared = await self.program.ask(lambda vault: prepare_approval(vault, request_id, optional))
        except LockboxError as another:
            self.program.tell_error(another)
            return
        finally:
            self._is_busy = False
        self._show(prepared, is_read=False)
        self._notice = on_screen(error)
        self.update_answer()


# words ------------------------------------------------------------------------------------------------------


def _special_sentence(draft: GrantDraft) -> str:
    return wording.special_sentence(draft.special) if draft.special else ""


def _about(one: FieldAskView) -> str:
    return f"{request_facts.asked_as(one)}; {one.transform}".rstrip("; ")


def _covered(prepared: PreparedApproval) -> Iterable[Widget]:
    """What is read under a consent that there is already."""
    decision = prepared.request.decision
    if prepared.is_approved:
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
