"""An import taken back, where nobody ever learned from its collection or from one that shares its budget.

Whether a job read these very rows cannot be told by times: a date can be put right in between, an import can come while
a job begins, and a charge that was carried over names no import. So any charge refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.budget.joining import members_of
from vault.errors.records import LearnedFrom, OnlyImport
from vault.errors.requests import CollectionInUse
from vault.errors.rollback import MarkNotWritten
from vault.queries.models import fitted_on
from vault.records.collections import find_collection
from vault.records.kept_plans import forget_plan
from vault.store.tables import Collection, ImportedFile, ModelRow, RequestRow
from vault.store.times import stamp
from vault.views.records import UndoneImport

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.importers.held_plans import HeldPlans
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork


class UndoActions:
    """Take out the last import of a collection."""

    _opened: OpenVault
    _plans: HeldPlans

    def preview_undo_import(self, name: str) -> UndoneImport:
        self._opened.check_writable()
        with self._opened.read() as uow:
            return self._undo(uow, name)[0]

    def undo_import(self, name: str) -> UndoneImport:
        from vault.records.removing import remove_last_rows

        self._plans.forget_all()  # what they know to be stored may go
        try:
            with self._opened.act() as act:
                done, file = self._undo(act.uow, name)
                collection = act.uow.get(Collection, file.collection_id)
                assert collection is not None  # its file was just found
                remove_last_rows(act.uow, act.keys, collection, file.row_count)
                act.uow.delete(file)
                act.uow.delete_all(ModelRow, collection_id=collection.id)
                forget_plan(act.uow, collection.id)
                hidden: dict[str, Json] = {
                    "collection": name,
                    "rows": done.rows,
                    "imported": done.imported_at,
                }
                act.record(EntryType.RECORD_ERASE, hidden=hidden)
        except MarkNotWritten:
            erasure.clear(self._opened, name)
            raise
        erasure.clear(self._opened, name)
        return done

    def _undo(self, uow: UnitOfWork, name: str) -> tuple[UndoneImport, ImportedFile]:
        """The last import and what taking it out leaves; raises what speaks against it."""
        facts = find_collection(uow, name)
        requests = uow.find(RequestRow, collection=name)
        if any(row.id in self._opened.running or row.state in erasure.RUNNING for row in requests):
            raise CollectionInUse(collection=name)
        files = uow.find(ImportedFile, collection_id=facts.id, order_by="id")
        if len(files) < 2:
            raise OnlyImport(collection=name)
        if ledger.was_charged(uow, facts.id):
            raise LearnedFrom(collection=name)
        return UndoneImport(
            collection=name,
            rows=files[-1].row_count,
            rows_left=facts.rows - files[-1].row_count,
            imported_at=stamp(files[-1].imported_at),
            shares_budget_with=tuple(one.name for one in members_of(uow, facts.id) if one.id != facts.id),
            models_deleted=tuple(one.name for one in fitted_on(uow, facts.id)),
        ), files[-1]
