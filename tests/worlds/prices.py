"""Prices and calibrated noise that tests ask for again and again, kept in prices.json beside this.

What is kept holds for one source of the pricing alone: for any other, and for what is not kept, the pricing computes.
tests/budget has none of it, and compares what is kept with what the pricing says. To make the file anew:
`python -m tests.worlds.prices`; a test run with KEEP_PRICES=1 adds what it had to compute, in forks and owners too.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from vault.budget import filter as budget_filter
from vault.budget import mechanism, pricing
from vault.budget.mechanism import Mechanism
from vault.budget.pricing import Price

FILE = Path(__file__).with_name("prices.json")
PRICE, CALIBRATE, RENYI = pricing.price, pricing.calibrate, pricing._renyi
DECIMALS = ("delta", "epsilon", "guess_rate", "worst_case")


@dataclass(slots=True)
class Kept:
    """Results by what was asked, for one source."""

    source: str
    prices: dict[str, dict[str, Any]] = field(default_factory=dict)
    noises: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)


@cache
def source() -> str:
    """What the results depend on: the code of the pricing without its words and imports, and its library."""
    trees = [ast.parse(inspect.getsource(module)) for module in (pricing, mechanism, budget_filter)]
    bare = [ast.dump(_Bare().visit(tree)) for tree in trees]
    return hashlib.sha256("\n".join([version("dp-accounting"), *bare]).encode()).hexdigest()


class _Bare(ast.NodeTransformer):
    """A tree without docstrings and imports."""

    def visit_Import(self, _node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, _node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def read() -> Kept:
    """What is kept, of whatever source it is."""
    facts = json.loads(FILE.read_text())
    return Kept(**facts)


@cache
def kept() -> Kept:
    """What is kept for the source as it is now."""
    found = read()
    return found if found.source == source() else Kept(source=source())


def price(asked: Mechanism, delta: Decimal) -> Price:
    """`pricing.price`, from what is kept if it is there."""
    key = json.dumps([asdict(asked), str(delta)])
    if key not in kept().prices:
        kept().prices[key] = _plain(PRICE(asked, delta))
        _write_down()
    found = kept().prices[key]
    decimals = {name: Decimal(found[name]) for name in DECIMALS}
    return Price(
        charge=tuple(found["charge"]), numerical_assumption=found["numerical_assumption"], **decimals
    )


def calibrate(epsilon: Decimal, **asked: Any) -> float:
    """`pricing.calibrate`, from what is kept if it is there."""
    plain = {name: str(value) if isinstance(value, Decimal) else value for name, value in asked.items()}
    key = json.dumps([str(epsilon), plain], sort_keys=True)
    if key not in kept().noises:
        with computed():
            kept().noises[key] = CALIBRATE(epsilon, **asked)
        _write_down()
    return kept().noises[key]


def renyi(asked: Mechanism) -> list[float]:
    """`pricing._renyi`, from what is kept if it is there: its library takes longer to import than a vault to live."""
    key = json.dumps(asdict(asked))
    if key not in kept().curves:
        kept().curves[key] = RENYI(asked)
        _write_down()
    return kept().curves[key]


def price_of_key(key: str) -> dict[str, Any]:
    """Compute anew what is kept under a key."""
    asked, delta = json.loads(key)
    return _plain(PRICE(Mechanism(**asked), Decimal(delta)))


def noise_of_key(key: str) -> float:
    """The same for noise."""
    epsilon, asked = json.loads(key)
    with computed():
        return CALIBRATE(Decimal(epsilon), **asked | {"delta": Decimal(asked["delta"])})


def curve_of_key(key: str) -> list[float]:
    """The same for the Rényi divergence."""
    return RENYI(Mechanism(**json.loads(key)))


def _plain(found: Price) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(found), default=str))  # type: ignore[no-any-return]


def keep() -> None:
    """Let everything in this process ask here first."""
    pricing.price, pricing.calibrate, pricing._renyi = price, calibrate, renyi


@contextmanager
def computed() -> Iterator[None]:
    """Let everything be computed meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "price", PRICE)
        patch.setattr(pricing, "calibrate", CALIBRATE)
        patch.setattr(pricing, "_renyi", RENYI)
        yield


@pytest.fixture(scope="session", autouse=True)
def _kept_prices() -> Iterator[None]:
    """Ask here first."""
    keep()
    yield
    pricing.price, pricing.calibrate, pricing._renyi = PRICE, CALIBRATE, RENYI


def _write_down() -> None:
    """With KEEP_PRICES, write down what was computed: at once, as a fork has no end that could."""
    if os.environ.get("KEEP_PRICES"):
        with FileLock(FILE.with_suffix(".lock")):
            write(kept())


@pytest.fixture(scope="module")
def true_prices() -> Iterator[None]:
    """Compute every price of this module."""
    with computed():
        yield


def write(new: Kept) -> None:
    """Put results into the file, beside those of the same source."""
    old = read() if FILE.exists() else Kept(source="")
    if old.source == new.source:
        new.prices, new.noises = old.prices | new.prices, old.noises | new.noises
        new.curves = old.curves | new.curves
    FILE.write_text(json.dumps(asdict(new), indent=0, sort_keys=True) + "\n")


def main() -> None:
    """Compute everything anew that is kept."""
    old = read()
    write(
        Kept(
            source=source(),
            prices={key: price_of_key(key) for key in old.prices},
            noises={key: noise_of_key(key) for key in old.noises},
            curves={key: curve_of_key(key) for key in old.curves},
        )
    )


if __name__ == "__main__":
    main()
