"""Rule R: which jobs fit into a lifetime budget, in whole nano-nats.

A job is admitted when for every filter it falls under there is an order at which what was spent and what the
job costs stay within that order's budget; it is then charged at all orders. With the classical budgets and
this fixed set of orders the failure probabilities of the orders add up to at most δ (union over orders), so
the rule holds for jobs chosen adaptively: Feldman and Zrnic 2021 at each order. The set is never changed: with
other orders, or with the tight conversion of RDP to (ε, δ), "some order still has budget" is not a guarantee.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Final

from vault.errors.families import InternalError, Invalid

ORDERS: Final = (3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64)
NANO: Final = 10**9
MOST_EPSILON: Final = Decimal(64)

Charge = tuple[int, ...]
Budgets = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The budget at each order in nano-nats; None where (ε, δ) leaves an order none."""

    orders: tuple[int, ...]
    budgets: Budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A cap that jobs fall under: its budgets and what was spent of it, by order, in nano-nats."""

    name: str
    budgets: Budgets
    spent: Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterVerdict:
    """Whether a charge fits every filter, which it does not fit, and the share of each used with it."""

    admitted: bool
    refused_by: tuple[str, ...]
    shares: dict[str, Fraction]


def caps(epsilon: Decimal, delta: Decimal) -> Caps:
    """The classical budgets ε - ln(1/δ)/(a-1), floored; raises Invalid outside 0 < ε <= 64, 0 < δ < 1."""
    if not (epsilon.is_finite() and 0 < epsilon <= MOST_EPSILON):
        raise Invalid(reason=f"a lifetime budget is an ε above 0 and at most {MOST_EPSILON}")
    if not (delta.is_finite() and 0 < delta < 1):
        raise Invalid(reason="δ lies between 0 and 1")
    return Caps(orders=ORDERS, budgets=tuple(_classical(epsilon, delta, order) for order in ORDERS))


def _classical(epsilon: Decimal, delta: Decimal, order: int) -> int | None:
    # The logarithm is rounded up in its 60th digit, so that the floor can only fall on the lower side.
    with localcontext(prec=60, rounding=ROUND_CEILING):
        nats_of_delta = (1 / delta).ln().next_plus() / (order - 1)
    with localcontext(prec=60, rounding=ROUND_FLOOR):
        budget = int(((epsilon - nats_of_delta) * NANO).to_integral_value(ROUND_FLOOR))
    return budget if budget > 0 else None


def part(budgets: Budgets, share: Fraction) -> Budgets:
    """The budgets of a filter that holds only `share` of these, floored."""
    return tuple(None if budget is None else int(budget * share) for budget in budgets)


def total(charges: Sequence[Charge]) -> Charge:
    """The sum of charges at each order."""
    return tuple(sum(at_order) for at_order in zip(*charges, strict=True)) if charges else (0,) * len(ORDERS)


def admits(filter_: Filter, charge: Charge) -> bool:
    """Whether some order holds the charge on top of what was spent."""
    return any(
        budget is not None and spent + cost <= budget
        for budget, spent, cost in zip(filter_.budgets, filter_.spent, _checked(charge), strict=True)
    )


def verdict(filters: Sequence[Filter], charge: Charge) -> FilterVerdict:
    """Whether every filter admits the charge; no filter at all admits nothing."""
    refused_by = tuple(each.name for each in filters if not admits(each, charge))
    shares = {each.name: job_share(total([each.spent, charge]), each.budgets) for each in filters}
    return FilterVerdict(admitted=bool(filters) and not refused_by, refused_by=refused_by, shares=shares)


def job_share(charge: Charge, budgets: Budgets) -> Fraction:
    """The share of these budgets that a charge takes: the least charge/budget over the orders."""
    shares = [
        Fraction(cost, budget) for cost, budget in zip(_checked(charge), budgets, strict=True) if budget
    ]
    return min(shares, default=Fraction(1))


def _checked(charge: Charge) -> Charge:
    if len(charge) != len(ORDERS) or any(type(cost) is not int or cost < 0 for cost in charge):
        raise InternalError(what="a privacy charge that is not whole nano-nats at each order")
    return charge
