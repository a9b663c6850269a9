"""The durable ledger: every charge is written before the first record is read, and none is ever taken back.

A job falls under three caps: the lifetime budget of its collection and of all that share it, the half of it that one
requester may use, and the quarter that one job may use. What a requester or a job may use is a wish of policy; the
guarantee rests on the cap of the collection alone, as if all requesters were one. What was used is the least share over
the orders, and says nothing about what a next job may use: that can be less than the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.budget import payable
from vault.budget.epsilon import percent_spent
from vault.budget.filter import (
    MOST_EPSILON,
    ORDERS,
    Budgets,
    Charge,
    Filter,
    caps,
    job_share,
    part,
    total,
    verdict,
)
from vault.budget.joining import least_cap, members_of
from vault.budget.pricing import Price, accountant_name, charge
from vault.errors.budget import BudgetExhausted, BudgetFixedOtherwise
from vault.errors.families import InternalError, Invalid
from vault.errors.storage import Damaged
from vault.store.tables import ChargeRow, Collection, RequesterRow, VaultFact
from vault.strict_number import NotPlain, strict_decimal

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.budget.mechanism import Mechanism
    from vault.store.unit_of_work import UnitOfWork

JOB_SHARE: Final = payable.JOB_SHARE
REQUESTER_SHARE: Final = payable.REQUESTER_SHARE
DELTA: Final = payable.DELTA
LIFETIME: Final = Decimal(8)

COLLECTION, REQUESTER, JOB = "collection", "requester", "job"
NOTHING: Final = payable.NOTHING

NOBODY: Final = ""
"""Whose charges those are that were only remembered."""

ORDERS_FACT, DELTA_FACT = "budget.orders", "budget.delta"
FIXED: Final = {ORDERS_FACT: json.dumps(ORDERS, separators=(",", ":")), DELTA_FACT: f"{DELTA:f}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a job would do to the lifetime budget of its collection, in percent of it, rounded up."""

    job_percent: Decimal
    used_percent_before: Decimal
    used_percent_after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent of a collection's lifetime budget, by all (`requester_id` None) or by one requester.

    Where it is shared, what was spent of all that share it. Percentages are of the whole budget. What was carried
    over from a copy of the vault that is gone is in it, and counts as no job.
    """

    requester_id: str | None
    jobs: int
    is_carried: bool
    used: Fraction
    used_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """One charge as it was made; percentages are of the whole budget that its collection has, or shares, now.

    `used_percent` is what was used by all after it, `requester_percent` by this requester. `number` grows with every
    charge of the vault.
    """

    number: int
    at: datetime
    collection_id: int
    request_id: str
    requester_id: str
    epsilon: Decimal
    job_percent: Decimal
    used_percent: Decimal
    requester_percent: Decimal


def fix(uow: UnitOfWork) -> None:
    """Write into a new vault the orders and the δ that its budget counts with for good."""
    for key, value in FIXED.items():
        uow.add(VaultFact(key=key, value=value))


def check_fixed(uow: UnitOfWork) -> None:
    """Refuse a vault whose charges were counted with other orders or another δ; raises BudgetFixedOtherwise.

    Sums over other orders would compare what cannot be compared, and the guarantee holds for this set alone.
    """
    for key, other in ((ORDERS_FACT, "other orders"), (DELTA_FACT, "another δ")):
        if _fact(uow, key) != FIXED[key]:
            raise BudgetFixedOtherwise(what=other)


def check_lifetime(text: str) -> str:
    """The ε of a lifetime budget as it is stored; raises Invalid for no number, too much, or too little to use."""
    try:
        epsilon = strict_decimal(text)
    except NotPlain:
        raise Invalid(reason="a lifetime budget is a number, such as 8 or 0.5") from None
    if not any(caps(epsilon, DELTA).budgets):
        raise Invalid(reason="this lifetime budget is too small to hold any job")
    return f"{epsilon.normalize():f}"


def filters_for(
    uow: UnitOfWork, collection_id: int, requester_id: str, lifetime_epsilon: Decimal | str
) -> list[Filter]:
    """The three filters that a job of this requester on this collection falls under, as they stand."""
    budgets, rows = _filter(uow, collection_id, lifetime_epsilon)
    by_requester = [row for row in rows if row.requester_id == requester_id]
    return [
        Filter(name=COLLECTION, budgets=budgets, spent=_sum(uow, rows)),
        Filter(name=REQUESTER, budgets=part(budgets, REQUESTER_SHARE), spent=_sum(uow, by_requester)),
        Filter(name=JOB, budgets=part(budgets, JOB_SHARE), spent=NOTHING),
    ]


def precheck(
    uow: UnitOfWork, *, collection_id: int, requester_id: str, lifetime_epsilon: Decimal | str, price: Price
) -> None:
    """Raise BudgetExhausted, naming every cap in the way, when the job cannot be charged as things stand."""
    filters = filters_for(uow, collection_id, requester_id, lifetime_epsilon)
    found = verdict(filters, price.charge)
    if not found.admitted:
        whole = filters[0].budgets
        spent = {each.name: job_share(total([each.spent, price.charge]), whole) for each in filters}
        raise BudgetExhausted(
            reason="; ".join(_refusal(name, spent[name], whole) for name in found.refused_by)
        )


def check_payable(mechanism: Mechanism) -> None:
    """Raise BudgetExhausted for a job that no vault can pay, whatever lifetime budget its owner chose."""
    if not payable.is_payable(charge(mechanism)):
        raise BudgetExhausted(
            reason=f"it would cost more than a quarter of ε {MOST_EPSILON}, the largest lifetime budget of any vault"
        )


def check_rounds_payable(mechanism: Mechanism, rounds: int) -> None:
    """The same for a campaign: no round by itself, nor all of them together, may cost more than any vault can pay."""
    check_payable(mechanism)
    if not payable.are_payable(charge(mechanism), rounds):
        raise BudgetExhausted(
            reason=f"its rounds together would cost more than half of ε {MOST_EPSILON}, which no requester can use "
            "of any vault's lifetime budget"
        )


def charge_job(
    act: AuditedTransaction,
    *,
    request_id: str,
    collection_id: int,
    requester_id: str,
    lifetime_epsilon: Decimal | str,
    price: Price,
    run_id: str,
) -> None:
    """Charge a job in full to every filter, durable when the act is committed; there is no refund.

    Raises BudgetExhausted, naming every cap in the way, and DateNotConfirmed; then nothing is charged. A request
    is charged once.
    """
    act.date.require()
    if price.delta != DELTA:
        raise InternalError(what="a job was priced at another δ than the vault's")
    if len(price.charge) != _orders(act.uow):
        raise InternalError(what="a job was priced at other orders than the vault's")
    if act.uow.count(ChargeRow, request_id=request_id):
        raise InternalError(what="a request was about to be charged a second time")
    precheck(
        act.uow,
        collection_id=collection_id,
        requester_id=requester_id,
        lifetime_epsilon=lifetime_epsilon,
        price=price,
    )
    act.uow.add(
        ChargeRow(
            request_id=request_id,
            collection_id=collection_id,
            requester_id=requester_id,
            vector=json.dumps(price.charge),
            epsilon=str(price.epsilon),
            charged_at=act.at,
        )
    )
    _record(act, collection_id, requester_id, lifetime_epsilon, price, run_id)


def standing(
    uow: UnitOfWork, *, collection_id: int, lifetime_epsilon: Decimal | str, price: Price
) -> Standing:
    """What this job would use of the collection's lifetime budget, and what would then be used in all."""
    budgets, rows = _filter(uow, collection_id, lifetime_epsilon)
    spent = _sum(uow, rows)
    return Standing(
        job_percent=percent_spent(job_share(price.charge, budgets)),
        used_percent_before=percent_spent(job_share(spent, budgets)),
        used_percent_after=percent_spent(job_share(total([spent, price.charge]), budgets)),
    )


