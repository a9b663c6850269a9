"""The command that lists the exports lockbox knows: what each needs, where to get it, what is in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import AsJson
from tui.cli.terminal import write, write_json, write_table, write_wrapped
from vault.views.counting import counted

if TYPE_CHECKING:
    from vault.importers.catalogue.schema import KnownColumn, KnownFormat, Part


def add_to(app: typer.Typer) -> None:
    """Register `lockbox formats`."""
    app.command("formats")(formats)


def formats(
    name: Annotated[
        str | None, typer.Argument(metavar="FORMAT", help="One of them, with its parts and columns.")
    ] = None,
    part: Annotated[
        str | None, typer.Option("--part", metavar="PART", help="Only this part of it, with its columns.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The exports that are known, what each needs and where you download it; no vault is opened."""
    from vault.importers.catalogue.formats import FORMATS, find_format, find_part

    chosen = find_format(name) if name or part else None
    if as_json:
        write_json(*(asdict(one) for one in ([chosen] if chosen else FORMATS.values())))
    elif chosen is None:
        for one in FORMATS.values():
            _write_format(one)
        write_wrapped("\nBesides these: any table as CSV, JSON Lines or Parquet.")
    elif part is None:
        _write_format(chosen)
        write_table(("part", "what it holds"), [(one.name, one.title) for one in chosen.parts])
        _write_part(chosen.parts[0])
    else:
        _write_part(find_part(chosen, part))


def _write_format(one: KnownFormat) -> None:
    write_wrapped(f"{one.name}: {one.title}")
    write_wrapped(f"  give: {one.needs}")
    write_wrapped(f"  get it: {one.download}")
    if one.leaves_out:
        write_wrapped(f"  never taken: {one.leaves_out}")


def _write_part(one: Part) -> None:
    write(f"\nPart {one.name}: {one.title}")
    rows = [(each.name, each.type, each.sensitivity, _range(each), each.meaning) for each in one.columns]
    write_table(("column", "type", "sensitivity", "range", "meaning"), rows)


def _range(column: KnownColumn) -> str:
    if column.constants is not None:
        return f"{column.constants.low:g} to {column.constants.high:g} {column.measure}".strip()
    return counted(len(column.labels), "word") if column.labels else ""
