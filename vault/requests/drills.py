"""Drills: a request that nobody sent, like one of a requester's but for one thing.

A drill is drawn from what is stored and never stored itself: there is no row of it among the requests, so that nothing
which runs, charges, keeps, sends or answers to a requester can find it. What the vault keeps is from when on the next
one is drawn; what is decided about one ends it, as a look on the trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.errors.families import Exhausted, Invalid, Refused
from vault.records.collections import find_collection
from vault.requests import refusals
from vault.requests.approved_before import approved_before
from vault.requests.drill_changes import changed_manifests
from vault.requests.evaluate import StoredJob, check_runnable, price_of
from vault.requests.hearing import over_at
from vault.requests.parse import manifest_bytes, manifest_digest, parse_manifest
from vault.requests.values import TIME_FORMAT
from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_id
from vault.store.tables import RequesterRow, RequestRow, VaultFact
from vault.store.times import stamp
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.requests.manifest import Manifest
    from vault.store.unit_of_work import UnitOfWork

DRILLS_FACT: Final = "drills.from"
"""The moment from which the next drill is drawn, a space, and what it is drawn by; empty where they are off."""
LEAST: Final = timedelta(days=7)
SPREAD_HOURS: Final = 21 * 24
"""A drill comes so long after the last one, and up to so many hours later."""
LASTS: Final = timedelta(days=7)
LOOK: Final = "a drill, which nobody sent"
"""How the entry of a decision begins; the rest of it is hidden from outsiders as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    """When a drill lies open, and by what it is drawn."""

    at: datetime
    digits: str

    @property
    def id(self) -> str:
        """An id as a request has one."""
        return self.digits[:32]

    def number(self, of: int) -> int:
        """One of so many."""
        return int(self.digits[32:48], 16) % of


# on and off -------------------------------------------------------------------------------------------------


def are_on(uow: UnitOfWork) -> bool:
    """Whether drills come."""
    return bool(_kept(uow))


def turn(act: AuditedTransaction, *, is_on: bool) -> None:
    """Let drills come from now on, or end them with the one that lies open."""
    _keep(act, f"{stamp(act.now)} {random_id()}" if is_on else "")
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": f"drills, to {'on' if is_on else 'off'}"})


def _kept(uow: UnitOfWork) -> str:
    row = uow.get(VaultFact, DRILLS_FACT)
    return row.value if row else ""


def _keep(act: AuditedTransaction, value: str) -> None:
    row = act.uow.get(VaultFact, DRILLS_FACT)
    if row is None:
        act.uow.add(VaultFact(key=DRILLS_FACT, value=value))
    else:
        row.value = value


# drawing one ------------------------------------------------------------------------------------------------


def open_drill(uow: UnitOfWork, now: datetime) -> StoredJob | None:
    """The drill that lies open now, as a job that is stored nowhere; None where none does."""
    drawn = _drawn(_kept(uow), now)
    if drawn is None:
        return None
    drills = (_drill(uow, drawn, *like) for like in _looks_like(uow, drawn))
    return next((drill for drill in drills if drill is not None), None)


def _drawn(kept: str, now: datetime) -> _Draw | None:
    """The draw whose time is now; one that nobody decided passes, and the next is drawn from its end on."""
    if not kept:
        return None
    begin, _, by = kept.partition(" ")
    at = datetime.fromisoformat(begin)
    for number in count():
        digits = sha256_hex(f"{by} {number}".encode())
        at += LEAST + timedelta(hours=int(digits[48:], 16) % SPREAD_HOURS)
        if now < at:
            return None
        if now < at + LASTS:
            return _Draw(at=at, digits=digits)
        at += LASTS
    raise AssertionError  # the loop has no end


def _looks_like(uow: UnitOfWork, drawn: _Draw) -> list[tuple[RequestRow, RequesterRow]]:
    """The jobs that it may look like, each approved last of a requester on a collection; the drawn one first.

    The next ones count where nothing like it could come any more, such as on a collection that was erased.
    Rounds of a campaign come by themselves once it was joined, and none of them is asked about.
    """
    last = {(row.requester_id, row.collection): row for row in approved_before(uow)}
    found = []
    for row in last.values():
        requester = uow.get(RequesterRow, row.requester_id)
        is_old = row.decided_at is not None and row.decided_at <= drawn.at
        if requester is None or requester.status is RequesterStatus.BLOCKED:
            continue
        if is_old and row.campaign_id is None:
            found.append((row, requester))
    found.sort(key=lambda pair: pair[0].id)
    first = drawn.number(len(found)) if found else 0
    return found[first:] + found[:first]


def _drill(uow: UnitOfWork, drawn: _Draw, like: RequestRow, requester: RequesterRow) -> StoredJob | None:
    """The job with the first change that a vault could be asked for."""
    before = parse_manifest(like.manifest)
    ends = drawn.at + LASTS
    try:
        facts = find_collection(uow, like.collection)
    except Invalid:
        return None
    renewed = {"job_id": sha256_hex(drawn.id.encode())[:32], "expires": ends.strftime(TIME_FORMAT)}
    for manifest in changed_manifests(before, facts, first=drawn.number(1 << 16), renewed=renewed):
        drill = StoredJob(
            row=_row(drawn, like, manifest),
            manifest=manifest,
            requester=requester,
            price=price_of(manifest),
        )
        if _could_come(uow, drill, drawn.at):
            return drill
    return None


def _row(drawn: _Draw, like: RequestRow, manifest: Manifest) -> RequestRow:
    """What a request of it would look like; it is never added to the vault, and no signature stands on it."""
    data = manifest_bytes(manifest)
    return RequestRow(
        id=drawn.id,
        job_id=manifest.job_id,
        requester_id=like.requester_id,
        collection=like.collection,
        state=RequestState.WAITING,
        manifest=data,
        signature=b"",
        weights=b"",
        manifest_digest=manifest_digest(data),
        received_at=drawn.at,
        expires_at=manifest.expires_at,
        over_at=over_at(manifest),
        size=len(data),
    )


def _could_come(uow: UnitOfWork, drill: StoredJob, now: datetime) -> bool:
    """Whether such a job would be shown as a question, and could run."""
    if refusals.standing_for(uow, drill.row, now) is not None:
        return False
    try:
        check_runnable(uow, drill)
    except (Invalid, Refused, Exhausted):
        return False
    return True


# deciding about one -----------------------------------------------------------------------------------------


def end(act: AuditedTransaction, drill: StoredJob, *, decided: str, change: str) -> None:
    """Record what was decided about the drill that lies open, and draw the next one from now on."""
    _keep(act, f"{stamp(act.now)} {random_id()}")
    like = f"{drill.requester.name}, {drill.row.collection}"
    act.record(EntryType.ACCESS_VIEW, hidden={"what": f"{LOOK}; {decided}", "like": like, "change": change})
