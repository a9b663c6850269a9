"""What a job costs, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vault.views.attack import AttackView


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What a job costs: numbers for the sentence of the privacy unit, and the worst case.

    `paid` says that the job was charged: what is used now then has it in, and before and after are both that. `attack`
    is there once a stand-in of the job was attacked.
    """

    unit: str
    unit_field: str | None
    lifetime_epsilon: str
    epsilon: Decimal
    delta: Decimal
    guess_rate: Decimal
    worst_case: Decimal
    numerical_assumption: bool
    paid: bool
    job_percent: Decimal
    used_percent_before: Decimal
    used_percent_after: Decimal
    attack: AttackView | None = None
