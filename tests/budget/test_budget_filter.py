"""Rule R: its budgets, its verdicts, and why the set of orders and the budgets may not be others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from random import Random

import pytest
from budget_cases import DELTA, at, exact_budget, make_mechanism
from hypothesis import given
from hypothesis import strategies as st

from vault.budget.filter import (
    NANO,
    ORDERS,
    Budgets,
    Charge,
    Filter,
    admits,
    caps,
    job_share,
    part,
    total,
    verdict,
)
from vault.budget.pricing import charge
from vault.errors.families import InternalError, Invalid

EIGHT = caps(Decimal(8), DELTA).budgets
NONE_SPENT = (0,) * len(ORDERS)

charges = st.tuples(*[st.integers(0, 10**10)] * len(ORDERS))
budget_vectors = st.tuples(*[st.none() | st.integers(1, 10**10)] * len(ORDERS))


def filter_of(budgets: Budgets, spent: Charge = NONE_SPENT, name: str = "collection") -> Filter:
    return Filter(name=name, budgets=budgets, spent=spent)


# budgets --------------------------------------------------------------------------------------------------


def test_the_orders_are_the_ones_every_vault_was_made_with() -> None:
    assert ORDERS == (3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64)


def test_the_failure_probabilities_of_the_orders_add_up_to_less_than_delta() -> None:
    """Sum of w_a = (1-1/a)^(a-1)/a: what the classical budget at order a can fail with, in units of δ."""
    weights = [(1 - 1 / a) ** (a - 1) / a for a in ORDERS]
    usual = [1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, *range(5, 64), 128, 256, 512]

    assert pytest.approx(0.579, abs=5e-4) == sum(weights)
    assert pytest.approx(1.52, abs=5e-3) == sum((1 - 1 / a) ** (a - 1) / a for a in range(2, 65))
    assert pytest.approx(3.36, abs=5e-3) == sum((1 - 1 / a) ** (a - 1) / a for a in usual)


@pytest.mark.parametrize("epsilon", ["8", "4", "2", "1", "0.3", "64"])
def test_budgets_are_the_classical_ones_rounded_down(epsilon: str) -> None:
    found = caps(Decimal(epsilon), DELTA)
    for order, budget in zip(found.orders, found.budgets, strict=True):
        exact = int((exact_budget(Decimal(epsilon), DELTA, order) * NANO).to_integral_value(ROUND_FLOOR))
        assert (exact if exact > 0 else None) == budget


def test_an_order_without_budget_is_dropped() -> None:
    assert at({3: None, 4: None, 5: None, 6: None}, True) == tuple(
        None if budget is None else True for budget in caps(Decimal("2.5"), DELTA).budgets
    )


@pytest.mark.parametrize(
    ("epsilon", "delta"),
    [("0", "1e-6"), ("-1", "1e-6"), ("64.1", "1e-6"), ("NaN", "1e-6"), ("8", "0"), ("8", "1"), ("8", "NaN")],
)
def test_a_budget_out_of_bounds_is_refused(epsilon: str, delta: str) -> None:
    with pytest.raises(Invalid):
        caps(Decimal(epsilon), Decimal(delta))


def test_a_part_of_a_budget_is_rounded_down() -> None:
    assert at({3: None}, 33) == part(at({3: None}, 100), Fraction(1, 3))


# verdicts -------------------------------------------------------------------------------------------------


def test_one_order_with_room_is_enough_and_needed() -> None:
    budgets = at({6: 100, 24: 100}, None)

    assert admits(filter_of(budgets), at({6: 100, 24: 101}, 0))
    assert admits(filter_of(budgets), at({6: 101, 24: 100}, 0))
    assert not admits(filter_of(budgets), at({6: 101, 24: 101}, 0))
    assert not admits(filter_of(budgets, at({6: 1}, 0)), at({6: 100, 24: 101}, 0))


def test_an_order_without_budget_admits_nothing() -> None:
    assert not admits(filter_of((None,) * len(ORDERS)), NONE_SPENT)


@given(st.lists(st.tuples(budget_vectors, charges), min_size=1, max_size=3), charges)
def test_a_job_must_fit_every_filter(held: list[tuple[Budgets, Charge]], cost: Charge) -> None:
    filters = [filter_of(budgets, spent, name=str(n)) for n, (budgets, spent) in enumerate(held)]
    found = verdict(filters, cost)

    assert all(admits(each, cost) for each in filters) == found.admitted
    assert [each.name for each in filters if not admits(each, cost)] == list(found.refused_by)


def test_a_job_that_falls_under_no_filter_is_refused() -> None:
    assert not verdict([], NONE_SPENT).admitted


@given(budget_vectors, charges, charges, charges)
def test_what_is_refused_stays_refused_when_more_is_spent(
    budgets: Budgets, spent: Charge, more: Charge, cost: Charge
) -> None:
    if not admits(filter_of(budgets, spent), cost):
        assert not admits(filter_of(budgets, total([spent, more])), cost)
        assert not admits(filter_of(budgets, spent), total([cost, more]))


@given(budget_vectors, charges, charges)
def test_a_share_of_at_most_one_is_what_admits(budgets: Budgets, spent: Charge, cost: Charge) -> None:
    found = verdict([filter_of(budgets, spent)], cost)
    has_budget = any(budget is not None for budget in budgets)

    assert (has_budget and found.shares["collection"] <= 1) == found.admitted


def test_the_share_used_is_the_least_over_the_orders() -> None:
    budgets = at({6: 100, 24: 300}, None)

    assert Fraction(1, 3) == job_share(at({6: 50, 24: 100}, 7), budgets)
    assert Fraction(1, 2) == job_share(at({6: 50, 24: 300}, 0), budgets)
    assert job_share(at({}, 0), (None,) * len(ORDERS)) == 1


@pytest.mark.parametrize("cost", [(1,), (1,) * 12, at({3: -1}, 1), at({3: 1.0}, 1), at({3: True}, 1)])
def test_a_charge_that_is_not_whole_nano_nats_is_a_bug(cost: Charge) -> None:
    with pytest.raises(InternalError):
        admits(filter_of(EIGHT), cost)


@pytest.mark.parametrize(
    ("q", "sigma", "steps", "jobs"),
    [(0.02, 1, 300, 7), (0.02, 2, 500, 31), (0.1, 4, 200, 13), (1, 20, 40, 18), (0.02, 0.7, 150, 1)],
)
def test_the_number_of_equal_jobs_in_a_budget_of_8(q: float, sigma: float, steps: int, jobs: int) -> None:
    cost = charge(make_mechanism(q, sigma, steps, parameters=650))

    assert admits(filter_of(EIGHT, total([cost] * (jobs - 1))), cost)
    assert not admits(filter_of(EIGHT, total([cost] * jobs)), cost)


# why not otherwise ----------------------------------------------------------------------------------------

FOUR, STRICT = 4.0, 1e-5


def tight_budget(order: int) -> float:
    """From the tight conversion, as in libraries that report the least ε over the orders."""
    return FOUR - math.log1p(-1 / order) + math.log(STRICT * order) / (order - 1)


def classical_budget(order: int) -> float:
    return FOUR + math.log(STRICT) / (order - 1)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """Two rounds: a rare first output (mass, loss) is followed by one second mechanism, a common one by another."""

    rare: float
    rare_loss: float
    after_rare_loss: float
    after_common: float
    after_common_loss: float

    def first(self, order: int) -> float:
        return renyi([self.rare], [self.rare_loss], order)

    def after(self, outcome: str, order: int) -> float:
        if outcome == "rare":
            return self.after_rare_loss
        return renyi([self.after_common], [self.after_common_loss], order)

    def delta(self) -> float:
        """The true δ at ε = 4 of the whole interaction: the mass of E[(1 - exp(ε - loss))+]."""
        common_loss = rest_loss([self.rare], [self.rare_loss])
        outcomes = [
            (self.rare, self.rare_loss + self.after_rare_loss),
            ((1 - self.rare) * self.after_common, common_loss + self.after_common_loss),
        ]
        return sum(mass * max(0.0, -math.expm1(FOUR - loss)) for mass, loss in outcomes)


def rest_loss(masses: list[float], losses: list[float]) -> float:
    """The loss of the rest of the outcomes, whose probabilities make both neighbours sum up to 1."""
    other = sum(mass * math.exp(-loss) for mass, loss in zip(masses, losses, strict=True))
    return math.log((1 - sum(masses)) / (1 - other))


def renyi(masses: list[float], losses: list[float], order: int) -> float:
    """Rényi divergence of one mechanism from the masses of its outcomes and their privacy losses."""
    outcomes = [*zip(masses, losses, strict=True), (1 - sum(masses), rest_loss(masses, losses))]
    return math.log(sum(mass * math.exp((order - 1) * loss) for mass, loss in outcomes)) / (order - 1)


def attack_on(budget: Callable[[int], float]) -> Attack:
    """The worst that fits into the budgets of the orders {6, 24} when one of them with room is enough.

    Outcomes have the loss at which an order fails most, ε + ln(a/(a-1)); the first round is nothing to order
    6, and the rest of order 24 is spent only when its rare outcome came.
    """
    low, high, first = 6, 24, 0.7
    high_loss = FOUR + math.log(high / (high - 1))
    rare = largest(lambda mass: renyi([mass], [first], high) + high_loss - first <= budget(high))
    low_loss = FOUR + math.log(low / (low - 1)) - rest_loss([rare], [first])
    left = budget(low) - renyi([rare], [first], low)
    return Attack(
        rare=rare,
        rare_loss=first,
        after_rare_loss=high_loss - first,
        after_common=largest(lambda mass: renyi([mass], [low_loss], low) <= left),
        after_common_loss=low_loss,
    )


def largest(fits: Callable[[float], bool]) -> float:
    low, high = 0.0, 0.5
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def nano(values: Callable[[int], float], round_to: Callable[[float], int]) -> tuple[int, ...]:
    return tuple(round_to(values(order) * NANO) for order in ORDERS)


def admitted(budget: Callable[[int], float], attack: Attack, outcome: str) -> bool:
    """Whether both rounds of one history pass a filter with the orders {6, 24} and these budgets."""
    room = at({order: math.floor(budget(order) * NANO) for order in (6, 24)}, None)
    first = nano(attack.first, math.floor)
    second = nano(lambda order: attack.after(outcome, order), math.floor)
    return admits(filter_of(room), first) and admits(filter_of(room, first), second)


def test_some_order_has_budget_is_no_guarantee_with_tight_budgets() -> None:
    """Both histories pass at every step, and together they have nearly twice the δ that was promised."""
    attack = attack_on(tight_budget)

    assert admitted(tight_budget, attack, "rare")
    assert admitted(tight_budget, attack, "common")
    assert pytest.approx(1.99, abs=0.01) == attack.delta() / STRICT


def test_the_least_epsilon_over_orders_would_admit_what_rule_r_refuses() -> None:
    """Each history by itself shows an ε of at most 4 to who takes the least over the orders after each job."""
    attack = attack_on(tight_budget)
    for outcome in ("rare", "common"):
        shown = min(
            attack.first(order) + attack.after(outcome, order) + FOUR - tight_budget(order)
            for order in (6, 24)
        )
        assert shown <= FOUR + 1e-9
        assert not admitted(classical_budget, attack, outcome)


def test_the_replays_are_refused_by_the_orders_of_the_vault_too() -> None:
    """All eleven orders with the caps of (4, 1e-5): the second round of each history is refused."""
    attack, room = attack_on(tight_budget), caps(Decimal(4), Decimal("1e-5")).budgets
    first = nano(attack.first, math.ceil)
    for outcome in ("rare", "common"):
        second = nano(lambda order, outcome=outcome: attack.after(outcome, order), math.ceil)  # type: ignore[misc]
        assert admits(filter_of(room), first)
        assert not admits(filter_of(room, first), second)


def test_with_classical_budgets_the_same_attack_stays_below_delta() -> None:
    """It reaches the sum of the weights of both orders, so the union over orders is tight."""
    attack = attack_on(classical_budget)
    weights = sum((1 - 1 / a) ** (a - 1) / a for a in (6, 24))

    assert admitted(classical_budget, attack, "rare")
    assert admitted(classical_budget, attack, "common")
    assert pytest.approx(weights, rel=0.03) == attack.delta() / STRICT
    assert pytest.approx(0.083, abs=5e-4) == weights


# random histories -----------------------------------------------------------------------------------------


def exact_room(epsilon: Decimal) -> dict[int, Fraction]:
    return {order: Fraction(exact_budget(epsilon, DELTA, order)) for order in ORDERS}


def next_job(chance: Random, left: dict[int, Fraction]) -> dict[int, Fraction]:
    """What an adversary may ask next: random, or one that just fits or just does not fit at some order."""
    scale = Fraction(chance.randrange(1, 10**6), 10**6) ** 3 * 4
    tilt = chance.choice([0, 1, 2])
    job = {
        order: scale * Fraction(order**tilt, 10**tilt) + Fraction(chance.randrange(10**6), 10**12)
        for order in ORDERS
    }
    if chance.random() < 0.4:
        order = chance.choice(ORDERS)
        job[order] = max(left[order] + Fraction(chance.randrange(-9, 10), 4 * NANO), Fraction(1, 10**12))
    return job


def play(chance: Random, room: dict[int, Fraction], budgets: Budgets) -> tuple[int, int]:
    """One adaptive history: the ledger in whole nano-nats beside one in exact fractions."""
    spent, exact = NONE_SPENT, dict.fromkeys(ORDERS, Fraction(0))
    taken = refused = 0
    for jobs in range(1, 9):
        left = {order: room[order] - exact[order] for order in ORDERS}
        job = next_job(chance, left)
        cost = tuple(math.ceil(job[order] * NANO) for order in ORDERS)
        if admits(filter_of(budgets, spent), cost):
            assert any(room[order] > 0 and job[order] <= left[order] for order in ORDERS)
            spent, taken = total([spent, cost]), taken + 1
            exact = {order: exact[order] + job[order] for order in ORDERS}
        else:
            lost_to_rounding = Fraction(jobs + 1, NANO)
            assert all(job[order] > left[order] - lost_to_rounding for order in ORDERS if room[order] > 0)
            refused += 1
    return taken, refused


def play_many(histories: int) -> tuple[int, int]:
    chance = Random(7)
    worlds = [(exact_room(Decimal(e)), caps(Decimal(e), DELTA).budgets) for e in ("8", "4", "2", "0.5")]
    counts = [play(chance, *worlds[n % 4]) for n in range(histories)]
    return sum(taken for taken, _ in counts), sum(refused for _, refused in counts)


def test_random_adaptive_histories_agree_with_exact_fractions() -> None:
    """The ledger never admits what exact arithmetic refuses, and refuses only what is within its rounding."""
    taken, refused = play_many(2_000)

    assert min(taken, refused) > 2_000


@pytest.mark.slow
def test_a_hundred_thousand_adaptive_histories_agree_with_exact_fractions() -> None:
    taken, refused = play_many(100_000)

    assert min(taken, refused) > 100_000
