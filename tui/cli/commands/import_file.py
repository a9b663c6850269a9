"""The command that imports a file: what it is, what would be stored, and the question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from tui.cli import import_options as options
from tui.cli.import_plan import read_plan, save_plan, with_plan
from tui.cli.look_at_files import files_of
from tui.cli.options import AsJson, pairs_of, vectors_of
from tui.cli.progress import progress_bar
from tui.cli.several_files import import_all
from tui.cli.show_import import ask_to_seal, say_sealed, show_preview, with_its_unit
from tui.cli.terminal import is_interactive, say, write_json
from tui.cli.vault_access import ask_beforehand, open_vault
from tui.text.several_facts import ALL
from vault.errors.families import Invalid
from vault.file_names import spelled
from vault.views.records import FileChoice


def add_to(app: typer.Typer) -> None:
    """Register `lockbox import`."""
    app.command("import")(import_file)


def import_file(
    context: typer.Context,
    files: options.Files,
    collection: options.Into = None,
    as_format: options.Format = None,
    part: options.Part = None,
    unit: options.Unit = None,
    time: options.Time = None,
    types: options.Types = None,
    sensitivities: options.Sensitivities = None,
    drop: options.Drop = None,
    rename: options.Rename = None,
    vectors: options.Vectors = None,
    nulls: options.Nulls = None,
    decimal: options.Decimals = None,
    dates: options.Dates = None,
    zone: options.Zone = "",
    encoding: options.Encoding = "",
    separator: options.Separator = "",
    skip_lines: options.SkipLines = None,
    flatten: options.Flatten = False,
    plan: options.Plan = None,
    no_plan: options.NoPlan = False,
    save_to: options.SavePlan = None,
    lifetime: options.Lifetime = None,
    same_people: options.SamePeople = None,
    other_people: options.OtherPeople = None,
    allow_refused: options.AllowRefused = False,
    dry_run: options.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Seal the rows of a file into the vault: all of them, or nothing is stored."""
    said = with_plan(
        read_plan(plan) if plan else {},
        {
            "unit": unit,
            "time_field": time,
            "as_format": as_format,
            "part": part,
            "types": pairs_of(types),
            "sensitivities": pairs_of(sensitivities),
            "drop": tuple(drop or ()),
            "rename": pairs_of(rename),
            "vectors": vectors_of(vectors),
            "nulls": tuple(nulls or ()),
            "decimal": _of_all(decimal),
            "decimals": pairs_of([text for text in decimal or () if "=" in text]),
            "dates": pairs_of(dates),
            "zone": zone,
            "encoding": encoding,
            "separator": separator,
            "skip_lines": skip_lines,
            "flatten": flatten or None,
        },
    )
    people = _people(same_people, other_people)
    said |= {"lifetime": lifetime or "", "people": people, "allow_refused": allow_refused}
    choices = _choices(files, collection, said | {"no_plan": no_plan or plan is not None})
    run = _import if len(choices) == 1 and choices[0].part != ALL else import_all
    run(context, choices, dry_run=dry_run, as_json=as_json, save_to=save_to)


def _choices(paths: list[Path], collection: str | None, said: dict[str, Any]) -> list[FileChoice]:
    """What was said, of each file; its collection has its own name where none was given.

    What is passed over in a folder is told.
    """
    files = files_of(paths, said.get("as_format"))
    for sentence in files.passed:
        say(sentence)
    part = f"-{said['part']}" if said.get("part") else ""
    named = [(path, collection or spelled(path.absolute().stem) + part) for path in files.paths]
    return [FileChoice(path=path, name=name, **said) for path, name in named]


def _people(same: list[str] | None, other: list[str] | None) -> dict[str, str]:
    """What was said of each collection; raises Invalid where both was."""
    for name in set(same or ()) & set(other or ()):
        raise Invalid(reason=f"{name} holds the same people or other ones, not both")
    return {**dict.fromkeys(same or (), "same"), **dict.fromkeys(other or (), "other")}


def _import(
    context: typer.Context,
    choices: Sequence[FileChoice],
    *,
    dry_run: bool,
    as_json: bool,
    save_to: Path | None,
) -> None:
    """Show the file, ask, and seal exactly what was shown."""
    (choice,) = choices
    with open_vault(context, writable=not dry_run, reads_records=True) as vault:
        with progress_bar("reading rows") as progress:
            preview = vault.plan_import(choice, progress=progress)
        if as_json and dry_run:
            # the id of a plan is good for this opening of the vault alone
            write_json({name: value for name, value in asdict(preview).items() if name != "id"})
        elif not as_json or is_interactive():
            show_preview(preview, on=sys.stderr if as_json else sys.stdout)
        if preview.unit_is_proposed and is_interactive():
            choice, preview = with_its_unit(vault, choice, preview, is_asked=not dry_run)
        vault.check_import(preview.id)
        if save_to is not None:
            save_plan(save_to, choice, preview)
            say(
                f"{save_to} holds what was decided. For the next file: lockbox import FILE --plan {quote(str(save_to))}"
            )
        if dry_run:
            say("\nNothing was stored (dry run).")
            return
        ask_to_seal(f"Seal these rows into the collection {preview.collection}?")
        seal = vault.import_planned
        if preview.needs_passphrase:
            ask_beforehand(vault)
            seal = vault.import_under_consent
        with progress_bar("sealing values") as progress:
            report = seal(preview.id, progress=progress)
    say_sealed(report, as_json=as_json)


def _of_all(decimals: list[str] | None) -> str:
    """The decimal sign of all columns but those that are named; raises Invalid for two."""
    signs = [text for text in decimals or () if "=" not in text]
    if len(signs) > 1:
        raise Invalid(reason=f"two decimal signs are said of all columns: {' and '.join(signs)}")
    return next(iter(signs), "")
