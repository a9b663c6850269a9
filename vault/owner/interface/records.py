"""What an owner does with their records."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, proven, unwatched, watched
from vault.views.cards import CardChoice, DataCard
from vault.views.collections import CollectionView
from vault.views.records import (
    ColumnSummary,
    Erasure,
    ExportReport,
    FileChoice,
    ImportPlan,
    ImportReport,
    Page,
    PicturesReport,
    RowFilter,
    UndoneImport,
)


class Records(Protocol):
    """What an owner does with their records."""

    @watched
    def plan_import(self, choice: FileChoice, *, progress: Progress = unwatched) -> ImportPlan:
        """Read a file and decide what importing it would store, and where; nothing is stored.

        The vault keeps what it read until the plan is carried out, another one is made for the same file, or for four
        others. Its rows are compared with the records, which is recorded as a look. Raises `AlreadyImported`,
        `FileMissing`, `Unreadable`, `CollectionErased`, `UnknownCollection`, `ColumnsClosed` and `Invalid`.
        """

    def check_import(self, plan_id: str) -> None:
        """Raise whatever of the plan itself `import_planned` would raise; nothing is stored."""

    @watched
    def import_planned(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        """Seal the rows of a plan, all or nothing.

        Raises `PlanUnknown` for one that is not kept any more or is older than the collections, `UnderConsent` where
        somebody may learn from that collection, `JoinNotProven` where it would share a budget, `WiderNotProven`
        where it would have one beside that of the same people or above the default, `FileChanged`,
        `AlreadyImported`, `SchemaMismatch`, `UnitsDiffer` where the budget it would share has another unit,
        `CollectionErased`, `NothingToImport`, `RowsRefused` where it loses rows that nobody gave up, `UnitNotSaid`
        where a column that names people was proposed as the unit, and `Invalid`.
        """

    @proven
    @watched
    def import_under_consent(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        """Seal the rows of a plan that needs the passphrase; raises as `import_planned`.

        Somebody may learn from that collection, or it would share its lifetime budget with another one for good, have
        one of its own although the same people are in another collection, or one above the default.
        """

    def check_lifetime(self, text: str = "") -> str:
        """The lifetime budget (ε) that a new collection gets, the default for no text; raises `Invalid`."""

    def collections(self) -> list[CollectionView]:
        """Every collection with its columns and its privacy unit."""

    def browse(
        self, name: str, *, first: int = 0, limit: int = 100, search: str = "", only: RowFilter | None = None
    ) -> Page:
        """Rows of a collection, for the owner's eyes: at most `limit` (1 to 500) behind the first `first`.

        With `search` only those that hold this text in any column, in whatever case; with `only` those that it means,
        and there is no other text. Each page is recorded as a look before it is read, and not read where that cannot
        be. Raises `UnknownCollection`, `UnknownField`, `DiskFull` and `Invalid`.
        """

    @watched
    def search_all(self, only: RowFilter, *, limit: int = 20, progress: Progress = unwatched) -> list[Page]:
        """The first rows that are meant of each collection that has some, at most `limit` (1 to 500) of each.

        Each collection that has the column and the times that are asked for is recorded as looked at before it is
        read; what was searched for is not recorded. Raises `DiskFull` and `Invalid`.
        """

    def show_collection(self, name: str) -> list[ColumnSummary]:
        """The distribution of every column, for the owner's eyes; recorded as a look before it is read."""

    @proven
    @watched
    def export_collection(
        self, name: str, target: Path, *, as_format: str, safe_for_spreadsheets: bool = False,
        progress: Progress = unwatched,
    ) -> ExportReport:  # fmt: skip
        """Write every row of a collection to a new file for the owner and say what is in it.

        It is recorded before the first row is read. With `safe_for_spreadsheets` a CSV file holds no text that a
        spreadsheet would take for a formula.
        """

    @proven
    @watched
    def export_pictures(self, name: str, target: Path, *, progress: Progress = unwatched) -> PicturesReport:
        """Write a page with pictures of every column to a new file for the owner, which any browser shows.

        It is recorded before the first row is read. Columns that name a place are left out.
        """

    def data_card(self, card: CardChoice) -> DataCard:
        """What a requester would be told about a collection, and the file that says it; nothing is handed out.

        Nothing in it is computed from records: it has the columns that a known export always has and those that it
        names. Raises `UnknownCollection`, `CollectionErased`, `UnknownField`, `UnknownRequester` and `Invalid`.
        """

    def hand_out_card(self, card: CardChoice, target: Path) -> DataCard:
        """Write that file to a new place, once it is recorded; raises as `data_card`, and `DestinationUnusable`."""

    def preview_undo_import(self, name: str) -> UndoneImport:
        """What `undo_import` would take out; raises as it."""

    @proven
    def undo_import(self, name: str) -> UndoneImport:
        """Destroy the rows of the last import of a collection, for good; its file can be imported again.

        Raises `UnknownCollection`, `CollectionErased`, `CollectionInUse`, `LearnedFrom` where its lifetime budget was
        ever spent from, `OnlyImport` where there is no other, and `ErasedNotCleared` as `erase_collection`.
        """

    def preview_erase(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        """What erasing a collection would end, and what it cannot reach; raises as `erase_collection`."""

    @proven
    def erase_collection(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        """Destroy the keys and the sealed rows of a collection, for good, and end all that stands on it.

        Consents are withdrawn, also those that ended already, held updates destroyed, open requests refused. What a job
        was charged for keeps a fingerprint by which the same people are known when they come in again; with
        `fingerprint_too` it goes as well, and the columns stay closed instead. Raises `UnknownCollection`,
        `CollectionErased`, `CollectionInUse`, and `ErasedNotCleared` when only the old bytes are still on the disk.
        """
