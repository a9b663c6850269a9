"""Held updates that do not leave: withheld, out of time, destroyed, or held again as their sending came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.errors.release import UnknownRelease
from vault.errors.requests import WrongState
from vault.requests.release_manifest import parse_release_manifest
from vault.requests.states import in_words, move
from vault.store.tables import HeldRow, RequesterRow, RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork

NOTHING_LEFT = "its sending failed and nothing left"


def withhold(act: AuditedTransaction, release_id: str) -> None:
    """Keep an update private for good: its bytes are deleted, its budget stays spent.

    One that may have left stays on record as such; what is still here of it is destroyed and cannot be sent again.
    """
    held, request = find_held(act.uow, release_id)
    if request.state is RequestState.SENDING:
        if held.update is None:
            raise WrongState(state=f"{in_words(request.state)}; nothing of it is here any more")
        _destroy_rest(act, held)
        return
    _end(act, held, request, RequestState.WITHHELD)
    _record(act, EntryType.RELEASE_WITHHOLD, held, request)


def expire_held(act: AuditedTransaction) -> list[str]:
    """End the updates nobody released within their slot, and return their ids.

    Of what may have left and can be sent no more, the bytes that are still here go too.
    """
    ended = []
    for request in act.uow.find(RequestRow, state=RequestState.HELD):
        held, _ = find_held(act.uow, request.id)
        if act.now >= held.expires_at:
            _end(act, held, request, RequestState.EXPIRED)
            _record(act, EntryType.RELEASE_EXPIRE, held, request)
            ended.append(request.id)
    for request in act.uow.find(RequestRow, state=RequestState.SENDING):
        held, _ = find_held(act.uow, request.id)
        if act.now >= held.expires_at:
            _destroy_rest(act, held)
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


def take_back(vault: OpenVault, release_id: str) -> None:
    """Hold an update again whose first sending left nothing anywhere, as the process that sent it has seen.

    One whose bytes were destroyed meanwhile, with its consent or its collection, ends as destroyed.
    """
    with vault.act() as act:
        held, request = find_held(act.uow, release_id)
        request.state, held.intent_at = move(request.state, RequestState.HELD), None
        _record_held(act, held, request)
        if held.update is None:
            _end(act, held, request, RequestState.DESTROYED)
            _record(act, EntryType.RELEASE_DESTROY, held, request)


def stop_offering(held: HeldRow) -> None:
    """Delete the bytes that were kept to be fetched."""
    held.update = held.fetch_until = None


def find_held(uow: UnitOfWork, release_id: str) -> tuple[HeldRow, RequestRow]:
    """The held update of this id and its request, or `UnknownRelease`."""
    held, request = uow.get(HeldRow, release_id), uow.get(RequestRow, release_id)
    if held is None or request is None:
        raise UnknownRelease(release=release_id)
    return held, request


def recipient_of(uow: UnitOfWork, held: HeldRow, request: RequestRow) -> dict[str, str]:
    """What an entry of a release hides: who would get it, and the digest that is confirmed for it."""
    row = uow.get(RequesterRow, request.requester_id)
    return {"recipient": row.name if row else "", "digest": held.manifest_digest}


def _destroy(act: AuditedTransaction, requests: Sequence[RequestRow]) -> list[str]:
    destroyed = []
    for request in requests:
        if request.state is RequestState.HELD:
            held, _ = find_held(act.uow, request.id)
            _end(act, held, request, RequestState.DESTROYED)
            _record(act, EntryType.RELEASE_DESTROY, held, request)
            destroyed.append(request.id)
        elif request.state is RequestState.SENDING:
            # It may have left, and stays on record so; what is still here is destroyed and cannot be sent again.
            _destroy_rest(act, find_held(act.uow, request.id)[0])
        elif request.state is RequestState.RELEASED:
            # It left by the record; what was not fetched yet cannot be any more.
            stop_offering(find_held(act.uow, request.id)[0])
    return destroyed


def _destroy_rest(act: AuditedTransaction, held: HeldRow) -> None:
    """Delete the bytes that are still here of an update that may have left; once, with its entry."""
    if held.update is not None:
        held.update, held.ended_at = None, act.at
        what = f"the update of run {held.id[:8]}, which may have left: its bytes are deleted here"
        act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})


def _end(act: AuditedTransaction, held: HeldRow, request: RequestRow, state: RequestState) -> None:
    request.state = move(request.state, state)
    held.update, held.ended_at = None, act.at


def _record(act: AuditedTransaction, kind: EntryType, held: HeldRow, request: RequestRow) -> None:
    act.record(kind, clear={"run": request.id}, hidden=recipient_of(act.uow, held, request))


def _record_held(act: AuditedTransaction, held: HeldRow, request: RequestRow) -> None:
    said = parse_release_manifest(held.manifest)
    clear: dict[str, Json] = {
        "run": request.id,
        "request": request.id,
        "status": RequestState.HELD.value,
        "epsilon": said.epsilon,
        "delta": said.delta,
        "steps": said.mechanism.steps,
    }
    act.record(EntryType.TRAINING_RUN, clear=clear, hidden={"again": NOTHING_LEFT})
