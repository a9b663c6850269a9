"""The durable ledger: what is charged stays charged, against every cap, in the act that charges it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from budget_cases import DELTA

from vault.audit.entries import EntryType
from vault.audit.transaction import AuditedTransaction
from vault.budget import ledger
from vault.budget.filter import ORDERS, Charge, caps, job_share, total
from vault.budget.ledger import (
    Spending,
    charge_job,
    check_fixed,
    check_lifetime,
    filters_for,
    history,
    precheck,
    spending,
    spent_vectors,
    standing,
)
from vault.budget.pricing import Price
from vault.errors.budget import BudgetExhausted, BudgetFixedOtherwise
from vault.errors.families import InternalError, Invalid
from vault.errors.storage import Damaged
from vault.store.tables import ChargeRow, VaultFact
from vault.views.budget import BudgetLine

EIGHT = caps(Decimal(8), DELTA).budgets
SLEEP, BANK = 1, 2


def job(share: str) -> Price:
    """A job that takes this share of a budget of 8 at every order."""
    cost: Charge = tuple(int(Fraction(share) * (budget or 0)) for budget in EIGHT)
    return Price(
        charge=cost,
        delta=DELTA,
        epsilon=Decimal("1.500000"),
        guess_rate=Decimal("0.6000"),
        worst_case=Decimal("0.9000"),
        numerical_assumption=False,
    )


def charge_in(
    act: AuditedTransaction, price: Price, *, by: str = "clinic", of: int = SLEEP, number: int = 1
) -> None:
    charge_job(
        act,
        request_id=f"{number:032x}",
        collection_id=of,
        requester_id=by,
        lifetime_epsilon="8",
        price=price,
        run_id=f"{number:032x}",
    )


def charge(
    bench: Any, share: str, *, by: str = "clinic", of: int = SLEEP, number: int = 0, **facts: Any
) -> None:
    number = number or len(charged(bench)) + 1
    with bench.act() as act:
        charge_in(act, replace(job(share), **facts), by=by, of=of, number=number)


def charge_and_fail(bench: Any) -> None:
    with bench.act() as act:
        charge_in(act, job("1/5"))
        assert act.uow.count(ChargeRow) == len(act.recorded) == 1
        raise ZeroDivisionError


def charged(bench: Any) -> list[ChargeRow]:
    with bench.store.read() as uow:
        rows: list[ChargeRow] = uow.find(ChargeRow)
        return rows


def refusal(bench: Any, share: str, *, by: str = "clinic", of: int = SLEEP, lifetime: str = "8") -> str:
    with bench.store.read() as uow, pytest.raises(BudgetExhausted) as refused:
        precheck(uow, collection_id=of, requester_id=by, lifetime_epsilon=lifetime, price=job(share))
    return str(refused.value.facts["reason"])


# policy ---------------------------------------------------------------------------------------------------


def test_the_constants_of_the_vault() -> None:
    assert Fraction(1, 4) == ledger.JOB_SHARE
    assert Fraction(1, 2) == ledger.REQUESTER_SHARE
    assert Decimal("0.000001") == ledger.DELTA
    assert Decimal(8) == ledger.LIFETIME


@pytest.mark.parametrize(
    ("text", "stored"), [("8", "8"), (" 2.50 ", "2.5"), ("0.3", "0.3"), ("64", "64"), ("10.0", "10")]
)
def test_a_lifetime_budget_is_kept_in_plain_digits(text: str, stored: str) -> None:
    assert stored == check_lifetime(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "much",
        "0",
        "-1",
        "NaN",
        "Infinity",
        "65",
        "0.2",
        "1e1",
        "0_8",
        "8_0",
        "+8",
        "8.",
        ".8",
        "0,8",
        "٨",
        "８",
    ],
)
def test_a_lifetime_budget_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        check_lifetime(text)


# charging -------------------------------------------------------------------------------------------------


def test_a_charge_counts_for_the_collection_and_the_requester(bench: Any) -> None:
    charge(bench, "1/5")
    with bench.store.read() as uow:
        of_all, of_requester, of_job = filters_for(uow, SLEEP, "clinic", "8")
        other = filters_for(uow, SLEEP, "club", "8")
        elsewhere = filters_for(uow, BANK, "clinic", "8")

    assert job("1/5").charge == of_all.spent == of_requester.spent == other[0].spent
    assert {0} == {*of_job.spent, *other[1].spent, *elsewhere[0].spent, *elsewhere[1].spent}
    assert of_all.budgets == EIGHT
    assert [budget // 2 for budget in EIGHT if budget] == list(of_requester.budgets)
    assert [budget // 4 for budget in EIGHT if budget] == list(of_job.budgets)


def test_a_charge_is_on_the_record_with_its_vector_hidden(bench: Any) -> None:
    charge(bench, "1/5")
    ((clear, hidden),) = bench.entries(EntryType.BUDGET_SPEND)

    assert {"run", "epsilon", "accountant"} == clear.keys()
    assert clear["epsilon"] == "1.500000"
    assert str(clear["accountant"]).startswith("dp-accounting")
    assert hidden["vector"] == list(job("1/5").charge)
    assert (hidden["collection"], hidden["requester"], hidden["percent"]) == ("sleep", "The clinic", "20")


def test_a_charge_and_its_entry_are_written_together_or_not_at_all(bench: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        charge_and_fail(bench)

    assert [] == charged(bench) == bench.entries(EntryType.BUDGET_SPEND)


def test_a_request_is_charged_once(bench: Any) -> None:
    charge(bench, "1/100", number=7)

    with pytest.raises(InternalError, match="second time"):
        charge(bench, "1/100", number=7)
    assert len(charged(bench)) == 1


def test_a_price_at_another_delta_is_not_charged(bench: Any) -> None:
    with pytest.raises(InternalError):
        charge(bench, "1/100", delta=Decimal("1e-5"))
    assert charged(bench) == []


# the three caps -------------------------------------------------------------------------------------------


def test_one_job_may_use_a_quarter_at_most(bench: Any) -> None:
    """Both sides of the edge; and nothing is written by what is refused."""
    charge(bench, "1/4")

    with pytest.raises(BudgetExhausted, match="one job may use at most a quarter"):
        charge(bench, "13/50", by="club")
    assert len(charged(bench)) == 1
    assert refusal(bench, "2/5", by="club") == (
        "one job may use at most a quarter of this collection's lifetime budget; this one would use 40 %"
    )


def test_one_requester_may_use_half_at_most(bench: Any) -> None:
    for _ in range(2):
        charge(bench, "1/4")

    assert refusal(bench, "3/100") == (
        "this requester may use at most half of this collection's lifetime budget; "
        "with this job it would be 53 %"
    )
    charge(bench, "3/100", by="club")
    charge(bench, "3/100", of=BANK)


def test_all_together_may_use_the_whole_and_no_more(bench: Any) -> None:
    for number in range(4):
        charge(bench, "1/4", by=("clinic", "club")[number % 2])

    assert refusal(bench, "1/20", by="third") == (
        "with this job 105 % of this collection's lifetime budget would be used"
    )
    charge(bench, "1/20", by="third", of=BANK)


def test_every_cap_in_the_way_is_named(bench: Any) -> None:
    for number in range(3):
        charge(bench, "1/4", by=("clinic", "club", "clinic")[number])
    found = refusal(bench, "1/3")

    assert found.startswith("with this job 109 % of this collection's lifetime budget would be used; ")
    assert "this requester may use at most half" in found
    assert "one job may use at most a quarter" in found


def test_a_budget_too_small_for_any_job_says_so(bench: Any) -> None:
    assert "too small to hold any job" in refusal(bench, "1/100", lifetime="0.2")


def test_the_edge_of_a_cap_is_one_nano_nat_wide(bench: Any) -> None:
    """The last nano-nat of a quarter is admitted, the one after it is not."""
    last = tuple((budget or 0) // 4 for budget in EIGHT)
    with pytest.raises(BudgetExhausted):
        charge(bench, "0", charge=tuple(cost + 1 for cost in last))
    charge(bench, "0", charge=last)
    with pytest.raises(BudgetExhausted):
        charge(bench, "0", charge=tuple(cost + 4 for cost in last))

    assert len(charged(bench)) == 1


def test_deleting_the_records_gives_nothing_back(bench: Any) -> None:
    """The ledger knows no refund: no function of it lowers a sum, and the mark outside sees one that fell."""
    charge(bench, "1/5")
    charge(bench, "1/10", by="club")
    charge(bench, "1/10", of=BANK)
    with bench.store.read() as uow:
        found = spent_vectors(uow)

    assert {"1", "2"} == found.keys()
    assert list(total([job("1/5").charge, job("1/10").charge])) == found["1"]
    assert list(job("1/10").charge) == found["2"]


# what is shown --------------------------------------------------------------------------------------------


def test_the_standing_of_a_job_is_its_share_rounded_up(bench: Any) -> None:
    charge(bench, "1/5")
    with bench.store.read() as uow:
        found = standing(uow, collection_id=SLEEP, lifetime_epsilon="8", price=job("1/30"))

    assert Decimal("3.4") == found.job_percent
    assert Decimal("20.0") == found.used_percent_before
    assert Decimal("23.4") == found.used_percent_after


def test_spending_is_told_for_all_and_for_each_requester(bench: Any) -> None:
    charge(bench, "1/5")
    charge(bench, "1/5", by="club")
    charge(bench, "1/30", by="club")
    with bench.store.read() as uow:
        lines = spending(uow, collection_id=SLEEP, lifetime_epsilon="8")
        nothing = spending(uow, collection_id=BANK, lifetime_epsilon="8")

    shown = [(line.requester_id, line.jobs, str(line.used_percent)) for line in lines]
    assert shown == [(None, 3, "43.4"), ("clinic", 1, "20.0"), ("club", 2, "23.4")]
    assert [(line.requester_id, line.jobs, line.used) for line in nothing] == [(None, 0, 0)]


def test_the_history_tells_each_charge_with_what_was_used_after_it(bench: Any) -> None:
    charge(bench, "1/5")
    bench.now += timedelta(days=1)
    charge(bench, "1/5", by="club")
    charge(bench, "1/30", by="club", of=BANK)
    charge(bench, "1/30", by="club", epsilon=Decimal("0.25"))
    with bench.store.read() as uow:
        told = history(uow, collection_id=SLEEP, lifetime_epsilon="8")
        other = history(uow, collection_id=BANK, lifetime_epsilon="8")
        used = spending(uow, collection_id=SLEEP, lifetime_epsilon="8")[0].used_percent

    shown = [(one.number, one.at.date().isoformat(), one.requester_id, str(one.epsilon)) for one in told]
    assert shown == [
        (1, "2026-01-01", "clinic", "1.500000"),
        (2, "2026-01-02", "club", "1.500000"),
        (4, "2026-01-02", "club", "0.25"),
    ]
    assert [str(one.job_percent) for one in told] == ["20.0", "20.0", "3.4"]
    assert [str(one.used_percent) for one in told] == ["20.0", "40.0", "43.4"]
    assert [str(one.requester_percent) for one in told] == ["20.0", "20.0", "23.4"]
    assert used == told[-1].used_percent
    assert [(one.number, str(one.used_percent)) for one in other] == [(3, "3.4")]
    assert [one.request_id for one in told] == [f"{number:032x}" for number in (1, 2, 4)]


def test_what_is_not_used_is_no_promise_to_a_next_job(bench: Any) -> None:
    """The share that is used least belongs to one order; a job that needs another one gets nothing, so no "left"."""
    first, *others = ((budget or 0) // 4 for budget in EIGHT)
    for number in range(4):
        charge(bench, "0", charge=(0, *others), by=("clinic", "club")[number % 2])
    with bench.store.read() as uow:
        used = spending(uow, collection_id=SLEEP, lifetime_epsilon="8")[0].used

    assert used == 0
    with pytest.raises(BudgetExhausted, match="would be used"):
        charge(bench, "0", charge=(first * 8, *(cost // 2 for cost in others)), by="third")
    assert [
        each.name for kind in (Spending, BudgetLine) for each in fields(kind) if "left" in each.name
    ] == []


@pytest.mark.parametrize("key", [ledger.ORDERS_FACT, ledger.DELTA_FACT])
@pytest.mark.parametrize("value", ["[3,4,5,6,8,10,12,16,24,32]", "0.00001", None])
def test_a_budget_that_was_fixed_otherwise_is_not_counted_with(
    bench: Any, key: str, value: str | None
) -> None:
    with bench.store.read() as uow:
        assert check_fixed(uow) is None
    with bench.act() as act:
        fact = act.uow.get(VaultFact, key)
        if value is None:
            act.uow.delete(fact)
        else:
            fact.value = value
        act.record(EntryType.ACCESS_VIEW)

    with (
        bench.store.read() as uow,
        pytest.raises(BudgetFixedOtherwise, match="than this program counts with"),
    ):
        check_fixed(uow)


def test_a_charge_has_a_cost_at_each_order_that_was_fixed(bench: Any) -> None:
    """The number of orders is the vault's: a charge of another length is neither written nor read."""
    charge(bench, "1/100")
    with bench.act() as act:
        act.uow.get(VaultFact, ledger.ORDERS_FACT).value = "[3,4]"
        act.record(EntryType.ACCESS_VIEW)

    with pytest.raises(InternalError, match="other orders"):
        charge(bench, "1/100", number=2)
    with bench.store.read() as uow, pytest.raises(Damaged, match="privacy ledger"):
        spent_vectors(uow)


@pytest.mark.parametrize(
    "vector",
    ["[1,2]", "{}", "not JSON", json.dumps([-1] * 11), json.dumps([1.0] * 11), "[" + "true," * 10 + "true]"],
)
def test_a_damaged_charge_is_never_read_as_less(bench: Any, vector: str) -> None:
    charge(bench, "1/5")
    with bench.act() as act:
        (row,) = act.uow.find(ChargeRow)
        row.vector = vector
        act.record(EntryType.ACCESS_VIEW)

    with bench.store.read() as uow, pytest.raises(Damaged, match="privacy ledger"):
        filters_for(uow, SLEEP, "clinic", "8")


def test_the_share_of_a_job_is_the_least_over_the_orders() -> None:
    cost = list(job("1/5").charge)
    cost[0] *= 100

    assert job_share(tuple(cost), EIGHT) <= Fraction(1, 5)
    assert len(cost) == len(ORDERS)
