"""The CPU seconds of a run, children included, by room; printed at its end and held against tests/cpu_shares.toml."""

from __future__ import annotations

import os
import resource
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

START = "start"
TASKS = Path("/proc/self/task")
ROOMY = 2
"""How far over its share a room may be before a held run fails: processors differ."""

_spent: Counter[str] = Counter()


@cache
def shares() -> dict[str, int]:
    """The share of each room in CPU seconds; `start` is what importing and collecting take."""
    with Path(__file__).with_name("cpu_shares.toml").open("rb") as file:
        rooms: dict[str, int] = tomllib.load(file)["seconds"]
        return rooms


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be held to the table."""
    words = f"fail when a room takes more than {ROOMY} times its share of CPU seconds"
    parser.addoption("--hold-cpu-shares", action="store_true", help=words)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count what a test takes, with its fixtures, for its room."""
    before = _used()
    yield
    _spent[Path(item.nodeid).parts[1]] += _used() - before


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the sums to the process that prints them, or hold them against the table."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    is_divided = bool(getattr(session.config.option, "numprocesses", None))
    _spent[START] += own.ru_utime + own.ru_stime if is_divided else _used() - _spent.total()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["cpu_seconds"] = dict(_spent)
    elif session.config.option.hold_cpu_shares and _over():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the sums of a worker that ended."""
    _spent.update(getattr(node, "workeroutput", {}).get("cpu_seconds", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    terminalreporter.section("CPU seconds, of each room's share")
    for room in sorted(shares().keys() | _spent.keys()):
        terminalreporter.line(f"{room:>14} {_spent[room]:8.1f} of {shares().get(room, 0)}")
    terminalreporter.line(f"{'together':>14} {_spent.total():8.1f} of {sum(shares().values())}")
    if config.option.hold_cpu_shares:
        for room in _over():
            terminalreporter.line(f"{room} takes more than {ROOMY} times its share", red=True)


def _over() -> list[str]:
    return [room for room, seconds in _spent.items() if seconds > ROOMY * shares().get(room, 0)]


def _used() -> float:
    """The CPU seconds of this process, of the children that ended, and of those that still run."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    together = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    return together + sum(_ticks(child) for child in _children()) / os.sysconf("SC_CLK_TCK")


def _children() -> list[str]:
    """The children that still run, where the system tells."""
    found: list[str] = []
    for task in TASKS.iterdir() if TASKS.exists() else ():
        # asked twice a test, so by the calls themselves
        try:
            children = os.open(f"{task}/children", os.O_RDONLY)
        except OSError:  # the thread ended meanwhile
            continue
        found += os.read(children, 65536).decode().split()
        os.close(children)
    return found


def _ticks(child: str) -> int:
    """What a child and its own ended children have taken; those are counted as ended once it is waited for."""
    try:
        stat = (Path("/proc") / child / "stat").read_text()
    except OSError:  # it ended meanwhile
        return 0
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))
