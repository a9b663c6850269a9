"""Records: import, data list, data show, data export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import wording
from tui.commands.options import AsJson
from tui.session import opened
from tui.terminal import confirm, is_interactive, say, show, show_json, show_table, tell, width
from vault.errors import Invalid, NotConfirmed

if TYPE_CHECKING:
    from vault.vault import ImportPreview, ImportReport, Vault

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register `lockbox import`."""
    app.command("import")(import_file)


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON Lines or Parquet.")],
    collection: Annotated[
        str | None, typer.Option("--collection", metavar="NAME", help="Default: the name of the file.")
    ] = None,
    as_format: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help="csv, jsonl or parquet; default: by the ending."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", metavar="UNIT", help="What counts as one: record, day, or the name of a column."
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COLUMN", help="The column that says when a row happened.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="COLUMN=TYPE", help="float, int, bool, text, timestamp or category."),
    ] = None,
    sensitivities: Annotated[
        list[str] | None,
        typer.Option(
            "--sensitivity", metavar="COLUMN=CLASS", help="ordinary, sensitive, special or identifying."
        ),
    ] = None,
    lifetime: Annotated[
        str | None,
        typer.Option(
            "--lifetime", metavar="EPSILON", help="Lifetime privacy budget of a new collection; default: 8."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be stored, and store nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal the rows of a file into the vault, all or nothing."""
    name = collection or file.stem
    with opened(context, writable=not dry_run) as vault:
        parsed = vault.read_file(
            file, name=name, as_format=as_format, types=_pairs(types), sensitivities=_pairs(sensitivities)
        )
        preview = vault.preview(parsed, name=name, unit=unit, time_field=time)
        home = _home(vault, name, lifetime)
        if as_json and dry_run:
            show_json(preview)
            return
        _show_preview(preview, home)
        if dry_run:
            say("\nNothing was stored (dry run).")
            return
        _ask_to_seal(name)
        report = vault.import_file(parsed, name=name, unit=unit, time_field=time, lifetime=lifetime or "")
    _tell_sealed(report, as_json=as_json)


def _tell_sealed(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        show_json(report)
    rows = wording.counted(report.rows, "row")
    say(f"{rows} sealed into {report.collection}; {len(report.refused):,} refused.")


def _home(vault: Vault, name: str, lifetime: str | None) -> str:
    """Which collection the rows go to, and what is fixed by that; raises `Invalid`."""
    for one in vault.collections():
        if one.name == name:
            if lifetime:
                raise Invalid(
                    reason=f"{name} is there already, and its lifetime privacy budget stays as it is"
                )
            return f"They go behind the {wording.counted(one.rows, 'row')} that {name} has already."
    epsilon = vault.check_lifetime(lifetime or "")
    return f"They make the collection {name}, with ε {epsilon} as its lifetime privacy budget: never more."


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    for left, sign, right in pairs:
        if not (left and sign and right):
            raise Invalid(reason="a column and its type are written COLUMN=TYPE")
    return {left: right for left, _, right in pairs}


def _ask_to_seal(name: str) -> None:
    if is_interactive() and not confirm(f"\nSeal these rows into the collection {name}?"):
        raise NotConfirmed()


def _show_preview(preview: ImportPreview, home: str) -> None:
    rows = [
        (one.name, one.type, one.sensitivity, ", ".join(one.samples), f"{one.nulls:,}")
        for one in preview.columns
    ]
    show_table(("column", "type", "sensitivity", "for example", "empty"), rows)
    say(f"\n{wording.counted(preview.rows, 'row')} fit, {preview.refused_rows:,} are refused.")
    for refused in preview.first_refused:
        say(f"  line {refused.line}: {refused.reason}")
    if preview.refused_rows > len(preview.first_refused):
        say(f"  and {preview.refused_rows - len(preview.first_refused):,} more")
    say(
        f"Privacy unit: {wording.unit_sentence(preview.unit.kind, preview.unit.field)} "
        f"({wording.counted(preview.units, 'unit')})."
    )
    for warning in preview.warnings:
        say(f"Note: {warning}")
    say(home)


@group.command("list")
def list_collections(context: typer.Context, as_json: AsJson = False) -> None:
    """Your collections, their columns and their privacy unit."""
    with opened(context, writable=False) as vault:
        found = vault.collections()
    if as_json:
        show_json(*found)
        return
    if not found:
        say("No data yet. Import a file: lockbox import FILE --dry-run")
    for one in found:
        tell(
            f"{one.name}: {wording.counted(one.rows, 'row')}; {wording.unit_sentence(one.unit, one.unit_field)}"
        )
        show_table(
            ("  column", "type", "sensitivity"),
            [(f"  {field.name}", field.type, field.sensitivity) for field in one.fields],
        )


@group.command("show")
def show_collection(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="Its name.")],
    as_json: AsJson = False,
) -> None:
    """Draw every column, for your eyes only; the look is recorded."""
    from tui.drawing import draw_column

    with opened(context) as vault:
        found = vault.show_collection(collection)
    if as_json:
        show_json(*found)
        return
    for column in found:
        show(draw_column(column, width()))


@group.command("export")
def export(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="Its name.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .csv or .jsonl file.")],
    as_format: Annotated[str | None, typer.Option("--as", metavar="FORMAT", help="csv or jsonl.")] = None,
) -> None:
    """Take everything in a collection out, readable, for yourself."""
    chosen = as_format or file.suffix.lower().lstrip(".")
    with opened(context) as vault:
        rows = vault.export_collection(collection, file, as_format=chosen)
    say(f"{wording.counted(rows, 'row')} in {file}, readable by anyone who gets that file.")
