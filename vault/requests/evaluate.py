"""A request with its price, and what the consents and the budget say about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.budget import ledger, pricing
from vault.consent.decide import decide
from vault.consent.grants import Window, purpose_iri
from vault.consent.receipts import ledger_view, load_grants
from vault.consent.verdict import Question
from vault.errors.consent import ConsentRefused
from vault.errors.families import Exhausted, Invalid, Refused
from vault.errors.records import CollectionErased, UnknownCollection
from vault.errors.requests import UnknownRequest
from vault.records.collections import check_fields, find_collection
from vault.requests import requesters, translate
from vault.requests.fit import check_fit, wanted
from vault.requests.manifest import Manifest
from vault.requests.parse import parse_stored
from vault.store.tables import RequesterRow, RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.budget.pricing import Mechanism, Price
    from vault.consent.grants import Grant
    from vault.consent.verdict import Decision, LedgerView
    from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedJob:
    """A job, who sends it, and its price."""

    manifest: Manifest
    requester: RequesterRow
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob(PricedJob):
    """A job that is stored as a request."""

    row: RequestRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalJob:
    """A job that nobody sent: somebody asks for fields, all required, at a price or (None) at any."""

    requester: str
    collection: str
    fields: frozenset[str]
    purpose: str
    epsilon: Decimal | None
    window: tuple[datetime | None, datetime | None]


def load(uow: UnitOfWork, request_id: str) -> StoredJob:
    """The request of this id; raises `UnknownRequest`."""
    row, requester = _rows(uow, request_id)
    manifest = parse_stored(row.manifest)
    return StoredJob(row=row, manifest=manifest, requester=requester, price=price_of(manifest))


def reload(uow: UnitOfWork, asked: StoredJob) -> StoredJob:
    """The same job with its request and its requester as they are now; a manifest never changes, nor its price.

    Raises `UnknownRequest`.
    """
    row, requester = _rows(uow, asked.row.id)
    return replace(asked, row=row, requester=requester)


def _rows(uow: UnitOfWork, request_id: str) -> tuple[RequestRow, RequesterRow]:
    row = uow.get(RequestRow, request_id)
    requester = uow.get(RequesterRow, row.requester_id) if row else None
    if row is None or requester is None:
        raise UnknownRequest(request=request_id)
    return row, requester


def priced(manifest: Manifest, requester: RequesterRow) -> PricedJob:
    """A job that is not stored, with its price."""
    return PricedJob(manifest=manifest, requester=requester, price=price_of(manifest))


def obstacle(uow: UnitOfWork, asked: PricedJob) -> str:
    """Why a job cannot run here as it is, whatever is allowed, or empty: for its owner alone.

    Its collection is not there or is another one than it thinks, or the budget left is too small for its price.
    """
    return _reason(asked, lambda: check_runnable(uow, asked))


def misfit(uow: UnitOfWork, asked: PricedJob) -> str:
    """Why no consent lets a job run here as it is, or empty: its `obstacle`, whatever is left of the budget."""
    return _reason(asked, lambda: _check_fits(uow, asked))


def _reason(asked: PricedJob, check: Callable[[], None]) -> str:
    try:
        check()
    except CollectionErased as error:
        return str(error)
    except UnknownCollection as error:
        return f"{error} {wanted(asked.manifest)}"
    except (Invalid, Refused, Exhausted) as error:
        return str(error)
    return ""


def check_runnable(uow: UnitOfWork, asked: PricedJob) -> None:
    """Refuse a job that does not fit its collection, or that no filter can pay for.

    Raises `UnknownCollection`, `CollectionErased`, `UnknownField`, `ManifestInvalid` and `BudgetExhausted`.
    """
    _check_fits(uow, asked)
    precheck(uow, asked)


def _check_fits(uow: UnitOfWork, asked: PricedJob) -> None:
    check_fit(asked.manifest, find_collection(uow, asked.manifest.collection))


def price_of(manifest: Manifest) -> Price:
    """What this job costs, from the manifest alone."""
    return _price(translate.mechanism(manifest))


@lru_cache(maxsize=256)
def _price(mechanism: Mechanism) -> Price:
    return pricing.price(mechanism, ledger.DELTA)


def decision_at(
    uow: UnitOfWork, asked: PricedJob, now: datetime, *, under: Sequence[Grant] | None = None
) -> Decision:
    """What the stored consents, or `under` certain ones these alone, say about this job at a moment."""
    grants = load_grants(uow) if under is None else under
    return decide(grants, _question(asked), now, _ledger(uow, now))


def decision_if(uow: UnitOfWork, supposed: HypotheticalJob, now: datetime) -> Decision:
    """What the stored consents would say about a job that nobody sent; the same decision as for one that came.

    Raises `UnknownRequester`, `UnknownCollection`, `UnknownField` and `Invalid`.
    """
    return decide(load_grants(uow), _supposed_question(uow, supposed), now, _ledger(uow, now))


def _question(asked: PricedJob) -> Question:
    return translate.question(
        asked.manifest,
        requester_id=asked.requester.id,
        requester_status=asked.requester.status,
        epsilon=asked.price.epsilon,
    )


def _supposed_question(uow: UnitOfWork, supposed: HypotheticalJob) -> Question:
    facts = find_collection(uow, supposed.collection)
    check_fields(facts, supposed.fields)
    requester = requesters.find(uow, supposed.requester)
    return Question(
        collection=facts.name,
        required=supposed.fields,
        optional=frozenset(),
        purpose=purpose_iri(supposed.purpose),
        requester_id=requester.id,
        requester_status=requester.status,
        window=_supposed_window(supposed),
        unit=str(facts.unit),
        epsilon=_supposed_price(supposed),
    )


def _supposed_window(supposed: HypotheticalJob) -> Window:
    start, end = supposed.window
    if not all(moment is None or moment.tzinfo is not None for moment in (start, end)):
        raise Invalid(reason="a time needs its zone")
    if (window := Window(start=start, end=end)).is_empty():
        raise Invalid(reason="a time window ends after it begins")
    return window


def _supposed_price(supposed: HypotheticalJob) -> Decimal:
    epsilon = Decimal(0) if supposed.epsilon is None else supposed.epsilon
    if not epsilon.is_finite() or epsilon < 0:
        raise Invalid(reason="a price is a number of at least 0")
    return epsilon


def _ledger(uow: UnitOfWork, now: datetime) -> LedgerView:
    """The uses that jobs have paid for, and those that approved jobs keep until they run or run out."""
    return replace(ledger_view(uow), uses_kept=uses_kept(uow, now))


def uses_kept(uow: UnitOfWork, now: datetime) -> Counter[str]:
    """How many uses of each consent are bound to requests that are approved and have not paid yet."""
    rows = [row for state in _KEEPS_A_USE for row in uow.find(RequestRow, state=state)]
    return Counter(row.grant_id for row in rows if row.grant_id and now < row.expires_at)


_KEEPS_A_USE = (RequestState.APPROVED, RequestState.READY)


def record_decision(act: AuditedTransaction, request_id: str, decision: Decision) -> None:
    """One audit entry for every field asked."""
    for field in decision.fields:
        outcome = "permit" if field.permitted else "deny"
        hidden: dict[str, Json] = {
            "field": field.field,
            "consent": decision.grant_id or "",
            "rule": "; ".join(reason.sentence for reason in field.reasons),
        }
        reason = field.reasons[0].code.value if field.reasons else "granted"
        clear: dict[str, Json] = {"request": request_id, "outcome": outcome, "reason": reason}
        act.record(EntryType.DECISION, clear=clear, hidden=hidden)


def decision_as_approved(uow: UnitOfWork, asked: StoredJob, now: datetime) -> Decision:
    """What the consent that the approval named says now; other consents do not widen what was approved."""
    named = [grant for grant in load_grants(uow) if grant.id == asked.row.grant_id]
    # Without the uses that are kept: one of them is this request's own.
    return decide(named, _question(asked), now, ledger_view(uow))


def raise_unless_permitted(decision: Decision) -> None:
    """Raise `ConsentRefused` with every reason unless the decision permits."""
    if not decision.permitted:
        raise ConsentRefused(reason="; ".join(reason.sentence for reason in decision.reasons))


def precheck(uow: UnitOfWork, asked: PricedJob) -> None:
    """Raise `BudgetExhausted` when no filter of the job can pay for it."""
    facts = find_collection(uow, asked.manifest.collection)
    ledger.precheck(
        uow,
        collection_id=facts.id,
        requester_id=asked.requester.id,
        lifetime_epsilon=facts.lifetime_epsilon,
        price=asked.price,
    )
