"""The dialogs of an import: choose a file, preview it, and seal its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Input, RadioSet, Select

from tui.app.leaving import while_here
from tui.app.threads import to_its_end
from tui.dialogs import column_choices
from tui.dialogs.dialog import Dialog
from tui.dialogs.import_columns import ImportColumns
from tui.dialogs.import_questions import (
    PeopleToggle,
    PlanToggle,
    asked_of,
    draw_people,
    draw_times,
    draw_units,
    press_unit,
)
from tui.dialogs.import_several import ImportSeveralDialog, look_at_all
from tui.text import import_facts, wording
from tui.text.field_words import in_fields
from tui.text.screen_words import on_screen
from tui.text.several_facts import ALL, of_each_part
from tui.widgets.file_form import CUTS, FileForm, changed_of
from tui.widgets.how_far import HowFar
from tui.widgets.number_input import DECIMAL, NumberInput
from tui.widgets.plain import Plain, content
from tui.widgets.text_input import TextInput
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError
from vault.views.records import FileChoice, ImportPlan, ImportReport

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

NOTHING_YET: Final = "Nothing is stored until you say so."
SCROLL: Final = "Scroll to it first: whose people these are, and what counts as one, was not all in sight."
LOOKING: Final = "It is being looked at what that would be …"
LOSES: Final = "Rows are refused: accept with the tick that they are lost, or say what would fit them."
ACCEPT: Final = "Seal the others without them"


class ImportDialog(Dialog[str]):
    """What would be sealed: the columns, what counts as one, what is refused, the lifetime budget.

    Whose people these are joins budgets for good, so it stands first and has been in sight before anything is sealed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def __init__(self, choice: FileChoice, preview: ImportPlan, *, passed: Sequence[str] = ()) -> None:
        super().__init__()
        self._choice = self._planned = choice
        self._preview, self._passed = preview, passed
        self._recommended = str(preview.unit)
        self._has_seen = False
        self._is_sealing = self._is_answering = False
        self._drawn: object = None
        self._has_people = False
        self._drawing = asyncio.Lock()

    # what stands there

    def title_text(self) -> str:
        """The question."""
        return f"Seal {wording.quoted(self._preview.source)} into your vault?"

    def consequence(self) -> str:
        """How much, where, what counts as one, and at most how much of it may ever be told."""
        return import_facts.consequence_of(self._preview)

    def details(self) -> Iterable[Widget]:
        """Whose people these are, the name, the columns, the privacy unit, what is refused and what to know."""
        yield from (Plain(sentence, classes="value") for sentence in self._passed)
        yield Vertical(id="people")
        if self._preview.follows_last:
            yield PlanToggle(self._preview)
        if self._preview.rows_before is None:
            yield Plain("What counts as one, and is hidden whole; fixed for good", classes="heading")
            yield Vertical(id="units")
            yield Vertical(id="times")
            yield from self._name_and_budget()
        yield ImportColumns(self._choice, self._preview, id="all-columns")
        yield Plain("How the file is written", classes="heading")
        form = self._preview.form
        parts, part = tuple(self._preview.parts), form.part if form else ""
        yield FileForm(self._choice, parts=parts, part=part, id="written")

    def _name_and_budget(self) -> Iterable[Widget]:
        """What else is said of a new collection once; its budget can never be made larger."""
        yield Plain("Name of the new collection", classes="heading")
        yield TextInput(self._choice.name, id="name", most=80)
        yield Plain("Lifetime privacy budget, ε; all jobs together never get more", classes="heading")
        budget = self._choice.lifetime or self._preview.lifetime_epsilon
        yield NumberInput(budget, id="lifetime", form=DECIMAL, such_as="8")

    def before_buttons(self) -> Iterable[Widget]:
        """What would be lost, and how it goes."""
        yield Toggle(ACCEPT, "", id="accept", is_on=False)
        yield HowFar(id="how-far")
        yield Plain(NOTHING_YET, id="word")

    def choices(self) -> Iterable[tuple[str, str]]:
        """Seal them."""
        return (("seal", self._seal_label()),)

    def _seal_label(self) -> str:
        refused = self._preview.refused_rows
        rows = f"Seal {wording.counted(self._preview.rows, 'row')}"
        return f"{rows}, lose {refused:,}" if refused else rows

    async def on_mount(self) -> None:
        """Draw what was read; one column after the other can be marked."""
        self.query_one("#seal", Button).disabled = True
        await self._draw_all()
        details = self.query_one("#details")
        self.watch(details, "scroll_y", self._look_again, init=False)
        self.watch(details, "virtual_size", self._look_again, init=False)
        self.call_after_refresh(self._look_again)

    def action_leave(self) -> None:
        """Go back, unless rows are being sealed: that ends with all of them stored or none."""
        if self._is_sealing:
            self._say("The rows are being sealed, all of them or none: it cannot be left now.")
        else:
            super().action_leave()

    def on_resize(self) -> None:
        """What is in sight at the new size."""
        self.call_after_refresh(self._look_again)

    def action_page(self, pages: int) -> None:
        """Scroll the details, wherever the focus is."""
        details = self.query_one("#details")
        details.scroll_relative(y=pages * max(1, details.size.height - 1), animate=False)

    # what must have been in sight

    def _look_again(self) -> None:
        """Note once the end of what is asked about people has been in sight."""
        details, asked = self.query_one("#details"), self._asked_about()
        if details.size.height and asked.is_mounted:
            end = asked.virtual_region.bottom - details.scroll_offset.y
            had_seen = self._has_seen
            self._has_seen = had_seen or 0 < end <= details.size.height
            if self._has_seen != had_seen:
                self._allow()  # only then: what else is said there, such as a refusal, stays

    def _asked_about(self) -> Widget:
        """What has to have been in sight to its end: whose people these are, and a unit that is only proposed."""
        return self.query_one("#units" if self._preview.unit_is_proposed else "#people")

    def _allow(self) -> None:
        if not self._is_sealing:
            obstacle = self._obstacle()
            self.query_one("#seal", Button).disabled = bool(obstacle) or not self._preview.rows
            self._say(obstacle or NOTHING_YET)

    def _obstacle(self) -> str:
        """What has to be seen or accepted first; empty where nothing has.

        What is chosen and was not looked at yet stands there already, but the plan is another one.
        """
        if self._is_answering or self._choice is not self._planned:
            return LOOKING
        if (self._preview.overlaps or self._preview.unit_is_proposed) and not self._has_seen:
            return SCROLL
        is_lost = self._preview.refused_rows and not self.query_one("#accept", Toggle).is_on
        return LOSES if is_lost and self._preview.rows else ""

    # drawing

    async def _draw_all(self) -> None:
        async with self._drawing:  # one after the other; each draws what was found last
            with while_here(self):
                await self._draw_what_is_asked()
                self._draw()

    def _draw(self) -> None:
        preview = self._preview
        self.query_one("#consequence", Plain).set_text(self.consequence())
        self.query_one(ImportColumns).show(self._choice, preview)
        self.query_one("#refused", Plain).set_text(in_fields(import_facts.refused_words(preview)))
        self.query_one("#warnings", Plain).set_text(in_fields("\n".join(preview.warnings)))
        self.query_one("#seal", Button).label = content(self._seal_label())
        accept = self.query_one("#accept", Toggle)
        accept.set_label(
            ACCEPT, f"{wording.counted(preview.refused_rows, 'row')} would be missing, for good."
        )
        accept.display = bool(preview.refused_rows and preview.rows)
        press_unit(self, preview)
        self._allow()

    # changing

    def on_import_columns_decided(self, event: ImportColumns.Decided) -> None:
        """Look at what it would be with this said of a column."""
        event.stop()
        self._plan_anew(event.choice)

    def on_file_form_changed(self, event: FileForm.Changed) -> None:
        """Look at what it would be, written so."""
        event.stop()
        if "fault" in event.said:
            self._fail(event.said["fault"])
            return
        changed = changed_of(self._choice, event.said)
        if changed.get("part") == ALL:
            self._take_all_parts()
        elif CUTS & set(changed):
            self._plan_anew(column_choices.cut_anew(self._choice, changed))
        elif changed:
            self._read_again(**changed)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Another column says when a row happened."""
        event.stop()
        if event.select.id == "time" and event.value != self._preview.time_field:
            self._read_again(time_field=str(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field leads on; another budget is looked at."""
        event.stop()
        self._has_other_budget()
        self.focus_next()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Another budget is looked at when its field is left."""
        event.stop()
        self._has_other_budget()

    def _has_other_budget(self) -> bool:
        """Whether another lifetime budget is typed than the one that is shown; it is looked at then."""
        typed = [field.value.strip() for field in self.query("#lifetime").results(Input)]
        if not typed or typed[0] in (self._choice.lifetime, self._preview.lifetime_epsilon):
            return False
        self._read_again(lifetime=typed[0])
        return True

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Count by another unit."""
        event.stop()
        unit = str(event.pressed.name)
        if unit != str(self._preview.unit):
            self._read_again(unit=unit)

    def _read_again(self, **changed: Any) -> None:
        """Ask what it would be with these choices as well; each goes on from the one before."""
        self._plan_anew(replace(self._choice, **changed), with_people="people" not in changed)

    def _plan_anew(self, choice: FileChoice, *, with_people: bool = True) -> None:
        self._choice = choice
        self.query_one(ImportColumns).follow(choice)
        self._allow()
        self._plan(with_people=with_people)

    @work(exclusive=True, group="preview")
    async def _plan(self, *, with_people: bool) -> None:
        choice, how_far = self._choice, self.query_one(HowFar)
        tell = how_far.begin("Reading")
        try:
            found = await self.program.ask(lambda vault: vault.plan_import(choice, progress=tell))
        except LockboxError as error:
            self._give_up(error)
            return
        finally:
            how_far.end()
        self._planned, self._preview = choice, found
        if choice.unit is None:
            self._has_seen = self._has_seen and self._recommended == str(found.unit)
            self._recommended = str(found.unit)
        self._has_people = self._has_people and not with_people
        # The next choice ends this worker, and a widget whose removal is broken off breaks its parent's.
        await to_its_end(self._draw_all())

    async def _draw_what_is_asked(self) -> None:
        if self._drawn != (asked := asked_of(self._preview)):
            await draw_units(self, self._preview, self._recommended)
            await draw_times(self, self._preview)
            self._drawn = asked
        if not self._has_people:
            self._has_people = True  # before it is drawn: what is found meanwhile is drawn after this
            await draw_people(self, self._preview)

    def _give_up(self, error: LockboxError) -> None:
        """Go back to what was looked at last."""
        self._choice, self._is_answering = self._planned, False
        self.query_one(ImportColumns).show(self._planned, self._preview)
        self._fail(error)

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """The same people, or others: what the person says is on the trail; or whether the last plan holds."""
        event.stop()
        if event.toggle.id == "accept":
            self._allow()
        elif isinstance(event.toggle, PlanToggle):
            self._read_again(no_plan=not event.toggle.is_on)
        elif isinstance(event.toggle, PeopleToggle):
            self._is_answering = True
            self._allow()
            self._answer(event.toggle.collection, "same" if event.toggle.is_on else "other")

    @work(exclusive=True, group="preview")
    async def _answer(self, collection: str, word: str) -> None:
        """One answer for all that share the budget of this collection: they are of the same people."""
        try:
            lines = await self.program.ask(lambda vault: vault.budget())
        except LockboxError as error:
            self._give_up(error)
            return
        self._is_answering = False
        shared = {name for line in lines if collection in line.members for name in line.members}
        asked = {one.collection for one in self._preview.overlaps if one.reason != "columns-closed"}
        self._read_again(
            people={**self._choice.people, **dict.fromkeys({collection} | (shared & asked), word)}
        )

    @work(exclusive=True, group="preview")
    async def _take_all_parts(self) -> None:
        """Look at each part as a file of its own, and go on with all of them."""
        name = self.query_one("#name", Input).value.strip() if self.query("#name") else self._choice.name
        whole = replace(self._choice, name=name, part="", allow_refused=False)
        tell, choices = self.query_one(HowFar).begin("Reading"), of_each_part(whole, self._preview)
        try:
            found = await self.program.ask(lambda vault: look_at_all(vault, choices, tell))
        except LockboxError as error:
            self._give_up(error)
            return
        finally:
            self.query_one(HowFar).end()
        self._choice, self._is_answering = self._planned, False  # this ended what else was being looked at
        self.app.push_screen(ImportSeveralDialog(found), self._sealed_all)

    def _sealed_all(self, collection: str | None) -> None:
        if collection is not None:
            self.dismiss(collection)

    # sealing

    def chosen(self, _name: str) -> None:
        """Seal the rows that are shown, of the file that was looked at, or none."""
        if self._has_other_budget():
            self._say("Another lifetime budget: look at what it would be.")
            return
        if self._obstacle():  # chosen in the same instant
            self._allow()
            return
        names = [field.value.strip() for field in self.query("#name").results(Input)]
        unit = str(self._preview.unit) if self._preview.unit_is_proposed else self._choice.unit
        choice = replace(self._choice, name=names[0] if names else self._choice.name, unit=unit)
        self._is_sealing = True
        self._say("Sealing the rows …")
        self.query_one("#seal", Button).disabled = True
        self._seal(choice)

    @work(exclusive=True, group="seal")
    async def _seal(self, choice: FileChoice) -> None:
        plan, how_far = self._preview, self.query_one(HowFar)
        tell = how_far.begin("Sealing")

        def seal(vault: OwnerSession) -> ImportReport:
            # under another name than was shown, no plan is applied that was not shown either
            is_shown = choice.name == plan.collection and not plan.unit_is_proposed
            wanted = plan if is_shown else vault.plan_import(replace(choice, no_plan=True))
            carry_out = vault.import_under_consent if wanted.needs_passphrase else vault.import_planned
            return carry_out(wanted.id, progress=tell)

        try:
            report = await self.program.ask(seal)
        except LockboxError as error:
            self._fail(error)
            return
        finally:
            how_far.end()
        self.program.tell(import_facts.report_words(report))
        self.dismiss(report.collection)

    def _say(self, sentence: str, *, is_bad: bool = False) -> None:
        word = self.query_one("#word", Plain)
        word.set_class(is_bad, "bad")
        word.set_text(sentence)

    def _fail(self, error: LockboxError) -> None:
        self._is_sealing = False
        self._allow()
        self._say(in_fields(on_screen(error)), is_bad=True)
