"""What is shown of an import before it is carried out, what is asked, and what is said afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from tui.cli.commands.data import explain_classes
from tui.cli.terminal import confirm, is_interactive, say, write_json, write_table
from tui.text import wording
from tui.text.overlap_facts import cap_sentence, option_hint, overlap_sentence
from vault.errors.consent import NotConfirmed

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.records import FileChoice, ImportPlan, ImportReport


def show_preview(preview: ImportPlan, *, on: TextIO) -> None:
    """What would be stored: what counts as one, its table, and below on stderr what there is to know."""
    say(
        f"Privacy unit: {wording.unit_sentence(preview.unit.kind, preview.unit.of)} "
        f"({wording.counted(preview.units, 'unit')})."
    )
    if preview.unit_is_proposed:
        say(f"It is proposed because {preview.unit.of} names people in several rows; --unit says otherwise.")
    rows = [
        (one.name, one.type, one.sensitivity, ", ".join(one.samples), f"{one.nulls:,}")
        for one in preview.columns
    ]
    write_table(("column", "type", "sensitivity", "for example", "empty"), rows, on=on)
    explain_classes(one.sensitivity for one in preview.columns)
    fit, are = ("fits" if preview.rows == 1 else "fit", "is" if preview.refused_rows == 1 else "are")
    say(f"\n{wording.counted(preview.rows, 'row')} {fit}, {preview.refused_rows:,} {are} refused.")
    for refused in preview.first_refused:
        say(f"  line {refused.line}: {refused.reason}")
    if preview.refused_rows > len(preview.first_refused):
        say(f"  and {preview.refused_rows - len(preview.first_refused):,} more")
    for warning in preview.warnings:
        say(f"Note: {warning}")
    for one in preview.overlaps:
        say(f"Note: {overlap_sentence(one)}{option_hint(one, preview)}")
    if where := _destination(preview):
        say(where)


def _destination(preview: ImportPlan) -> str:
    """Which collection the rows go to, and what is fixed by that; empty where they are not imported so."""
    name, epsilon = preview.collection, preview.lifetime_epsilon
    if any(one.other_unit for one in preview.overlaps):
        return ""
    shared = cap_sentence(preview)
    if preview.rows_before is not None:
        where = f"They go behind the {wording.counted(preview.rows_before, 'row')} that {name} has already."
        return f"{where} {shared}".strip()
    if shared:
        return f"They make the collection {name}. {shared}"
    return f"They make the collection {name}, with ε {epsilon} as its lifetime privacy budget: never more."


def with_its_unit(
    vault: Owner, choice: FileChoice, preview: ImportPlan, *, is_asked: bool
) -> tuple[FileChoice, ImportPlan]:
    """The choice and the plan with the proposed unit, once whoever is at the terminal said so; or `NotConfirmed`."""
    if is_asked and not confirm(f"\nThe unit is fixed for good. Does each {preview.unit.of} count as one?"):
        raise NotConfirmed()
    choice = replace(choice, unit=str(preview.unit))
    return choice, vault.plan_import(choice)


def ask_to_seal(question: str) -> None:
    """Ask whoever is at a terminal; raises `NotConfirmed`."""
    if is_interactive() and not confirm(f"\n{question}"):
        raise NotConfirmed()


def say_sealed(report: ImportReport, *, as_json: bool) -> None:
    """What was stored, as one object or in words."""
    if as_json:
        write_json(report)
        return
    rows = wording.counted(report.rows, "row")
    known = f", {report.known_rows:,} left out, because they are in it already" if report.known_rows else ""
    say(f"{rows} sealed into {report.collection}; {len(report.refused):,} refused{known}.")
    if report.joined:
        say(f"{report.collection} has one lifetime budget with {', '.join(report.joined)} now.")
