"""Jobs and numbers shared by the tests of the budget."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import comb
from typing import Any

from vault.budget.filter import ORDERS
from vault.budget.mechanism import Mechanism

DELTA = Decimal("1e-6")


def make_mechanism(q: float = 0.02, sigma: float = 1.0, steps: int = 300, **facts: Any) -> Mechanism:
    base: dict[str, Any] = {"parameters": 1, "grid_exponent": 14, "clip_norm": 1.0}
    return Mechanism(sampling_rate=q, noise_multiplier=sigma, steps=steps, **(base | facts))


def exact_renyi(q: float, sigma: float, steps: int, order: int) -> Decimal:
    """Mironov, Talwar, Zhang 2019, the formula for whole orders, with 80 digits: nats for all the steps."""
    with localcontext(prec=80):
        rate, variance = Decimal(q), Decimal(sigma) ** 2
        if rate == 1:
            return order / (2 * variance) * steps
        moment = sum(
            comb(order, k) * (1 - rate) ** (order - k) * rate**k * (Decimal(k * k - k) / (2 * variance)).exp()
            for k in range(order + 1)
        )
        return Decimal(moment).ln() / (order - 1) * steps


def exact_budget(epsilon: Decimal, delta: Decimal, order: int) -> Decimal:
    """The classical budget of an order in nats, with 80 digits."""
    with localcontext(prec=80):
        return epsilon + delta.ln() / (order - 1)


def at(values: dict[int, Any], otherwise: Any) -> tuple[Any, ...]:
    """A vector over the fixed orders with a few values given by order."""
    return tuple(values.get(order, otherwise) for order in ORDERS)
