"""The inbox: what a stranger's job must pass to be stored, and the owner's word on it.

The order of ``submit`` is part of the contract. Cheap and authentic first: sizes, signature, then what the
manifest says, its weights, who sent it, whether it came before, whether it fits the vault, and its expiry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from vault.audit.entries import EntryType
from vault.consent.grants import LONGEST
from vault.errors.families import Invalid, LockboxError
from vault.errors.requests import (
    JobReplayed,
    ManifestInvalid,
    OtherCollection,
    RequesterBlocked,
    UnknownRequest,
    WrongState,
)
from vault.records.collections import find_collection
from vault.requests.bundle import JobFiles, check_signature, check_sizes
from vault.requests.fit import check_fit
from vault.requests.manifest import Manifest
from vault.requests.parse import manifest_digest, parse_manifest
from vault.requests.requesters import find_by_key
from vault.requests.shapes import shapes
from vault.requests.states import in_words, move
from vault.requests.text import TEXT_LIMIT, text_faults
from vault.requests.weights import check_weights
from vault.sealing.random import random_id
from vault.store.tables import RequesterRow, RequestRow
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

Policy: TypeAlias = Callable[[Manifest], LockboxError | None]
"""Says why the vault's own rules can never let a job run (its price alone is too high), or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A job that passed every check that needs no clock, and who sent it."""

    manifest: Manifest
    requester: RequesterRow


def accept_any(_manifest: Manifest) -> None:
    """The policy that refuses nothing."""


def submit(
    act: AuditedTransaction, job: JobFiles, *, policy: Policy = accept_any
) -> tuple[str, LockboxError | None]:
    """Store a job that breaks no rule; returns its request id and, if policy refused it, why.

    What breaks a rule is not stored and raises, in this order: ``ManifestInvalid`` or ``WeightsInvalid``
    (size), ``ManifestTampered``, ``ManifestInvalid``, ``WeightsTampered``, ``WeightsInvalid``,
    ``UnknownRequester``, ``RequesterBlocked``, ``OtherCollection``, ``JobReplayed``, ``UnknownCollection``,
    ``UnknownField``, ``ManifestInvalid``. A job refused by policy is stored as such: it stays on record and cannot
    come again.
    """
    manifest, requester = _authentic(act.uow, job)
    _check_new(act.uow, manifest, requester)
    check_fit(manifest, find_collection(act.uow, manifest.collection))
    _check_expiry(manifest, act.now)
    row = _stored(act, job, manifest, requester)
    refusal = policy(manifest)
    if refusal is None:
        row.state = move(RequestState.RECEIVED, RequestState.WAITING)
    else:
        _end(act, row, RequestState.REFUSED_POLICY, EntryType.REQUEST_REFUSE, reason=str(refusal))
    return row.id, refusal


def examine(uow: UnitOfWork, job: JobFiles) -> Examined:
    """A job folder under every check of ``submit`` but replay and expiry; nothing is stored."""
    manifest, requester = _authentic(uow, job)
    check_fit(manifest, find_collection(uow, manifest.collection))
    return Examined(manifest=manifest, requester=requester)


def show(uow: UnitOfWork, request_id: str) -> RequestRow:
    """The request of this id; raises ``UnknownRequest``."""
    row = uow.get(RequestRow, request_id)
    if row is None:
        raise UnknownRequest(request=request_id)
    return row


def check_waiting(row: RequestRow, now: datetime) -> None:
    """Refuse unless the request waits for a decision and has not expired; raises ``WrongState``."""
    if row.state is not RequestState.WAITING:
        raise WrongState(state=in_words(row.state))
    if now >= row.expires_at:
        raise WrongState(state=in_words(RequestState.EXPIRED))


def approve(act: AuditedTransaction, request_id: str, *, grant_id: str | None = None) -> None:
    """Let a waiting request run once; raises ``UnknownRequest`` or ``WrongState``."""
    row = show(act.uow, request_id)
    check_waiting(row, act.now)
    row.grant_id = grant_id
    _end(act, row, RequestState.APPROVED, EntryType.REQUEST_APPROVE)


