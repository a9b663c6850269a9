"""The dialogs of an import: choose a file, preview it, and seal its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, RadioSet

from tui.dialogs.dialog import Dialog
from tui.text import import_facts, wording
from tui.text.error_words import with_way_out
from tui.text.layout import escaped
from tui.text.overlap_facts import overlap_sentence, toggle_words
from tui.widgets.choice import Choice
from tui.widgets.plain import Plain, content
from tui.widgets.table import Line, ListTable
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError
from vault.views.records import FileChoice, ImportPlan, ImportReport, Overlap

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

NOTHING_YET: Final = "Nothing is stored until you say so."
SCROLL: Final = "Scroll down first: whose people these are is not all in sight."


class PeopleToggle(Toggle):
    """Whether the rows are of the people of one collection."""

    def __init__(self, one: Overlap) -> None:
        super().__init__(*toggle_words(one), is_on=one.joins)
        self.collection = one.collection


class PlanToggle(Toggle):
    """Whether the file is read as the last one into its collection."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__(
            f"Read it as the last file into {wording.short(plan.collection, 30)}", "", is_on=True
        )


class ImportDialog(Dialog[ImportReport]):
    """What would be sealed: the columns, what counts as one, what is refused, the lifetime budget.

    Whose people these are joins budgets for good, so it stands first and has been in sight before anything is sealed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("s", "next_class", "Change the class of the marked column", show=False),
    ]

    def __init__(self, choice: FileChoice, preview: ImportPlan) -> None:
        super().__init__()
        self._choice = self._planned = choice
        self._preview = preview
        self._has_seen = False
        self._is_sealing = False

    # what stands there

    def title_text(self) -> str:
        """The question."""
        return f"Seal {wording.quoted(self._preview.source)} into your vault?"

    def consequence(self) -> str:
        """How much, where, what counts as one, and at most how much of it may ever be told."""
        return import_facts.consequence_of(self._preview)

    def details(self) -> Iterable[Widget]:
        """Whose people these are, the name, the columns, the privacy unit, what is refused and what to know."""
        yield Vertical(id="people")
        if self._preview.follows_last:
            yield PlanToggle(self._preview)
        if self._preview.rows_before is None:
            yield Plain("What counts as one, and is hidden whole; fixed for good", classes="heading")
            yield Vertical(id="units")
            yield from self._name_and_budget()
        yield Plain("Columns. s changes how sensitive the marked one is.", classes="heading")
        yield ListTable("", "column", "kind", "class", "empty", "examples", id="columns")
        yield Plain("", id="class-words", classes="muted")
        yield Plain("", id="refused")
        yield Plain("", id="warnings", classes="muted")

    def _name_and_budget(self) -> Iterable[Widget]:
        """What else is said of a new collection once; its budget can never be made larger."""
        yield Plain("Name of the new collection", classes="heading")
        yield Input(self._choice.name, id="name", max_length=80, compact=True)
        yield Plain("Lifetime privacy budget, ε; all jobs together never get more", classes="heading")
        budget = self._choice.lifetime or self._preview.lifetime_epsilon
        yield Input(budget, id="lifetime", max_length=12, compact=True)

    def before_buttons(self) -> Iterable[Widget]:
        """How it goes."""
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
        await self._draw_units()
        await self._draw_people()
        self._draw()
        details = self.query_one("#details")
        self.watch(details, "scroll_y", self._look_again, init=False)
        self.watch(details, "virtual_size", self._look_again, init=False)
        self.call_after_refresh(self._look_again)

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
        details, people = self.query_one("#details"), self.query_one("#people")
        if details.size.height and people.is_mounted:
            end = people.virtual_region.bottom - details.scroll_offset.y
            self._has_seen = self._has_seen or end <= details.size.height
            self._allow()

    def _allow(self) -> None:
        if not self._is_sealing:
            self.query_one("#seal", Button).disabled = not (self._preview.rows and self._may_seal())
            self._say(NOTHING_YET if self._may_seal() else SCROLL)

    def _may_seal(self) -> bool:
        return self._has_seen or not self._preview.overlaps

    # drawing

    def _draw(self) -> None:
        preview = self._preview
        self.query_one("#consequence", Plain).set_text(self.consequence())
        self.query_one("#columns", ListTable).fill(_lines(preview))
        self.query_one("#refused", Plain).set_text(import_facts.refused_words(preview))
        self.query_one("#warnings", Plain).set_text("\n".join(preview.warnings))
        seal = self.query_one("#seal", Button)
        seal.label = content(self._seal_label())
        self._allow()

    async def _draw_units(self) -> None:
        for place in self.query("#units"):
            buttons = [_unit_button(unit, self._preview) for unit in import_facts.units_of(self._preview)]
            await place.mount(RadioSet(*buttons, id="unit"))

    async def _draw_people(self) -> None:
        """A tick for each collection with the same people in it; where there is no choice, its sentence."""
        place = self.query_one("#people", Vertical)
        await place.remove_children()
        await place.mount(*(_people_line(one) for one in self._preview.overlaps))

    def on_data_table_row_highlighted(self, event: ListTable.RowHighlighted) -> None:
        """Say what the class of the marked column means."""
        column = next((one for one in self._preview.columns if one.name == event.row_key.value), None)
        if column is not None:
            words = (
                f"{escaped(column.name)} is {column.sensitivity}: {import_facts.CLASSES[column.sensitivity]}"
            )
            self.query_one("#class-words", Plain).set_text(words)

    # changing

    def action_next_class(self) -> None:
        """Change the class of the marked column."""
        if isinstance(self.focused, ListTable):
            self._next_class(self.focused.chosen)

    def _next_class(self, name: str | None) -> None:
        column = next((one for one in self._preview.columns if one.name == name), None)
        if column is None or self._preview.rows_before is not None:
            return
        # What was chosen before may not have been answered yet.
        place = import_facts.SENSITIVITIES.index(
            self._choice.sensitivities.get(column.name, column.sensitivity)
        )
        after = import_facts.SENSITIVITIES[(place + 1) % len(import_facts.SENSITIVITIES)]
        self._read_again(sensitivities={**self._choice.sensitivities, column.name: after})

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

    def _read_again(self, **changed: object) -> None:
        """Ask what it would be with these choices as well; each goes on from the one before."""
        self._choice = replace(self._choice, **changed)  # type: ignore[arg-type]
        self._plan_again(with_people="people" not in changed)

    @work(exclusive=True, group="preview")
    async def _plan_again(self, *, with_people: bool) -> None:
        choice = self._choice
        try:
            found = await self.program.ask(lambda vault: vault.plan_import(choice))
        except LockboxError as error:
            self._choice = self._planned
            self._fail(error)
            return
        self._planned, self._preview = choice, found
        if with_people:
            await self._draw_people()
        self._draw()

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """The same people, or others: what the person says is on the trail; or whether the last plan holds."""
        event.stop()
        if isinstance(event.toggle, PlanToggle):
            self._read_again(no_plan=not event.toggle.is_on)
        if isinstance(event.toggle, PeopleToggle):
            self._answer(event.toggle.collection, "same" if event.toggle.is_on else "other")

    @work(exclusive=True, group="preview")
    async def _answer(self, collection: str, word: str) -> None:
        """One answer for all that share the budget of this collection: they are of the same people."""
        lines = await self.program.ask(lambda vault: vault.budget())
        shared = {name for line in lines if collection in line.members for name in line.members}
        asked = {one.collection for one in self._preview.overlaps if one.reason != "columns-closed"}
        self._read_again(
            people={**self._choice.people, **dict.fromkeys({collection} | (shared & asked), word)}
        )

    # sealing

    def chosen(self, _name: str) -> None:
        """Seal the rows that are shown, of the file that was looked at, or none."""
        if self._has_other_budget():
            self._say("Another lifetime budget: look at what it would be.")
            return
        names = [field.value.strip() for field in self.query("#name").results(Input)]
        self._choice = replace(self._choice, name=names[0] if names else self._choice.name)
        self._is_sealing = True
        self._say("Sealing the rows …")
        self.query_one("#seal", Button).disabled = True
        self._seal()

    @work(exclusive=True, group="seal")
    async def _seal(self) -> None:
        choice, plan = self._choice, self._preview

        def seal(vault: OwnerSession) -> ImportReport:
            # under another name than was shown, no plan is applied that was not shown either
            is_shown = choice.name == plan.collection
            wanted = plan if is_shown else vault.plan_import(replace(choice, no_plan=True))
            return (vault.import_under_consent if wanted.needs_passphrase else vault.import_planned)(
                wanted.id
            )

        try:
            report = await self.program.ask(seal)
        except LockboxError as error:
            self._fail(error)
            return
        self.program.tell(import_facts.report_words(report))
        self.dismiss(report)

    def _say(self, sentence: str, *, is_bad: bool = False) -> None:
        word = self.query_one("#word", Plain)
        word.set_class(is_bad, "bad")
        word.set_text(sentence)

    def _fail(self, error: LockboxError) -> None:
        self._is_sealing = False
        self._allow()
        self._say(with_way_out(error), is_bad=True)


def _unit_button(unit: str, preview: ImportPlan) -> Choice:
    is_chosen = unit == str(preview.unit)
    example = import_facts.unit_example(unit, preview)
    words = " ".join(filter(None, (example, import_facts.unit_words(unit), "(recommended)" * is_chosen)))
    return Choice(Content(escaped(words)), value=is_chosen, name=unit)


def _people_line(one: Overlap) -> Widget:
    if one.reason == "columns-closed":
        return Plain(overlap_sentence(one), classes="value")
    return PeopleToggle(one)


def _lines(preview: ImportPlan) -> Iterable[Line]:
    for one in preview.columns:
        yield Line(
            key=one.name,
            cells=(
                import_facts.MARKS[one.sensitivity], one.name, one.type, one.sensitivity,
                f"{one.nulls:,}" if one.nulls else "", ", ".join(one.samples),
            ),
        )  # fmt: skip
