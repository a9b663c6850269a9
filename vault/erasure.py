"""Erasing a collection: its keys and rows are destroyed, and all that stands on them ends in the same act.

Without the wrapped key of a field nothing opens its sealed segments; both are deleted, and the pages they lay in are
overwritten and brought into the main file before it is said that they are gone. What was spent of a budget stays
spent: a collection whose budget was ever charged, itself or through one that shares it, keeps its name, its cap, the
digests of its files and their fingerprints, by which the same people are known when they come in again. Who has those
destroyed as well keeps its columns closed.
"""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from vault.audit import log
from vault.audit.entries import EntryType, parse_entry
from vault.budget import ledger
from vault.budget.joining import members_of
from vault.consent.receipts import load_grants, withdraw_grant
from vault.errors.families import InternalError, Unavailable
from vault.errors.records import ErasedNotCleared
from vault.errors.requests import CollectionInUse
from vault.errors.rollback import MarkNotWritten
from vault.errors.storage import VaultBusy
from vault.lifecycle.folder import database_file
from vault.queries.models import fitted_on
from vault.records.collections import facts_of, find_collection
from vault.records.kept_plans import forget_plan
from vault.requests import campaigns, inbox
from vault.requests.states import ERASED
from vault.store.tables import Collection, Field, ImportedFile, ModelRow, RequestRow, Segment
from vault.unsent import destroy_held_of
from vault.views.records import Erasure
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.records.fingerprint import Fingerprint
    from vault.store.unit_of_work import UnitOfWork

PATIENCE = 10.0
"""Seconds that erasing waits for whoever reads an older state of the vault."""

RUNNING: Final = (RequestState.READY, RequestState.CHARGED, RequestState.TRAINING)
_OPEN: Final = (RequestState.WAITING, RequestState.APPROVED)


def plan(vault: OpenVault, uow: UnitOfWork, name: str, *, fingerprint_too: bool = False) -> Erasure:
    """What erasing a collection ends, and what it cannot reach.

    Raises `UnknownCollection`, `CollectionErased`, and `CollectionInUse` while a job reads it or is about to.
    """
    facts = find_collection(uow, name)
    requests = uow.find(RequestRow, collection=name, order_by="received_at")
    if any(row.id in vault.running or row.state in RUNNING for row in requests):
        raise CollectionInUse(collection=name)
    grants = [one for one in load_grants(uow, collection=name) if one.withdrawn_at is None]
    spent = ledger.spending(uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon)[0]
    is_charged = ledger.was_charged(uow, facts.id)
    return Erasure(
        collection=name,
        rows=facts.rows,
        columns=tuple(field.name for field in facts.fields),
        consents_ended=tuple(one.id for one in grants),
        requests_ended=_in_state(requests, *_OPEN),
        updates_destroyed=_in_state(requests, RequestState.HELD),
        already_left=_in_state(requests, RequestState.RELEASED),
        may_have_left=_in_state(requests, RequestState.SENDING),
        budget_used_percent=spent.used_percent,
        name_reserved=is_charged,
        keeps_fingerprint=is_charged and not fingerprint_too,
        linked_elsewhere=database_file(vault.paths.vault).stat().st_nlink > 1,
        shares_budget_with=tuple(one.name for one in members_of(uow, facts.id) if one.id != facts.id),
        models_deleted=tuple(one.name for one in fitted_on(uow, facts.id)),
        campaigns_refused=campaigns.waiting_on(uow, name),
    )


def _in_state(requests: list[RequestRow], *states: RequestState) -> tuple[str, ...]:
    return tuple(row.id for row in requests if row.state in states)


def erase(vault: OpenVault, name: str, *, fingerprint_too: bool = False) -> Erasure:
    """Erase a collection in one act, and then clear what it leaves on the disk; raises as `plan`.

    `ErasedNotCleared` means that only the clearing is missing; the next opening of the vault does it.
    """
    try:
        with vault.act() as act:
            done = plan(vault, act.uow, name, fingerprint_too=fingerprint_too)
            _end(act, done)
            _shred(act, done)
    except MarkNotWritten:
        clear(vault, name)
        raise
    clear(vault, name)
    return done


def _end(act: AuditedTransaction, done: Erasure) -> None:
    """End what stands on the collection, each with its entry on the trail."""
    for grant_id in done.consents_ended:
        withdraw_grant(act, grant_id)
    for request_id in done.requests_ended:
        inbox.end_untold(act, request_id, reason=ERASED)
    for grant_id in done.consents_ended:
        campaigns.note_left(act, grant_id, reason=ERASED)
    campaigns.end_erased(act, done.collection, reason=ERASED)
    if destroy_held_of(act, done.collection) != list(done.updates_destroyed):
        raise InternalError(what="other updates were destroyed than were said to be")


def _shred(act: AuditedTransaction, done: Erasure) -> None:
    from vault.records.overlapping import prints_of  # it loads pyarrow, which most acts do without

    collection = next(iter(act.uow.find(Collection, name=done.collection)))
    prints = prints_of(act.uow, act.keys, facts_of(act.uow, collection))
    act.uow.delete_all(ModelRow, collection_id=collection.id)
    act.uow.delete_all(Segment, collection_id=collection.id)
    act.uow.delete_all(Field, collection_id=collection.id)
    forget_plan(act.uow, collection.id)
    _forget_entries(act.uow, done.collection)
    act.record(
        EntryType.RECORD_ERASE,
        hidden={"collection": done.collection, "rows": done.rows},
    )
    if done.name_reserved:
        _keep_the_budget(act, collection, prints, with_sketches=done.keeps_fingerprint)
    else:
        act.uow.delete_all(ImportedFile, collection_id=collection.id)
        act.uow.delete(collection)


def _keep_the_budget(
    act: AuditedTransaction, collection: Collection, prints: list[Fingerprint], *, with_sketches: bool
) -> None:
    """Leave what keeps spent budget spent: a second vault of the same facts would have a second budget."""
    from vault.records.fingerprint import without_sketches
    from vault.records.kept_fingerprints import seal_fingerprint

    collection.rows = 0
    files = act.uow.find(ImportedFile, collection_id=collection.id)
    for file, each in zip_longest(files, prints):
        kept = each if each is None or with_sketches else without_sketches(each)
        file.fingerprint = kept and seal_fingerprint(act.keys, kept, file.digest)
        file.row_count = file.refused_count = 0


def _forget_entries(uow: UnitOfWork, name: str) -> None:
    """Take the names of files and columns out of the trail; the entries and every proof stay as they are.

    Consents and decisions keep what they name: they say what was allowed, and to whom, and whose budget was joined.
    """
    for entry in log.read_entries(uow):
        key = _NAMED_BY.get(parse_entry(entry.body).kind)
        if key and any((each.name, each.value) == (key, name) for each in log.opened(uow, entry.seq)):
            log.forget(uow, entry.seq, keep=_ANSWERS)


_ANSWERS: Final = ("joined", "apart")
_NAMED_BY: Final = {EntryType.RECORD_IMPORT: "collection", EntryType.ACCESS_VIEW: "what"}


def clear(vault: OpenVault, name: str) -> None:
    """Bring the overwritten pages into the main file, once everybody who reads an older state has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with vault.writing:
                vault.store.checkpoint_wal()
        except VaultBusy:
            if time.monotonic() > deadline:
                raise ErasedNotCleared(
                    collection=name, reason="something else is reading the vault"
                ) from None
            time.sleep(0.05)
        except Unavailable as error:
            raise ErasedNotCleared(collection=name, reason=str(error).rstrip(".")) from error
        else:
            return
