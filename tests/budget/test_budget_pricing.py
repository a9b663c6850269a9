"""What a job costs: against closed formulas, another library, published values, and always rounded up."""

from __future__ import annotations

import math
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from budget_cases import DELTA, exact_renyi, make_mechanism
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sweeps import sweep_of_many
from vault.budget import pricing
from vault.budget.filter import NANO, ORDERS, Filter, admits, caps
from vault.budget.mechanism import Mechanism, check_bounds
from vault.budget.pricing import accountant_name, calibrate, charge, price
from vault.errors.budget import BudgetExhausted
from vault.errors.families import Invalid

CORNERS = [
    (q, sigma, steps)
    for q in (1e-9, 1e-6, 1e-3, 0.02, 0.5, 0.999999, 1.0)
    for sigma in (0.3, 1.0, 20.0, 1000.0)
    for steps in (1, 10_000)
]

# bounds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"sampling_rate": 1.0},
        {"sampling_rate": 1},
        {"sampling_rate": 1e-9},
        {"noise_multiplier": 0.3},
        {"noise_multiplier": 1000},
        {"steps": 1},
        {"steps": 10_000},
        {"parameters": 1_000_000, "grid_exponent": 15},
        {"clip_norm": 1e6, "grid_exponent": -5},
        {"clip_norm": 1e-3, "grid_exponent": 30},
    ],
)
def test_a_constant_at_its_bound_is_accepted(facts: dict[str, Any]) -> None:
    check_bounds(replace(make_mechanism(), **facts))


OUTSIDE: list[dict[str, Any]] = [
    {"sampling_rate": 0.0},
    {"sampling_rate": -0.1},
    {"sampling_rate": 1.0000001},
    {"sampling_rate": math.nan},
    {"sampling_rate": "0.1"},
    {"sampling_rate": True},
    {"noise_multiplier": 0.2999},
    {"noise_multiplier": 1000.1},
    {"noise_multiplier": math.inf},
    {"noise_multiplier": math.nan},
    {"steps": 0},
    {"steps": 10_001},
    {"steps": 10**400},
    {"steps": 5.0},
    {"steps": True},
    {"parameters": 0},
    {"parameters": 1_000_001},
    {"clip_norm": 0.0},
    {"clip_norm": math.inf},
    {"clip_norm": 1e6 + 1},
    {"grid_exponent": 65},
    {"grid_exponent": -65},
    {"grid_exponent": 10**9},
    {"parameters": 200_000, "grid_exponent": 13},
    {"grid_exponent": 25},
    {"noise_multiplier": 1000.0, "grid_exponent": 15},
]


@pytest.mark.parametrize("facts", OUTSIDE)
def test_a_constant_out_of_bounds_is_refused_before_any_arithmetic(
    facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for costly in ("_slack", "_renyi", "_losses"):
        monkeypatch.setattr(pricing, costly, lambda *_: pytest.fail("computed with a constant out of bounds"))
    mechanism = replace(make_mechanism(), **facts)

    with pytest.raises(Invalid):
        price(mechanism, DELTA)
    with pytest.raises(Invalid):
        charge(mechanism)


def test_what_no_budget_could_hold_is_refused_before_the_loss_distribution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        pricing, "_losses", lambda *_: pytest.fail("the costly price came before the cheap one")
    )

    with pytest.raises(BudgetExhausted, match="more than ε 64"):
        price(make_mechanism(1.0, 0.3, 10_000), DELTA)


@pytest.mark.parametrize(
    ("q", "sigma", "steps"), sweep_of_many([(1e-6, 0.3, 10_000), (1.0, 0.3, 10_000), (0.01, 0.3, 3)])
)
def test_the_worst_jobs_are_priced_or_refused_within_five_seconds(q: float, sigma: float, steps: int) -> None:
    before = time.process_time()
    try:
        price(make_mechanism(q, sigma, steps), DELTA)
    except BudgetExhausted:
        assert q == 1
    assert time.process_time() - before < 5


