"""The collections, by ear, and a file that is sealed into one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.text import import_facts, wording
from tui.text.overlap_facts import overlap_sentence
from tui.text.parse import parse_path
from vault.file_names import spelled
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView
    from vault.views.records import ImportPlan


def hear_data(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all collections, again and again."""
    while found := vault.collections():
        lines = [f"{one.name}: {wording.counted(one.rows, 'row')}." for one in found]
        chosen = talk.choose("Your collections.", lines)
        if chosen is None:
            return
        _hear_collection(talk, found[chosen])
    talk.say("There is no data yet.")


def _hear_collection(talk: Talk, one: CollectionView) -> None:
    talk.say(
        f"{one.name}: {wording.counted(one.rows, 'row')}; {wording.unit_sentence(one.unit, one.unit_field)}.",
        *(f"{field.name}, {field.type}, {field.sensitivity}." for field in one.fields),
        f"To hear how its values are spread: lockbox data show {one.name}",
    )


def hear_budget(talk: Talk, vault: OwnerSession) -> None:
    """What is used of each lifetime budget."""
    lines = [one for one in vault.budget() if one.requester is None]
    for one in lines:
        members = f", one budget of {', '.join(one.members)}" if len(one.members) > 1 else ""
        talk.say(
            f"{one.collection}{members}: {wording.percent(one.used_percent)} used of ε {one.lifetime_epsilon}, by "
            f"{wording.counted(one.jobs, 'job')}; {wording.percent(wording.left_of(one.used_percent))} is left."
        )
    if not lines:
        talk.say("There is no budget before there is data.")


# importing --------------------------------------------------------------------------------------------------


def import_file(talk: Talk, vault: OwnerSession) -> None:
    """Hear what would be stored, say what counts as one, and seal exactly that."""
    typed = talk.ask("Path of the file to import, or nothing to go back:")
    if not typed:
        return
    path = parse_path(typed).absolute()
    name = talk.ask(f"Name of the collection, or nothing for {spelled(path.stem)}:")
    choice = FileChoice(path=path, name=name or spelled(path.stem))
    plan = vault.plan_import(choice, progress=talk.progress("Reading"))
    if plan.rows_before is None:
        choice = _with_terms(talk, choice, plan)
        plan = vault.plan_import(choice, progress=talk.progress("Reading"))
    if plan.refused_rows:
        talk.say(import_facts.refused_words(plan))
        if not talk.agrees("Seal the others, and lose these", "Nothing is stored"):
            return
        choice = replace(choice, allow_refused=True)
        plan = vault.plan_import(choice, progress=talk.progress("Reading"))
    _say_plan(talk, plan)
    vault.check_import(plan.id)
    if not talk.agrees(f"Seal {wording.counted(plan.rows, 'row')}", "Nothing is stored"):
        return
    seal = vault.import_under_consent if plan.needs_passphrase else vault.import_planned
    talk.say(import_facts.report_words(seal(plan.id, progress=talk.progress("Sealing"))))


def _with_terms(talk: Talk, choice: FileChoice, plan: ImportPlan) -> FileChoice:
    """What counts as one, and the lifetime budget: both are fixed for good."""
    units = import_facts.units_of(plan, first=str(plan.unit))
    lines = [f"{import_facts.unit_example(one, plan)} {import_facts.unit_words(one, plan)}" for one in units]
    talk.say("What counts as one, and is hidden whole? This is fixed for good. The first is recommended.")
    chosen = talk.choose("One of these:", lines, back="The first of them.")
    budget = talk.ask(
        f"Lifetime privacy budget, an ε that all jobs together never exceed, or nothing for {plan.lifetime_epsilon}:"
    )
    return replace(choice, unit=units[chosen or 0], lifetime=budget)


def _say_plan(talk: Talk, plan: ImportPlan) -> None:
    for one in plan.columns:
        examples = f", for example {', '.join(one.samples)}" if one.samples else ""
        empty = f", {one.nulls:,} empty" if one.nulls else ""
        talk.say(f"{one.name}: {one.type}, {one.sensitivity}{empty}{examples}.")
    talk.say(*(f"Note: {warning}" for warning in plan.warnings))
    talk.say(*(f"Note: {overlap_sentence(one)}" for one in plan.overlaps))
    talk.say(import_facts.consequence_of(plan))
