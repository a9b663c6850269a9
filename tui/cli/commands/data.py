"""Records: data list, show, card, browse, search, undo, export, erase."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tui.cli.command_group import AnyText, CommandGroup
from tui.cli.data_card import card_choice, write_card
from tui.cli.number_types import WHOLE
from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import (
    ask,
    is_interactive,
    say,
    width,
    write,
    write_json,
    write_table,
    write_wrapped,
)
from tui.cli.vault_access import ask_beforehand, check_new_file, open_vault
from tui.text import wording
from tui.text.card_facts import handed_out, unit_missing
from tui.text.erasure_facts import erase_sentences, undo_sentences
from tui.text.export_facts import export_sentences, form_of, picture_sentences
from tui.text.parse import QUOTED, parse_moment
from vault.errors.consent import NotConfirmed, OtherNameConfirmed
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.views.records import ColumnSummary, Erasure, Page, RowFilter, UndoneImport

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="data", help="Look at your records, and take them out.", cls=CommandGroup)


CollectionName = Annotated[str, typer.Argument(metavar="COLLECTION", help="Its name.")]
Confirmed = Annotated[
    str | None, typer.Option("--confirm", metavar="NAME", help="Without a terminal: its name once more.")
]
First = Annotated[int, typer.Option("--first", metavar="N", click_type=WHOLE, help="Pass over so many rows.")]
Since = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Only rows of this date or time (UTC) or later.")
]
Before = Annotated[str, typer.Option("--before", metavar="DATE", help="Only rows earlier than this.")]
InColumn = Annotated[str, typer.Option("--column", metavar="COLUMN", help="Search in this column alone.")]
MOST_WORDS: Final = 2
Limit = Annotated[
    int,
    typer.Option("--limit", metavar="N", click_type=WHOLE, help="How many rows, 1 to 500; default: 100."),
]


def explain_classes(shown: Iterable[str]) -> None:
    """A line for each class of columns on the screen that is not the ordinary one."""
    for one in sorted({str(each) for each in shown} - {"ordinary"}):
        say(wording.sensitivity_words(one))


@group.command("list")
def list_collections(context: typer.Context, as_json: AsJson = False) -> None:
    """Your collections, their columns and their privacy unit."""
    with open_vault(context, writable=False) as vault:
        found = vault.collections()
    if as_json:
        write_json(*found)
        return
    if not found:
        say("No data yet. Import a file: lockbox import FILE --dry-run")
    for one in found:
        write_wrapped(
            f"{one.name}: {wording.counted(one.rows, 'row')}; {wording.unit_sentence(one.unit, one.unit_field)}"
        )
        write_table(
            ("  column", "type", "sensitivity"),
            [(f"  {field.name}", field.type, field.sensitivity) for field in one.fields],
        )
    explain_classes(field.sensitivity for one in found for field in one.fields)


@group.command("show")
def show_collection(
    context: typer.Context,
    collection: CollectionName,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write a page with the pictures into a new file, readable by anyone who gets it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw every column, for your eyes only; the look is recorded."""
    from tui.text.drawing import draw_column

    if html is not None:
        _write_pictures(context, collection, html, as_json=as_json)
        return
    with open_vault(context, reads_records=True) as vault:
        found = vault.show_collection(collection)
    if as_json:
        write_json(*map(_without_places, found))
        return
    for column in found:
        write(draw_column(column, width(), calm=bool(os.environ.get("ACCESSIBLE"))))


def _without_places(one: ColumnSummary) -> ColumnSummary:
    """What may go elsewhere: of a column that names a place, how many values it has."""
    from vault.views.records import ColumnSummary

    if not one.is_place:
        return one
    return ColumnSummary(
        name=one.name, type=one.type, rows=one.rows, nulls=one.nulls, distinct=one.distinct, is_place=True
    )


def _write_pictures(context: typer.Context, collection: str, target: Path, *, as_json: bool) -> None:
    check_new_file(context, target)
    with open_vault(context, reads_records=True) as vault:
        ask_beforehand(vault)
        with progress_bar("drawing columns") as progress:
            done = vault.export_pictures(collection, target, progress=progress)
    if as_json:
        write_json(done)
    for sentence in picture_sentences(done, target):
        say(sentence)


