"""Held updates and what became of them, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.queries.attack import run_attack_view
from vault.queries.requests import round_of
from vault.queries.status import shown_state
from vault.requests.attacked import Guesses
from vault.requests.evaluate import StoredJob, load
from vault.requests.manifest import SUMS, kind_of
from vault.requests.release_manifest import parse_release_manifest
from vault.requests.run_results import RunGuesses, parse_results
from vault.requests.stored_campaigns import has_more_to_decide
from vault.requests.tokens import has_token
from vault.sealing.signing import fingerprint
from vault.store.tables import CampaignRow, GrantRow, HeldRow
from vault.store.times import stamp
from vault.views.attack import AttackView
from vault.views.purposes import PURPOSES
from vault.views.releases import OwnerResults, ReleaseView
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.price import price_view

SENDING = RequestState.SENDING
DECIDED = (RequestState.RELEASED, RequestState.WITHHELD, RequestState.EXPIRED, RequestState.DESTROYED)


# releases ---------------------------------------------------------------------------------------------------


def release_views(uow: UnitOfWork, vault: OpenVault) -> list[ReleaseView]:
    """Every update that was held, the newest first."""
    return [
        release_view(uow, vault, row.id) for row in uow.find(HeldRow, order_by="held_at", descending=True)
    ]


def release_view(uow: UnitOfWork, vault: OpenVault, full_id: str) -> ReleaseView:
    """One held update; what it taught about the owner's rows only once nothing can be decided any more."""
    asked, held = load(uow, full_id), uow.get(HeldRow, full_id)
    assert held is not None  # `release_id` found it in the same snapshot
    manifest = parse_release_manifest(held.manifest)
    state = shown_state(asked.row, held.expires_at, vault.now(uow))
    can_be_sent = is_sendable(uow, asked, held, vault.now(uow))
    # by what is recorded, not by a clock or a block, which can be taken back: then what was shown would weigh
    is_decided = asked.row.state in DECIDED or held.update is None
    return ReleaseView(
        id=held.id,
        state=state.value,
        can_be_sent=can_be_sent,
        may_have_left=held.intent_at is not None and held.sent_at is None,
        recipient=asked.requester.name,
        recipient_status=asked.requester.status.value,
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
        held_at=stamp(held.held_at),
        expires_at=stamp(held.expires_at),
        decided_at=None if held.ended_at is None else stamp(held.ended_at),
        price=price_view(uow, asked),
        round=round_of(uow, asked.row),
        fetch_until=None if held.fetch_until is None else stamp(held.fetch_until),
        has_token=has_token(uow, asked.requester.id, vault.now(uow)),
        for_you=_for_you(asked, held, manifest.mechanism.steps)
        if is_decided and not _goes_on(uow, asked)
        else None,
    )


def is_sendable(uow: UnitOfWork, asked: StoredJob, held: HeldRow, now: datetime) -> bool:
    """Whether the egress would let these bytes go, given their digest; it checks for itself once more."""
    grant = uow.get(GrantRow, asked.row.grant_id or "")
    return (
        asked.row.state in (RequestState.HELD, SENDING)
        and held.update is not None
        and now < held.expires_at
        and asked.requester.status is not RequesterStatus.BLOCKED
        and grant is not None
        and grant.withdrawn_at is None
    )


def _goes_on(uow: UnitOfWork, asked: StoredJob) -> bool:
    """Whether it is a round of a campaign of which something may still be decided here."""
    campaign = uow.get(CampaignRow, asked.row.campaign_id or "")
    return campaign is not None and has_more_to_decide(uow, campaign)


def _for_you(asked: StoredJob, held: HeldRow, steps: int) -> OwnerResults | None:
    found, is_sum = parse_results(held.private, steps=steps), kind_of(asked.manifest) in SUMS
    if found is None:
        return None
    guesses = found.guesses
    points = [one for one in found.curve if one.loss is not None and one.score is not None]
    return OwnerResults(
        rows=found.rows,
        steps=tuple(one.step for one in points),
        loss=tuple(one.loss for one in points if one.loss is not None),
        metric_name=found.metric,
        metric=tuple(one.score for one in points if one.score is not None),
        final_loss=found.final.loss,
        final_metric=found.final.score,
        base_metric=found.base,
        is_sum=is_sum,
        attack=None if is_sum or guesses is None else _attack(guesses),
    )


def _attack(found: RunGuesses) -> AttackView:
    return run_attack_view(Guesses(made=found.made, right=found.right), found.seen)
