"""What an owner does with their records."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.errors.records import PlanUnknown
from vault.importers.plan import HeldPlan, make_plan, store_plan
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.collections import collection_views
from vault.records import browsing, collections
from vault.records.export import export_rows
from vault.records.reading import ColumnReader
from vault.records.summary import summarise
from vault.views.records import ColumnSummary, Erasure, FileChoice, ImportPlan, ImportReport, Page

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.collections import CollectionView


class RecordActions:
    """Import, look, take out, erase."""

    _opened: OpenVault
    # The plan that was made last, with the rows it was made from.
    _plan: HeldPlan | None = None

    def plan_import(self, choice: FileChoice, *, progress: Progress = unwatched) -> ImportPlan:
        plan = make_plan(self._opened.read, self._opened.keys, choice, last=self._plan, progress=progress)
        self._plan = plan
        return plan.shown

    def import_planned(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        plan = self._plan
        if plan is None or plan.shown.id != plan_id:
            raise PlanUnknown
        with self._opened.act() as act:
            report = store_plan(act, plan, progress)
        self._plan = None
        return report

    def check_lifetime(self, text: str = "") -> str:
        return ledger.check_lifetime(text or str(ledger.LIFETIME))

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

    def preview_erase(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        with self._opened.read() as uow:
            now = self._opened.now(uow)
            return erasure.plan(uow, self._opened.running, name, now, fingerprint_too=fingerprint_too)

    def erase_collection(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        self._plan = None
        return erasure.erase(self._opened, name, fingerprint_too=fingerprint_too)
