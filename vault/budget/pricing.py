"""What a job costs, from its public constants alone: the charge of the ledger and the numbers a person is shown.

The charge is Rényi DP of the Poisson-sampled Gaussian mechanism (Mironov, Talwar, Zhang 2019), add or remove
one unit, at the fixed orders; it comes first, because it takes microseconds and refuses what no budget could
hold. ε and the guess rate come from the privacy loss distribution, composed numerically with every rounding
on the pessimistic side. Both are computed by dp-accounting.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from importlib.metadata import version
from typing import Any, Final

from vault.budget.filter import MOST_EPSILON, NANO, ORDERS, Charge, Filter, admits, caps
from vault.budget.mechanism import LEAST_NOISE, MOST_GRID, MOST_NOISE, Mechanism, check_bounds
from vault.errors.budget import BudgetExhausted
from vault.errors.families import Invalid

__all__ = ["Mechanism", "Price", "accountant_name", "calibrate", "charge", "check_bounds", "price"]

MOST_SLACK: Final = 0.01  # ε; above it the sum over coordinates says nothing about the sampler any more
FAR_TAIL: Final = 7e-19  # δ; (1 + e^64) * 1e10 draws * the 1e-56 that lies beyond 16 standard deviations
TICKS: Final = 10_000  # calibrated noise multipliers are whole numbers of 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a job costs: the charge in nano-nats by order, and its meaning at δ, everything rounded up.

    `guess_rate` is the best possible rate of being right about one unit, from 50 % before; `worst_case` what
    the number ε alone would allow. `numerical_assumption`: the sampler's slack was too large to be included.
    """

    charge: Charge
    delta: Decimal
    epsilon: Decimal
    guess_rate: Decimal
    worst_case: Decimal
    numerical_assumption: bool


def accountant_name() -> str:
    """The library behind every price, with its version, as it stands in the audit trail."""
    return f"dp-accounting {version('dp-accounting')}"


def charge(mechanism: Mechanism) -> Charge:
    """The Rényi DP of the whole job at each order in nano-nats, rounded up; raises Invalid out of bounds."""
    check_bounds(mechanism)
    slack = Fraction(_slack(mechanism) or 0)
    return tuple(
        _nano_nats(Fraction(float(curve)) + slack * Fraction(2 * order - 1, order - 1))
        for order, curve in zip(ORDERS, _renyi(mechanism), strict=True)
    )


def price(mechanism: Mechanism, delta: Decimal) -> Price:
    """What the job costs at δ; raises Invalid out of bounds, BudgetExhausted when no budget could hold it."""
    costs = charge(mechanism)
    _check_payable(costs, delta)
    slack = _slack(mechanism)
    losses = _losses(mechanism)
    epsilon = _epsilon(losses, slack or 0.0, delta)
    return Price(
        charge=costs,
        delta=delta,
        epsilon=epsilon,
        guess_rate=_guess_rate(losses, slack or 0.0),
        worst_case=_worst_case(epsilon),
        numerical_assumption=slack is None,
    )


def _check_payable(costs: Charge, delta: Decimal) -> None:
    largest = Filter(name="any", budgets=caps(MOST_EPSILON, delta).budgets, spent=(0,) * len(ORDERS))
    if not admits(largest, costs):
        raise BudgetExhausted(reason=f"it would cost more than ε {MOST_EPSILON}, which no budget can hold")


def calibrate(
    epsilon: Decimal,
    *,
    sampling_rate: float,
    steps: int,
    delta: Decimal,
    parameters: int = 1,
    grid_exponent: int = 14,
    clip_norm: float = 1.0,
) -> float:
    """The least noise multiplier, a multiple of 1e-4, with which the job costs at most `epsilon` at δ.

    Raises Invalid when a constant is out of bounds or no noise within them makes the job so cheap.
    """

    def excess(ticks: int) -> float:
        mechanism = Mechanism(
            sampling_rate=sampling_rate,
            noise_multiplier=ticks / TICKS,
            steps=steps,
            parameters=parameters,
            grid_exponent=grid_exponent,
            clip_norm=clip_norm,
        )
        return _excess(mechanism, epsilon, delta)

    if not (epsilon.is_finite() and epsilon > 0):
        raise Invalid(reason="the ε to reach must be above 0")
    most = most_noise(clip_norm, grid_exponent)
    return _first_fit(excess, round(LEAST_NOISE * TICKS), int(most * TICKS)) / TICKS


def most_noise(clip_norm: float, grid_exponent: int) -> float:
    """The largest noise multiplier within all bounds of a mechanism."""
    return min(MOST_NOISE, MOST_GRID / math.ldexp(clip_norm, grid_exponent))


