"""A learner that is stopped, from wherever, is gone and has handed nothing in."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from learner_children import JOB, LONG_JOB, Pretend, columns, ignore, is_alive, weights

from learner.protocol import Job
from vault.errors.training import LearnerFailed
from vault.training import channels, process
from vault.training.process import Failure, LearnerProcess

pytestmark = pytest.mark.usefixtures("nothing_is_left_open")


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail instead of waiting for ever."""

    def fail(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_stopping_from_another_thread_ends_the_training(pretend: Pretend) -> None:
    pretend("ready(); say(step_line(1, 20)); wait()")
    with LearnerProcess.start(JOB, weights()) as learner:
        timers: list[Timer] = []

        def stop_soon(_step: int, _of: int) -> None:
            timers.append(Timer(0.1, learner.stop))
            timers[0].start()

        with pytest.raises(LearnerFailed) as failure:
            learner.train(columns(), stop_soon)
        timers[0].join()
    assert str(failure.value.facts["reason"]) == Failure.STOPPED
    assert not is_alive(learner.pid)


@pytest.mark.parametrize("job", [JOB, LONG_JOB], ids=["pretended", "real"])
def test_stopping_from_the_progress_of_a_training_ends_it(pretend: Pretend, job: Job) -> None:
    """As when the consent is withdrawn there: no wait for ever, no further step, and nothing is left."""
    if job is JOB:
        pretend("ready(); say(step_line(1, 20) + step_line(2, 20)); wait()")
    given, steps = columns(), []
    with LearnerProcess.start(job, weights()) as learner:

        def stop(step: int, _of: int) -> None:
            steps.append(step)
            learner.stop()

        with at_most(20), pytest.raises(LearnerFailed) as failure:
            learner.train(given, stop)
    assert str(failure.value.facts["reason"]) == Failure.STOPPED
    assert steps == [1]
    assert not Path(f"/proc/{learner.pid}").exists()  # not even unreaped
    assert not any(given)


def test_what_a_stopped_learner_had_already_handed_in_is_not_taken(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend("ready(); hand_in()")
    with LearnerProcess.start(JOB, weights()) as learner:

        def stopped_late(*arguments: Any) -> None:
            channels.pump(*arguments)
            assert learner._process.wait() == 0
            learner.stop()

        monkeypatch.setattr(process, "pump", stopped_late)
        with pytest.raises(LearnerFailed) as failure:
            learner.train(columns(), ignore)
    assert str(failure.value.facts["reason"]) == Failure.STOPPED


def test_a_learner_that_trains_is_not_handed_columns_again(pretend: Pretend) -> None:
    pretend("ready(); say(step_line(1, 20)); hand_in()")
    with LearnerProcess.start(JOB, weights()) as learner:

        def again(_step: int, _of: int) -> None:
            with pytest.raises(LearnerFailed) as failure:
                learner.train(columns(), ignore)
            assert str(failure.value.facts["reason"]) == Failure.BUSY

        with at_most(20):
            assert learner.train(columns(), again).update == b"noised"


def test_an_interrupt_while_training_leaves_no_learner(pretend: Pretend) -> None:
    pretend("ready(); say(step_line(1, 20)); wait()")

    def interrupt(_step: int, _of: int) -> None:
        raise KeyboardInterrupt

    given = columns()
    with LearnerProcess.start(JOB, weights()) as learner, pytest.raises(KeyboardInterrupt):
        learner.train(given, interrupt)
    assert not is_alive(learner.pid)
    assert not any(given)


def test_a_learner_trains_once(pretend: Pretend) -> None:
    pretend("ready(); hand_in()")
    with LearnerProcess.start(JOB, weights()) as learner:
        assert learner.train(columns(), ignore).update == b"noised"
        with pytest.raises(LearnerFailed):
            learner.train(columns(), ignore)


def test_leaving_the_block_without_training_ends_the_learner(pretend: Pretend) -> None:
    pretend("ready(); hand_in()")
    with LearnerProcess.start(JOB, weights()) as learner:
        assert is_alive(learner.pid)
    assert not is_alive(learner.pid)
