"""Sweeps over many cases: the first ones run by default, the others in `make test-slow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sweep(cases: Iterable[Any], *, default: int = 1) -> list[Any]:
    """Give the cases for `parametrize`; so many run by default: put those first at which most is at stake."""
    return sweep_of_many([(case,) for case in cases], default=default)


def sweep_of_many(cases: Iterable[tuple[Any, ...]], *, default: int = 1) -> list[Any]:
    """Give the same for several parameters at once."""
    return [pytest.param(*case, marks=_marks(number < default)) for number, case in enumerate(cases)]


def _marks(is_default: bool) -> list[pytest.MarkDecorator]:
    return [] if is_default else [pytest.mark.slow]
