"""What guesses about made-up units tell: their rate, what they could not have seen, and whether the bound holds."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

from vault.views.attack import FEWEST_GUESSES, AttackView

if TYPE_CHECKING:
    from vault.requests.attacked import Guesses

CHANCE: Final = 0.05
"""How often luck alone looks like seeing something."""
FALSE_ALARM: Final = 0.001
"""How often a learner that keeps its bound is called broken, at the most."""
_PLACES: Final = Decimal("0.001")


def attack_view(guesses: Guesses, bound: Decimal) -> AttackView:
    """The guesses beside the bound of their job; of few ones no rate, which would tell more of luck than of the job."""
    seen = run_attack_view(guesses)
    if seen.right_rate is None:
        return seen
    is_above = chance_of(guesses.right, guesses.made, float(bound)) < FALSE_ALARM
    by_luck = not is_above and guesses.right > bound * guesses.made
    return replace(seen, is_above_bound=is_above, is_above_by_luck=by_luck)


def run_attack_view(guesses: Guesses, steps: int | None = None) -> AttackView:
    """The guesses alone. Those about one run share its noise, so that more right ones than the bound prove nothing."""
    if guesses.made < FEWEST_GUESSES:
        return AttackView(guesses=guesses.made, right_rate=None, least_seen=None, steps_seen=steps)
    return AttackView(
        guesses=guesses.made,
        right_rate=_share(guesses.right, guesses.made),
        least_seen=_share(least_seen(guesses.made), guesses.made),
        steps_seen=steps,
    )


@cache
def least_seen(made: int) -> int:
    """The fewest right guesses that luck alone hardly gives: their Clopper-Pearson bound is above one half.

    One more than all where luck alone gives even those.
    """
    limit = math.ceil(Fraction(CHANCE) * 2**made)
    right = made
    # how many of all 2**made outcomes have exactly so many right, and at least so many
    ways = tail = 1
    while tail < limit:
        ways = ways * right // (made - right + 1)
        right -= 1
        tail += ways
    return right + 1


def chance_of(right: int, made: int, rate: float) -> float:
    """How likely so many or more guesses are right, each with this rate (Clopper, Pearson 1934)."""
    return math.fsum(
        math.comb(made, count) * rate**count * (1 - rate) ** (made - count)
        for count in range(right, made + 1)
    )


def _share(right: int, made: int) -> Decimal:
    return (Decimal(right) / made).quantize(_PLACES, rounding=ROUND_CEILING)
