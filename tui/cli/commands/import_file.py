"""The command that imports a file: what it is, what would be stored, and the question."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

import typer

from tui.cli import import_options as options
from tui.cli.commands.data import explain_classes
from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import confirm, is_interactive, say, write_json, write_table
from tui.cli.vault_access import ask_beforehand, open_vault
from tui.text import wording
from tui.text.overlap_facts import cap_sentence, option_hint, overlap_sentence
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid
from vault.file_names import spelled
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from vault.views.records import ImportPlan, ImportReport


def add_to(app: typer.Typer) -> None:
    """Register `lockbox import`."""
    app.command("import")(import_file)


def import_file(
    context: typer.Context,
    file: options.File,
    collection: options.Into = None,
    as_format: options.Format = None,
    part: options.Part = None,
    unit: options.Unit = None,
    time: options.Time = None,
    types: options.Types = None,
    sensitivities: options.Sensitivities = None,
    drop: options.Drop = None,
    rename: options.Rename = None,
    nulls: options.Nulls = None,
    decimal: options.Decimal = "",
    dates: options.Dates = None,
    zone: options.Zone = "",
    encoding: options.Encoding = "",
    separator: options.Separator = "",
    skip_lines: options.SkipLines = None,
    lifetime: options.Lifetime = None,
    same_people: options.SamePeople = None,
    other_people: options.OtherPeople = None,
    allow_refused: options.AllowRefused = False,
    dry_run: options.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Seal the rows of a file into the vault: all of them, or nothing is stored."""
    choice = FileChoice(
        path=file,
        name=collection or spelled(file.absolute().stem) + (f"-{part}" if part else ""),
        unit=unit,
        time_field=time,
        as_format=as_format,
        part=part or "",
        types=_pairs(types),
        sensitivities=_pairs(sensitivities),
        lifetime=lifetime or "",
        people=_people(same_people or [], other_people or []),
        drop=tuple(drop or ()),
        rename=_pairs(rename),
        allow_refused=allow_refused,
        nulls=tuple(nulls or ()),
        decimal=decimal,
        dates=_pairs(dates),
        zone=zone,
        encoding=encoding,
        separator=separator,
        skip_lines=skip_lines,
    )
    _import(context, choice, dry_run=dry_run, as_json=as_json)


def _people(same: list[str], other: list[str]) -> dict[str, str]:
    """What was said of each collection; raises Invalid where both was."""
    for name in set(same) & set(other):
        raise Invalid(reason=f"{name} holds the same people or other ones, not both")
    return {**dict.fromkeys(same, "same"), **dict.fromkeys(other, "other")}


def _import(context: typer.Context, choice: FileChoice, *, dry_run: bool, as_json: bool) -> None:
    """Show the file, ask, and seal exactly what was shown."""
    with open_vault(context, writable=not dry_run) as vault:
        with progress_bar("reading rows") as progress:
            preview = vault.plan_import(choice, progress=progress)
        if as_json and dry_run:
            # the id of a plan is good for this opening of the vault alone
            write_json({name: value for name, value in asdict(preview).items() if name != "id"})
        elif not as_json or is_interactive():
            _show_preview(preview, on=sys.stderr if as_json else sys.stdout)
        vault.check_import(preview.id)
        if dry_run:
            say("\nNothing was stored (dry run).")
            return
        _ask_to_seal(preview.collection)
        seal = vault.import_planned
        if preview.needs_passphrase:
            ask_beforehand(vault)
            seal = vault.import_under_consent
        with progress_bar("sealing values") as progress:
            report = seal(preview.id, progress=progress)
    _say_sealed(report, as_json=as_json)


def _say_sealed(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        write_json(report)
        return
    rows = wording.counted(report.rows, "row")
    known = f", {report.known_rows:,} left out, because they are in it already" if report.known_rows else ""
    say(f"{rows} sealed into {report.collection}; {len(report.refused):,} refused{known}.")
    if report.joined:
        say(f"{report.collection} has one lifetime budget with {', '.join(report.joined)} now.")


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


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for left, sign, right in (text.partition("=") for text in given or []):
        if not (left and sign and right):
            raise Invalid(reason="what is said of a column is written COLUMN=WORD")
        if left in pairs:
            raise Invalid(reason=f"two words are said of the column {left}")
        pairs[left] = right
    return pairs


def _ask_to_seal(name: str) -> None:
    if is_interactive() and not confirm(f"\nSeal these rows into the collection {name}?"):
        raise NotConfirmed()


def _show_preview(preview: ImportPlan, *, on: TextIO) -> None:
    rows = [
        (one.name, one.type, one.sensitivity, ", ".join(one.samples), f"{one.nulls:,}")
        for one in preview.columns
    ]
    write_table(("column", "type", "sensitivity", "for example", "empty"), rows, on=on)
    explain_classes(one.sensitivity for one in preview.columns)
    say(f"\n{wording.counted(preview.rows, 'row')} fit, {preview.refused_rows:,} are refused.")
    for refused in preview.first_refused:
        say(f"  line {refused.line}: {refused.reason}")
    if preview.refused_rows > len(preview.first_refused):
        say(f"  and {preview.refused_rows - len(preview.first_refused):,} more")
    say(
        f"Privacy unit: {wording.unit_sentence(preview.unit.kind, preview.unit.of)} "
        f"({wording.counted(preview.units, 'unit')})."
    )
    for warning in preview.warnings:
        say(f"Note: {warning}")
    for one in preview.overlaps:
        say(f"Note: {overlap_sentence(one)}{option_hint(one, preview)}")
    if where := _destination(preview):
        say(where)
