"""Collections of the same people have one filter: whatever is joined when, no more fits than in one filter for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from budget_cases import DELTA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sweeps import sweep
from vault.audit.paid_runs import PaidRuns
from vault.audit.transaction import AuditedTransaction
from vault.audit.vault_date import VaultDate
from vault.budget.filter import ORDERS, Charge, caps, total
from vault.budget.joining import filters, join, members_of
from vault.budget.ledger import charge_job, history, precheck, spending, spent_vectors
from vault.budget.pricing import Price
from vault.budget.remembered import charges, make_up, missing, shared_caps, shared_filters, spent_so_far
from vault.errors.budget import BudgetExhausted
from vault.queries.budget import budget_lines
from vault.records.collections import facts_of
from vault.store.high_water import Mark
from vault.store.tables import ChargeRow, Collection
from vault.views.field_types import UnitKind

CAPS = {"sleep": Decimal(8), "bank": Decimal(8), "steps": Decimal(3), "heart": Decimal(5)}
NAMES, WHO = tuple(CAPS), ("clinic", "club")
PRICE = Price(
    charge=(0,) * len(ORDERS),
    delta=DELTA,
    epsilon=Decimal("1.5"),
    guess_rate=Decimal("0.6"),
    worst_case=Decimal("0.9"),
    numerical_assumption=False,
)


@dataclass(slots=True, kw_only=True)
class Reference:
    """The rule once more, in fractions of nats, over sets of names and a list of all that was charged."""

    sets: list[set[str]] = field(default_factory=lambda: [{name} for name in NAMES])
    paid: list[tuple[str, str, tuple[Fraction, ...]]] = field(default_factory=list)

    def members(self, name: str) -> set[str]:
        return next(each for each in self.sets if name in each)

    def join(self, names: set[str]) -> None:
        touched = [each for each in self.sets if each & names]
        self.sets = [each for each in self.sets if not each & names] + [set().union(*touched)]

    def spent(self, name: str, who: str | None = None) -> tuple[Fraction, ...]:
        members = self.members(name)
        own = [cost for of, by, cost in self.paid if of in members and who in (None, by)]
        return tuple(sum((cost[at] for cost in own), Fraction(0)) for at in range(len(ORDERS)))

    def admits(self, name: str, who: str, cost: tuple[Fraction, ...]) -> bool:
        cap = min(CAPS[each] for each in self.members(name))
        budgets = [Fraction(budget or 0, 10**9) for budget in caps(cap, DELTA).budgets]
        nothing = (Fraction(0),) * len(ORDERS)
        parts = ((self.spent(name), 1), (self.spent(name, who), 2), (nothing, 4))
        return all(
            any(
                budget > 0 and spent[at] + cost[at] <= Fraction(int(budget * 10**9 / by), 10**9)
                for at, budget in enumerate(budgets)
            )
            for spent, by in parts
        )


@pytest.fixture
def act(bench: Any) -> Iterator[AuditedTransaction]:
    """An act on four collections that is never committed."""
    with bench.store.write() as uow:
        for name in NAMES[2:]:
            uow.add(
                Collection(
                    name=name, unit=UnitKind.DAY, lifetime_epsilon=str(CAPS[name]), created_at=bench.now
                )
            )
        date = VaultDate(now=bench.now, clock=bench.now)
        yield AuditedTransaction(uow=uow, date=date, keys=bench.keys)


def mark_of(act: AuditedTransaction) -> Mark:
    """What this computer would remember now."""
    return Mark(
        origin="vault.invalid/x",
        size=1,
        root="ab" * 32,
        spent=spent_so_far(act.uow),
        shared=shared_filters(act.uow),
        caps=shared_caps(act.uow),
        paid=sorted(charges(act.uow, PaidRuns())),
        has_digest=True,
    )


def number(act: AuditedTransaction, name: str) -> int:
    return next(iter(act.uow.find(Collection, name=name))).id


def costs(share: int) -> Charge:
    """So many hundredths of a budget of 8 at every order."""
    return tuple((budget or 0) * share // 100 for budget in caps(Decimal(8), DELTA).budgets)


def charge(act: AuditedTransaction, name: str, cost: Charge, *, by: str = "clinic", at: int = 1) -> None:
    charge_job(
        act,
        request_id=f"{at:032x}",
        collection_id=number(act, name),
        requester_id=by,
        lifetime_epsilon=CAPS[name],
        price=replace(PRICE, charge=cost),
        run_id=f"{at:032x}",
    )


STEP = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(WHO), st.lists(st.integers(0, 30), min_size=11, max_size=11)
    ),
)


@pytest.mark.parametrize("examples", sweep((10, 300)))
def test_a_history_with_joins_admits_what_fractions_admit(act: AuditedTransaction, examples: int) -> None:
    """And what was spent never falls: of no collection, by no step."""
    count = iter(range(1, 10**6))

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEP, min_size=3, max_size=14))
    def holds(steps: list[Any]) -> None:
        reference = Reference()
        begin = _fresh(act)
        for first, second, third in steps:
            before = {name: _spent(act, name) for name in NAMES}
            if first == "join":
                join(act.uow, [number(act, second), number(act, third)])
                reference.join({second, third})
            else:
                _pay(act, reference, first, second, third, at=next(count))
            after = {name: _spent(act, name) for name in NAMES}
            assert all(
                was <= now for name in NAMES for was, now in zip(before[name], after[name], strict=True)
            )
            assert {name: tuple(reference.spent(name)) for name in NAMES} == {
                name: tuple(Fraction(cost, 10**9) for cost in after[name]) for name in NAMES
            }
        begin()

    holds()


def _pay(
    act: AuditedTransaction, reference: Reference, name: str, who: str, shares: list[int], *, at: int
) -> None:
    cost = tuple(whole * share // 100 for whole, share in zip(costs(100), shares, strict=True))
    exact = tuple(Fraction(each, 10**9) for each in cost)
    if reference.admits(name, who, exact):
        charge(act, name, cost, by=who, at=at)
        reference.paid.append((name, who, exact))
    else:
        with pytest.raises(BudgetExhausted):
            charge(act, name, cost, by=who, at=at)


def _fresh(act: AuditedTransaction) -> Any:
    """Collections of an example begin alone and unspent; what is returned makes them so again."""

    def clear() -> None:
        act.uow.delete_all(ChargeRow)
        for row in act.uow.find(Collection):
            row.filter_id = None

    clear()
    return clear


def _spent(act: AuditedTransaction, name: str) -> Charge:
    vectors = spent_vectors(act.uow)
    every = [vectors.get(str(one.id), [0] * len(ORDERS)) for one in members_of(act.uow, number(act, name))]
    return tuple(sum(at) for at in zip(*every, strict=True))


def test_what_was_spent_before_a_join_counts_after_it(act: AuditedTransaction) -> None:
    for at, name in enumerate(("sleep", "sleep", "bank"), start=1):
        charge(act, name, costs(20), by=WHO[at % 2], at=at)
    join(act.uow, [number(act, "sleep"), number(act, "bank")])

    lines = spending(act.uow, collection_id=number(act, "bank"), lifetime_epsilon="8")
    assert [(line.jobs, str(line.used_percent)) for line in lines] == [(3, "60.0"), (1, "20.0"), (2, "40.0")]
    with pytest.raises(BudgetExhausted, match="105 % of this collection's lifetime budget"):
        charge(act, "bank", costs(45), by="club", at=9)
    assert [str(one.used_percent) for one in history(act.uow, collection_id=1, lifetime_epsilon="8")] == [
        *("20.0", "40.0", "60.0"),
    ]


def test_the_least_cap_of_those_that_are_joined_holds(act: AuditedTransaction) -> None:
    join(act.uow, [number(act, "sleep"), number(act, "steps")])

    assert facts_of(act.uow, members_of(act.uow, number(act, "sleep"))[0]).lifetime_epsilon == "3"
    with pytest.raises(BudgetExhausted):
        precheck(
            act.uow,
            collection_id=number(act, "sleep"),
            requester_id="clinic",
            lifetime_epsilon="8",
            price=replace(PRICE, charge=costs(20)),
        )


def test_joins_meet_and_each_filter_is_one_line(act: AuditedTransaction) -> None:
    join(act.uow, [number(act, "steps"), number(act, "heart")])
    join(act.uow, [number(act, "heart"), number(act, "bank")])

    assert [[one.name for one in each] for each in filters(act.uow)] == [
        ["bank", "heart", "steps"],
        ["sleep"],
    ]
    assert [(line.members, line.lifetime_epsilon) for line in budget_lines(act.uow)] == [
        (("bank", "heart", "steps"), "3"),
        (("sleep",), "8"),
    ]


def test_what_an_older_copy_lacks_of_a_budget_is_made_up_for_and_it_is_one_again(
    act: AuditedTransaction,
) -> None:
    """Of three that shared a budget two are there, apart; what was spent on the third is spent of them."""
    for at, name in enumerate(("sleep", "heart"), start=1):
        charge(act, name, costs(10), at=at)
    join(act.uow, [number(act, name) for name in ("sleep", "bank", "heart")])
    mark = mark_of(act)
    before = spending(act.uow, collection_id=number(act, "sleep"), lifetime_epsilon="8")[0].used_percent
    gone = next(iter(act.uow.find(Collection, name="heart")))
    act.uow.delete_all(ChargeRow)
    for row in act.uow.find(Collection):
        row.filter_id = None
    act.uow.delete(gone)

    (found,) = missing(act.uow, mark)
    assert ([row.name for row in found.here], found.lost, found.more) == (
        ["sleep", "bank"],
        (gone.id,),
        total([costs(10)] * 2),
    )
    mark.spent[str(gone.id + 7)] = [0] * len(ORDERS)
    make_up(act, [found], mark)
    assert missing(act.uow, mark) == []
    told = [
        spending(act.uow, collection_id=number(act, name), lifetime_epsilon="8")[0]
        for name in ("sleep", "bank")
    ]
    assert [one.used_percent for one in told] == [before, before]
    assert {row.lifetime_epsilon for row in found.here} == {gone.lifetime_epsilon}
    late = Collection(name="late", unit=UnitKind.DAY, lifetime_epsilon="8", created_at=act.at)
    act.uow.add(late)
    assert late.id == gone.id + 8


def test_what_a_copy_spent_somewhere_else_counts_beside_what_is_remembered(act: AuditedTransaction) -> None:
    charge(act, "sleep", costs(10), at=1)
    charge(act, "sleep", costs(20), at=2)
    mark = mark_of(act)
    (second,) = [row for row in act.uow.find(ChargeRow) if row.vector == json.dumps(list(costs(20)))]
    act.uow.delete(second)
    charge(act, "sleep", costs(15), at=3)

    (found,) = missing(act.uow, mark)
    assert found.more == costs(20)
    make_up(act, [found], mark)
    assert missing(act.uow, mark) == []
    (line, *_) = spending(act.uow, collection_id=number(act, "sleep"), lifetime_epsilon="8")
    assert str(line.used_percent) == "45.0"


def test_a_filter_outlives_a_member_that_is_gone(act: AuditedTransaction) -> None:
    """Two collections stay joined when the one that joined them was erased without a charge."""
    for other in ("bank", "heart"):
        join(act.uow, [number(act, "sleep"), number(act, other)])
    act.uow.delete(next(iter(act.uow.find(Collection, name="heart"))))

    assert [one.name for one in members_of(act.uow, number(act, "bank"))] == ["sleep", "bank"]
