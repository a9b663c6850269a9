"""Rules that are strategies of Flower: whether it is there, and one aggregation by it, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import IO, Final

import numpy as np

from learner.federation.aggregate import Floats
from learner.federation.confined_process import started
from learner.federation.flower_process import QUESTION_LIMIT, Question, question_line
from learner.protocol import ENVIRONMENT
from vault.errors.federation import FlowerMissing, NotAggregated

PREFIX: Final = "flower:"
VERSION: Final = "1.41.0"
"""The one whose strategies are tested here."""
MOST_PARTS: Final = 2
PATIENCE: Final = 600.0
"""Seconds for one aggregation; a thousand answers take one or two."""
_START: Final = "sys.dont_write_bytecode = True; from learner.federation.flower_process import main; main()"


def check_flower(rule: str) -> None:
    """Refuse a rule of Flower where Flower, in the version that is tested, is not; raises ``FlowerMissing``."""
    if not rule.startswith(PREFIX):
        return
    if installed() != VERSION:
        raise FlowerMissing(version=VERSION, strategy=rule.removeprefix(PREFIX))


def installed() -> str:
    """The version of Flower that is here, or nothing."""
    from importlib.metadata import PackageNotFoundError, version  # which serving does without

    try:
        return version("flwr")
    except PackageNotFoundError:
        return ""


def by_strategy(
    asked: Question, weights: Floats, state: Floats, answers: Iterable[Floats]
) -> tuple[Floats, Floats] | None:
    """The aggregate by the strategy and what it keeps, as `flower_process.aggregated` gives them.

    ``answers`` are blocks of rows. Raises ``FlowerMissing``, and ``NotAggregated`` for what is no answer.
    """
    check_flower(PREFIX + asked.strategy)
    output = _asked(asked, [weights, state], answers)
    line, _, numbers = output.partition(b"\n")
    sizes = json.loads(line)
    if not sizes:
        return None
    found = np.frombuffer(numbers, dtype=np.float64)
    if len(sizes) != MOST_PARTS or sizes[0] != asked.numbers or sum(sizes) != len(found):
        raise NotAggregated(reason=f"{asked.strategy} of Flower did not give one number for each weight")
    if not np.isfinite(found).all():
        raise NotAggregated(reason=f"{asked.strategy} of Flower gave a number that is not finite")
    return found[: asked.numbers], found[asked.numbers :]


def _asked(asked: Question, known: list[Floats], answers: Iterable[Floats]) -> bytes:
    """What the process answers; raises ``NotAggregated``."""
    # telemetry is off by Flower's own switch too, for where the kernel has no filter over calls
    environment = {**ENVIRONMENT, "FLWR_TELEMETRY_ENABLED": "0"}
    with started(_START, takes_input=True, environment=environment, within=PATIENCE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _give(process.stdin, asked, known, answers)
        except BrokenPipeError:
            process.kill()
        output = process.stdout.read()
        process.wait()
    if process.returncode:
        raise NotAggregated(reason=f"{asked.strategy} of Flower ended without an answer")
    return output


def _give(to: IO[bytes], asked: Question, known: list[Floats], answers: Iterable[Floats]) -> None:
    line = question_line(asked)
    assert len(line) == QUESTION_LIMIT
    with to:
        to.write(line)
        for numbers in chain(known, answers):
            to.write(np.ascontiguousarray(numbers, dtype=np.float64).tobytes())