def _excess(mechanism: Mechanism, target: Decimal, delta: Decimal) -> float:
    """ln(cost/target): at most 0 when the job costs no more than its target."""
    try:
        cost = price(mechanism, delta).epsilon
    except BudgetExhausted:
        cost = 100 * MOST_EPSILON
    return math.log(max(cost, Decimal("1e-6")) / target)


def _first_fit(excess: Callable[[int], float], low: int, high: int) -> int:
    """The least whole number in [low, high] without excess, for an excess that falls (Illinois method)."""
    above, below = excess(low), excess(high)
    if above <= 0:
        return low
    if below > 0:
        raise Invalid(reason="no noise within the bounds makes this job cost so little")
    side = 0
    while high - low > 1:
        slope = math.log(high / low) / (above - below)
        middle = min(max(round(low * math.exp(slope * above)), low + 1), high - 1)
        found = excess(middle)
        if found <= 0:
            above = above / 2 if side < 0 else above
            high, below, side = middle, found, -1
        else:
            below = below / 2 if side > 0 else below
            low, above, side = middle, found, 1
    return high


# the slack of the sampler ---------------------------------------------------------------------------------


def _slack(mechanism: Mechanism) -> float | None:
    """How far, in nats, the sampled noise of the whole job may be from rounded Gaussian noise.

    Within 16 standard deviations, a cell of noise with a standard deviation of s cells is off by a relative
    error of at most kappa = 80 * 2^-52 * s, as `learner/dp/noise.py` derives; this is -ln(1 - kappa) over all
    coordinates and steps. What the summation adds to the deviation beyond 1e-6, at most 1e-3 of it, is within
    the 80, of which the derivation needs 79.9. Both neighbours have it, so ε grows by twice this, and the Rényi
    divergence of order a by (2a - 1)/(a - 1) times this. None when twice this is above MOST_SLACK.
    """
    grid = math.ldexp(1.0, -mechanism.grid_exponent)
    norm = mechanism.clip_norm * (1 + 1e-6) + grid * math.sqrt(mechanism.parameters)
    deviation = mechanism.noise_multiplier * norm / grid
    slack = -math.log1p(-80 * 2.0**-52 * deviation) * mechanism.parameters * mechanism.steps
    return slack if 2 * slack <= MOST_SLACK else None


# the library ----------------------------------------------------------------------------------------------


def _renyi(mechanism: Mechanism) -> list[float]:
    """The Rényi divergence of the job at each order in nats, as a float."""
    from dp_accounting import rdp

    accountant = rdp.RdpAccountant(ORDERS)
    accountant.compose(_step(mechanism), mechanism.steps)
    curve: list[float] = accountant._rdp.tolist()  # no public name; tests compare it with the closed formula
    return curve


def _step(mechanism: Mechanism) -> Any:
    import dp_accounting

    noise = dp_accounting.GaussianDpEvent(float(mechanism.noise_multiplier))
    return dp_accounting.PoissonSampledDpEvent(float(mechanism.sampling_rate), noise)


def _losses(mechanism: Mechanism) -> Any:
    """The privacy loss distribution of the job, add and remove one unit, as an accountant of the library."""
    import dp_accounting
    from dp_accounting import pld

    # Little noise makes losses that spread wide: there a coarser grid keeps the worst job below two seconds.
    interval = 1e-4 if mechanism.noise_multiplier >= 1 else 2e-4
    accountant = pld.PLDAccountant(value_discretization_interval=interval)
    if mechanism.sampling_rate == 1:  # all steps together are one Gaussian mechanism, without rounding each
        together = mechanism.noise_multiplier / math.sqrt(mechanism.steps)
        accountant.compose(dp_accounting.GaussianDpEvent(together))
    else:
        accountant.compose(_step(mechanism), mechanism.steps)
    return accountant


# roundings, all of them up --------------------------------------------------------------------------------


def _nano_nats(nats: Fraction) -> int:
    # One in 10^9 and one nano-nat more than the float says: far above its error, far below what counts.
    return math.ceil(max(nats, Fraction(0)) * (NANO + 1)) + 1


def _epsilon(losses: Any, slack: float, delta: Decimal) -> Decimal:
    epsilon = losses.get_epsilon((float(delta) - FAR_TAIL) * math.exp(-slack)) + 2 * slack
    if not math.isfinite(epsilon):
        raise BudgetExhausted(reason="its cost is not finite")
    return _up(Decimal(epsilon), 6)


def _guess_rate(losses: Any, slack: float) -> Decimal:
    """(1 + TV)/2 with the total variation TV = δ(ε = 0), the slack on both sides included."""
    variation = Decimal(losses.get_delta(0.0)) + Decimal(2 * math.sinh(slack))
    return _up(min((1 + variation) / 2, Decimal(1)), 4)


def _worst_case(epsilon: Decimal) -> Decimal:
    with localcontext(prec=50):
        odds = epsilon.exp()
        return _up(odds / (1 + odds), 4)


def _up(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_CEILING)
