"""What an owner does with their records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vault import overview, upkeep
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.importers.read import read_table
from vault.records import collections
from vault.records.collections import ImportReport
from vault.records.export import export_rows
from vault.records.preview import ImportPreview, preview
from vault.records.reading import ColumnReader
from vault.records.schema import FieldType, ParsedTable, Sensitivity, named
from vault.records.summary import ColumnSummary, summarise
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import Purpose

if TYPE_CHECKING:
    from vault import views
    from vault.opening import OpenVault


class OwnRecords:
    """Import, look, take out."""

    _opened: OpenVault

    def read_file(
        self, path: Path, *, name: str = "", as_format: str | None = None,
        types: Mapping[str, str] | None = None, sensitivities: Mapping[str, str] | None = None,
    ) -> ParsedTable:  # fmt: skip
        """Read a CSV, JSON Lines or Parquet file into typed columns; nothing is stored.

        Columns that the collection `name` has already are read in its types. Raises `FileMissing`, `Unreadable` and
        `Invalid`.
        """
        with self._opened.read() as uow:
            known = collections.known_types(uow, name)
        return read_table(
            path,
            as_format=as_format,
            types=known | named(types or {}, FieldType),
            sensitivities=named(sensitivities or {}, Sensitivity),
        )

    def preview(
        self, parsed: ParsedTable, *, name: str, unit: str | None, time_field: str | None
    ) -> ImportPreview:
        """What importing would store, how rows make units, which are refused, and which are sealed already."""
        with self._opened.read() as uow:
            choice = collections.choose(uow, name, parsed.fields, unit=unit, time_field=time_field)
            repeats = collections.repeats(uow, self._opened.keys, name, parsed, choice)
        return preview(parsed, choice.unit, choice.time_field, repeats=repeats)

    @staticmethod
    def check_lifetime(text: str = "") -> str:
        """The lifetime budget (ε) that a new collection gets, the default for no text; raises `Invalid`."""
        return ledger.check_lifetime(text or str(ledger.LIFETIME))

    def import_file(
        self, parsed: ParsedTable, *, name: str, unit: str | None, time_field: str | None, lifetime: str = ""
    ) -> ImportReport:
        """Seal the rows of a file into a collection, all or nothing.

        Raises `AlreadyImported`, `SchemaMismatch`, `NothingToImport` and `Invalid`.
        """
        with self._opened.act() as act:
            choice = collections.choose(act.uow, name, parsed.fields, unit=unit, time_field=time_field)
            digest = keyed_digest(act.keys.subkey(Purpose.IMPORT_DIGEST), parsed.digest_input)
            return collections.import_table(
                act, name=name, parsed=parsed, unit=choice.unit, time_field=choice.time_field,
                lifetime_epsilon=self.check_lifetime(lifetime), file_digest=digest,
            )  # fmt: skip

    def collections(self) -> list[views.CollectionView]:
        """Every collection with its columns and its privacy unit."""
        with self._opened.read() as uow:
            return overview.collections(uow)

    def show_collection(self, name: str) -> list[ColumnSummary]:
        """The distribution of every column, for the owner's eyes; the look is recorded where it can be."""
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.ACCESS_VIEW, hidden={"what": name})
            return summarise(ColumnReader.of_owner(uow, self._opened.keys, facts.id), facts)

    def export_collection(self, name: str, target: Path, *, as_format: str) -> int:
        """Write every row of a collection to a new file for the owner and return how many there are."""
        upkeep.check_new(self._opened, target)
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.EXPORT, clear={"profile": "records"}, hidden={"target": target.name})
            reader = ColumnReader.of_owner(uow, self._opened.keys, facts.id)
            return export_rows(reader, facts, target, as_format)
