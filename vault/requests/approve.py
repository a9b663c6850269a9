"""Approve a request, with the consent drafted from it where one is needed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vault.consent.grants import Grant, Window, check_grant
from vault.consent.receipts import load_grants, save_grant
from vault.consent.record import Promise
from vault.errors.families import Invalid
from vault.errors.requests import ApprovalChanged, ManifestMismatch
from vault.requests import inbox
from vault.requests.evaluate import check_runnable, decision_at, load, record_decision
from vault.sealing.random import random_id

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.consent.decide import Decision
    from vault.requests.evaluate import PricedJob, StoredJob
from vault.requests.grant import NOTICE
from vault.requests.rounds import check_by_itself


def promise_of(asked: PricedJob) -> Promise:
    """What the requester says about the result: who gets it, and how long it is kept."""
    return Promise(recipients=asked.manifest.recipients, retention=asked.manifest.retention)


def drafted_grant(
    asked: PricedJob, optional: frozenset[str], now: datetime, *, uses: int = 1, campaign: str | None = None
) -> Grant:
    """The narrowest consent under which this job can run: its fields, its price, one use, until it expires.

    `optional` are the optional fields the person adds; the others stay withheld. That of a campaign has as many uses as
    rounds can come, and is bound to the campaign's digest.
    """
    manifest = asked.manifest
    for name in sorted(optional - manifest.optional):
        raise Invalid(reason=f"{name} is no column that this request asks for as optional")
    return Grant(
        id=random_id(),
        collection=manifest.collection,
        fields=manifest.required | optional,
        purpose=manifest.purpose.dpv,
        requester_id=asked.requester.id,
        window=Window(start=manifest.where.start, end=manifest.where.end),
        not_before=now,
        not_after=manifest.expires_at,
        uses=uses,
        epsilon_cap=asked.price.epsilon,
        unit=manifest.unit,
        campaign=campaign,
        created_at=now,
    )


def approve(
    act: AuditedTransaction,
    request_id: str,
    *,
    manifest_digest: str,
    consent: str | None,
    draft: bool,
    optional: frozenset[str],
    special_confirmed: bool,
) -> Decision:
    """Approve one run of a request under the consent that was shown to cover it, or under the one drafted for it.

    No other consent widens or replaces what was shown. A drafted one and the approval are two entries of one
    transaction. Returns the decision; when it refuses, the refusal is recorded and the request waits on. Raises
    `ManifestMismatch` for another manifest than the stored one, `ApprovalChanged`, `Invalid` for a consent and a draft,
    `RoundOfCampaign` for a draft, `SpecialNotConfirmed`, `WrongState` and what `check_runnable` raises.
    """
    if draft and consent is not None:
        raise Invalid(reason="an approval names a consent or drafts one, and not both")
    asked = load(act.uow, request_id)
    if manifest_digest != asked.row.manifest_digest:
        raise ManifestMismatch
    if draft:
        check_by_itself(asked.row)
    inbox.check_waiting(asked.row, act.now)
    check_runnable(act.uow, asked)
    if draft:
        decision = _with_draft(act, asked, optional, special_confirmed=special_confirmed)
    else:
        decision = _as_shown(act, asked, consent)
    record_decision(act, request_id, decision)
    if decision.permitted:
        inbox.approve(act, request_id, grant_id=decision.grant_id)
    return decision


def _as_shown(act: AuditedTransaction, asked: StoredJob, consent: str | None) -> Decision:
    """The decision under the consent that was shown, or, where none was, the refusal that was shown."""
    if consent is not None:
        named = [grant for grant in load_grants(act.uow) if grant.id == consent]
        return decision_at(act.uow, asked, act.now, under=named)
    decision = decision_at(act.uow, asked, act.now)
    if decision.permitted:
        raise ApprovalChanged
    return decision


def _with_draft(
    act: AuditedTransaction, asked: StoredJob, optional: frozenset[str], *, special_confirmed: bool
) -> Decision:
    """The decision under the drafted consent alone, which is stored only if it permits."""
    grant = drafted_grant(asked, optional, act.now)
    check_grant(grant)
    decision = decision_at(act.uow, asked, act.now, under=[grant])
    if not decision.permitted:
        return decision
    save_grant(
        act,
        grant,
        requester=asked.requester,
        notice_text=NOTICE,
        method="request",
        special_confirmed=special_confirmed,
        promise=promise_of(asked),
        optional=asked.manifest.optional,
    )
    return decision
