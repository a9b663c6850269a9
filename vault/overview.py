"""What the façade shows, read from the store: views of collections, consents, requests, releases and budget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vault.acts import parse_stamp, stamp, trusted_now
from vault.approvals import NOTICE
from vault.asking import uses_kept
from vault.budget import ledger
from vault.consent.grants import PURPOSES, Grant
from vault.consent.receipts import NOTHING_STATED, ledger_view, load_grants, reading_of
from vault.consent.record import in_words
from vault.errors import Invalid, UnknownGrant, UnknownRelease, UnknownRequest
from vault.records.collections import all_collections, list_collections
from vault.requests.states import RequestState
from vault.sealing.signing import fingerprint
from vault.store.tables import GrantRow, HeldRow, LogEntry, RequesterRow, RequestRow, VaultFact
from vault.views import (
    BudgetLine,
    CollectionView,
    ColumnRead,
    FieldView,
    GrantDraft,
    GrantView,
    RequesterView,
    VaultStatus,
    Withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.consent.record import FieldFacts, Promise
    from vault.opening import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.store.unit_of_work import UnitOfWork

SHORTEST_ID = 4
DECIDED = (RequestState.RELEASED, RequestState.WITHHELD, RequestState.EXPIRED, RequestState.DESTROYED)
SOON = timedelta(days=7)
HELD_STATES = (RequestState.HELD, RequestState.SENDING, *DECIDED)


# ids ------------------------------------------------------------------------------------------------------


def _full_id(ids: Sequence[str], beginning: str) -> str:
    """The one id that begins so, or empty."""
    if len(beginning) < SHORTEST_ID:
        return beginning if beginning in ids else ""
    fitting = [one for one in ids if one.startswith(beginning.lower())]
    if len(fitting) > 1:
        raise Invalid(reason=f"{len(fitting)} ids begin with {beginning}; type more of it")
    return fitting[0] if fitting else ""


def request_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the request that begins so; raises `UnknownRequest`."""
    full = _full_id([row.id for row in uow.find(RequestRow)], beginning)
    if not full:
        raise UnknownRequest(request=beginning)
    return full


def release_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the held update that begins so; raises `UnknownRelease`."""
    full = _full_id([row.id for row in uow.find(HeldRow)], beginning)
    if not full:
        raise UnknownRelease(release=beginning)
    return full


def grant_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the consent that begins so; raises `UnknownGrant`."""
    full = _full_id([row.id for row in uow.find(GrantRow)], beginning)
    if not full:
        raise UnknownGrant(grant=beginning)
    return full


# collections and requesters ---------------------------------------------------------------------------------


def collections(uow: UnitOfWork) -> list[CollectionView]:
    """Every collection with its columns."""
    return [_collection(facts) for facts in list_collections(uow)]


def _collection(facts: CollectionFacts) -> CollectionView:
    return CollectionView(
        name=facts.name,
        rows=facts.rows,
        unit=facts.unit.kind.value,
        unit_field=facts.unit.field,
        time_field=facts.time_field,
        lifetime_epsilon=facts.lifetime_epsilon,
        created_at=stamp(facts.created_at),
        fields=tuple(
            FieldView(name=field.name, type=field.type.value, sensitivity=field.sensitivity.value)
            for field in facts.fields
        ),
    )


def requesters(uow: UnitOfWork) -> list[RequesterView]:
    """Everybody who may ask, by name."""
    return [requester(row) for row in uow.find(RequesterRow, order_by="name")]


def requester(row: RequesterRow) -> RequesterView:
    """One requester under the owner's own name for them."""
    return RequesterView(
        id=row.id,
        name=row.name,
        fingerprint=fingerprint(row.key),
        contact=row.contact,
        status=row.status,
        added_at=row.added_at,
        only_collection=row.only_collection,
    )


def requester_row(uow: UnitOfWork, requester_id: str) -> RequesterRow:
    """The row of a requester that another row refers to."""
    row = uow.get(RequesterRow, requester_id)
    assert row is not None  # requesters are never deleted, and the store keeps the reference
    return row


# consents ---------------------------------------------------------------------------------------------------


def grants(uow: UnitOfWork, vault: OpenVault) -> list[GrantView]:
    """Every consent ever given, the newest first."""
    now = trusted_now(uow, vault.clock)
    found = sorted(load_grants(uow), key=lambda grant: grant.created_at, reverse=True)
    return [grant(uow, one, now) for one in found]


def grant(uow: UnitOfWork, one: Grant, now: datetime) -> GrantView:
    """One consent and its state at this moment."""
    spent = ledger_view(uow).uses_spent.get(one.id, 0)
    return GrantView(
        id=one.id,
        requester=requester_row(uow, one.requester_id).name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        purpose=one.purpose,
        purpose_words=PURPOSES.get(one.purpose, one.purpose),
        window_from=time_text(one.window.start),
        window_to=time_text(one.window.end),
        not_before=time_text(one.not_before) or "",
        not_after=time_text(one.not_after) or "",
        uses=one.uses,
        uses_spent=spent,
        uses_kept=uses_kept(uow, now)[one.id],
        epsilon_cap=None if one.epsilon_cap is None else str(one.epsilon_cap),
        state=_grant_state(one, spent, now),
    )


