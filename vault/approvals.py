"""Giving consent: by hand, or drafted from a request that is approved in the same act; and what is shown for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vault.asking import decision_at, load, precheck, record_decision
from vault.consent.grants import Grant, Window, check_grant, purpose_iri
from vault.consent.receipts import save_grant
from vault.consent.record import Promise
from vault.errors import Invalid
from vault.records.collections import check_fields, find_collection
from vault.requests import inbox, requesters
from vault.sealing.random import random_id
from vault.store.tables import RequesterRow

if TYPE_CHECKING:
    from vault.acts import Act
    from vault.asking import Asked
    from vault.consent.decide import Decision
    from vault.store.unit_of_work import UnitOfWork
    from vault.views import GrantWish

# Kept in each record with its digest, so it has to be shown word for word wherever a consent is given.
NOTICE = (
    "Jobs under this consent may read the named columns, and the row's unit and time, on this computer in a process "
    "without network and files. Nothing leaves by it: every result waits for a release decision of its own. What was "
    "released cannot be called back; withdrawing ends what has not left yet."
)


def wished_grant(uow: UnitOfWork, wish: GrantWish, now: datetime) -> Grant:
    """The consent that somebody puts together by hand, checked; nothing is stored.

    Raises `UnknownRequester`, `UnknownCollection`, `UnknownField` and `Invalid`.
    """
    facts, fields = find_collection(uow, wish["collection"]), frozenset(wish["fields"])
    check_fields(facts, fields)
    start, end = wish.get("window", (None, None))
    grant = Grant(
        id=random_id(),
        collection=facts.name,
        fields=fields,
        purpose=purpose_iri(wish["purpose"]),
        requester_id=requesters.find(uow, wish["requester"]).id,
        window=Window(start=start, end=end),
        not_before=wish.get("not_before") or now,
        not_after=wish["not_after"],
        uses=wish.get("uses", 1),
        epsilon_cap=wish.get("epsilon_cap"),
        unit=str(facts.unit),
        created_at=now,
    )
    check_grant(grant)
    return grant


def give(act: Act, wish: GrantWish, *, special_confirmed: bool) -> Grant:
    """Store the consent that somebody put together by hand; raises as `wished_grant`, and `SpecialNotConfirmed`."""
    grant = wished_grant(act.uow, wish, act.now)
    asker = act.uow.get(RequesterRow, grant.requester_id)
    assert asker is not None  # `wished_grant` found it in this transaction
    save_grant(
        act,
        grant,
        requester=asker,
        notice_text=NOTICE,
        method="command",
        special_confirmed=special_confirmed,
    )
    return grant


def promise_of(asked: Asked) -> Promise:
    """What the requester says about the result: who gets it, and how long it is kept."""
    return Promise(recipients=asked.manifest.recipients, retention=asked.manifest.retention)


def drafted_grant(asked: Asked, optional: frozenset[str], now: datetime) -> Grant:
    """The narrowest consent under which this job can run: its fields, one use, its price, until it expires.

    `optional` are the optional fields the person adds; the others stay withheld.
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
        uses=1,
        epsilon_cap=asked.price.epsilon,
        unit=manifest.unit,
        created_at=now,
    )


def approve(
    act: Act, request_id: str, *, draft: bool, optional: frozenset[str], special_confirmed: bool
) -> Decision:
    """Approve one run of a request, drafting its consent when none covers it and `draft` says so.

    Approval and consent are two entries of one transaction. Returns the decision; when it refuses, the refusal is
    recorded and the request waits on. Raises `BudgetExhausted`, `SpecialNotConfirmed` and `WrongState`.
    """
    asked = load(act.uow, request_id)
    inbox.check_waiting(asked.row, act.now)
    precheck(act.uow, asked)
    decision = decision_at(act.uow, asked, act.now)
    if not decision.permitted and draft:
        decision = _with_draft(act, asked, optional, special_confirmed=special_confirmed)
    record_decision(act, request_id, decision)
    if decision.permitted:
        inbox.approve(act, request_id, grant_id=decision.grant_id)
    return decision


def _with_draft(act: Act, asked: Asked, optional: frozenset[str], *, special_confirmed: bool) -> Decision:
    """The decision with the drafted consent, which is stored only if it turns the refusal."""
    grant = drafted_grant(asked, optional, act.now)
    check_grant(grant)
    decision = decision_at(act.uow, asked, act.now, also=[grant])
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
