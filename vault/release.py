"""Held updates and the one egress.

`send` is the only function of the program that lets bytes go to anyone but the owner. It checks three things about
exactly those bytes: the consent behind them still stands, their budget was paid, and a person typed the beginning of
their digest. What it keeps for a requester to fetch, `fetched` hands over: those bytes and no others.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from learner.protocol import Envelope
from vault.audit.entries import EntryType
from vault.errors.consent import ConsentRefused
from vault.errors.daemon import NotAtThisDoor
from vault.errors.families import InternalError, LockboxError, Unavailable
from vault.errors.release import (
    DigestMismatch,
    HeldUpdateDamaged,
    ReleaseMayHaveLeft,
    ReleaseNotRecorded,
    ReleaseNotWritten,
)
from vault.errors.requests import WrongState
from vault.errors.rollback import MarkNotWritten, MarkUnwritable
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
from vault.requests.run_results import parse_results
from vault.requests.states import move, wrong_state
from vault.sealing.durable import sync
from vault.store.destination import check_destination, is_private, take_away
from vault.store.files import date_alike, write_durably
from vault.store.tables import ChargeRow, GrantRow, HeldRow, RequesterRow, RequestRow
from vault.unsent import find_held, recipient_of, take_back
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.audit.vault_date import VaultDate
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


@dataclass(slots=True, kw_only=True)
class Sending:
    """One sending that is on record; `is_first` where none was begun before it.

    `is_out` from the moment that something of it may lie where anybody can have it.
    """

    release_id: str
    parcel: Parcel
    is_first: bool
    has_draft: bool = False
    is_out: bool = False


def hold(
    act: AuditedTransaction, request: RequestRow, envelope: Envelope, *, manifest: bytes, minutes: int
) -> None:
    """Keep a finished update in the vault until a person decides, at most for the job's slot.

    Nor longer than until its requester hears that the job is over, or a release could come after that.
    """
    if not isinstance(envelope, Envelope):  # an answer to the owner's own job has no noise
        raise InternalError(what="what has no noise was about to be held")
    request.state = move(request.state, RequestState.HELD)
    steps = parse_release_manifest(manifest).mechanism.steps
    ends = act.at + timedelta(minutes=minutes)
    act.uow.add(
        HeldRow(
            id=request.id,
            request_id=request.id,
            update=envelope.update,
            private=None if parse_results(envelope.private, steps=steps) is None else envelope.private,
            manifest=manifest,
            manifest_digest=hashlib.sha256(manifest).hexdigest(),
            held_at=act.at,
            expires_at=min(ends, request.over_at or ends),
        )
    )


def send(vault: OpenVault, release_id: str, *, confirmed: str, to: Path | None) -> Parcel:
    """Let one held update leave for its requester: into a folder, or without one for its own fetch; the one egress.

    The intent is durable before the first byte is written and `release.sent` after the last, so that a crash in
    between is shown as "may have left" (never as "nothing left"). Where this very process sees that nothing of it can
    be anywhere, the update is held again, with its entry, and can still be kept private. Sending again after a crash
    is allowed: the same approved bytes are post-processing of what was paid for. What is to be fetched stays in the
    vault and is there from `release.sent` on, as long as `FETCH_LIFE`.

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
    try:
        with vault.act() as act:
            sending = _begin(act, release_id, confirmed)
    except MarkNotWritten as error:
        _stays(vault, sending)
        raise MarkUnwritable(path=vault.paths.state) from error
    try:
        _leave(vault, sending, to)
    except MarkNotWritten:
        raise  # it left and is recorded
    except LockboxError as error:
        is_held = _stays(vault, sending)
        if isinstance(error, ReleaseNotWritten) and not is_held:
            raise ReleaseMayHaveLeft(**error.facts) from error
        raise
    return sending.parcel


def _begin(act: AuditedTransaction, release_id: str, confirmed: str) -> Sending:
    """Check everything, and put on record that these bytes are about to leave."""
    held, request = find_held(act.uow, release_id)
    parcel = _parcel(act, held, request)
    if not is_confirmed(held.manifest_digest, confirmed):
        raise DigestMismatch()
    sending = Sending(release_id=release_id, parcel=parcel, is_first=request.state is RequestState.HELD)
    _record_intent(act, held, request)
    return sending


def _leave(vault: OpenVault, sending: Sending, to: Path | None) -> None:
    if to is None:
        _offer(vault, sending)
    else:
        _deliver(vault, sending, to)


def _stays(vault: OpenVault, sending: Sending) -> bool:
    """Hold it again where this sending was the first and nothing of it can be anywhere; whether it is held."""
    if not sending.is_first or sending.is_out:
        return False
    try:
        take_back(vault, sending.release_id)
    except MarkNotWritten:
        return True  # the entry itself is stored, and the next act says that the reminder is missing
    except LockboxError:
        return False  # it goes on counting as one that may have left, and that is what is said
    return True


def _offer(vault: OpenVault, sending: Sending) -> None:
    """Keep the very bytes that were confirmed for their requester to fetch."""
    with vault.act() as act:
        held, request = find_held(act.uow, sending.release_id)
        if _parcel(act, held, request) != sending.parcel:
            raise HeldUpdateDamaged()
        held.fetch_until = act.at + FETCH_LIFE
        _record_sent(act, held, request, sending.parcel)


