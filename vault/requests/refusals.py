"""A no that holds: whoever was refused for a purpose on a collection asks in vain for six months.

A job that comes meanwhile is stored as refused and shown to nobody as a question. Its requester hears so if it heard
of the no itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.errors.requests import UnknownRefusal
from vault.requests.parse import parse_stored
from vault.sealing.random import random_id
from vault.store.tables import RefusalRow, RequesterRow
from vault.store.times import stamp
from vault.views.purposes import PURPOSES

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.store.tables import RequestRow
    from vault.store.unit_of_work import UnitOfWork

HOLDS: Final = timedelta(days=183)
"""Six months."""


def hold(act: AuditedTransaction, row: RequestRow, *, is_told: bool) -> RefusalRow:
    """Let the no to this request hold for its requester, its collection's name and its purpose."""
    refusal = RefusalRow(
        id=random_id(),
        requester_id=row.requester_id,
        collection=row.collection,
        purpose=parse_stored(row.manifest).purpose.dpv,
        request_id=row.id,
        is_told=is_told,
        refused_at=act.at,
        until=act.at + HOLDS,
    )
    act.uow.add(refusal)
    return refusal


def standing(
    uow: UnitOfWork, *, requester_id: str, collection: str, purpose: str, now: datetime,
    before: datetime | None = None,
) -> RefusalRow | None:  # fmt: skip
    """The no that holds for such a job now, or None; of several the one that was told, then the one that ends last.

    With `before` only those count that were said earlier than in that second.
    """
    found = uow.find(
        RefusalRow, requester_id=requester_id, collection=collection, purpose=purpose, lifted_at=None
    )
    holding = [row for row in found if now < row.until and (before is None or row.refused_at < before)]
    return max(holding, key=lambda row: (row.is_told, row.until), default=None)


def standing_for(
    uow: UnitOfWork, row: RequestRow, now: datetime, *, before: datetime | None = None
) -> RefusalRow | None:
    """The same for a job that is stored."""
    kind = {"collection": row.collection, "purpose": parse_stored(row.manifest).purpose.dpv}
    return standing(uow, requester_id=row.requester_id, **kind, now=now, before=before)


def all_standing(uow: UnitOfWork, now: datetime) -> list[RefusalRow]:
    """Every no that holds now, the newest first."""
    rows = uow.find(RefusalRow, order_by="refused_at", descending=True, lifted_at=None)
    return [row for row in rows if now < row.until]


def lift(act: AuditedTransaction, row: RequestRow) -> int:
    """Let questions like this request be shown again, and return how many noes stood in their way.

    Raises ``UnknownRefusal`` where none does.
    """
    lifted = 0
    while (refusal := standing_for(act.uow, row, act.now)) is not None:
        refusal.lifted_at, lifted = act.at, lifted + 1
    if not lifted:
        raise UnknownRefusal(request=row.id[:8])
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    purpose = PURPOSES[parse_stored(row.manifest).purpose.dpv]
    what = f"the no to {name} for {purpose} on {row.collection}: it is lifted"
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})
    return lifted


def until_text(refusal: RefusalRow) -> str:
    """The end of a no as it is told."""
    return stamp(refusal.until)