@group.command("card")
def card(
    context: typer.Context,
    collection: CollectionName,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A new file; without it the card is only shown.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="COLUMN", help="Tell of this column; COLUMN=TYPE tells its type too."
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--labels", metavar="COLUMN=WORDS", help=f"The words that can stand in it, with commas. {QUOTED}"
        ),
    ] = None,
    unit: Annotated[
        str,
        typer.Option("--unit", metavar="UNIT", help="Tell what counts as one: record, day, or its column."),
    ] = "",
    to: Annotated[
        str, typer.Option("--to", metavar="REQUESTER", help="Sign it with your key for this requester.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Describe a collection to requesters; nothing on a data card is computed from records."""
    chosen = card_choice(collection, unit=unit, columns=columns or (), labels=labels or (), to=to)
    if file is not None:
        check_new_file(context, file)
    with open_vault(context, writable=file is not None) as vault:
        made = vault.hand_out_card(chosen, file) if file else vault.data_card(chosen)
    if as_json:
        write_json(made)
    else:
        write_card(made)
    if missing := unit_missing(made):
        say(f"{missing} To tell it: --unit record, --unit day or --unit COLUMN")
    say(handed_out(made, file))


@group.command("browse")
def browse(
    context: typer.Context,
    collection: CollectionName,
    first: First = 0,
    limit: Limit = 100,
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Only rows that hold this text.")
    ] = "",
    column: InColumn = "",
    since: Since = "",
    before: Before = "",
    as_json: AsJson = False,
) -> None:
    """Read the rows themselves, for your eyes only; the look is recorded."""
    only = _row_filter(search, column, since, before)
    with open_vault(context, reads_records=True) as vault:
        page = vault.browse(collection, first=first, limit=limit, only=only)
    _show_page(page, as_json=as_json)


@group.command("search")
def search_rows(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[COLLECTION] TEXT",
            click_type=AnyText(),
            help="In any column, in upper or lower case; without a collection in all of them.",
        ),
    ],
    first: First = 0,
    limit: Limit = 100,
    column: InColumn = "",
    since: Since = "",
    before: Before = "",
    as_json: AsJson = False,
) -> None:
    """Find the rows that hold a text, for your eyes only; the look is recorded, the text is not."""
    if len(words) > MOST_WORDS:
        raise Invalid(reason="a search takes a collection and a text; put quotes around a text with spaces")
    if not words[0].strip() and (len(words) > 1 or not (since or before)):
        raise Invalid(reason="an empty text fits every row: name a collection, or --since or --before")
    only = _row_filter(words[-1], column, since, before)
    if len(words) == 1:
        _search_all(context, only, first=first, limit=limit, as_json=as_json)
        return
    with open_vault(context, reads_records=True) as vault:
        page = vault.browse(words[0], first=first, limit=limit, only=only)
    _show_page(page, as_json=as_json)


def _row_filter(text: str, column: str, since: str, before: str) -> RowFilter:
    from vault.views.records import RowFilter

    return RowFilter(
        text=text,
        column=column,
        since=parse_moment(since) if since else None,
        before=parse_moment(before) if before else None,
    )


def _search_all(context: typer.Context, only: RowFilter, *, first: int, limit: int, as_json: bool) -> None:
    if first:
        raise Invalid(reason="--first passes over rows of one collection: name it before the text")
    with open_vault(context, reads_records=True) as vault, progress_bar("searching collections") as progress:
        found = vault.search_all(only, limit=limit, progress=progress)
    if not found and not as_json:
        say("No row of any collection fits.")
    for page in found:
        if not as_json:
            write_wrapped(f"{page.collection}:")
        _show_page(page, as_json=as_json)


def _show_page(page: Page, *, as_json: bool) -> None:
    if as_json:
        write_json(page)
        return
    if page.rows:
        rows = [(f"{number:,}", *row) for number, row in zip(page.row_numbers, page.rows, strict=True)]
        write_table(("row", *page.columns), rows)
    say(_position(page))