def draft(
    uow: UnitOfWork, one: Grant, *, withheld: frozenset[str] = frozenset(), promise: Promise = NOTHING_STATED
) -> GrantDraft:
    """A consent before it is given, with the notice that its record will hold."""
    reading = reading_of(uow, one)
    return GrantDraft(
        requester=requester_row(uow, one.requester_id).name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        reads=_columns_read(reading.fields),
        beside=_columns_read(reading.beside),
        special=reading.special,
        notice=NOTICE,
        recipients=promise.recipients,
        retention=promise.retention,
        withheld=tuple(sorted(withheld)),
        purpose=one.purpose,
        purpose_words=PURPOSES[one.purpose],
        window_from=time_text(one.window.start),
        window_to=time_text(one.window.end),
        not_before=stamp(one.not_before),
        not_after=stamp(one.not_after),
        uses=one.uses,
        epsilon_cap=None if one.epsilon_cap is None else str(one.epsilon_cap),
    )


def _columns_read(fields: Sequence[FieldFacts]) -> tuple[ColumnRead, ...]:
    return tuple(ColumnRead(name=in_words(each.name), sensitivity=each.sensitivity) for each in fields)


def _grant_state(one: Grant, spent: int, now: datetime) -> str:
    if one.withdrawn_at is not None:
        return "withdrawn"
    if now >= one.not_after:
        return "expired"
    if spent >= one.uses:
        return "used up"
    return "not yet" if now < one.not_before else "active"


def time_text(moment: datetime | None) -> str | None:
    """A time as it is shown, or None."""
    return None if moment is None else stamp(moment)


def planned_withdrawal(uow: UnitOfWork, vault: OpenVault, grant: str) -> Withdrawal:
    """What withdrawing would stop and destroy now, and what it can no longer reach."""
    held = uow.find(RequestRow, grant_id=grant, state=RequestState.HELD.value)
    return withdrawal(uow, vault, grant, [row.id for row in held])


def withdrawal(uow: UnitOfWork, vault: OpenVault, grant: str, destroyed: Sequence[str]) -> Withdrawal:
    """What a withdrawal destroyed, and what it can no longer reach."""
    under = uow.find(RequestRow, grant_id=grant)
    return Withdrawal(
        grant=grant,
        stopped=tuple(row.id for row in under if row.id in vault.running),
        destroyed=tuple(destroyed),
        already_left=tuple(row.id for row in under if row.state == RequestState.RELEASED),
        may_have_left=tuple(row.id for row in under if row.state == RequestState.SENDING),
    )


# budget and the whole ---------------------------------------------------------------------------------------


def budget(uow: UnitOfWork) -> list[BudgetLine]:
    """How much of each lifetime cap is spent: a line a collection, then one for each requester in it."""
    lines = []
    for facts in all_collections(uow):
        for line in ledger.spending(uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon):
            asker = line.requester_id and requester_row(uow, line.requester_id).name
            lines.append(
                BudgetLine(
                    collection=facts.name,
                    requester=asker,
                    lifetime_epsilon=facts.lifetime_epsilon,
                    delta=str(ledger.DELTA),
                    used_percent=line.used_percent,
                    jobs=line.jobs,
                )
            )
    return lines


def status(uow: UnitOfWork, vault: OpenVault) -> VaultStatus:
    """What the vault holds, what waits for its owner, and whether anything ever left."""
    states = _states(uow, vault.now(uow))
    active = [view for view in grants(uow, vault) if view.state == "active"]
    soon = vault.now(uow) + SOON
    facts = list_collections(uow)
    vault.departures.follow(uow)
    return VaultStatus(
        path=str(vault.paths.vault),
        origin=vault.origin,
        created_at=_fact(uow, "created_at"),
        read_only_because=vault.older,
        mark_missing=vault.mark_missing,
        collections=len(facts),
        rows=sum(one.rows for one in facts),
        grants_active=len(active),
        expiring=sum(parse_stamp(view.not_after) <= soon for view in active),
        requests_waiting=states.count(RequestState.WAITING),
        approved=states.count(RequestState.APPROVED),
        running=len(vault.running),
        held=states.count(RequestState.HELD),
        released=len(vault.departures.sent),
        may_have_left=vault.departures.may_have_left,
        last_left_at=vault.departures.last,
        audit_entries=uow.count(LogEntry),
    )


def _states(uow: UnitOfWork, now: datetime) -> list[RequestState]:
    """The state of every request as it is shown: what ran out counts as expired."""
    held_until = {row.request_id: row.expires_at for row in uow.find(HeldRow)}
    return [shown_state(row, held_until.get(row.id, row.expires_at), now) for row in uow.find(RequestRow)]


def shown_state(row: RequestRow, expires_at: str, now: datetime) -> RequestState:
    """The state, or that it has run out, although nobody opened the vault to record it yet."""
    state = RequestState(row.state)
    is_open = state in (RequestState.WAITING, RequestState.APPROVED, RequestState.HELD)
    return RequestState.EXPIRED if is_open and now >= parse_stamp(expires_at) else state


def _fact(uow: UnitOfWork, key: str) -> str:
    row = uow.get(VaultFact, key)
    return row.value if row else ""
