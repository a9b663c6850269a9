"""An import that nobody learned from, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget.joining import members_of
from vault.errors.records import LearnedFrom, OnlyImport
from vault.errors.requests import CollectionInUse
from vault.errors.rollback import MarkNotWritten
from vault.records.collections import find_collection
from vault.store.tables import ChargeRow, Collection, ImportedFile, RequestRow
from vault.store.times import stamp
from vault.views.records import UndoneImport

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork


class UndoActions:
    """Take out the last import of a collection."""

    _opened: OpenVault

    def preview_undo_import(self, name: str) -> UndoneImport:
        with self._opened.read() as uow:
            return self._undo(uow, name)[0]

    def undo_import(self, name: str) -> UndoneImport:
        from vault.records.removing import remove_last_rows

        try:
            with self._opened.act() as act:
                done, file = self._undo(act.uow, name)
                collection = act.uow.get(Collection, file.collection_id)
                assert collection is not None  # its file was just found
                remove_last_rows(act.uow, act.keys, collection, file.row_count)
                act.uow.delete(file)
                act.record(EntryType.RECORD_ERASE, hidden={"collection": name, "rows": done.rows})
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
        _check_unlearned(uow, facts.id, files[-1], name)
        return UndoneImport(
            collection=name,
            rows=files[-1].row_count,
            rows_left=facts.rows - files[-1].row_count,
            imported_at=stamp(files[-1].imported_at),
            shares_budget_with=tuple(one.name for one in members_of(uow, facts.id) if one.id != facts.id),
        ), files[-1]


def _check_unlearned(uow: UnitOfWork, collection_id: int, file: ImportedFile, name: str) -> None:
    """Refuse where anything was charged in the same second or later: its run may have read these rows."""
    charges = uow.find(ChargeRow, collection_id=collection_id)
    if any(charge.charged_at >= file.imported_at for charge in charges):
        raise LearnedFrom(collection=name)
