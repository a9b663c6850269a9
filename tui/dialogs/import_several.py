"""The dialog of several files in one import: all are looked at first, and sealed one by one as they were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.widget import Widget
from textual.widgets import RadioSet

from tui.cli.look_at_files import LookedAt, check_said, look_at, with_proposed
from tui.dialogs.import_questions import unit_button
from tui.dialogs.read_to_end import ReadToEndDialog
from tui.text import import_facts, wording
from tui.text.field_words import in_fields
from tui.text.overlap_facts import overlap_sentence
from tui.text.screen_words import on_screen
from tui.text.several_facts import (
    ONE_BUDGET,
    OTHERWISE,
    decides_more,
    same_export,
    sealed_words,
    these_files,
    what_of,
    what_of_all,
)
from tui.widgets.choice import Choice
from tui.widgets.how_far import HowFar
from tui.widgets.plain import Plain
from vault.errors.families import Invalid, LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import FileChoice, ImportPlan, ImportReport

UNIT_ASKED: Final = "What counts as one, and is hidden whole; fixed for good:"
Progress = Callable[[int, int], None]


def look_at_all(vault: OwnerSession, choices: Sequence[FileChoice], progress: Progress) -> list[LookedAt]:
    """A plan of each; what stands against one stands against all of them."""
    found = []
    for number, choice in enumerate(choices):
        progress(number, len(choices))
        one = look_at(vault, choice)
        if one.plan.unit_is_proposed:
            one = with_proposed(vault, one)
        vault.check_import(one.plan.id)
        found.append(one)
    check_said(found)
    return found


def seal_all(vault: OwnerSession, found: Sequence[LookedAt], progress: Progress) -> list[ImportReport]:
    """Seal them one by one, each as it was shown; raises `Invalid` where those before it make it another import."""
    reports, choices = [], [one.choice for one in found]
    for number, one in enumerate(found):
        progress(number, len(found))
        plan = vault.plan_import(one.choice)
        if decides_more(one.plan, plan, same_export(one.choice, choices)):
            raise Invalid(reason=OTHERWISE.format(source=plan.source))
        seal = vault.import_under_consent if plan.needs_passphrase else vault.import_planned
        reports.append(seal(plan.id))
    return reports


class ImportSeveralDialog(ReadToEndDialog):
    """What would be stored of each of several files; nothing is before all of it was in sight."""

    ANSWER: ClassVar[str] = "seal"

    def __init__(self, found: Sequence[LookedAt], *, passed: Sequence[str] = ()) -> None:
        super().__init__()
        self._passed = passed
        self._found = list(found)
        self._is_sealing = False
        self._refused: dict[int, str] = {}
        """Why a unit that was chosen for a file cannot be taken."""

    def title_text(self) -> str:
        """The question."""
        return f"Seal {these_files(len(self._found))} into your vault?"

    def consequence(self) -> str:
        """How much of it, and what is one budget for good."""
        choices = [one.choice for one in self._found]
        is_export = any(len(same_export(one, choices)) > 1 for one in choices)
        return "\n".join(
            [what_of_all([one.plan for one in self._found]), *([ONE_BUDGET] if is_export else [])]
        )

    def details(self) -> Iterable[Widget]:
        """One file after the other, with what counts as one where that is asked, and whose people they are.

        What was passed over in a folder stands first.
        """
        yield from (Plain(sentence, classes="value") for sentence in self._passed)
        for number, one in enumerate(self._found):
            yield Plain(one.plan.source, classes="heading")
            yield Plain(self._words_of(one), id=f"file-{number}", classes="value")
            if one.is_asked:
                yield Plain(UNIT_ASKED, classes="value")
                units = import_facts.units_of(one.plan, first=str(one.plan.unit))
                buttons = [unit_button(unit, one.plan, str(one.plan.unit)) for unit in units]
                yield RadioSet(*buttons, id=f"unit-{number}", classes="value")

    def _words_of(self, one: LookedAt) -> str:
        told = [in_fields(what_of(one.plan)), *([one.note] if one.note else [])]
        return "\n".join([*told, *map(overlap_sentence, one.plan.overlaps)])

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Another unit counts in a file: look at what it would be."""
        event.stop()
        if not self._is_sealing:
            if self._otherwise() or self._is_busy:
                self._count_anew()
            return
        for number, _ in self._otherwise():  # what is sealed now stays what is chosen
            self._press(number, str(self._found[number].plan.unit))

    def _otherwise(self) -> list[tuple[int, str]]:
        """The files in which another unit is chosen than the one they were looked at by."""
        chosen = ((number, self._unit_in(number)) for number in range(len(self._found)))
        return [(number, unit) for number, unit in chosen if unit != str(self._found[number].plan.unit)]

    def _unit_in(self, number: int) -> str:
        """The unit that is chosen for a file, or the one it has where there is no choice."""
        pressed = [one.pressed_button for one in self.query(f"#unit-{number}").results(RadioSet)]
        return next((str(one.name) for one in pressed if one is not None), str(self._found[number].plan.unit))

    @work(exclusive=True, group="look")
    async def _count_anew(self) -> None:
        """Look at each file by the unit that is chosen for it now; a later choice takes the place of this look."""
        self.lock_buttons(True)
        for number, unit in self._otherwise():
            await self._count_by(number, unit)
        self.query_one("#consequence", Plain).set_text(self.consequence())
        self.lock_buttons(False)
        self.update_answer()
        if self._refused:
            self.show_problem(" ".join(self._refused.values()))

    async def _count_by(self, number: int, unit: str) -> None:
        """Look at one file by another unit; where it cannot be taken so, the unit from before stays."""
        self._refused.pop(number, None)
        before = self._found[number]
        choice = replace(before.choice, unit=unit)

        def look(vault: OwnerSession) -> ImportPlan:
            plan = vault.plan_import(choice)
            vault.check_import(plan.id)
            return plan

        try:
            plan = await self.program.ask(look)
        except LockboxError as error:
            self._refused[number] = in_fields(on_screen(error))
            self._press(number, str(before.plan.unit))
            return
        self._found[number] = replace(before, choice=choice, plan=plan)
        self.query_one(f"#file-{number}", Plain).set_text(self._words_of(self._found[number]))

    def _press(self, number: int, unit: str) -> None:
        for button in self.query(f"#unit-{number} Choice").results(Choice):
            if button.name == unit:
                button.value = True

    def show_problem(self, sentence: str) -> None:
        """What stood against sealing them leaves the choice open again."""
        self._is_sealing = self._is_sealing and not sentence
        super().show_problem(sentence)

    def before_buttons(self) -> Iterable[Widget]:
        """How it goes, and what went wrong."""
        yield HowFar(id="how-far")
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """Seal all of them."""
        return (("seal", f"Seal {wording.counted(sum(one.plan.rows for one in self._found), 'row')}"),)

    def chosen(self, _name: str) -> None:
        """Seal them as they were shown."""
        found, self._is_sealing = list(self._found), True
        tell = self.query_one(HowFar).begin("Sealing")
        self.carry_out(
            lambda vault: seal_all(vault, found, tell),
            sealed_words,
            lambda reports: reports[-1].collection,
        )
