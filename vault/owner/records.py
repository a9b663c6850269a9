"""What an owner does with their records."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.errors.consent import UnderConsent
from vault.file_names import spelled
from vault.importers.plan import make_plan, store_plan
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.collections import collection_views
from vault.queries.consents import is_under_consent
from vault.records import browsing, collections
from vault.records.export import export_rows
from vault.records.reading import ColumnReader
from vault.records.summary import summarise
from vault.views.records import ColumnSummary, Erasure, FileChoice, ImportPlan, ImportReport, Page

if TYPE_CHECKING:
    from vault.importers.held_plans import HeldPlans
    from vault.lifecycle.opened import OpenVault
    from vault.views.collections import CollectionView


class RecordActions:
    """Import, look, take out, erase."""

    _opened: OpenVault
    _plans: HeldPlans

    def plan_import(self, choice: FileChoice, *, progress: Progress = unwatched) -> ImportPlan:
        last = self._plans.get(choice.path)
        plan = make_plan(self._opened.read, self._opened.keys, choice, last=last, progress=progress)
        with self._opened.read() as uow:
            is_read = is_under_consent(uow, plan.shown.collection, self._opened.now(uow))
        plan = replace(plan, shown=replace(plan.shown, under_consent=is_read))
        self._plans.keep(plan)
        return plan.shown

    def import_planned(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        return self._import(plan_id, progress, is_proven=False)

    def import_under_consent(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        return self._import(plan_id, progress, is_proven=True)

    def _import(self, plan_id: str, progress: Progress, *, is_proven: bool) -> ImportReport:
        plan = self._plans.find(plan_id)
        with self._opened.act() as act:
            if not is_proven and is_under_consent(act.uow, plan.shown.collection, act.now):
                raise UnderConsent(collection=plan.shown.collection)
            report = store_plan(act, plan, progress)
        self._plans.forget(plan)
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
            self._opened.note(
                EntryType.EXPORT, clear={"profile": "records"}, hidden={"target": spelled(target.name)}
            )
            with closing(ColumnReader.of_owner(uow, self._opened.keys, facts.id)) as reader:
                return export_rows(reader, facts, target, as_format, progress)

    def preview_erase(self, name: str) -> Erasure:
        with self._opened.read() as uow:
            return erasure.plan(uow, self._opened.running, name, self._opened.now(uow))

    def erase_collection(self, name: str) -> Erasure:
        self._plans.forget_all()
        return erasure.erase(self._opened, name)