def _deliver(vault: OpenVault, sending: Sending, to: Path) -> None:
    """Write the very bytes that were confirmed into a folder, and record that they are there."""
    name = f".{to.resolve().name}.{sending.release_id[:8]}"
    folder = _folder_of(to)
    try:
        draft = _write(sending, to, draft=name)
        _put_there(vault, sending, to, draft)
    finally:
        sending.is_out |= sending.has_draft and not take_away(name, folder)
        os.close(folder)


def _folder_of(to: Path) -> int:
    """A descriptor of the folder in which a place lies: it stays that folder's, whatever is mounted or renamed."""
    try:
        return os.open(to.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ReleaseNotWritten(path=to, reason=_cause(error)) from error


def _put_there(vault: OpenVault, sending: Sending, to: Path, draft: Path) -> None:
    try:
        with vault.act() as act:
            # Nobody else writes during this act, so what is checked here still holds when the folder appears.
            held, request = find_held(act.uow, sending.release_id)
            if _parcel(act, held, request) != sending.parcel:
                raise HeldUpdateDamaged()
            _appear(draft, to, sending)
            _record_sent(act, held, request, sending.parcel)
    except MarkNotWritten:
        raise
    except Unavailable as error:
        if (to / RELEASE_FILE).exists():
            raise ReleaseNotRecorded(path=to, reason=_cause(error)) from error
        raise


def fetched(vault: OpenVault, release_id: str) -> dict[str, bytes]:
    """The files of a release that its requester may fetch, by name: the bytes that were approved, or none.

    They are held against the digest that was confirmed and against that of the trail, each time. Raises
    `NotAtThisDoor` where there is nothing to fetch, `HeldUpdateDamaged` and, where the vault is read-only, why it is.
    """
    if vault.rollback:
        raise vault.rollback.error()
    with vault.read() as uow:
        held, request = uow.get(HeldRow, release_id), uow.get(RequestRow, release_id)
        if held is None or request is None or not _is_offered(held, request, vault.date(uow)):
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


def _is_offered(held: HeldRow, request: RequestRow, date: VaultDate) -> bool:
    """Whether it lies here to be fetched; while the date is in question its time stands still and nothing leaves."""
    is_open = held.fetch_until is not None and date.is_confirmed and date.now < held.fetch_until
    return request.state is RequestState.RELEASED and is_open and held.update is not None


def is_confirmed(digest: str, typed: str) -> bool:
    """Whether a person typed the beginning (at least 8 digits) of this digest."""
    wanted = typed.strip().lower()
    is_digest = TYPED_DIGITS <= len(wanted) <= len(digest) and set(wanted) <= set("0123456789abcdef")
    return is_digest and hmac.compare_digest(digest[: len(wanted)], wanted)


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
        raise wrong_state(request.state)
    if act.now >= held.expires_at:
        raise WrongState(state="past its deadline")


def _check_recipient(uow: UnitOfWork, request: RequestRow) -> RequesterRow:
    recipient = uow.get(RequesterRow, request.requester_id)
    if recipient is None:
        raise HeldUpdateDamaged()
    return requesters.not_blocked(recipient)


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


def _record_intent(act: AuditedTransaction, held: HeldRow, request: RequestRow) -> None:
    if request.state is RequestState.HELD:
        request.state = move(RequestState.HELD, RequestState.SENDING)
    held.intent_at = act.at
    hidden = recipient_of(act.uow, held, request)
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


def _write(sending: Sending, to: Path, *, draft: str) -> Path:
    """Write the files beside their place, and check every byte as written; returns the folder they are in.

    `draft` is the name beside it, the same for a release each time: what a crash left there goes at the next attempt.
    """
    place = to.resolve().with_name(draft)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        sending.has_draft = True
        sending.is_out = not is_private(place)
        for name, data in sending.parcel.files().items():
            _write_checked(place / name, data)
        date_alike(place)
    except (OSError, Unavailable) as error:
        raise ReleaseNotWritten(path=to, reason=_cause(error)) from error
    return place


def _write_checked(path: Path, data: bytes) -> None:
    write_durably(path, data)
    if path.read_bytes() != data:
        raise Unavailable(reason="what was written does not read back the same")
    date_alike(path)


def _appear(draft: Path, to: Path, sending: Sending) -> None:
    """Rename the finished folder into place: the moment from which the requester can have it."""
    target, was_out = to.resolve(), sending.is_out
    try:
        sending.is_out = True
        draft.rename(target)
        sync(target.parent)
    except OSError as error:
        # Else it still lies where only its owner looks, and goes from there.
        sending.is_out = was_out or not draft.is_dir()
        raise ReleaseNotWritten(path=to, reason=_cause(error)) from error


def _cause(error: OSError | LockboxError) -> str:
    """What the system said, without what another error says about its own act."""
    system = error if isinstance(error, OSError) else error.__context__
    said = system.strerror if isinstance(system, OSError) else str(error).split(";")[0].rstrip(".")
    said = said or "it cannot be written"
    return said[0].lower() + said[1:]
