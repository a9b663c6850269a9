"""The dialog that exports a collection, readable, into a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from tui.dialogs.new_file import NewFileDialog
from tui.text import wording
from tui.text.export_facts import FORMATS, NO_FORMAT, export_sentences, picture_sentences
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.toggle import Toggle

if TYPE_CHECKING:
    from vault.views.collections import CollectionView

SAFE: Final = (
    "Safe for spreadsheets",
    "A CSV file then has an apostrophe before texts that look like formulas, and a mark for what steers a terminal.",
)


class DataExportDialog(NewFileDialog):
    """Where to, and as what; dismissed with "exported" once the file is written."""

    def __init__(self, collection: CollectionView) -> None:
        super().__init__()
        self._collection = collection

    def title_text(self) -> str:
        """Which collection."""
        return f"Take {wording.short(self._collection.name, 40)} out, readable?"

    def consequence(self) -> str:
        """That nothing protects the file."""
        one = self._collection
        rows = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.fields), 'column')}"
        return (
            f"All of it, {rows}, will be readable by anyone who gets that file: it is not encrypted, and nothing calls "
            "it back. The trail records that you did it."
        )

    def details(self) -> Iterable[Widget]:
        """The file and its format."""
        yield from self.path_field(_example())
        yield Plain("Its ending says how it is written:", classes="heading")
        yield Facts([(f".{ending}", words) for ending, words in FORMATS.items()])
        yield Toggle(*SAFE, id="safe-csv")

    def safe_label(self) -> str:
        """Nothing is written."""
        return "Not now"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Write it."""
        return [("export", "Write the file")]

    def chosen(self, name: str) -> None:
        """Write the file, unless no name was typed."""
        target = self.typed_path()
        if target is None:
            return
        as_format = target.suffix.lower().lstrip(".")
        if as_format not in FORMATS:
            self.show_problem(NO_FORMAT)
            return
        if as_format == "html":
            self._draw(target)
            return
        is_safe = as_format == "csv" and self.query_one("#safe-csv", Toggle).is_on
        self._export(target, as_format, is_safe=is_safe)

    def _export(self, target: Path, as_format: str, *, is_safe: bool) -> None:
        name = self._collection.name
        self.carry_out(
            lambda vault: vault.export_collection(
                name, target, as_format=as_format, safe_for_spreadsheets=is_safe
            ),
            lambda report: " ".join(export_sentences(report, target)),
            "exported",
        )

    def _draw(self, target: Path) -> None:
        name = self._collection.name
        self.carry_out(
            lambda vault: vault.export_pictures(name, target),
            lambda report: " ".join(picture_sentences(report, target)),
            "exported",
        )


def _example() -> str:
    return str(Path.home() / "my-data.csv")
