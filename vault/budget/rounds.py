"""What a campaign costs: one mechanism, run once in each of its rounds on the same units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from vault.budget import pricing
from vault.budget.epsilon import percent_spent
from vault.budget.filter import caps, job_share
from vault.budget.mechanism import Mechanism
from vault.budget.pricing import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsPrice:
    """The price of one round, and that of all of them together.

    They are composed as one mechanism of as many steps: ε of the rounds must never be added up, which would be wrong
    both ways. The charge is that of every round by itself, as the ledger takes it.
    """

    rounds: int
    of_round: Price
    together: Price

    def share(self, lifetime: Decimal) -> Fraction:
        """The part of a lifetime budget of this ε that all rounds use up."""
        return job_share(self.together.charge, caps(lifetime, self.together.delta).budgets)

    def percent_of(self, lifetime: Decimal, places: int) -> Decimal:
        """The same in percent, rounded up."""
        return percent_spent(self.share(lifetime), places)


def composed(mechanism: Mechanism, rounds: int) -> Mechanism:
    """All rounds as one mechanism: the same step, taken as often as in all of them."""
    return replace(mechanism, steps=mechanism.steps * rounds)


def rounds_price(mechanism: Mechanism, rounds: int, delta: Decimal) -> RoundsPrice:
    """What so many rounds cost at δ; raises Invalid out of bounds, BudgetExhausted when no budget could hold them."""
    of_round = pricing.price(mechanism, delta)
    together = pricing.price(composed(mechanism, rounds), delta)
    charge = tuple(rounds * cost for cost in of_round.charge)
    return RoundsPrice(rounds=rounds, of_round=of_round, together=replace(together, charge=charge))
