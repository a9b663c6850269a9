"""What was exported, and what another program may do with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.text import wording
from tui.text.layout import escaped

if TYPE_CHECKING:
    from vault.views.records import ExportReport


def export_sentences(report: ExportReport, target: Path) -> list[str]:
    """How much is in the file, that anybody can read it, and what in it is more than text."""
    rows = f"{wording.counted(report.rows, 'row')} in {escaped(str(target))}, readable by anyone who gets that file."
    return [rows, *_more_than_text(report)]


def _more_than_text(report: ExportReport) -> list[str]:
    kinds = [
        (report.formulas, "would be read as a formula by a spreadsheet"),
        (report.controls, "would steer a terminal"),
    ]
    found = " and ".join(f"{wording.counted(count, 'text')} that {what}" for count, what in kinds if count)
    if not found:
        return []
    if report.is_safe:
        return [f"There were {found}: an apostrophe or a mark stands there now."]
    return [f"It holds {found}: open it with care, or export it with --safe-for-spreadsheets."]
