"""What was exported, and what another program may do with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.layout import escaped, one_line
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.views.records import ExportReport, PicturesReport

FORMATS: Final = {
    "csv": "CSV, as spreadsheets read it",
    "jsonl": "JSON Lines, one object a row",
    "html": "pictures of every column but places, for a browser",
}
"""How a collection is written, by the ending of the file."""
NO_FORMAT: Final = "The name of the file has to end in .csv, .jsonl or .html."


def export_sentences(report: ExportReport, target: Path) -> list[str]:
    """How much is in the file, that anybody can read it, and what in it is more than text."""
    rows = f"{wording.counted(report.rows, 'row')} in {escaped(str(target))}, readable by anyone who gets that file."
    return [rows, *_more_than_text(report)]


def picture_sentences(report: PicturesReport, target: Path) -> list[str]:
    """What a page shows, that anybody can read it, and what is not on it."""
    shown = f"{wording.counted(report.columns, 'column')} of {wording.counted(report.rows, 'row')}"
    said = [f"{shown} drawn in {escaped(str(target))}, readable by anyone who gets that file."]
    if report.left_out:
        names = ", ".join(one_line(name) for name in report.left_out)
        said.append(f"Places are shown on the screen alone, so these are not drawn: {names}.")
    return said


def _more_than_text(report: ExportReport) -> list[str]:
    kinds = [
        (report.formulas, "would be read as a formula by a spreadsheet"),
        (report.controls, "would steer a terminal"),
    ]
    found = " and ".join(f"{wording.counted(count, 'text')} that {what}" for count, what in kinds if count)
    if not found:
        return []
    if report.is_safe:
        return [f"It held {found}: an apostrophe or a mark stands there now."]
    return [f"It holds {found}: open it with care, or export it with --safe-for-spreadsheets."]


def form_of(file: Path, said: str | None) -> str:
    """In which form a file is to be written: as was said, or as its name says; raises `Invalid`."""
    if str(file) == "-":
        raise Invalid(reason="an export goes into a file of its own: name a new .csv or .jsonl file, not -")
    named = file.suffix.lower().lstrip(".")
    if not (said or named):
        raise Invalid(reason=f"{file.name} does not say in which form: name it .csv or .jsonl, or give --as")
    if {said, named} == {"csv", "jsonl"}:
        raise Invalid(reason=f"{file.name} is named as {named}, and --as says {said}")
    return said or named
