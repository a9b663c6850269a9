"""Bring what time or a crash left open to a true state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.consent.receipts import expire_grants
from vault.requests import campaigns, inbox
from vault.requests.final_models import keep_models
from vault.requests.lapsed import return_lapsed
from vault.requests.parse import parse_stored
from vault.requests.release_manifest import parse_release_manifest, without_time
from vault.requests.rounds import approve_rounds
from vault.sealing.digest import sha256_hex
from vault.store.tables import HeldRow, RequestRow
from vault.training.interrupted import settle_interrupted
from vault.unsent import expire_held, find_held, stop_offering
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault


def settle(vault: OpenVault) -> None:
    """Bring every request, held update and consent to its true state, each with its audit entry."""
    vault.settle(lambda act: _settle(act, vault))


def _settle(act: AuditedTransaction, vault: OpenVault) -> None:
    settle_interrupted(act, vault.running)
    campaigns.take_up(act)
    inbox.take_up(act)
    inbox.expire(act)
    expire_held(act)
    _end_fetching(act)
    expire_grants(act)
    return_lapsed(act)
    inbox.expire_closed(act)
    approve_rounds(act)
    keep_models(act)
    _take_times_out(act)


def _end_fetching(act: AuditedTransaction) -> None:
    """Delete the bytes whose requester had its time to fetch them."""
    for release_id, until in act.uow.values(HeldRow, ("id", "fetch_until")):
        if until is not None and act.now >= until:
            stop_offering(find_held(act.uow, release_id)[0])
            what = f"the update of run {release_id[:8]}: its time to be fetched is over, it is deleted here"
            act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})


def _take_times_out(act: AuditedTransaction) -> None:
    """Write what an earlier version said about an update that is still held anew, without the minute it was held.

    Nobody has confirmed its digest yet; one that may have left already stays as it was confirmed.
    """
    for request in act.uow.find(RequestRow, state=RequestState.HELD):
        held, _ = find_held(act.uow, request.id)
        if b'"held_at":' in held.manifest and sha256_hex(held.manifest) == held.manifest_digest:
            release = parse_release_manifest(held.manifest)
            held.manifest = without_time(release, parse_stored(request.manifest))
            held.manifest_digest = sha256_hex(held.manifest)
            what = f"what is said about the update of run {request.id[:8]}: no time stands in it any more"
            act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})
