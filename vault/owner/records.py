"""What an owner does with their records."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.errors.families import Invalid
from vault.errors.records import FileChanged
from vault.importers.read import digest_of, parse, read_file, read_table
from vault.importers.source import File
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.collections import collection_views
from vault.records import browsing, collections
from vault.records.export import export_rows
from vault.records.imports import choose, import_table, repeats
from vault.records.preview import preview
from vault.records.reading import ColumnReader
from vault.records.schema import ParsedTable, named
from vault.records.summary import summarise
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import Purpose
from vault.views.field_types import FieldType, Sensitivity
from vault.views.records import ColumnSummary, Erasure, FileChoice, ImportPreview, ImportReport, Page

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.collections import CollectionView


class RecordActions:
    """Import, look, take out, erase."""

    _opened: OpenVault
    # The file that was looked at last and how it was read, so that importing it reads it no second time.
    _parsed: tuple[object, ParsedTable] | None = None

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
            choice = choose(uow, name, parsed.fields, unit=unit, time_field=time_field)
            known = repeats(uow, self._opened.keys, name, parsed, choice)
        return preview(parsed, choice.unit, choice.time_field, repeats=known)

    def preview_path(self, choice: FileChoice) -> ImportPreview:
        file = read_file(choice.path, choice.as_format)
        with self._opened.read() as uow:
            home, lifetime = self._home(uow, choice)
        parsed = self._typed(file, choice)
        shown = self.preview(parsed, name=choice.name, unit=choice.unit, time_field=choice.time_field)
        rows = None if home is None else home.rows
        return replace(shown, collection=choice.name, rows_before=rows, lifetime_epsilon=lifetime)

    def import_path(
        self, choice: FileChoice, *, digest: str | None = None, progress: Progress = unwatched
    ) -> ImportReport:
        file = read_file(choice.path, choice.as_format)
        if digest not in (None, digest_of(file).hex()):
            raise FileChanged(name=file.name)
        with self._opened.read() as uow:
            self._home(uow, choice)
        parsed = self._typed(file, choice)
        done = self.import_file(
            parsed, name=choice.name, unit=choice.unit, time_field=choice.time_field, lifetime=choice.lifetime,
            progress=progress,
        )  # fmt: skip
        self._parsed = None
        return done

    def check_lifetime(self, text: str = "") -> str:
        return ledger.check_lifetime(text or str(ledger.LIFETIME))

    def import_file(
        self, parsed: ParsedTable, *, name: str, unit: str | None, time_field: str | None, lifetime: str = "",
        progress: Progress = unwatched,
    ) -> ImportReport:  # fmt: skip
        """Seal the rows of a file into a collection, all or nothing.

        Raises `AlreadyImported`, `SchemaMismatch`, `NothingToImport` and `Invalid`.
        """
        with self._opened.act() as act:
            choice = choose(act.uow, name, parsed.fields, unit=unit, time_field=time_field)
            digest = keyed_digest(act.keys.subkey(Purpose.IMPORT_DIGEST), parsed.digest_input)
            return import_table(
                act, name=name, parsed=parsed, unit=choice.unit, time_field=choice.time_field,
                lifetime_epsilon=self.check_lifetime(lifetime), file_digest=digest, progress=progress,
            )  # fmt: skip

    def collections(self) -> list[CollectionView]:
        with self._opened.read() as uow:
            return collection_views(uow)

    def browse(self, name: str, *, first: int = 0, limit: int = 100, search: str = "") -> Page:
        browsing.check_page(first=first, limit=limit, search=search)
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            if first == 0:
                self._opened.note(EntryType.ACCESS_VIEW, hidden={"what": name})
            with closing(ColumnReader.of_owner(uow, self._opened.keys, facts.id)) as reader:
                return browsing.page(reader, facts, first=first, limit=limit, search=search)

    def show_collection(self, name: str) -> list[ColumnSummary]:
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.ACCESS_VIEW, hidden={"what": name})
            with closing(ColumnReader.of_owner(uow, self._opened.keys, facts.id)) as reader:
                return summarise(reader, facts)

    def export_collection(
        self, name: str, target: Path, *, as_format: str, progress: Progress = unwatched
    ) -> int:
        check_new(self._opened, target)
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.EXPORT, clear={"profile": "records"}, hidden={"target": target.name})
            with closing(ColumnReader.of_owner(uow, self._opened.keys, facts.id)) as reader:
                return export_rows(reader, facts, target, as_format, progress)

    def preview_erase(self, name: str) -> Erasure:
        with self._opened.read() as uow:
            return erasure.plan(uow, self._opened.running, name, self._opened.now(uow))

    def erase_collection(self, name: str) -> Erasure:
        self._parsed = None
        return erasure.erase(self._opened, name)

    def _home(self, uow: UnitOfWork, choice: FileChoice) -> tuple[CollectionFacts | None, str]:
        """The collection the rows go to, None for a new one, and its lifetime budget."""
        home = collections.find_for(uow, choice.name)
        if home is None:
            return None, self.check_lifetime(choice.lifetime)
        if choice.lifetime:
            raise Invalid(
                reason=f"{choice.name} is there already, and its lifetime privacy budget stays as it is"
            )
        return home, home.lifetime_epsilon

    def _typed(self, file: File, choice: FileChoice) -> ParsedTable:
        """The file as typed columns; not parsed again when it was, with these choices, a moment ago."""
        with self._opened.read() as uow:
            types = collections.known_types(uow, choice.name) | named(choice.types, FieldType)
        labels = named(choice.sensitivities, Sensitivity)
        known, last = (digest_of(file), file.name, file.format, types, labels), self._parsed
        if last is None or last[0] != known:
            last = self._parsed = (known, parse(file, types=types, sensitivities=labels))
        return last[1]
