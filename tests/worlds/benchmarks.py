"""The benchmarks as modules, for tests that hold what they print to."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def benchmark_named(name: str) -> ModuleType:
    """The benchmark in the file of this name, with those beside it in reach as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        return import_module(name)
