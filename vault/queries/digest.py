"""The week of a vault, read from its trail, its ledger, its requests and its consents."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType, parse_entry
from vault.audit.log import opened
from vault.audit.vault_date import vault_date
from vault.queries.budget import budget_lines
from vault.queries.budget_history import budget_points
from vault.queries.campaigns import campaign_lines
from vault.queries.consents import grant_views
from vault.queries.requesters import requester_row
from vault.queries.requests import request_lines
from vault.queries.status import DIGEST_READ, SOON, WEEK, fact, is_digest_due, shown_state
from vault.requests import drills
from vault.requests.final_models import CHANGED
from vault.store.tables import HeldRow, LogEntry, RequestRow, VaultFact
from vault.store.times import stamp
from vault.views.digest import Digest, EndingConsent, UpdateLine, WeekEvents, WeekSpent
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.audit.entries import Entry
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork

LOOK: Final = "the digest of the week"


def note_read(act: AuditedTransaction) -> None:
    """Record that the digest was read now."""
    row = act.uow.get(VaultFact, DIGEST_READ)
    if row is None:
        act.uow.add(VaultFact(key=DIGEST_READ, value=stamp(act.now)))
    else:
        row.value = stamp(act.now)
    act.record(EntryType.ACCESS_VIEW, hidden={"what": LOOK})


def digest(uow: UnitOfWork, vault: OpenVault) -> Digest:
    """What happened in the last week, and what waits now."""
    date = vault_date(uow, vault.clock)
    since = date.now - WEEK
    entries = list(_entries(uow, since + date.ahead))
    events = Counter(entry.kind.value for entry in entries)
    requests = request_lines(uow, vault)
    return Digest(
        since=stamp(since),
        until=stamp(date.now),
        read_at=fact(uow, DIGEST_READ),
        is_due=is_digest_due(uow, date.now),
        may_lack_events=bool(vault.rollback) or EntryType.LOG_RECOVERED.value in events,
        events=tuple(WeekEvents(type=kind, count=count) for kind, count in events.most_common()),
        model_changes=sum(_is_of_models(uow, entry) for entry in entries),
        asked=tuple(
            one for one in requests if one.received_at >= stamp(since) and uow.get(RequestRow, one.id)
        ),
        drills=tuple(_drills(uow, since + date.ahead)),
        spent=tuple(_spent(uow, since)),
        left=tuple(_left(uow, vault, since + date.ahead)),
        waiting=tuple(one for one in requests if one.waits),
        campaigns=tuple(one for one in campaign_lines(uow, vault) if one.waits),
        approved=tuple(one for one in requests if one.state == RequestState.APPROVED),
        held=tuple(_held(uow, date.now)),
        unfinished=tuple(_unfinished(uow)),
        ending=tuple(_ending(uow, vault, date.now)),
    )


def _entries(uow: UnitOfWork, since: datetime) -> Iterator[Entry]:
    """The entries since then, the newest first, without the looks at the digest itself."""
    for seq in range(uow.count(LogEntry) - 1, -1, -1):
        row = uow.get(LogEntry, seq)
        assert row is not None  # the trail has no gap, or the vault would not have opened
        entry = parse_entry(row.body, what=f"entry {seq}")
        if entry.ts < stamp(since):
            return
        if entry.kind is not EntryType.ACCESS_VIEW or all(one.value != LOOK for one in opened(uow, seq)):
            yield entry


def _is_of_models(uow: UnitOfWork, entry: Entry) -> bool:
    """Whether an entry is about the models that are kept."""
    if entry.kind is not EntryType.SETTINGS_CHANGE:
        return False
    return any(str(one.value).startswith(CHANGED) for one in opened(uow, entry.seq) if one.name == "what")


def _drills(uow: UnitOfWork, since: datetime) -> Iterator[str]:
    """What became of drills, as the trail says."""
    for entry in _entries(uow, since):
        facts = opened(uow, entry.seq) if entry.kind is EntryType.ACCESS_VIEW else []
        said = {one.name: str(one.value) for one in facts}
        if said.get("what", "").startswith(drills.LOOK):
            what = f"{said['what'][:1].upper()}{said['what'][1:]}"
            yield f"{what}. It was like a job of {said['like']}: {said['change']}."


def _spent(uow: UnitOfWork, since: datetime) -> Iterator[WeekSpent]:
    """Of each budget from which something was paid."""
    jobs = Counter(one.collection for one in budget_points(uow) if one.request and one.at >= stamp(since))
    for line in budget_lines(uow):
        paid = sum(jobs[name] for name in line.members)
        if line.requester is None and paid:
            yield WeekSpent(collection=", ".join(line.members), jobs=paid, used_percent=line.used_percent)


def _left(uow: UnitOfWork, vault: OpenVault, since: datetime) -> Iterator[UpdateLine]:
    """What left, as the trail says."""
    vault.sent_releases.follow(uow)
    for run, at in vault.sent_releases.sent.items():
        if at >= stamp(since):
            yield _update(uow, run, at)


def _held(uow: UnitOfWork, now: datetime) -> Iterator[UpdateLine]:
    for row in uow.find(RequestRow, state=RequestState.HELD):
        is_blocked = requester_row(uow, row.requester_id).status is RequesterStatus.BLOCKED
        for held in uow.find(HeldRow, request_id=row.id):
            if not is_blocked and shown_state(row, held.expires_at, now) is RequestState.HELD:
                yield _update(uow, row.id, stamp(held.expires_at))


def _unfinished(uow: UnitOfWork) -> Iterator[UpdateLine]:
    for row in uow.find(RequestRow, state=RequestState.SENDING):
        for held in uow.find(HeldRow, request_id=row.id):
            yield _update(uow, row.id, stamp(held.intent_at or held.held_at))


def _update(uow: UnitOfWork, request_id: str, at: str) -> UpdateLine:
    row = uow.get(RequestRow, request_id)
    asker = "" if row is None else requester_row(uow, row.requester_id).name
    return UpdateLine(id=request_id, recipient=asker, collection="" if row is None else row.collection, at=at)


def _ending(uow: UnitOfWork, vault: OpenVault, now: datetime) -> Iterator[EndingConsent]:
    soon = now + SOON
    for one in grant_views(uow, vault):
        if one.state == "active" and datetime.fromisoformat(one.not_after) <= soon:
            yield EndingConsent(
                id=one.id,
                requester=one.requester,
                collection=one.collection,
                purpose_words=one.purpose_words,
                not_after=one.not_after,
            )
