"""What the façade shows, read from the store: views of collections, consents, requests, releases and budget."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from vault.acts import stamp, trusted_now
from vault.approvals import drafted_grant
from vault.budget import ledger
from vault.consent.grants import PURPOSES, Grant
from vault.consent.receipts import ledger_view, load_grants
from vault.errors import Invalid, UnknownGrant, UnknownRelease, UnknownRequest
from vault.records.collections import find_collection, list_collections
from vault.requests.manifest import parse_manifest
from vault.requests.release_manifest import parse_release_manifest
from vault.requests.states import RequestState
from vault.sealing.signing import fingerprint
from vault.store.tables import GrantRow, HeldRow, LogEntry, RequesterRow, RequestRow, VaultFact
from vault.training import Ask, Asked, decision_at, load
from vault.views import (
    Approval,
    BudgetLine,
    CollectionView,
    DecisionView,
    FieldAskView,
    FieldView,
    GrantDraft,
    GrantView,
    OwnerResults,
    PriceView,
    ReleaseView,
    RequesterView,
    RequestLine,
    RequestView,
    VaultStatus,
    Withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.consent.decide import Decision
    from vault.opening import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.store.unit_of_work import UnitOfWork

SHORTEST_ID = 4
DECIDED = (RequestState.RELEASED, RequestState.WITHHELD, RequestState.EXPIRED, RequestState.DESTROYED)
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
    )


def _requester_row(uow: UnitOfWork, requester_id: str) -> RequesterRow:
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
        requester=_requester_row(uow, one.requester_id).name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        purpose=one.purpose,
        purpose_words=PURPOSES.get(one.purpose, one.purpose),
        window_from=_time(one.window.start),
        window_to=_time(one.window.end),
        not_before=_time(one.not_before) or "",
        not_after=_time(one.not_after) or "",
        uses=one.uses,
        uses_spent=spent,
        epsilon_cap=None if one.epsilon_cap is None else str(one.epsilon_cap),
        state=_grant_state(one, spent, now),
    )


def _grant_state(one: Grant, spent: int, now: datetime) -> str:
    if one.withdrawn_at is not None:
        return "withdrawn"
    if now >= one.not_after:
        return "expired"
    if spent >= one.uses:
        return "used up"
    return "not yet" if now < one.not_before else "active"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def withdrawal(uow: UnitOfWork, grant: str, destroyed: Sequence[str]) -> Withdrawal:
    """What a withdrawal destroyed, and what it can no longer reach."""
    under = uow.find(RequestRow, grant_id=grant)
    return Withdrawal(
        grant=grant,
        destroyed=tuple(destroyed),
        already_left=tuple(row.id for row in under if row.state == RequestState.RELEASED),
        may_have_left=tuple(row.id for row in under if row.state == RequestState.SENDING),
    )


# requests ---------------------------------------------------------------------------------------------------


def requests(uow: UnitOfWork) -> list[RequestLine]:
    """Every request, the newest first."""
    rows = uow.find(RequestRow, order_by="received_at", descending=True)
    return [_line(uow, row) for row in rows]


def _line(uow: UnitOfWork, row: RequestRow) -> RequestLine:
    asker = _requester_row(uow, row.requester_id)
    manifest = parse_manifest(row.manifest)
    return RequestLine(
        id=row.id,
        state=row.state,
        requester=asker.name,
        requester_status=asker.status,
        collection=row.collection,
        purpose_words=PURPOSES[manifest.purpose.dpv],
        received_at=row.received_at,
        expires_at=row.expires_at,
    )


def request(uow: UnitOfWork, vault: OpenVault, full_id: str) -> RequestView:
    """One request with its price and the verdict the consents give now."""
    asked = load(uow, full_id)
    manifest = asked.manifest
    return RequestView(
        line=_line(uow, asked.row),
        job_id=manifest.job_id,
        fingerprint=fingerprint(asked.requester.key),
        contact=manifest.requester.contact,
        purpose=manifest.purpose.dpv,
        purpose_text=manifest.purpose.text,
        retention=manifest.retention,
        recipients=manifest.recipients,
        window_from=manifest.where.from_,
        window_to=manifest.where.to,
        model=manifest.model.kind,
        steps=manifest.dp.steps,
        noise_multiplier=manifest.dp.noise_multiplier,
        clip_norm=manifest.dp.clip,
        sampling_rate=manifest.dp.sampling_rate,
        manifest_digest=asked.row.manifest_digest,
        price=price(uow, asked),
        decision=explain(uow, vault, asked),
        reason=asked.row.reason,
    )


def explain(uow: UnitOfWork, vault: OpenVault, asked: Ask) -> DecisionView:
    """What the consents say about a job now."""
    return _decision(asked, decision_at(uow, asked, trusted_now(uow, vault.clock)))


def _decision(asked: Ask, decision: Decision) -> DecisionView:
    roles = {field.name: field.role for field in asked.manifest.fields}
    return DecisionView(
        permitted=decision.permitted,
        grant=decision.grant_id,
        fields=tuple(
            FieldAskView(
                name=verdict.field,
                role=roles[verdict.field],
                necessity=verdict.necessity.value,
                permitted=verdict.permitted,
                reasons=tuple(reason.sentence for reason in verdict.reasons),
            )
            for verdict in decision.fields
        ),
        reasons=tuple(reason.sentence for reason in decision.reasons),
        change=decision.change,
    )


def price(uow: UnitOfWork, asked: Asked) -> PriceView:
    """What a job costs and what it would leave of its collection's lifetime budget."""
    facts = find_collection(uow, asked.manifest.collection)
    standing = ledger.standing(
        uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon, price=asked.price
    )
    return PriceView(
        unit=facts.unit.kind.value,
        unit_field=facts.unit.field,
        epsilon=asked.price.epsilon,
        delta=ledger.DELTA,
        guess_rate=asked.price.guess_rate,
        worst_case=asked.price.worst_case,
        numerical_assumption=asked.price.numerical_assumption,
        job_percent=standing.job_percent,
        used_percent_before=standing.used_percent_before,
        used_percent_after=standing.used_percent_after,
    )


