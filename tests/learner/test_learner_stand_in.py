"""The learner that most tests take is the real process in everything but what it learns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from learner_children import JOB, columns, ignore, weights
from safetensors.numpy import load

from learner.protocol import Envelope, SandboxFacts
from tests.worlds.learners import REAL, STAND_IN
from vault.training import process
from vault.training.process import LearnerProcess


def run(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> tuple[SandboxFacts, Envelope]:
    """Run a learner to its end."""
    monkeypatch.setattr(process, "COMMAND", command)
    with LearnerProcess.start(JOB, weights()) as learner:
        return learner.sandbox, learner.train(columns(), ignore)


def shape_of(facts: Any) -> Any:
    """The members of private results, without their values."""
    if isinstance(facts, dict):
        return {name: shape_of(value) for name, value in facts.items()}
    return [shape_of(value) for value in facts] if isinstance(facts, list) else type(facts)


def test_it_is_confined_and_hands_in_what_the_real_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    (real_facts, real), (facts, envelope) = (run(monkeypatch, command) for command in (REAL, STAND_IN))
    assert facts == real_facts
    found, expected = load(envelope.update), load(real.update)
    assert {name: (one.dtype, one.shape) for name, one in expected.items()} == {
        name: (one.dtype, one.shape) for name, one in found.items()
    }
    assert len(real.update) == len(envelope.update)
    assert shape_of(json.loads(real.private)) == shape_of(json.loads(envelope.private))


def test_two_runs_never_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (run(monkeypatch, STAND_IN)[1].update for _ in range(2))
    assert one != other