def spending(uow: UnitOfWork, *, collection_id: int, lifetime_epsilon: Decimal | str) -> list[Spending]:
    """What was spent of a collection's lifetime budget: by all first, then by each requester."""
    budgets, rows = _filter(uow, collection_id, lifetime_epsilon)
    jobs = sum(row.requester_id != NOBODY for row in rows)
    lines = [_spending(None, jobs, job_share(_sum(uow, rows), budgets), is_carried=jobs < len(rows))]
    for requester in sorted({row.requester_id for row in rows} - {NOBODY}):
        own = [row for row in rows if row.requester_id == requester]
        lines.append(_spending(requester, len(own), job_share(_sum(uow, own), budgets)))
    return lines


def history(uow: UnitOfWork, *, collection_id: int, lifetime_epsilon: Decimal | str) -> list[Charged]:
    """Every charge to a collection's lifetime budget, the oldest first, with what was used after it."""
    (budgets, rows), orders = _filter(uow, collection_id, lifetime_epsilon), _orders(uow)
    charges, spent = [], NOTHING
    by_requester: dict[str, Charge] = {}
    for row in rows:
        vector = _vector(row, orders)
        spent = total([spent, vector])
        own = by_requester[row.requester_id] = total([by_requester.get(row.requester_id, NOTHING), vector])
        charges.append(
            Charged(
                number=row.id,
                at=row.charged_at,
                collection_id=row.collection_id,
                request_id=row.request_id,
                requester_id=row.requester_id,
                epsilon=Decimal(row.epsilon),
                job_percent=percent_spent(job_share(vector, budgets)),
                used_percent=percent_spent(job_share(spent, budgets)),
                requester_percent=percent_spent(job_share(own, budgets)),
            )
        )
    return charges