def approval(
    uow: UnitOfWork, vault: OpenVault, full_id: str, *, draft: bool, optional: frozenset[str]
) -> Approval:
    """What approving would change, and the consent it would write when none covers the job."""
    asked = load(uow, full_id)
    view = request(uow, vault, full_id)
    wanted = draft and not view.decision.permitted
    now = trusted_now(uow, vault.clock)
    return Approval(request=view, draft=_draft(asked, optional, now) if wanted else None)


def _draft(asked: Asked, optional: frozenset[str], now: datetime) -> GrantDraft:
    one = drafted_grant(asked, optional, now)
    return GrantDraft(
        requester=asked.requester.name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        withheld=tuple(sorted(asked.manifest.optional - one.fields)),
        purpose=one.purpose,
        purpose_words=PURPOSES[one.purpose],
        window_from=_time(one.window.start),
        window_to=_time(one.window.end),
        not_after=stamp(one.not_after),
        uses=one.uses,
        epsilon_cap=str(one.epsilon_cap),
    )


# releases ---------------------------------------------------------------------------------------------------


def releases(uow: UnitOfWork) -> list[ReleaseView]:
    """Every update that was held, the newest first."""
    return [release(uow, row.id) for row in uow.find(HeldRow, order_by="held_at", descending=True)]


def release(uow: UnitOfWork, full_id: str) -> ReleaseView:
    """One held update; what it taught about the owner's rows only once the decision is final."""
    asked, held = load(uow, full_id), uow.get(HeldRow, full_id)
    assert held is not None  # `release_id` found it in the same snapshot
    manifest = parse_release_manifest(held.manifest)
    state = RequestState(asked.row.state)
    return ReleaseView(
        id=held.id,
        state=state.value,
        may_have_left=held.intent_at is not None and held.sent_at is None,
        recipient=asked.requester.name,
        recipient_status=asked.requester.status,
        fingerprint=fingerprint(asked.requester.key),
        collection=manifest.collection,
        purpose_words=PURPOSES[asked.manifest.purpose.dpv],
        fields_used=manifest.fields_used,
        fields_withheld=manifest.fields_withheld,
        size=manifest.update.size,
        clip_norm=manifest.mechanism.clip_norm,
        noise_multiplier=manifest.mechanism.noise_multiplier,
        steps=manifest.mechanism.steps,
        epsilon=manifest.epsilon,
        delta=manifest.delta,
        digest=held.manifest_digest,
        update_sha256=manifest.update.sha256,
        held_at=held.held_at,
        expires_at=held.expires_at,
        decided_at=held.ended_at,
        price=price(uow, asked),
        for_you=_for_you(held) if state in DECIDED else None,
    )


def _for_you(held: HeldRow) -> OwnerResults | None:
    if held.private is None:
        return None
    facts = json.loads(held.private)
    name = "accuracy" if "accuracy" in facts["final"] else "rmse"
    points = [point for point in facts["curve"] if point["loss"] is not None and point[name] is not None]
    return OwnerResults(
        rows=facts["rows"],
        steps=tuple(point["step"] for point in points),
        loss=tuple(point["loss"] for point in points),
        metric_name=name,
        metric=tuple(point[name] for point in points),
        final_loss=facts["final"]["loss"],
        final_metric=facts["final"][name],
    )


# budget and the whole ---------------------------------------------------------------------------------------


def budget(uow: UnitOfWork) -> list[BudgetLine]:
    """How much of each lifetime cap is spent: a line a collection, then one for each requester in it."""
    lines = []
    for facts in list_collections(uow):
        for line in ledger.spending(uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon):
            asker = line.requester_id and _requester_row(uow, line.requester_id).name
            lines.append(
                BudgetLine(
                    collection=facts.name,
                    requester=asker,
                    lifetime_epsilon=facts.lifetime_epsilon,
                    delta=str(ledger.DELTA),
                    used_percent=line.used_percent,
                    left_percent=line.left_percent,
                    jobs=line.jobs,
                )
            )
    return lines


def status(uow: UnitOfWork, vault: OpenVault) -> VaultStatus:
    """What the vault holds, what waits for its owner, and whether anything ever left."""
    states = [row.state for row in uow.find(RequestRow)]
    facts = list_collections(uow)
    return VaultStatus(
        path=str(vault.paths.vault),
        origin=vault.origin,
        created_at=_fact(uow, "created_at"),
        read_only_because=vault.older,
        collections=len(facts),
        rows=sum(one.rows for one in facts),
        grants_active=sum(view.state == "active" for view in grants(uow, vault)),
        requests_waiting=states.count(RequestState.WAITING),
        approved=states.count(RequestState.APPROVED),
        held=states.count(RequestState.HELD),
        released=states.count(RequestState.RELEASED),
        may_have_left=states.count(RequestState.SENDING),
        audit_entries=uow.count(LogEntry),
    )


def _fact(uow: UnitOfWork, key: str) -> str:
    row = uow.get(VaultFact, key)
    return row.value if row else ""
