"""A file that is imported, by ear: what would be stored is said, read otherwise as often as wanted, and sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.text import import_facts, wording
from tui.text.error_words import with_way_out
from tui.text.overlap_facts import overlap_sentence
from tui.text.parse import parse_path
from vault.errors.families import Invalid, LockboxError, Locked
from vault.file_names import spelled
from vault.requester.file_kinds import check_kind
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import ImportPlan

Change = Callable[["Talk", FileChoice, "ImportPlan"], FileChoice | None]

NOTHING: Final = "Nothing is stored"


def import_file(talk: Talk, vault: OwnerSession) -> None:
    """Hear what would be stored, have it read otherwise, and seal exactly what was heard last."""
    typed = talk.ask("Path of the file to import, or nothing to go back:")
    if not typed:
        return
    path = parse_path(typed).absolute()
    check_kind(path)
    name = talk.ask(f"Name of the collection, or nothing for {spelled(path.stem)}:")
    choice = FileChoice(path=path, name=name or spelled(path.stem))
    first = _first(talk, vault, choice)
    if first is None:
        return
    choice, plan = first
    if plan.rows_before is None:
        choice = _with_terms(talk, vault, choice, plan)
        plan = _read(talk, vault, choice)
    while True:
        _say_plan(talk, plan)
        talk.forget_typed()
        chosen = talk.choose("What do you want?", [_sealing(plan), *CHANGES], back=f"{NOTHING}.")
        if chosen is None:
            return
        if chosen == 0:
            _seal(talk, vault, choice, plan)
            return
        change = CHANGES[[*CHANGES][chosen - 1]]
        choice, plan = _changed(talk, vault, choice, plan, change)


def _read(talk: Talk, vault: OwnerSession, choice: FileChoice) -> ImportPlan:
    return vault.plan_import(choice, progress=talk.progress("Reading"))


def _first(talk: Talk, vault: OwnerSession, choice: FileChoice) -> tuple[FileChoice, ImportPlan] | None:
    """The file as it is read first, or otherwise where it cannot be read so; None where that is given up."""
    while True:
        try:
            return choice, _read(talk, vault, choice)
        except Invalid as error:
            talk.say(with_way_out(error))
        chosen = talk.choose("Read it otherwise?", [*AT_FIRST], back=f"{NOTHING}.")
        if chosen is None:
            return None
        choice = AT_FIRST[[*AT_FIRST][chosen]](talk, choice) or choice


def _changed(
    talk: Talk, vault: OwnerSession, choice: FileChoice, plan: ImportPlan, change: Change
) -> tuple[FileChoice, ImportPlan]:
    """The file read otherwise; where that cannot be, it is said, and it stays as it was."""
    try:
        wanted = change(talk, choice, plan)
        return (choice, plan) if wanted is None else (wanted, _read(talk, vault, wanted))
    except Locked:
        raise
    except LockboxError as error:
        talk.say(with_way_out(error), "It stays as it was.")
        return choice, _read(talk, vault, choice)


def _sealing(plan: ImportPlan) -> str:
    rows = wording.counted(plan.rows, "row")
    if plan.refused_rows:
        return f"Seal {rows}, and lose the {plan.refused_rows:,} that cannot be read."
    return f"Seal {rows}."


def _seal(talk: Talk, vault: OwnerSession, choice: FileChoice, plan: ImportPlan) -> None:
    """Seal what was said, with the loss that was named and no other."""
    if plan.refused_rows:
        kept = (plan.digest, plan.rows, plan.refused_rows)
        plan = _read(talk, vault, replace(choice, allow_refused=True))
        if (plan.digest, plan.rows, plan.refused_rows) != kept:
            talk.say(f"The file has changed meanwhile. {NOTHING}.")
            return
    seal = vault.import_under_consent if plan.needs_passphrase else vault.import_planned
    talk.say(import_facts.report_words(seal(plan.id, progress=talk.progress("Sealing"))))


def _with_terms(talk: Talk, vault: OwnerSession, choice: FileChoice, plan: ImportPlan) -> FileChoice:
    """What counts as one, and the lifetime budget: both are fixed for good."""
    choice = _another_unit(talk, choice, plan)
    budget = talk.ask_for(
        f"Lifetime privacy budget, an ε that all jobs together never exceed, or nothing for {plan.lifetime_epsilon}:",
        vault.check_lifetime,
    )
    return replace(choice, lifetime=budget or "")


def _say_plan(talk: Talk, plan: ImportPlan) -> None:
    for one in plan.columns:
        examples = f", for example {', '.join(one.samples)}" if one.samples else ""
        empty = f", {one.nulls:,} empty" if one.nulls else ""
        talk.say(f"{one.name}: {one.type}, {one.sensitivity}{empty}{examples}.")
    talk.say(*(f"Note: {warning}" for warning in plan.warnings))
    talk.say(*(f"Note: {overlap_sentence(one)}" for one in plan.overlaps))
    talk.say(*([import_facts.refused_words(plan)] if plan.refused_rows else []))
    talk.say(import_facts.consequence_of(plan))


# reading it otherwise ---------------------------------------------------------------------------------------


def _another_unit(talk: Talk, choice: FileChoice, plan: ImportPlan) -> FileChoice:
    """What counts as one; the first of what there is, where no other is chosen."""
    units = import_facts.units_of(plan, first=str(plan.unit))
    lines = [f"{import_facts.unit_example(one, plan)} {import_facts.unit_words(one, plan)}" for one in units]
    talk.say("What counts as one, and is hidden whole? This is fixed for good. The first is recommended.")
    chosen = talk.choose("One of these:", lines, back="The first of them.")
    return replace(choice, unit=units[chosen or 0])


def _unit_again(talk: Talk, choice: FileChoice, plan: ImportPlan) -> FileChoice | None:
    if plan.rows_before is not None:
        talk.say("That collection is there already: what counts as one in it is fixed for good.")
        return None
    return _another_unit(talk, choice, plan)


def _zone(talk: Talk, choice: FileChoice) -> FileChoice | None:
    zone = talk.ask("Zone of the times that name none, such as Europe/Berlin, or nothing to go back:")
    return replace(choice, zone=zone) if zone else None


def _missing(talk: Talk, choice: FileChoice) -> FileChoice | None:
    word = talk.ask("A word that stands for a missing value, such as -999, or nothing to go back:")
    return replace(choice, nulls=(*choice.nulls, word)) if word else None


def _left_out(talk: Talk, choice: FileChoice, plan: ImportPlan) -> FileChoice | None:
    column = _column(talk, "Leave out which column?", plan)
    if not column:
        return None
    kept = {old: new for old, new in choice.rename.items() if new != column}
    return replace(choice, drop=(*choice.drop, _as_in_file(choice, column)), rename=kept)


def _renamed(talk: Talk, choice: FileChoice, plan: ImportPlan) -> FileChoice | None:
    column = _column(talk, "Which column gets another name?", plan)
    name = talk.ask(f"New name of {column}, or nothing to go back:") if column else ""
    if not name:
        return None
    unit = f"column:{name}" if choice.unit == f"column:{column}" else choice.unit
    return replace(choice, rename={**choice.rename, _as_in_file(choice, column): name}, unit=unit)


def _vector(talk: Talk, choice: FileChoice) -> FileChoice | None:
    talk.say("Columns of one name and a number, such as pixel_0 to pixel_63, become one column of vectors.")
    name = talk.ask("Their name without the number, or nothing to go back:")
    columns = talk.ask("How many there are, or the first and the last as FIRST..LAST:") if name else ""
    return replace(choice, vectors={**choice.vectors, name: columns}) if columns else None


def _column(talk: Talk, question: str, plan: ImportPlan) -> str:
    """The name of a column that is kept by now, typed as it was said; empty for none."""
    names = [one.name for one in plan.columns]
    while (typed := talk.ask(f"{question} Its name, or nothing to go back:")) and typed not in names:
        talk.say(f"There is no column {typed}.")
    return typed


def _as_in_file(choice: FileChoice, column: str) -> str:
    """What a column is called in the file, where it was given another name before."""
    return {new: old for old, new in choice.rename.items()}.get(column, column)


def _of_any_plan(change: Callable[[Talk, FileChoice], FileChoice | None]) -> Change:
    return lambda talk, choice, _plan: change(talk, choice)


AT_FIRST: Final[Mapping[str, Callable[[Talk, FileChoice], FileChoice | None]]] = {
    "Say the zone of its times.": _zone,
    "Say what stands for a missing value.": _missing,
    "Make one column of numbered columns.": _vector,
}
"""What can be said about a file of which nothing is known."""

CHANGES: Final[Mapping[str, Change]] = {
    "Another unit: what counts as one.": _unit_again,
    "Leave out a column.": _left_out,
    "Give a column another name.": _renamed,
    **{words: _of_any_plan(change) for words, change in AT_FIRST.items()},
}
"""What can be said about it once it was read, in the order of the numbers."""
