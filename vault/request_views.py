"""What the façade shows of requests and releases: the ask, its price, the verdict, what would leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vault.acts import parse_stamp, trusted_now
from vault.approvals import drafted_grant, promise_of
from vault.asking import Ask, Asked, decision_as_approved, decision_at, decision_if, load, precheck
from vault.budget import ledger
from vault.consent.grants import PURPOSES
from vault.errors import WrongState
from vault.job_changes import changes
from vault.overview import draft as draft_view
from vault.overview import requester_row, shown_state
from vault.records.collections import find_collection, known_or_gone
from vault.requests.inbox import check_waiting
from vault.requests.manifest import Feature, Label, parse_manifest
from vault.requests.release_manifest import parse_release_manifest
from vault.requests.shapes import dimension
from vault.requests.states import RequestState, in_words
from vault.requests.words import transform_words
from vault.sealing.signing import fingerprint
from vault.store.tables import ChargeRow, GrantRow, HeldRow, RequestRow
from vault.views import (
    Approval,
    DecisionView,
    FieldAskView,
    OwnerResults,
    PriceView,
    ReleaseView,
    RequestLine,
    RequestView,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vault.asking import Supposed
    from vault.consent.decide import Decision
    from vault.opening import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.store.unit_of_work import UnitOfWork
    from vault.views import GrantDraft

SENDING = RequestState.SENDING
DECIDED = (RequestState.RELEASED, RequestState.WITHHELD, RequestState.EXPIRED, RequestState.DESTROYED)


# requests ---------------------------------------------------------------------------------------------------


def requests(uow: UnitOfWork, vault: OpenVault) -> list[RequestLine]:
    """Every request, the newest first."""
    rows = uow.find(RequestRow, order_by="received_at", descending=True)
    return [_line(uow, row, vault.now(uow)) for row in rows]


def _line(uow: UnitOfWork, row: RequestRow, now: datetime) -> RequestLine:
    asker = requester_row(uow, row.requester_id)
    manifest = parse_manifest(row.manifest)
    return RequestLine(
        id=row.id,
        state=shown_state(row, row.expires_at, now).value,
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
        line=_line(uow, asked.row, vault.now(uow)),
        job_id=manifest.job_id,
        fingerprint=fingerprint(asked.requester.key),
        contact=manifest.requester.contact,
        purpose=manifest.purpose.dpv,
        purpose_text=manifest.purpose.text,
        retention=manifest.retention,
        recipients=manifest.recipients,
        slot_minutes=manifest.slot_minutes,
        window_from=manifest.where.from_,
        window_to=manifest.where.to,
        model=manifest.model.kind,
        parameters=dimension(manifest),
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
    """What the consents say about a job now; of one that is approved, the consent that it was approved under."""
    now = trusted_now(uow, vault.clock)
    if isinstance(asked, Asked) and asked.row.state in _BOUND:
        decision = decision_as_approved(uow, asked, now)
    else:
        decision = decision_at(uow, asked, now)
    facts = _collection(uow, asked)
    return _decision(facts, decision, {field.name: field for field in asked.manifest.fields})


def explain_request(uow: UnitOfWork, vault: OpenVault, full_id: str) -> DecisionView:
    """What the consents say now about a request that can still run; raises `WrongState` for any other."""
    asked = load(uow, full_id)
    state = shown_state(asked.row, asked.row.expires_at, vault.now(uow))
    if state not in (RequestState.WAITING, *_BOUND):
        raise WrongState(state=in_words(state))
    return explain(uow, vault, asked)


_BOUND = (RequestState.APPROVED, RequestState.READY)


def _collection(uow: UnitOfWork, asked: Ask, earlier: Ask | None = None) -> CollectionFacts:
    """The collection that jobs ask about, to show them by: it may have been erased since they came."""
    named = [field.name for one in (asked, earlier) if one is not None for field in one.manifest.fields]
    return known_or_gone(
        uow,
        asked.manifest.collection,
        unit=asked.manifest.unit,
        fields=list(dict.fromkeys(named)),
        lifetime=str(ledger.LIFETIME),
    )


def what_if(uow: UnitOfWork, vault: OpenVault, supposed: Supposed) -> DecisionView:
    """What the consents would say about a job that nobody sent; raises as `decision_if`."""
    decision = decision_if(uow, supposed, trusted_now(uow, vault.clock))
    return _decision(find_collection(uow, supposed.collection), decision, {})


def _decision(
    facts: CollectionFacts, decision: Decision, asked: Mapping[str, Feature | Label]
) -> DecisionView:
    columns = {field.name: field for field in facts.fields}
    return DecisionView(
        permitted=decision.permitted,
        grant=decision.grant_id,
        fields=tuple(
            FieldAskView(
                name=verdict.field,
                sensitivity=columns[verdict.field].sensitivity.value,
                role=asked[verdict.field].role if asked else "",
                necessity=verdict.necessity.value,
                transform=transform_words(asked[verdict.field], columns[verdict.field].type) if asked else "",
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
    facts = _collection(uow, asked)
    standing = ledger.standing(
        uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon, price=asked.price
    )
    is_paid = uow.count(ChargeRow, request_id=asked.row.id) > 0
    after = standing.used_percent_before if is_paid else standing.used_percent_after
    return PriceView(
        unit=facts.unit.kind.value,
        unit_field=facts.unit.field,
        lifetime_epsilon=facts.lifetime_epsilon,
        epsilon=asked.price.epsilon,
        delta=ledger.DELTA,
        guess_rate=asked.price.guess_rate,
        worst_case=asked.price.worst_case,
        numerical_assumption=asked.price.numerical_assumption,
        paid=is_paid,
        job_percent=standing.job_percent,
        used_percent_before=standing.used_percent_before,
        used_percent_after=after,
    )


def approval(
    uow: UnitOfWork, vault: OpenVault, full_id: str, *, draft: bool, optional: frozenset[str]
) -> Approval:
    """What approving would change, and the consent it would write when none covers the job.

    Raises what approving would: `WrongState` for a request that does not wait, and `BudgetExhausted`.
    """
    asked = load(uow, full_id)
    now = trusted_now(uow, vault.clock)
    check_waiting(asked.row, now)
    precheck(uow, asked)
    view = request(uow, vault, full_id)
    wanted = draft and not view.decision.permitted
    earlier = _last_approved(uow, asked)
    types = {field.name: field.type for field in _collection(uow, asked, earlier).fields}
    return Approval(
        request=view,
        draft=_draft(uow, asked, optional, now) if wanted else None,
        compared_to=earlier.row.id if earlier else None,
        changes=changes(earlier, asked, types) if earlier else (),
    )


def _last_approved(uow: UnitOfWork, asked: Asked) -> Asked | None:
    """The job of this requester on this collection that was approved last, and not taken back."""
    rows = uow.find(RequestRow, requester_id=asked.requester.id, collection=asked.manifest.collection)
    approved = [row for row in rows if row.grant_id and row.state != RequestState.REFUSED_PERSON]
    if not approved:
        return None
    return load(uow, max(approved, key=lambda row: (row.decided_at or "", row.received_at)).id)


def _draft(uow: UnitOfWork, asked: Asked, optional: frozenset[str], now: datetime) -> GrantDraft:
    one = drafted_grant(asked, optional, now)
    return draft_view(uow, one, withheld=asked.manifest.optional - one.fields, promise=promise_of(asked))


# releases ---------------------------------------------------------------------------------------------------


def releases(uow: UnitOfWork, vault: OpenVault) -> list[ReleaseView]:
    """Every update that was held, the newest first."""
    return [release(uow, vault, row.id) for row in uow.find(HeldRow, order_by="held_at", descending=True)]


def release(uow: UnitOfWork, vault: OpenVault, full_id: str) -> ReleaseView:
    """One held update; what it taught about the owner's rows only once nothing can be decided any more."""
    asked, held = load(uow, full_id), uow.get(HeldRow, full_id)
    assert held is not None  # `release_id` found it in the same snapshot
    manifest = parse_release_manifest(held.manifest)
    state = shown_state(asked.row, held.expires_at, vault.now(uow))
    can_be_sent = is_sendable(uow, asked, held, vault.now(uow))
    return ReleaseView(
        id=held.id,
        state=state.value,
        can_be_sent=can_be_sent,
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
        for_you=_for_you(held) if state in DECIDED or (state is SENDING and not can_be_sent) else None,
    )


def is_sendable(uow: UnitOfWork, asked: Asked, held: HeldRow, now: datetime) -> bool:
    """Whether the egress would let these bytes go, given their digest; it checks for itself once more."""
    grant = uow.get(GrantRow, asked.row.grant_id or "")
    return (
        asked.row.state in (RequestState.HELD, SENDING)
        and held.update is not None
        and now < parse_stamp(held.expires_at)
        and asked.requester.status != "blocked"
        and grant is not None
        and grant.withdrawn_at is None
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