def spent_vectors(
    uow: UnitOfWork, *, counts: Callable[[ChargeRow], bool] = lambda _: True
) -> dict[str, list[int]]:
    """The sum of the charges of each collection by order, of all or of those that count; keys are collection ids."""
    by_collection: dict[str, list[ChargeRow]] = {}
    for row in filter(counts, uow.find(ChargeRow)):
        by_collection.setdefault(str(row.collection_id), []).append(row)
    return {collection: list(_sum(uow, rows)) for collection, rows in by_collection.items()}


def was_charged(uow: UnitOfWork, collection_id: int) -> bool:
    """Whether a job was ever charged for reading this collection or one that shares its budget."""
    members = {collection_id, *(one.id for one in members_of(uow, collection_id))}
    return any(uow.count(ChargeRow, collection_id=each) for each in members)


def used_percent_of(
    uow: UnitOfWork, collection_ids: Iterable[int], lifetime_epsilon: Decimal, *, more: Charge = NOTHING
) -> Decimal:
    """What these collections together have used of one budget, and so much more."""
    rows = [row for number in collection_ids for row in uow.find(ChargeRow, collection_id=number)]
    budgets = caps(lifetime_epsilon, DELTA).budgets
    return percent_spent(job_share(total([_sum(uow, rows), more]), budgets))


def percent_of_charges(
    uow: UnitOfWork, members: Sequence[Collection], *, counts: Callable[[ChargeRow], bool]
) -> Decimal:
    """What the charges that count used of the one budget of these collections."""
    rows = [row for one in members for row in uow.find(ChargeRow, collection_id=one.id) if counts(row)]
    budgets = caps(least_cap(members, members[0].lifetime_epsilon), DELTA).budgets
    return percent_spent(job_share(_sum(uow, rows), budgets))


def _filter(
    uow: UnitOfWork, collection_id: int, lifetime_epsilon: Decimal | str
) -> tuple[Budgets, list[ChargeRow]]:
    """The budgets of the filter that a collection falls under, and every charge to it, the oldest first."""
    members = members_of(uow, collection_id)
    numbers = {collection_id, *(one.id for one in members)}
    rows = [row for number in numbers for row in uow.find(ChargeRow, collection_id=number)]
    budgets = caps(least_cap(members, lifetime_epsilon), DELTA).budgets
    return budgets, sorted(rows, key=lambda row: row.id)


def _spending(requester_id: str | None, jobs: int, used: Fraction, *, is_carried: bool = False) -> Spending:
    return Spending(
        requester_id=requester_id,
        jobs=jobs,
        is_carried=is_carried,
        used=used,
        used_percent=percent_spent(used),
    )


def _refusal(name: str, share: Fraction, budgets: Budgets) -> str:
    """Why a cap refuses, in plain words; `share` is of the collection's lifetime budget."""
    percent = percent_spent(share, places=0)
    if not any(budgets):
        return "this collection's lifetime budget is too small to hold any job"
    if name == REQUESTER:
        return (
            "this requester may use at most half of this collection's lifetime budget; "
            f"with this job it would be {percent} %"
        )
    if name == JOB:
        return (
            "one job may use at most a quarter of this collection's lifetime budget; "
            f"this one would use {percent} %"
        )
    return f"with this job {percent} % of this collection's lifetime budget would be used"


def _sum(uow: UnitOfWork, rows: Sequence[ChargeRow]) -> Charge:
    orders = _orders(uow)
    return total([NOTHING, *(_vector(row, orders) for row in rows)])


def _vector(row: ChargeRow, orders: int) -> Charge:
    try:
        vector = json.loads(row.vector)
    except ValueError:
        vector = None
    is_whole = isinstance(vector, list) and len(vector) == orders
    if not is_whole or any(type(cost) is not int or cost < 0 for cost in vector):
        raise Damaged(what="the privacy ledger")
    return tuple(vector)


def _orders(uow: UnitOfWork) -> int:
    """How many orders this vault's charges are counted at, as it was fixed with the vault."""
    return len(json.loads(_fact(uow, ORDERS_FACT) or "[]"))


def _fact(uow: UnitOfWork, key: str) -> str:
    fact = uow.get(VaultFact, key)
    return fact.value if fact else ""


def _record(
    act: AuditedTransaction,
    collection_id: int,
    requester_id: str,
    lifetime_epsilon: Decimal | str,
    price: Price,
    run_id: str,
) -> None:
    collection = act.uow.get(Collection, collection_id)
    requester = act.uow.get(RequesterRow, requester_id)
    filters = filters_for(act.uow, collection_id, requester_id, lifetime_epsilon)
    percent = percent_spent(job_share(filters[0].spent, filters[0].budgets))
    act.record(
        EntryType.BUDGET_SPEND,
        clear={"run": run_id, "epsilon": f"{price.epsilon:f}", "accountant": accountant_name()},
        hidden={
            "collection": collection.name if collection else str(collection_id),
            "requester": requester.name if requester else requester_id,
            "vector": list(price.charge),
            "percent": f"{percent.normalize():f}",
        },
    )
