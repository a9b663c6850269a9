"""Requesters, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.sealing.signing import fingerprint
from vault.store.tables import RequesterRow
from vault.store.times import stamp
from vault.views.names import alphabets, lookalikes
from vault.views.requesters import RequesterView

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork


def requester_views(uow: UnitOfWork) -> list[RequesterView]:
    """Everybody who may ask, by name."""
    return [requester_view(uow, row) for row in uow.find(RequesterRow, order_by="name")]


def requester_view(uow: UnitOfWork, row: RequesterRow) -> RequesterView:
    """One requester under the owner's own name for them."""
    others = [other.name for other in uow.find(RequesterRow, order_by="name") if other.id != row.id]
    return RequesterView(
        id=row.id,
        name=row.name,
        fingerprint=fingerprint(row.key),
        contact=row.contact,
        status=row.status.value,
        added_at=stamp(row.added_at),
        only_collection=row.only_collection,
        resembles=lookalikes(row.name, others),
        alphabets=alphabets(row.name),
    )


def requester_row(uow: UnitOfWork, requester_id: str) -> RequesterRow:
    """The row of a requester that another row refers to."""
    row = uow.get(RequesterRow, requester_id)
    assert row is not None  # requesters are never deleted, and the store keeps the reference
    return row
