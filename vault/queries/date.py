"""The date of the vault beside that of the computer, read for showing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from vault.audit.vault_date import VaultDate, vault_date
from vault.consent.receipts import load_grants
from vault.store.tables import HeldRow, RequestRow
from vault.store.times import stamp
from vault.views.date import DateView
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork

SAME: Final = timedelta(minutes=1)
"""Clocks are put right by less than this all the time."""
_BEFORE_A_RUN: Final = (RequestState.WAITING, RequestState.APPROVED)


def question_of(date: VaultDate) -> str:
    """What is to be asked about the date, or nothing where vault and computer agree."""
    if not date.is_confirmed:
        return (
            f"the clock says {stamp(date.clock)}, and the last thing recorded here is of {stamp(date.now)}; "
            "until you say that the clock is right, nothing ends, is paid for or leaves"
        )
    if date.now - date.clock >= SAME:
        return (
            f"the clock says {stamp(date.clock)}, and this vault has been at {stamp(date.now)} already; "
            "if the clock is right now and was wrong then, say so"
        )
    return ""


def date_view(uow: UnitOfWork, vault: OpenVault) -> DateView:
    """Both dates, and what confirming the computer's would change."""
    date = vault_date(uow, vault.clock)
    first, last = sorted((date.now, date.clock))
    consents = sum(first < one.not_after <= last for one in load_grants(uow) if one.withdrawn_at is None)
    is_later = date.clock > date.now
    return DateView(
        vault=stamp(date.now),
        clock=stamp(date.clock),
        question=question_of(date),
        consents_ending=consents if is_later else 0,
        requests_ending=_requests_between(uow, first, last) if is_later else 0,
        updates_ending=_updates_between(uow, first, last) if is_later else 0,
        consents_returning=0 if is_later else consents,
    )


def _requests_between(uow: UnitOfWork, first: datetime, last: datetime) -> int:
    rows = [row for state in _BEFORE_A_RUN for row in uow.find(RequestRow, state=state)]
    return sum(first < row.expires_at <= last for row in rows)


def _updates_between(uow: UnitOfWork, first: datetime, last: datetime) -> int:
    held = {row.request_id: row.expires_at for row in uow.find(HeldRow)}
    return sum(first < held[row.id] <= last for row in uow.find(RequestRow, state=RequestState.HELD))
