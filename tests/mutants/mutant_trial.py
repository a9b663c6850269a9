"""One trial: plant a mutant in a copy, run the test that must catch it, and judge what came of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Timer
from xml.etree import ElementTree

from mutant import Mutant
from mutant_copy import Copy, plant
from mutant_source import Misfit
from named_tests import node_id

PATIENCE = 300.0
"""Seconds after which a test is ended; the slowest takes a few."""

NOT_A_CATCH = frozenset(
    {
        *("SyntaxError", "IndentationError", "NameError", "UnboundLocalError"),
        *("ImportError", "ModuleNotFoundError", "AttributeError", "TypeError"),
    }
)
"""What a test dies of when the bug itself is no code that could have been written."""


class Outcome(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A mutant's outcome, why it is that, and the processor seconds it took."""

    mutant: Mutant
    outcome: Outcome
    why: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run of pytest ended: its exit code, the messages of what failed, and what it said."""

    code: int
    has_report: bool
    failures: tuple[str, ...]
    errors: int
    seconds: float
    output: str


def tried(copy: Copy, mutant: Mutant) -> Trial:
    """Plant a mutant, run its test, and take it out again."""
    try:
        test = node_id(copy.root, mutant.caught_by)
        bug = plant(copy, mutant)
    except Misfit as misfit:
        return Trial(mutant=mutant, outcome=Outcome.BROKEN, why=str(misfit), seconds=0.0)
    try:
        ran = run_tests(copy, [test])
    finally:
        bug.take_out()
    outcome, why = judged(ran)
    return Trial(mutant=mutant, outcome=outcome, why=why, seconds=ran.seconds)


def judged(ran: Ran) -> tuple[Outcome, str]:
    """Caught is only what fails a test; a test that cannot be collected, set up or found is no catch."""
    if ran.code == 0 and not ran.has_report:
        return Outcome.BROKEN, "something ended pytest before its report"
    if ran.code == 0:
        return Outcome.SURVIVED, "its test passes"
    if ran.code != 1 or ran.errors or not ran.failures:
        return Outcome.BROKEN, f"pytest ended with {ran.code}: {_last_line(ran.output)}"
    for failure in ran.failures:
        if failure.partition(":")[0] in NOT_A_CATCH:
            return Outcome.BROKEN, failure.splitlines()[0]
    return Outcome.CAUGHT, ran.failures[0].splitlines()[0] if ran.failures[0] else "failed"


def run_tests(copy: Copy, tests: Sequence[str]) -> Ran:
    """Run these tests of a copy in a process of their own until one fails."""
    report, output = copy.root / "report.xml", copy.root / "output.txt"
    report.unlink(missing_ok=True)
    command = [
        *(str(copy.python), "-m", "pytest", *tests, "-n", "0", "-x", "-q"),
        *("-p", "no:cacheprovider", "-p", "no:schemathesis"),  # the second takes half a second to load
        *(f"--junitxml={report}", f"--basetemp={copy.root / 'made'}"),
    ]
    with output.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=copy.root, env=_environment(), stdout=said, stderr=subprocess.STDOUT
        )
        code, seconds = _ended(process)
    failures, errors = _read(report)
    text = output.read_text(encoding="utf-8", errors="replace")
    return Ran(
        code=code, has_report=report.exists(), failures=failures, errors=errors, seconds=seconds, output=text
    )


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Wait for a process: its exit code, and the processor seconds of it and its children."""
    timer = Timer(PATIENCE, process.kill)
    timer.start()
    _, status, used = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime


def _read(report: Path) -> tuple[tuple[str, ...], int]:
    """The messages of the failures, and how many errors there were beside them."""
    if not report.exists():
        return (), 0
    root = ElementTree.parse(report).getroot()
    return tuple(each.get("message", "") for each in root.iter("failure")), len(list(root.iter("error")))


def _environment() -> dict[str, str]:
    """The variables of this process without what would lead back to the tree or to the tests that run here."""
    led = ("PYTHON", "PYTEST", "LOCKBOX", "VIRTUAL_ENV", "COVERAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith(led)}


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
