"""What a job may cost at most: an ε, or how often a guess about one unit may be right."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from vault.budget import pricing
from vault.budget.guess_target import calibrate_guess_rate, strength_of_epsilon, strength_of_guess_rate
from vault.budget.mechanism import Mechanism
from vault.errors.families import Invalid

DELTA = Decimal("0.000001")
"""The delta at which every vault prices every job (privacy unit: as the manifest says)."""
SUREST_GUESS = Decimal("0.9999")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The most that a job may cost at ``delta``: ``most`` is an ε, or the part of guesses that are right."""

    most: Decimal
    of: Literal["epsilon", "guess_rate"] = "epsilon"
    delta: Decimal = DELTA

    def __post_init__(self) -> None:
        is_rate = self.most.is_finite() and Decimal("0.5") < self.most <= SUREST_GUESS
        if self.of == "guess_rate" and not is_rate:
            raise Invalid(
                reason="a guess is right more than 50 times in 100 without any job, and never 100 times"
            )

    @property
    def strength(self) -> float:
        """µ of the Gaussian mechanism of this price: what the recipe plans with."""
        if self.of == "guess_rate":
            return strength_of_guess_rate(self.most)
        return strength_of_epsilon(self.most, self.delta)

    def noise(self, asked: Mechanism) -> float:
        """The noise multiplier that keeps to this, for a mechanism whose own noise does not count."""
        calibrate = calibrate_guess_rate if self.of == "guess_rate" else pricing.calibrate
        return calibrate(
            self.most,
            sampling_rate=asked.sampling_rate,
            steps=asked.steps,
            delta=self.delta,
            parameters=asked.parameters,
            grid_exponent=asked.grid_exponent,
            clip_norm=asked.clip_norm,
        )

    def is_kept(self, asked: Mechanism) -> bool:
        """Whether a mechanism costs no more than this."""
        price = pricing.price(asked, self.delta)
        return (price.guess_rate if self.of == "guess_rate" else price.epsilon) <= self.most
