"""Held updates and the one egress.

`send` is the only function of the program that lets bytes go to anyone but the owner. It checks three things about
exactly those bytes: the consent behind them still stands, their budget was paid, and a person typed the beginning of
their digest. What it keeps for a requester to fetch, `fetched` hands over: those bytes and no others.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.errors.consent import ConsentRefused
from vault.errors.daemon import NotAtThisDoor
from vault.errors.families import Unavailable
from vault.errors.release import (
    DigestMismatch,
    HeldUpdateDamaged,
    ReleaseNotRecorded,
    ReleaseNotWritten,
    UnknownRelease,
)
from vault.errors.requests import RequesterBlocked, WrongState
from vault.errors.rollback import MarkNotWritten
from vault.requests import requesters
from vault.requests.bundle import signature_line
from vault.requests.release_manifest import (
    RELEASE_DOMAINS,
    RELEASE_FILE,
    RELEASE_SIGNATURE_FILE,
    UPDATE_FILE,
    ReleaseManifest,
    parse_release_manifest,
)
from vault.requests.states import in_words, move
from vault.sealing.durable import sync
from vault.store.destination import check_destination
from vault.store.files import date_alike, write_durably
from vault.store.tables import ChargeRow, GrantRow, HeldRow, RequesterRow, RequestRow
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork

TYPED_DIGITS = 8
FETCH_LIFE = timedelta(days=90)
"""How long a requester can fetch what was released to it: as long as a token lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The exact bytes of one release, checked, and who gets them."""

    recipient_id: str
    recipient_name: str
    update: bytes
    manifest: bytes
    signature: bytes

    def files(self) -> dict[str, bytes]:
        """File name → bytes: everything that leaves, and nothing else does."""
        return {UPDATE_FILE: self.update, RELEASE_FILE: self.manifest, RELEASE_SIGNATURE_FILE: self.signature}


def hold(
    act: AuditedTransaction,
    request: RequestRow,
    *,
    update: bytes,
    private: bytes,
    manifest: bytes,
    minutes: int,
) -> None:
    """Keep a finished update in the vault until a person decides, at most for the job's slot.

    Nor longer than until its requester hears that the job is over, or a release could come after that.
    """
    request.state = move(request.state, RequestState.HELD)
    ends = act.at + timedelta(minutes=minutes)
    act.uow.add(
        HeldRow(
            id=request.id,
            request_id=request.id,
            update=update,
            private=private,
            manifest=manifest,
            manifest_digest=hashlib.sha256(manifest).hexdigest(),
            held_at=act.at,
            expires_at=min(ends, request.over_at or ends),
        )
    )


def send(vault: OpenVault, release_id: str, *, confirmed: str, to: Path | None) -> Parcel:
    """Let one held update leave for its requester: into a folder, or without one for its own fetch; the one egress.

    The intent is durable before the first byte is written and `release.sent` after the last, so that a crash in
    between is shown as "may have left" (never as "nothing left"). Sending again after such a crash is allowed: the
    same approved bytes are post-processing of what was paid for. What is to be fetched stays in the vault and is there
    from `release.sent` on, as long as `FETCH_LIFE`.

    Raises `DigestMismatch`, `ConsentRefused`, `RequesterBlocked`, `WrongState`, `HeldUpdateDamaged`, `MarkUnwritable`
    and `DestinationUnusable`, all of them before anything is written.
    """
    # One at a time: two that send the same release write into the same draft.
    with vault.sending:
        return _send(vault, release_id, confirmed, to)


def _send(vault: OpenVault, release_id: str, confirmed: str, to: Path | None) -> Parcel:
    if to is not None:
        check_destination(to, vault_folder=vault.paths.vault, empty_folder=True)
    vault.require_mark()
    with vault.act() as act:
        held, request = find_held(act.uow, release_id)
        parcel = _parcel(act, held, request)
        if not is_confirmed(held.manifest_digest, confirmed):
            raise DigestMismatch()
        _record_intent(act, held, request, parcel)
    if to is None:
        _offer(vault, release_id, parcel)
    else:
        _deliver(vault, release_id, parcel, to)
    return parcel


def _offer(vault: OpenVault, release_id: str, parcel: Parcel) -> None:
    """Keep the very bytes that were confirmed for their requester to fetch."""
    with vault.act() as act:
        held, request = find_held(act.uow, release_id)
        if _parcel(act, held, request) != parcel:
            raise HeldUpdateDamaged()
        held.fetch_until = act.at + FETCH_LIFE
        _record_sent(act, held, request, parcel)


def _deliver(vault: OpenVault, release_id: str, parcel: Parcel, to: Path) -> None:
    """Write the very bytes that were confirmed into a folder, and record that they are there."""
    draft = _write(parcel, to, draft=f".{to.resolve().name}.{release_id[:8]}")
    try:
        with vault.act() as act:
            # Nobody else writes during this act, so what is checked here still holds when the folder appears.
            held, request = find_held(act.uow, release_id)
            if _parcel(act, held, request) != parcel:
                raise HeldUpdateDamaged()
            _appear(draft, to)
            _record_sent(act, held, request, parcel)
    except MarkNotWritten:
        raise  # it left and is recorded
    except Unavailable as error:
        if (to / RELEASE_FILE).exists():
            raise ReleaseNotRecorded(path=to, reason=str(error).rstrip(".")) from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def fetched(vault: OpenVault, release_id: str) -> dict[str, bytes]:
    """The files of a release that its requester may fetch, by name: the bytes that were approved, or none.

    They are held against the digest that was confirmed and against that of the trail, each time. Raises
    `NotAtThisDoor` where there is nothing to fetch, `HeldUpdateDamaged` and, where the vault is read-only, why it is.
    """
    if vault.rollback:
        raise vault.rollback.error()
    with vault.read() as uow:
        held, request = uow.get(HeldRow, release_id), uow.get(RequestRow, release_id)
        if held is None or request is None or not _is_offered(held, request, vault.now(uow)):
            raise NotAtThisDoor(reason="nothing lies here for this job")
        update, manifest = _check_bytes(uow, held, request)
        vault.sent_releases.follow(uow)
        said = vault.sent_releases.digests.get(release_id)
    if said != (held.manifest_digest, hashlib.sha256(update).hexdigest()):
        raise HeldUpdateDamaged()
    key = requesters.vault_key(vault.keys, request.requester_id)
    return {
        UPDATE_FILE: update,
        RELEASE_FILE: held.manifest,
        RELEASE_SIGNATURE_FILE: signature_line(key.sign(RELEASE_DOMAINS[manifest.v] + held.manifest)),
    }


def _is_offered(held: HeldRow, request: RequestRow, now: datetime) -> bool:
    is_open = held.fetch_until is not None and now < held.fetch_until
    return request.state is RequestState.RELEASED and is_open and held.update is not None


def stop_offering(held: HeldRow) -> None:
    """Delete the bytes that were kept to be fetched."""
    held.update = held.fetch_until = None


def is_confirmed(digest: str, typed: str) -> bool:
    """Whether a person typed the beginning (at least 8 digits) of this digest."""
    wanted = typed.strip().lower()
    is_digest = TYPED_DIGITS <= len(wanted) <= len(digest) and set(wanted) <= set("0123456789abcdef")
    return is_digest and hmac.compare_digest(digest[: len(wanted)], wanted)


def withhold(act: AuditedTransaction, release_id: str) -> None:
    """Keep an update private for good: its bytes are deleted, its budget stays spent."""
    held, request = find_held(act.uow, release_id)
    _end(act, held, request, RequestState.WITHHELD)
    act.record(
        EntryType.RELEASE_WITHHOLD, clear={"run": request.id}, hidden=_recipient(act.uow, held, request)
    )


def expire_held(act: AuditedTransaction) -> list[str]:
    """End the updates nobody released within their slot, and return their ids."""
    ended = []
    for request in act.uow.find(RequestRow, state=RequestState.HELD):
        held, _ = find_held(act.uow, request.id)
        if act.now >= held.expires_at:
            _end(act, held, request, RequestState.EXPIRED)
            act.record(
                EntryType.RELEASE_EXPIRE, clear={"run": request.id}, hidden=_recipient(act.uow, held, request)
            )
            ended.append(request.id)
    return ended


def destroy_held_under(act: AuditedTransaction, grant_id: str) -> list[str]:
    """Destroy every update held under a withdrawn consent, and return their ids."""
    return _destroy(act, act.uow.find(RequestRow, grant_id=grant_id))


def destroy_held_of(act: AuditedTransaction, collection: str) -> list[str]:
    """Destroy every update held of an erased collection, and return their ids.

    What its runs told the owner alone was computed from its records, so it goes too, whatever became of them.
    """
    requests = act.uow.find(RequestRow, collection=collection, order_by="received_at")
    destroyed = _destroy(act, requests)
    for request in requests:
        if held := act.uow.get(HeldRow, request.id):
            held.private = None
    return destroyed


def _destroy(act: AuditedTransaction, requests: Sequence[RequestRow]) -> list[str]:
    destroyed = []
    for request in requests:
        if request.state is RequestState.HELD:
            held, _ = find_held(act.uow, request.id)
            _end(act, held, request, RequestState.DESTROYED)
            hidden = _recipient(act.uow, held, request)
            act.record(EntryType.RELEASE_DESTROY, clear={"run": request.id}, hidden=hidden)
            destroyed.append(request.id)
        elif request.state is RequestState.SENDING:
            # It may have left, and stays on record so; what is still here is destroyed and cannot be sent again.
            find_held(act.uow, request.id)[0].update = None
        elif request.state is RequestState.RELEASED:
            # It left by the record; what was not fetched yet cannot be any more.
            stop_offering(find_held(act.uow, request.id)[0])
    return destroyed


def find_held(uow: UnitOfWork, release_id: str) -> tuple[HeldRow, RequestRow]:
    """The held update of this id and its request, or `UnknownRelease`."""
    held, request = uow.get(HeldRow, release_id), uow.get(RequestRow, release_id)
    if held is None or request is None:
        raise UnknownRelease(release=release_id)
    return held, request


def _parcel(act: AuditedTransaction, held: HeldRow, request: RequestRow) -> Parcel:
    """Check consent, budget, state and digests, and sign what is about to leave."""
    _check_state(act, held, request)
    recipient = _check_recipient(act.uow, request)
    _check_consent(act.uow, request)
    update, manifest = _check_bytes(act.uow, held, request)
    key = requesters.vault_key(act.keys, recipient.id)
    return Parcel(
        recipient_id=recipient.id,
        recipient_name=recipient.name,
        update=update,
        manifest=held.manifest,
        signature=signature_line(key.sign(RELEASE_DOMAINS[manifest.v] + held.manifest)),
    )


def _check_state(act: AuditedTransaction, held: HeldRow, request: RequestRow) -> None:
    act.date.require()
    if request.state not in (RequestState.HELD, RequestState.SENDING):
        raise WrongState(state=in_words(request.state))
    if act.now >= held.expires_at:
        raise WrongState(state="past its deadline")


def _check_recipient(uow: UnitOfWork, request: RequestRow) -> RequesterRow:
    recipient = uow.get(RequesterRow, request.requester_id)
    if recipient is None:
        raise HeldUpdateDamaged()
    if recipient.status is RequesterStatus.BLOCKED:
        raise RequesterBlocked(name=recipient.name)
    return recipient


def _check_consent(uow: UnitOfWork, request: RequestRow) -> None:
    """Expiry bounds the reading, which is over; withdrawal bounds the release."""
    grant = uow.get(GrantRow, request.grant_id) if request.grant_id else None
    if grant is None or grant.withdrawn_at is not None:
        raise ConsentRefused(reason="it was withdrawn")


def _check_bytes(uow: UnitOfWork, held: HeldRow, request: RequestRow) -> tuple[bytes, ReleaseManifest]:
    """The update and what its manifest says, if it is the very one that was held and paid for."""
    update = held.update
    if update is None or hashlib.sha256(held.manifest).hexdigest() != held.manifest_digest:
        raise HeldUpdateDamaged()
    manifest = parse_release_manifest(held.manifest)
    charges = uow.find(ChargeRow, request_id=request.id)
    paid = len(charges) == 1 and charges[0].epsilon == manifest.epsilon
    same = (
        hashlib.sha256(update).hexdigest() == manifest.update.sha256 and len(update) == manifest.update.size
    )
    if not (paid and same and manifest.release_id == held.id):
        raise HeldUpdateDamaged()
    return update, manifest


def _record_intent(act: AuditedTransaction, held: HeldRow, request: RequestRow, parcel: Parcel) -> None:
    if request.state is RequestState.HELD:
        request.state = move(RequestState.HELD, RequestState.SENDING)
    held.intent_at = act.at
    hidden = _recipient(act.uow, held, request)
    act.record(EntryType.RELEASE_APPROVE, clear={"run": request.id}, hidden=hidden)
    act.record(EntryType.RELEASE_INTENT, clear={"run": request.id}, hidden=hidden)


def _record_sent(act: AuditedTransaction, held: HeldRow, request: RequestRow, parcel: Parcel) -> None:
    request.state = move(request.state, RequestState.RELEASED)
    held.sent_at = held.ended_at = act.at
    if held.fetch_until is None:
        held.update = None  # it lies in the folder now; nothing here needs it again
    clear: dict[str, Json] = {
        "run": request.id,
        "manifest_sha256": held.manifest_digest,
        "update_sha256": hashlib.sha256(parcel.update).hexdigest(),
        "size": len(parcel.update),
    }
    act.record(EntryType.RELEASE_SENT, clear=clear, hidden={"recipient": parcel.recipient_name})


def _end(act: AuditedTransaction, held: HeldRow, request: RequestRow, state: RequestState) -> None:
    request.state = move(request.state, state)
    held.update, held.ended_at = None, act.at


def _recipient(uow: UnitOfWork, held: HeldRow, request: RequestRow) -> dict[str, str]:
    row = uow.get(RequesterRow, request.requester_id)
    return {"recipient": row.name if row else "", "digest": held.manifest_digest}


def _write(parcel: Parcel, to: Path, *, draft: str) -> Path:
    """Write the files beside their place, and check every byte as written; returns the folder they are in.

    `draft` is the name beside it, the same for a release each time: what a crash left there goes at the next attempt.
    """
    place = to.resolve().with_name(draft)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        for name, data in parcel.files().items():
            write_durably(place / name, data)
            if (place / name).read_bytes() != data:
                raise ReleaseNotWritten(path=to, reason="what was written does not read back the same")
            date_alike(place / name)
        date_alike(place)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise ReleaseNotWritten(path=to, reason=error.strerror or "it cannot be written") from error
    except Unavailable as error:
        shutil.rmtree(place, ignore_errors=True)
        raise ReleaseNotWritten(path=to, reason=str(error).rstrip(".")) from error
    return place


def _appear(draft: Path, to: Path) -> None:
    """Rename the finished folder into place: the moment from which the requester can have it."""
    target = to.resolve()
    try:
        draft.rename(target)
        sync(target.parent)
    except OSError as error:
        raise ReleaseNotWritten(path=to, reason=error.strerror or "it cannot be written") from error
