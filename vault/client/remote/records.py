"""Records, through the process that has the vault open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.client.login import Remote
from vault.views.collections import CollectionView
from vault.views.records import ColumnSummary, Erasure, ImportPreview, ImportReport, Page

if TYPE_CHECKING:
    from pathlib import Path

    from vault.views.records import FileChoice


class RemoteRecords(Remote):
    """Import, look, take out, erase."""

    def preview_path(self, choice: FileChoice) -> ImportPreview:
        """What importing a file would store, without storing it."""
        return self._ask("preview_path", ImportPreview, choice=choice)

    def import_path(self, choice: FileChoice, *, digest: str | None = None) -> ImportReport:
        """Seal the rows of a file into a collection, all or nothing; with `digest`, of the file previewed or none."""
        return self._ask("import_path", ImportReport, choice=choice, digest=digest)

    def check_lifetime(self, text: str = "") -> str:
        """The lifetime budget (ε) that a new collection gets, the default for no text; raises `Invalid`."""
        return self._ask("check_lifetime", str, text=text)

    def collections(self) -> list[CollectionView]:
        """Every collection with its columns and its privacy unit."""
        return self._ask("collections", list[CollectionView])

    def show_collection(self, name: str) -> list[ColumnSummary]:
        """The distribution of every column, for the owner's eyes."""
        return self._ask("show_collection", list[ColumnSummary], name=name)

    def browse(self, name: str, *, first: int = 0, limit: int = 100, search: str = "") -> Page:
        """Some rows of a collection as texts; with `search`, of those that hold it."""
        return self._ask("browse", Page, name=name, first=first, limit=limit, search=search)

    def export_collection(self, name: str, target: Path, *, as_format: str) -> int:
        """Write every row of a collection to a new file for the owner and return how many there are."""
        return self._ask("export_collection", int, name=name, target=target, as_format=as_format)

    def preview_erase(self, name: str) -> Erasure:
        """What erasing a collection would end, without ending it."""
        return self._ask("preview_erase", Erasure, name=name)

    def erase_collection(self, name: str) -> Erasure:
        """Erase a collection for good; proven by the passphrase."""
        return self._caller.prove("erase_collection", Erasure, {"name": name})
