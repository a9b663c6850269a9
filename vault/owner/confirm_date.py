"""The owner's word on the date: that the computer's clock is right now, whatever the vault took it for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.audit.vault_date import follow_clock
from vault.consent.receipts import renew_grants
from vault.errors.clock import DateKnown, OtherDate
from vault.queries.date import question_of
from vault.store.times import stamp
from vault.views.counting import counted

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction


def confirm_date(act: AuditedTransaction, today: str) -> None:
    """Take the date from the clock from now on, with what then holds again.

    Raises OtherDate, and DateKnown where there is no question.
    """
    before, clock = act.now, act.date.clock
    if not question_of(act.date):
        raise DateKnown(clock=stamp(clock))
    if stamp(clock)[: len("YYYY-MM-DD")] != today:
        raise OtherDate(clock=stamp(clock), said=today)
    act.date = follow_clock(act.uow, clock)
    renew_grants(act)
    minutes = act.date.ahead // timedelta(minutes=1)
    what = f"the date, to {stamp(clock)}"
    said = f"{what}; the trail is {counted(minutes, 'minute')} ahead" if minutes else what
    hidden: dict[str, Json] = {"what": said, "before": stamp(before), "minutes_ahead": minutes}
    act.record(EntryType.SETTINGS_CHANGE, hidden=hidden)
