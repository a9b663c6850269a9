"""What came of attacking a stand-in of a job, or its very run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

FEWEST_GUESSES: Final = 100
"""Of fewer guesses no number is shown: it would say more about luck than about the job."""
FEWEST_UNITS: Final = FEWEST_GUESSES // 2
"""Each of the owner's units is guessed about beside a made-up one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackView:
    """How often guesses about made-up units, or about the owner's units and made-up ones, were right.

    `right_rate` is None where they were too few to tell. `least_seen` is the least rate that the guesses would have
    told from luck, with 95 % confidence. `is_above_bound` says that they were right more often than the job's guess
    rate allows, with 99.9 % confidence: then the learner is not to be trusted; `is_above_by_luck` that they were so
    without that confidence. Of a very run it is never said, and
    `steps_seen` is how many of its steps were looked at; None of a stand-in.
    """

    guesses: int
    right_rate: Decimal | None
    least_seen: Decimal | None
    is_above_bound: bool = False
    is_above_by_luck: bool = False
    steps_seen: int | None = None
