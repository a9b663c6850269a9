"""The dialog of several files in one import: all are looked at first, and sealed one by one as they were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from tui.dialogs.read_to_end import ReadToEndDialog
from tui.text import wording
from tui.text.field_words import in_fields
from tui.text.overlap_facts import overlap_sentence
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
from tui.widgets.how_far import HowFar
from tui.widgets.plain import Plain
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import FileChoice, ImportPlan, ImportReport

Progress = Callable[[int, int], None]


def look_at_all(vault: OwnerSession, choices: Sequence[FileChoice], progress: Progress) -> list[ImportPlan]:
    """A plan of each; what stands against one stands against all of them."""
    plans = []
    for number, choice in enumerate(choices):
        progress(number, len(choices))
        plan = vault.plan_import(choice)
        vault.check_import(plan.id)
        plans.append(plan)
    return plans


def seal_all(
    vault: OwnerSession, choices: Sequence[FileChoice], shown: Sequence[ImportPlan], progress: Progress
) -> list[ImportReport]:
    """Seal them one by one, each as it was shown; raises `Invalid` where those before it make it another import."""
    reports = []
    for number, (choice, before) in enumerate(zip(choices, shown, strict=True)):
        progress(number, len(choices))
        plan = vault.plan_import(choice)
        if decides_more(before, plan, same_export(choice, choices)):
            raise Invalid(reason=OTHERWISE.format(source=plan.source))
        seal = vault.import_under_consent if plan.needs_passphrase else vault.import_planned
        reports.append(seal(plan.id))
    return reports


class ImportSeveralDialog(ReadToEndDialog):
    """What would be stored of each of several files; nothing is before all of it was in sight."""

    ANSWER: ClassVar[str] = "seal"

    def __init__(self, choices: Sequence[FileChoice], plans: Sequence[ImportPlan]) -> None:
        super().__init__()
        self._choices, self._plans = choices, plans

    def title_text(self) -> str:
        """The question."""
        return f"Seal {these_files(len(self._plans))} into your vault?"

    def consequence(self) -> str:
        """How much of it, and what is one budget for good."""
        is_export = any(len(same_export(one, self._choices)) > 1 for one in self._choices)
        return "\n".join([what_of_all(self._plans), *([ONE_BUDGET] if is_export else [])])

    def details(self) -> Iterable[Widget]:
        """One file after the other, with whose people they are."""
        for plan in self._plans:
            yield Plain(plan.source, classes="heading")
            yield Plain(in_fields(what_of(plan)), classes="value")
            for one in plan.overlaps:
                yield Plain(overlap_sentence(one), classes="value")

    def before_buttons(self) -> Iterable[Widget]:
        """How it goes, and what went wrong."""
        yield HowFar(id="how-far")
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """Seal all of them."""
        return (("seal", f"Seal {wording.counted(sum(one.rows for one in self._plans), 'row')}"),)

    def chosen(self, _name: str) -> None:
        """Seal them as they were shown."""
        choices, plans = self._choices, self._plans
        tell = self.query_one(HowFar).begin("Sealing")
        self.carry_out(
            lambda vault: seal_all(vault, choices, plans, tell),
            sealed_words,
            lambda reports: reports[-1].collection,
        )
