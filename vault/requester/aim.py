"""What a job may cost at most: an ε, or how often a guess about one unit may be right."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from vault.budget import pricing
from vault.budget.guess_target import calibrate_guess_rate, strength_of_epsilon, strength_of_guess_rate
from vault.budget.mechanism import Mechanism
from vault.budget.payable import unpayable_noise
from vault.errors.families import Invalid

DELTA = Decimal("0.000001")
"""The delta at which every vault prices every job (privacy unit: as the manifest says)."""
SUREST_GUESS = Decimal("0.9999")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The most that a job may cost at ``delta``: ``most`` is an ε, or the part of guesses that are right.

    With ``rounds`` it is the most that so many such jobs on the same units may cost together.
    """

    most: Decimal
    of: Literal["epsilon", "guess_rate"] = "epsilon"
    delta: Decimal = DELTA
    rounds: int = 1

    def __post_init__(self) -> None:
        is_rate = self.most.is_finite() and Decimal("0.5") < self.most <= SUREST_GUESS
        if self.of == "guess_rate" and not is_rate:
            raise Invalid(
                reason="a guess is right more than 50 times in 100 without any job, and never 100 times"
            )

    @property
    def strength(self) -> float:
        """µ of the Gaussian mechanism of this price, for one of the rounds: what the recipe plans with."""
        is_rate = self.of == "guess_rate"
        whole = strength_of_guess_rate(self.most) if is_rate else strength_of_epsilon(self.most, self.delta)
        return whole / math.sqrt(self.rounds)

    def noise(self, asked: Mechanism) -> float:
        """The noise multiplier that keeps to this, for a mechanism whose own noise does not count.

        Where no vault can pay for what keeps to it, as much noise as nobody can pay for either, without a search.
        """
        if (unpayable := self._unpayable(asked)) is not None:
            return unpayable
        calibrate = calibrate_guess_rate if self.of == "guess_rate" else pricing.calibrate
        return calibrate(
            self.most,
            sampling_rate=asked.sampling_rate,
            steps=asked.steps * self.rounds,
            delta=self.delta,
            parameters=asked.parameters,
            grid_exponent=asked.grid_exponent,
            clip_norm=asked.clip_norm,
        )

    def _unpayable(self, asked: Mechanism) -> float | None:
        if self.of != "epsilon":
            return None
        return unpayable_noise(asked, self.rounds, epsilon=self.most, delta=self.delta)

    def is_kept(self, asked: Mechanism) -> bool:
        """Whether a mechanism costs no more than this, or no vault can pay for what keeps to it."""
        if self._unpayable(asked) is not None:
            return True
        price = pricing.price(replace(asked, steps=asked.steps * self.rounds), self.delta)
        return (price.guess_rate if self.of == "guess_rate" else price.epsilon) <= self.most
