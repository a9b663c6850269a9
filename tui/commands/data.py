"""Records: import, data list, data show, data export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import wording
from tui.commands.options import AsJson
from tui.session import opened
from tui.terminal import confirm, is_interactive, say, show, show_json, show_table
from vault.errors import Invalid

if TYPE_CHECKING:
    from vault.vault import ImportPreview

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
        str,
        typer.Option("--lifetime", metavar="EPSILON", help="Lifetime privacy budget of a new collection."),
    ] = "8",
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
        if as_json and dry_run:
            show_json(preview)
            return
        _show_preview(preview)
        if dry_run:
            say("\nnothing was stored (dry run)")
            return
        if is_interactive() and not confirm(f"\nseal these rows into the collection {name}?"):
            raise Invalid(reason="you said no; nothing was stored")
        report = vault.import_file(parsed, name=name, unit=unit, time_field=time, lifetime=lifetime)
    if as_json:
        show_json(report)
    say(f"{report.rows:,} rows sealed into {name}; {len(report.refused):,} refused.")


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    for left, sign, right in pairs:
        if not (left and sign and right):
            raise Invalid(reason="a column and its type are written COLUMN=TYPE")
    return {left: right for left, _, right in pairs}


def _show_preview(preview: ImportPreview) -> None:
    rows = [
        (one.name, one.type, one.sensitivity, ", ".join(one.samples), f"{one.nulls:,}")
        for one in preview.columns
    ]
    show_table(("column", "type", "sensitivity", "for example", "empty"), rows)
    say(f"\n{preview.rows:,} rows fit, {preview.refused_rows:,} are refused.")
    for refused in preview.first_refused:
        say(f"  line {refused.line}: {refused.reason}")
    say(
        f"privacy unit: {wording.unit_sentence(preview.unit.kind, preview.unit.field)} ({preview.units:,} units)"
    )
    for warning in preview.warnings:
        say(f"note: {warning}")


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
        show(f"{one.name}: {one.rows:,} rows; {wording.unit_sentence(one.unit, one.unit_field)}")
        show_table(
            ("  column", "type", "sensitivity"),
            [(f"  {field.name}", field.type, field.sensitivity) for field in one.fields],
        )


@group.command("show")
def show_collection(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION")],
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
        show(draw_column(column))


@group.command("export")
def export(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .csv or .jsonl file.")],
    as_format: Annotated[str | None, typer.Option("--as", metavar="FORMAT", help="csv or jsonl.")] = None,
) -> None:
    """Take everything in a collection out, readable, for yourself."""
    chosen = as_format or file.suffix.lower().lstrip(".")
    with opened(context) as vault:
        rows = vault.export_collection(collection, file, as_format=chosen)
    say(f"{rows:,} rows in {file}, readable by anyone who gets that file.")
