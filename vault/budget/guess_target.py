"""The noise with which a guess about one unit is right at most so often."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import NormalDist
from typing import Any, Final

from vault.budget import pricing
from vault.budget.mechanism import LEAST_NOISE, MOST_GRID, MOST_NOISE, Mechanism
from vault.errors.budget import BudgetExhausted
from vault.errors.families import Invalid

TICKS: Final = 10_000  # noise multipliers are whole numbers of 1e-4
ENOUGH: Final = 0.01  # how far below its target a rate may stay, in parts of its distance from 50 in 100
MOST_TRIES: Final = 60


def strength_of_guess_rate(rate: Decimal) -> float:
    """µ of the Gaussian mechanism under which a guess is right in this part of all cases.

    The total variation of N(0, 1) and N(µ, 1) is 2Φ(µ/2) - 1 (Dong, Roth, Su, "Gaussian Differential Privacy",
    2019), and a best guess is right in (1 + TV)/2 of the cases.
    """
    return 2 * NormalDist().inv_cdf(float(rate))


def strength_of_epsilon(epsilon: Decimal, delta: Decimal) -> float:
    """µ of the Gaussian mechanism that costs this much: δ(ε) = Φ(µ/2 - ε/µ) - e^ε Φ(-µ/2 - ε/µ)."""
    target, cdf = float(epsilon), NormalDist().cdf

    def delta_at(strength: float) -> float:
        shifted = target / strength
        return cdf(strength / 2 - shifted) - math.exp(min(target, 700.0)) * cdf(-strength / 2 - shifted)

    low, high = 1e-6, 100.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if delta_at(middle) <= float(delta) else (low, middle)
    return low


def calibrate_guess_rate(
    rate: Decimal, *, steps: int, delta: Decimal, clip_norm: float, grid_exponent: int, **asked: Any
) -> float:
    """A noise multiplier, a multiple of 1e-4, with which a guess is right at most in this part of all cases.

    It is at most about one part in a hundred above the least one. Raises Invalid when no noise within the bounds
    is enough.
    """
    most = int(min(MOST_NOISE, MOST_GRID / math.ldexp(clip_norm, grid_exponent)) * TICKS)
    least = round(LEAST_NOISE * TICKS)
    wanted = float(rate) - 0.5

    def excess(ticks: int) -> float:
        mechanism = Mechanism(
            noise_multiplier=ticks / TICKS,
            steps=steps,
            clip_norm=clip_norm,
            grid_exponent=grid_exponent,
            **asked,
        )
        return math.log(max(_above_half(mechanism, delta), 1e-6) / wanted)

    return _settled(excess, least, most) / TICKS


def _above_half(mechanism: Mechanism, delta: Decimal) -> float:
    try:
        return float(pricing.price(mechanism, delta).guess_rate) - 0.5
    except BudgetExhausted:
        return 0.5


def _settled(excess: Any, least: int, most: int) -> int:
    """Noise that is enough and hardly more: it is scaled by what it misses, between what is known of it."""
    low, high, ticks = least - 1, most + 1, 2 * TICKS
    for _ in range(MOST_TRIES):
        found = excess(ticks)
        low, high = (low, ticks) if found <= 0 else (ticks, high)
        if high > most and low >= most:
            raise Invalid(reason="no noise within the bounds makes a guess so uncertain")
        if high - low <= 1 or -ENOUGH < found <= 0:
            return min(high, ticks) if found <= 0 else high
        scaled = round(ticks * math.exp(found + ENOUGH / 2))
        ticks = scaled if low < scaled < high else (low + high) // 2
    return high
