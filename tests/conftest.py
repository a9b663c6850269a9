"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.unraisableexception import gc_collect_iterations_key
from hypothesis import settings

from learner.protocol import ENVIRONMENT

# A job in the background ignores Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Before any test imports torch: its arithmetic is that of a learner.
os.environ["MKL_CBWR"] = ENVIRONMENT["MKL_CBWR"]

pytest.register_assert_rewrite("tests.worlds")
pytest_plugins = [
    "tests.cpu_seconds",
    "tests.imported_in_turn",
    "tests.worlds.commands",
    "tests.worlds.derivations",
    "tests.worlds.drilled",
    "tests.worlds.learners",
    "tests.worlds.mounts",
    "tests.worlds.prices",
    "tests.worlds.screens",
    "tests.worlds.statements",
    "tests.worlds.vaults",
]

# How long an example takes says nothing on a busy machine; how many there are stays as each test says.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


LONGEST_ID = 200


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long text by its beginning and its length: the id goes with every report from process to process."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        begin = val[:40] if isinstance(val, str) else val[:40].decode("latin-1")
        return f"{begin.encode('unicode_escape').decode()}... {len(val)} long"
    return None


# What is imported and collected stays to the end.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Look for what nobody waited for twice at the end, and not five times through all that was ever imported."""
    config.stash[gc_collect_iterations_key] = 2


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Look for garbage seldom, and only in what tests make: what was collected stays, with what fell off on the way."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def _own_places() -> Iterator[None]:
    """No test listens where this user's own vault does, or reads what this user has set.

    The name is short because the path of a socket ends at 107 bytes.
    """
    with TemporaryDirectory(prefix="lb-") as folder:
        os.environ["LOCKBOX_RUNTIME"] = folder
        os.environ["LOCKBOX_CONFIG"] = str(Path(folder) / "config.toml")
        yield
