"""The requests that the owner approved, and did not take back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from vault.store.tables import RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork

_TAKEN_BACK: Final = (RequestState.REFUSED_PERSON, RequestState.WAITING)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def approved_before(
    uow: UnitOfWork, *, requester_id: str | None = None, collection: str | None = None
) -> list[RequestRow]:
    """Those of one requester on one collection or, without, of all; the one that was decided last at the end."""
    which: dict[str, Any] = {"requester_id": requester_id, "collection": collection}
    found = uow.find(RequestRow, **{name: one for name, one in which.items() if one is not None})
    approved = [row for row in found if row.grant_id and row.state not in _TAKEN_BACK]
    return sorted(approved, key=lambda row: (row.decided_at or _NEVER, row.received_at))