def refuse(act: AuditedTransaction, request_id: str, *, reason: str = "") -> None:
    """Say no to a request that has not begun to run; the reason stays in the vault.

    Raises ``UnknownRequest``, ``WrongState``, and ``Invalid`` for a reason that cannot be shown.
    """
    for fault in text_faults(reason, limit=TEXT_LIMIT) if reason else ():
        raise Invalid(reason=f"the reason {fault}")
    _end(act, show(act.uow, request_id), RequestState.REFUSED_PERSON, EntryType.REQUEST_REFUSE, reason=reason)


def expire(act: AuditedTransaction) -> list[str]:
    """End the requests whose time is over before they began to run, and return their ids."""
    open_states = (RequestState.WAITING, RequestState.APPROVED)
    rows = [row for state in open_states for row in act.uow.find(RequestRow, state=state)]
    late = [row for row in rows if act.now >= row.expires_at]
    for row in late:
        _end(act, row, RequestState.EXPIRED, EntryType.REQUEST_EXPIRE)
    return [row.id for row in late]


def _authentic(uow: UnitOfWork, job: JobFiles) -> tuple[Manifest, RequesterRow]:
    """The manifest and its sender, from bytes that nobody has looked at yet."""
    check_sizes(job)
    key = check_signature(job)
    manifest = parse_manifest(job.manifest)
    check_weights(job.weights, shapes(manifest), manifest.model.weights)
    requester = find_by_key(uow, key)
    if requester.status is RequesterStatus.BLOCKED:
        raise RequesterBlocked(name=requester.name)
    _check_limit(manifest, requester)
    return manifest, requester


def _check_limit(manifest: Manifest, requester: RequesterRow) -> None:
    """Refuse what somebody limited to one collection asks of another, whether there is such a one or not."""
    only = requester.only_collection
    if only is not None and manifest.collection != only:
        raise OtherCollection(name=requester.name, collection=only)


def _check_new(uow: UnitOfWork, manifest: Manifest, requester: RequesterRow) -> None:
    for earlier in uow.find(RequestRow, requester_id=requester.id, job_id=manifest.job_id):
        raise JobReplayed(date=earlier.received_at.date().isoformat())


def _check_expiry(manifest: Manifest, now: datetime) -> None:
    if now >= manifest.expires_at:
        raise ManifestInvalid(reason="it has expired")
    if manifest.expires_at - now > LONGEST:
        raise ManifestInvalid(reason=f"it expires more than {LONGEST // _DAY} days from now")


_DAY: Final = timedelta(days=1)


def _stored(
    act: AuditedTransaction, job: JobFiles, manifest: Manifest, requester: RequesterRow
) -> RequestRow:
    row = RequestRow(
        id=random_id(),
        job_id=manifest.job_id,
        requester_id=requester.id,
        collection=manifest.collection,
        state=RequestState.RECEIVED,
        manifest=job.manifest,
        signature=job.signature,
        weights=job.weights,
        manifest_digest=manifest_digest(job.manifest),
        received_at=act.at,
        expires_at=manifest.expires_at,
    )
    act.uow.add(row)
    hidden = {
        "requester": requester.name,
        "purpose": manifest.purpose.dpv,
        "fields": [field.name for field in manifest.fields],
        "manifest": row.manifest_digest,
    }
    act.record(EntryType.REQUEST_RECEIVED, clear={"request": row.id}, hidden=hidden)
    return row


def _end(
    act: AuditedTransaction, row: RequestRow, state: RequestState, kind: EntryType, *, reason: str = ""
) -> None:
    row.state = move(row.state, state)
    row.decided_at = act.at
    row.reason = reason or None
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    hidden = {"requester": name} | ({"reason": reason} if reason else {})
    act.record(kind, clear={"request": row.id}, hidden=hidden)