def test_neither_bounds_nor_the_rooms_of_the_budget_load_the_library() -> None:
    code = (
        "import sys; from vault.budget import pricing, filter, epsilon, mechanism\n"
        "try: pricing.price(mechanism.Mechanism(sampling_rate=0.0, noise_multiplier=1.0, steps=1,"
        " parameters=1, grid_exponent=14, clip_norm=1.0), 0)\n"
        "except Exception as refusal: assert type(refusal).__name__ == 'Invalid', refusal\n"
        "print(sorted({'dp_accounting', 'numpy', 'scipy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


# the charge -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("q", "sigma", "steps"), CORNERS)
def test_a_charge_is_never_below_the_exact_formula(
    q: float, sigma: float, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mironov, Talwar, Zhang 2019 with 80 digits: above it, even without slack, by at most its roundings."""
    monkeypatch.setattr(pricing, "_slack", lambda _: 0.0)
    for order, cost in zip(ORDERS, charge(make_mechanism(q, sigma, steps)), strict=True):
        exact = exact_renyi(q, sigma, steps, order) * NANO
        assert exact < cost <= exact * (1 + Decimal("2e-9")) + 3


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1e-6, 1.0),
    st.floats(0.3, 50.0),
    st.integers(1, 10_000),
)
def test_the_charge_of_any_job_is_above_the_exact_formula(q: float, sigma: float, steps: int) -> None:
    mechanism = make_mechanism(q, sigma, steps)
    for order, cost in zip(ORDERS, charge(mechanism), strict=True):
        assert exact_renyi(q, sigma, steps, order) * NANO < cost


@pytest.mark.parametrize(
    ("q", "sigma", "steps"), [(0.02, 1.0, 300), (0.1, 4.0, 200), (1.0, 20.0, 40), (0.3, 0.5, 9)]
)
def test_opacus_computes_the_same_divergence(q: float, sigma: float, steps: int) -> None:
    """An accountant of another library, as an independent oracle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports warn
        from opacus.accountants.analysis.rdp import compute_rdp
    theirs = compute_rdp(q=q, noise_multiplier=sigma, steps=steps, orders=list(ORDERS))

    mechanism = make_mechanism(q, sigma, steps)
    slack = 2.5 * (pricing._slack(mechanism) or 0)

    assert pytest.approx(list(theirs), rel=1e-7, abs=slack + 3e-9) == [c / NANO for c in charge(mechanism)]


def test_more_steps_cost_more_and_more_noise_costs_less() -> None:
    base = charge(make_mechanism(0.1, 1.0, 100))

    assert all(a < b for a, b in zip(base, charge(make_mechanism(0.1, 1.0, 101)), strict=True))
    assert all(a > b for a, b in zip(base, charge(make_mechanism(0.1, 1.01, 100)), strict=True))


# the slack of the sampler ---------------------------------------------------------------------------------


def test_the_slack_of_the_sampler_is_in_the_charge_and_in_epsilon() -> None:
    """80 * 2^-52 * s * d * T per neighbour: ε has it twice, order a (2a - 1)/(a - 1) times."""
    small = make_mechanism(0.02, 4.0, 100)
    large = make_mechanism(0.02, 4.0, 100, parameters=200_000, grid_exponent=14)
    deviation = 4 * (2**14 * (1 + 1e-6) + math.sqrt(200_000))
    slack = 80 * 2.0**-52 * deviation * 200_000 * 100

    assert 2 * slack > 0.01
    assert price(large, DELTA).numerical_assumption
    assert charge(large) == pytest.approx(charge(small), abs=2.5 * slack / 200_000 * NANO)

    within = replace(large, steps=10)
    added = [big - few for big, few in zip(charge(within), charge(replace(small, steps=10)), strict=True)]
    assert [slack / 10 * (2 * a - 1) / (a - 1) * NANO for a in ORDERS] == pytest.approx(
        added, rel=1e-3, abs=3
    )
    assert not price(within, DELTA).numerical_assumption
    epsilons = price(within, DELTA).epsilon - price(replace(small, steps=10), DELTA).epsilon
    assert 2 * slack / 10 <= float(epsilons) <= 2.2 * slack / 10 + 1e-5


def test_what_the_sampler_leaves_out_is_taken_off_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    mechanism = make_mechanism(0.1, 4.0, 200)
    expected = price(mechanism, Decimal("4e-7")).epsilon
    assert price(mechanism, Decimal("1e-6")).epsilon < expected

    monkeypatch.setattr(pricing, "FAR_TAIL", 6e-7)
    assert expected == price(mechanism, Decimal("1e-6")).epsilon


# the numbers shown ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "sigma", "steps", "epsilon"),
    [
        (0.02, 1, 300, 2.588),
        (0.02, 2, 500, 1.063),
        (0.1, 4, 200, 1.624),
        (1, 20, 40, 1.368),
        (0.02, 0.7, 150, 5.174),
    ],
)
def test_reference_values_of_epsilon(q: float, sigma: float, steps: int, epsilon: float) -> None:
    assert pytest.approx(epsilon, rel=0.01) == float(price(make_mechanism(q, sigma, steps), DELTA).epsilon)


def one_step_delta(q: float, sigma: float, epsilon: float) -> float:
    """δ(ε) of one step in closed form: the outcomes x where (1-q) + q exp((2x-1)/(2σ²)) is above e^ε."""
    edge = sigma**2 * math.log((math.exp(epsilon) - 1 + q) / q) + 0.5
    without, within = (math.erfc((edge - mean) / sigma / math.sqrt(2)) / 2 for mean in (0.0, 1.0))
    return (1 - q) * without + q * within - math.exp(epsilon) * without


@pytest.mark.parametrize(("q", "sigma"), [(0.02, 1.0), (0.3, 2.0), (0.05, 0.5)])
def test_epsilon_and_guess_rate_of_one_step_have_a_closed_form(q: float, sigma: float) -> None:
    found = price(make_mechanism(q, sigma, 1), DELTA)
    epsilon, guess = float(found.epsilon), float(found.guess_rate)

    assert one_step_delta(q, sigma, epsilon) <= 1e-6 <= one_step_delta(q, sigma, epsilon - 2e-3)
    assert 0 <= guess - (1 + one_step_delta(q, sigma, 0.0)) / 2 < 3e-4


@pytest.mark.parametrize(
    ("sigma", "epsilon", "guess", "worst"),
    [
        (4.225, 1, 0.547, 0.7311),
        (2.230, 2, 0.589, 0.8808),
        (1.194, 4, 0.662, 0.9820),
        (0.653, 8, 0.778, 0.9997),
    ],
)
def test_the_guess_rates_of_the_gaussian_mechanism(
    sigma: float, epsilon: int, guess: float, worst: float
) -> None:
    found = price(make_mechanism(1.0, sigma, 1), DELTA)
    exact = (1 + math.erf(1 / (2 * sigma) / math.sqrt(2))) / 2  # TV of two Gaussians one clip norm apart

    assert pytest.approx(epsilon, rel=0.002) == float(found.epsilon)
    assert pytest.approx(guess, abs=6e-4) == float(found.guess_rate)
    assert exact < float(found.guess_rate) < exact + 2e-4
    assert pytest.approx(worst, abs=2e-4) == float(found.worst_case)


def test_a_price_is_rounded_up_in_every_number() -> None:
    mechanism = make_mechanism(0.1, 4.0, 200)
    found, losses = price(mechanism, DELTA), pricing._losses(mechanism)
    odds = math.exp(found.epsilon)

    assert losses.get_epsilon(1e-6) < found.epsilon < losses.get_epsilon(1e-6) + 1e-5
    assert (1 + losses.get_delta(0.0)) / 2 < found.guess_rate < (1 + losses.get_delta(0.0)) / 2 + 2e-4
    assert odds / (1 + odds) <= found.worst_case < odds / (1 + odds) + 1e-4
    for number, places in ((found.epsilon, 6), (found.guess_rate, 4), (found.worst_case, 4)):
        assert number.as_tuple().exponent == -places


def test_the_guess_rate_never_beats_what_epsilon_alone_allows() -> None:
    for sigma in (1.0, 3.0):
        found = price(make_mechanism(0.05, sigma, 20), DELTA)
        assert Decimal("0.5") < found.guess_rate <= found.worst_case <= 1


def test_a_lower_delta_costs_more() -> None:
    mechanism = make_mechanism(0.1, 4.0, 200)

    assert price(mechanism, DELTA).epsilon < price(mechanism, Decimal("1e-7")).epsilon


def test_what_the_ledger_admits_has_at_most_the_epsilon_of_the_cap() -> None:
    """RDP of a single job with room in (ε, δ) gives a PLD ε of at most ε: both speak of one guarantee."""
    for sigma in (1.2, 2.5):
        mechanism = make_mechanism(0.05, sigma, 80)
        found = price(mechanism, DELTA)
        room = caps(found.epsilon - Decimal("0.001"), DELTA).budgets
        assert not admits(Filter(name="one", budgets=room, spent=(0,) * len(ORDERS)), charge(mechanism))


def test_the_accountant_is_named_with_its_version() -> None:
    assert accountant_name().startswith("dp-accounting 0.6")


# calibration ----------------------------------------------------------------------------------------------

TABLE = [
    (1.0, 1, "1e-6", {1: 4.225, 2: 2.230, 4: 1.194, 8: 0.653, 16: 0.369}),
    (100 / 300, 60, "1e-5", {1: 9.80, 2: 5.33, 4: 2.99, 8: 1.76}),
    (256 / 1000, 100, "1e-5", {1: 9.70, 2: 5.27, 4: 2.95, 8: 1.75}),
    (512 / 10_000, 200, "1e-6", {1: 3.27, 2: 1.88, 4: 1.20, 8: 0.85}),
    (4096 / 100_000, 300, "3e-8", {1: 3.67, 2: 2.06, 4: 1.28, 8: 0.90}),
]
ROWS = [(q, steps, delta, e, sigma) for q, steps, delta, row in TABLE for e, sigma in row.items()]


def check_calibration(q: float, steps: int, delta: str, epsilon: int, sigma: float) -> None:
    found = calibrate(Decimal(epsilon), sampling_rate=q, steps=steps, delta=Decimal(delta))

    assert pytest.approx(sigma, rel=0.01) == found
    assert found == round(found, 4)
    assert price(make_mechanism(q, found, steps), Decimal(delta)).epsilon <= epsilon
    assert price(make_mechanism(q, found - 1e-3, steps), Decimal(delta)).epsilon > epsilon
    assert price(make_mechanism(q, found - 1e-4, steps), Decimal(delta)).epsilon > epsilon


@pytest.mark.parametrize(("q", "steps", "delta", "epsilon", "sigma"), [ROWS[5]])
def test_calibration_finds_the_least_noise(
    q: float, steps: int, delta: str, epsilon: int, sigma: float
) -> None:
    check_calibration(q, steps, delta, epsilon, sigma)


@pytest.mark.slow
@pytest.mark.parametrize(("q", "steps", "delta", "epsilon", "sigma"), ROWS)
def test_calibration_gives_the_whole_table(
    q: float, steps: int, delta: str, epsilon: int, sigma: float
) -> None:
    check_calibration(q, steps, delta, epsilon, sigma)


def test_calibration_counts_the_slack_of_the_sampler() -> None:
    """The price of the very job that is sent keeps to the ε it was calibrated for."""
    job: dict[str, Any] = {"parameters": 100_000, "grid_exponent": 14, "clip_norm": 1.0}
    sigma = calibrate(Decimal(1), sampling_rate=1.0, steps=4, delta=DELTA, **job)

    assert price(make_mechanism(1.0, sigma, 4, **job), DELTA).epsilon <= 1
    assert sigma > calibrate(Decimal(1), sampling_rate=1.0, steps=4, delta=DELTA)


def test_calibration_stays_within_the_bounds() -> None:
    generous = calibrate(Decimal(60), sampling_rate=1e-6, steps=1, delta=DELTA)

    assert generous == 0.3
    with pytest.raises(Invalid, match="so little"):
        calibrate(Decimal("0.1"), sampling_rate=1.0, steps=10_000, delta=DELTA)
    for wrong in ("0", "-1", "NaN", "Infinity"):
        with pytest.raises(Invalid):
            calibrate(Decimal(wrong), sampling_rate=1.0, steps=1, delta=DELTA)
    with pytest.raises(Invalid):
        calibrate(Decimal(1), sampling_rate=2.0, steps=1, delta=DELTA)
    with pytest.raises(Invalid):
        calibrate(Decimal(1), sampling_rate=1.0, steps=1, delta=DELTA, clip_norm=math.nan)


def test_mechanisms_are_facts() -> None:
    assert make_mechanism() == make_mechanism()
    with pytest.raises(AttributeError):
        setattr(make_mechanism(), "steps", 2)  # noqa: B010  what is frozen is what is tested
    assert Mechanism.__slots__