def _position(page: Page) -> str:
    """How much of the collection this is, and how to go on."""
    found = wording.counted(page.matches, "row")
    text = f" with {wording.quoted(page.search)}" if page.search else ""
    hold = f"{text}{' in that time' if page.has_time else ''}, of {page.total:,}" if is_filtered(page) else ""
    end = page.first + len(page.rows)
    if not page.rows:
        return f"There is nothing here; {page.collection} has {found}{hold}."
    more = f"; the next: --first {end}" if end < page.matches else ""
    return f"{page.first + 1:,} to {end:,} of {found}{hold}{more}"


def is_filtered(page: Page) -> bool:
    """Whether rows were left out by their texts or their time."""
    return bool(page.search) or page.has_time


@group.command("undo")
def undo(
    context: typer.Context,
    collection: CollectionName,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken out, and do nothing.")
    ] = False,
    confirmed: Confirmed = None,
    as_json: AsJson = False,
) -> None:
    """Take the rows of the last import out again, for good, where nobody ever learned from the collection."""
    with open_vault(context, writable=not dry_run) as vault:
        planned = vault.preview_undo_import(collection)
        for sentence in undo_sentences(planned):
            say(sentence)
        if dry_run:
            _show_undone(planned, as_json=as_json)
            say("Nothing was taken out (dry run).")
            return
        _have_named(planned.collection, confirmed, "take its last import out")
        done = vault.undo_import(collection)
    _show_undone(done, as_json=as_json)
    say(
        f"Taken out: {wording.counted(done.rows, 'row')} of {done.collection}. Its file can be imported again."
    )


def _show_undone(one: UndoneImport, *, as_json: bool) -> None:
    if as_json:
        write_json(one)


@group.command("erase")
def erase(
    context: typer.Context,
    collection: CollectionName,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased and ended, and erase nothing.")
    ] = False,
    confirmed: Confirmed = None,
    fingerprint_too: Annotated[
        bool,
        typer.Option(
            "--destroy-fingerprint",
            help="Keep no fingerprint to know the same people again; the columns stay closed instead.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the keys and rows of a collection for good, and end all that stands on it."""
    with open_vault(context, writable=not dry_run) as vault:
        planned = vault.preview_erase(collection, fingerprint_too=fingerprint_too)
        if dry_run:
            _show_erasure(planned, as_json=as_json)
            say("Nothing was erased (dry run).")
            return
        for sentence in erase_sentences(planned):
            say(sentence)
        _have_named(planned.collection, confirmed, "erase it")
        done = vault.erase_collection(collection, fingerprint_too=fingerprint_too)
    if as_json:
        write_json(done)
    say(f"Erased: {wording.counted(done.rows, 'row')} of {done.collection}.")


def _show_erasure(planned: Erasure, *, as_json: bool) -> None:
    if as_json:
        write_json(planned)
        return
    for sentence in erase_sentences(planned):
        write_wrapped(sentence)


def _have_named(name: str, confirmed: str | None, what: str) -> None:
    """Have the name typed, here or in the command; there is no yes that is quicker."""
    if confirmed is None and not is_interactive():
        raise Invalid(reason=f"without a terminal, name the collection once more to {what}: --confirm NAME")
    if confirmed is None:
        confirmed = ask(f"\nThis cannot be undone. Type the name of the collection to {what}:")
    if confirmed != name:
        raise OtherNameConfirmed(typed=confirmed, name=name) if confirmed else NotConfirmed()


@group.command("export")
def export(
    context: typer.Context,
    collection: CollectionName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .csv or .jsonl file.")],
    as_format: Annotated[str | None, typer.Option("--as", metavar="FORMAT", help="csv or jsonl.")] = None,
    safe: Annotated[
        bool,
        typer.Option(
            "--safe-for-spreadsheets",
            help="CSV: an apostrophe before texts that look like formulas, a mark for what steers a terminal.",
        ),
    ] = False,
) -> None:
    """Take everything in a collection out, readable, for yourself."""
    chosen = form_of(file, as_format)
    check_new_file(context, file)
    with open_vault(context, reads_records=True) as vault:
        ask_beforehand(vault)
        with progress_bar("writing rows") as progress:
            done = vault.export_collection(
                collection, file, as_format=chosen, safe_for_spreadsheets=safe, progress=progress
            )
    for sentence in export_sentences(done, file):
        say(sentence)
