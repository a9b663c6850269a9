"""The collections, by ear: their rows, how their values are spread, a card of one, taking one out, ending one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.by_ear.acting import attempt, watched
from tui.by_ear.data_cards import describe
from tui.text import wording
from tui.text.drawing import WIDEST, draw_column
from tui.text.erasure_facts import erase_sentences, undo_sentences
from tui.text.export_facts import FORMATS, NO_FORMAT, export_sentences, picture_sentences
from tui.text.layout import one_line
from tui.text.parse import parse_moment
from vault.views.records import RowFilter

if TYPE_CHECKING:
    from pathlib import Path

    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView
    from vault.views.records import Page

Look: TypeAlias = "Callable[[Talk, OwnerSession, CollectionView], object]"

AT_ONCE: Final = 10
"""Rows that are said at once."""
VALUE_ROOM: Final = 200
NOT_NOW, KEEP = "Not now", "Keep it"
FIND_ANYWHERE: Final = "Find rows in all of your collections."
FOR_YOU: Final = "This is for you alone; that you looked is recorded, and not what you looked for."


def hear_data(talk: Talk, vault: OwnerSession) -> None:
    """Search all collections, or choose one of them, again and again."""
    while found := vault.collections():
        lines = [f"{one.name}: {wording.counted(one.rows, 'row')}." for one in found]
        chosen = talk.choose("Your collections.", [FIND_ANYWHERE, *lines])
        if chosen is None:
            return
        if chosen == 0:
            attempt(talk, lambda: _find_anywhere(talk, vault))
        else:
            _hear_collection(talk, vault, found[chosen - 1].name)
    talk.say("There is no data yet.")


def _hear_collection(talk: Talk, vault: OwnerSession, name: str) -> None:
    """Its columns, and what can be done with it, until it is erased."""
    while (one := next((each for each in vault.collections() if each.name == name), None)) is not None:
        talk.say(
            f"{one.name}: {wording.counted(one.rows, 'row')}; {wording.unit_sentence(one.unit, one.unit_field)}.",
            *(f"{field.name}, {field.type}, {field.sensitivity}." for field in one.fields),
        )
        chosen = talk.choose("What do you want to do?", [*LOOKS])
        if chosen is None:
            return
        _look(talk, vault, one, [*LOOKS.values()][chosen])


def _look(talk: Talk, vault: OwnerSession, one: CollectionView, look: Look) -> None:
    attempt(talk, lambda: look(talk, vault, one))


# looking ----------------------------------------------------------------------------------------------------


def _hear_rows(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    talk.say(FOR_YOU)
    _say_rows(talk, vault, one.name, RowFilter())


def _find(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    if (only := _asked(talk)) is not None:
        _say_rows(talk, vault, one.name, only)


def _asked(talk: Talk) -> RowFilter | None:
    """Which rows are meant; None where nothing is asked for."""
    talk.say(FOR_YOU)
    text = talk.ask("A text that they hold, or nothing for any:")
    column = talk.ask("In which column, or nothing for any:") if text else ""
    since = talk.ask_for("Of which day or time on, such as 2026-01-31, or nothing for all:", parse_moment)
    before = talk.ask_for("Before which day or time, or nothing for all:", parse_moment)
    only = RowFilter(text=text, column=column, since=since, before=before)
    return None if only.is_all else only


def _find_anywhere(talk: Talk, vault: OwnerSession) -> None:
    only = _asked(talk)
    if only is None:
        return
    pages = watched(talk, "Searching", lambda tell: vault.search_all(only, limit=AT_ONCE, progress=tell))
    for page in pages or ():
        _say_page(talk, page)
    if pages == []:
        talk.say("No row of any collection fits.")


def _say_rows(talk: Talk, vault: OwnerSession, name: str, only: RowFilter) -> None:
    """Some rows, and those after them as long as they are wanted."""
    first = 0
    while True:
        page = vault.browse(name, first=first, limit=AT_ONCE, only=only)
        _say_page(talk, page)
        first += len(page.rows)
        if first >= page.matches or talk.choose("More?", ("The next rows.",)) is None:
            return


def _say_page(talk: Talk, page: Page) -> None:
    talk.say(f"{page.collection}: {wording.counted(page.matches, 'row')} of {page.total:,}.")
    for number, row in zip(page.row_numbers, page.rows, strict=True):
        values = (
            f"{name}: {one_line(wording.short(value, VALUE_ROOM)) or 'empty'}"
            for name, value in zip(page.columns, row, strict=True)
        )
        talk.say(f"Row {number:,}. {'; '.join(values)}.")


def _hear_spread(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    for column in vault.show_collection(one.name):
        talk.say(draw_column(column, WIDEST, calm=True))


# taking out -------------------------------------------------------------------------------------------------


def _export(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    """Write all of it to a file, in the form that the ending of the file says."""
    rows = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.fields), 'column')}"
    talk.say(
        f"All of it, {rows}, will be readable by anyone who gets that file: it is not encrypted, and nothing calls it "
        "back. The trail records that you did it."
    )
    talk.facts([(f".{ending}", words) for ending, words in FORMATS.items()])
    target = talk.ask_path("Path of a new file with one of these endings, or nothing to go back:")
    if target is None:
        return
    if (ending := target.suffix.lower().lstrip(".")) not in FORMATS:
        talk.say(NO_FORMAT)
    elif talk.agrees("Write the file", NOT_NOW):
        _write(talk, vault, one.name, target, ending)


def _write(talk: Talk, vault: OwnerSession, name: str, target: Path, ending: str) -> None:
    if ending == "html":
        drawn = watched(
            talk, "Drawing columns", lambda tell: vault.export_pictures(name, target, progress=tell)
        )
        talk.say(*(picture_sentences(drawn, target) if drawn else ()))
        return
    is_safe = ending == "csv" and talk.agrees(
        "Safe for spreadsheets: an apostrophe before texts that look like formulas", "As they are"
    )
    written = watched(
        talk,
        "Writing",
        lambda tell: vault.export_collection(
            name, target, as_format=ending, safe_for_spreadsheets=is_safe, progress=tell
        ),
    )
    talk.say(*(export_sentences(written, target) if written else ()))


# ending -----------------------------------------------------------------------------------------------------


def _undo_import(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    """Take the rows of the last import out, once its name is typed."""
    talk.say(*undo_sentences(vault.preview_undo_import(one.name)))
    if talk.types_name(one.name, KEEP):
        done = vault.undo_import(one.name)
        talk.say(f"Taken out: {wording.counted(done.rows, 'row')}. Its file can be imported again.")


def _erase(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    """Erase it, once all that follows was said and its name is typed."""
    planned = vault.preview_erase(one.name)
    talk.say("This cannot be undone.", *erase_sentences(planned))
    is_too = planned.name_reserved and talk.agrees("Destroy the fingerprint too", "Keep the fingerprint")
    if is_too:
        talk.say(*erase_sentences(vault.preview_erase(one.name, fingerprint_too=True)))
    if talk.types_name(one.name, KEEP):
        done = vault.erase_collection(one.name, fingerprint_too=is_too)
        talk.say(f"Erased: {wording.counted(done.rows, 'row')} of {done.collection}.")


LOOKS: Final[Mapping[str, Look]] = {
    "Hear its rows.": _hear_rows,
    "Find rows by a text or a time.": _find,
    "Hear how its values are spread.": _hear_spread,
    "Describe it to who asks: a data card.": describe,
    "Take all of it out, readable, into a file.": _export,
    "Take the rows of its last import out again, for good.": _undo_import,
    "Erase it for good.": _erase,
}
"""What can be done with a collection."""
