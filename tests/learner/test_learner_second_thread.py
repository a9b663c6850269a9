"""A second thread: it changes how long a run takes, and not a bit of what it gives."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from learner_setups import (
    LOGISTIC,
    SeededWords,
    cnn,
    frame_of,
    ignore,
    listened,
    mlp,
    random_frame,
    random_texts,
    text,
    transformer,
    weights_of,
)
from numpy.typing import NDArray

from learner import data, engine, probes, sandbox
from learner.dp import clipping
from learner.dp.lanes import Lanes
from learner.dp.plan import plan_of
from learner.models.network import network_of
from learner.protocol import ColumnFrame, Job, SandboxFacts
from learner.second_thread import ALONE, SecondThread, processors
from vault.training.process import LearnerProcess

ONE_ROW = replace(LOGISTIC, max_rows_per_unit=1, grid=20)
JOBS = {
    "rows": mlp(ONE_ROW, 9, 5),
    "units": mlp(replace(LOGISTIC, grid=20), 9, 5),
    "adapters": replace(mlp(ONE_ROW, 9, 5), model=replace(mlp(ONE_ROW, 9, 5).model, rank=2)),
    "maps": cnn(ONE_ROW, (28, 28, 1), 16),
    "texts": text(ONE_ROW, 20, 4, 6),
    "attention": transformer(ONE_ROW, 20, 4, 6),
}
ROWS = {"maps": 500}


@pytest.fixture(scope="module")
def second() -> Iterator[SecondThread]:
    """A second thread."""
    two = SecondThread()
    two.load(lambda: torch.set_num_threads(1))
    two.start()
    yield two
    if two._executor:
        two._executor.shutdown()


def frame_for(name: str, job: Job) -> ColumnFrame:
    """Units of one row, or of two, in several blocks."""
    rows = ROWS.get(name, 1200)
    if name in ("texts", "attention"):
        return frame_of(job, np.arange(rows), random_texts(job, rows), np.arange(rows) % 2)
    return random_frame(job, rows, rows_each=2 if name == "units" else 1)


def columns_of(job: Job) -> bytearray:
    """The same as a learner is given them."""
    frame = frame_for("rows", job)
    return ColumnFrame.encode(job, unit=frame.unit, features=frame.features, label=frame.label)


@pytest.mark.parametrize("name", JOBS)
def test_a_run_gives_the_same_bits_by_two_threads_as_by_one(name: str, second: SecondThread) -> None:
    """Where there are several blocks, of every kind of network, whose totals and updates are compared."""
    job = replace(JOBS[name], steps=2, clip_norm=0.5)
    frame = frame_for(name, job)
    weights = weights_of(job, scale=0.3)
    alone, together = (
        listened(job, frame, weights=weights, words=SeededWords(1), second=each) for each in (ALONE, second)
    )
    assert all(
        one.any() and one.tobytes() == other.tobytes()
        for one, other in zip(alone[0].totals, together[0].totals, strict=True)
    )
    assert alone[1] == together[1]


@pytest.mark.parametrize("name", ["rows", "maps"])
def test_every_block_is_in_the_sum_once(name: str, second: SecondThread) -> None:
    """What lanes come to is the sum of one that goes through all blocks, up to the roundings of float64."""
    job = replace(JOBS[name], clip_norm=0.5)
    rows, units = (
        data.encode_rows(job, frame_for(name, job)),
        data.group_units(np.arange(ROWS.get(name, 1200)), 1),
    )
    plan = plan_of(job)
    theta, members = np.sin(np.arange(1.0, 1 + plan.parameters)), np.arange(units.count)
    assert units.count > 2 * plan.block
    make = partial(network_of, job, rows, plan.block)
    whole = clipping.clipped_sum(
        units, members, make().books_at(theta), network=make(), plan=plan, reduction="sum"
    )
    for each in (ALONE, second):
        found = Lanes(make, 2, each).clipped_sum(units, members, theta, plan=plan, reduction="sum")
        assert np.allclose(found, whole, rtol=0, atol=1e-6 * np.abs(whole).max())


def test_a_second_thread_that_gives_a_row_other_bits_trains_nothing(
    second: SecondThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A processor or a library may be told in one thread how it is to round; the rehearsal stops the job."""
    job, right, first = mlp(replace(LOGISTIC, grid=20), 9, 5), data.Rows.fill, threading.get_ident()

    def spoiled(rows: data.Rows, block: Any, chosen: NDArray[np.int64]) -> None:
        right(rows, block, chosen)
        block.inputs[:, : rows.width] *= 1 if threading.get_ident() == first else 1 + 2.0**-20

    engine.rehearse(job, weights_of(job), second)
    monkeypatch.setattr(data.Rows, "fill", spoiled)
    engine.rehearse(job, weights_of(job))
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job), second)


def test_the_rehearsal_tries_both_threads(second: SecondThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a row depends on its place, and how products are rounded, is looked at in each."""
    job, heard, right = mlp(ONE_ROW, 9, 5), list[tuple[str, int]](), engine.depends_on_place

    def noticed(name: str, check: Callable[..., bool], *facts: Any) -> bool:
        heard.append((name, threading.get_ident()))
        return check(*facts)

    monkeypatch.setattr(engine, "depends_on_place", partial(noticed, "place", right))
    monkeypatch.setattr(engine, "rounds_too_much", partial(noticed, "products", engine.rounds_too_much))
    engine.rehearse(job, weights_of(job), second)
    assert len(set(heard)) == 4


def test_tasks_are_carried_out_at_once_and_know_how_to_take_an_overflow(second: SecondThread) -> None:
    """Each waits for the other; what numpy was told of overflows is told to both."""
    met = threading.Barrier(2)

    def task() -> tuple[int, str]:
        met.wait(60)
        return threading.get_ident(), np.geterr()["over"]

    with np.errstate(over="raise"):
        (one, here), (other, there) = second.run_all([task, task])
    assert one == threading.get_ident() != other
    assert here == there == "raise"
    assert ALONE.run_all([threading.get_ident] * 2) == [one] * 2


@pytest.mark.parametrize("failing", [0, 1])
def test_what_a_task_raises_is_raised_when_all_have_ended(failing: int, second: SecondThread) -> None:
    done = list[int]()

    def task(place: int) -> None:
        if place == failing:
            raise ArithmeticError(str(place))
        done.append(place)

    with pytest.raises(ArithmeticError, match=str(failing)):
        second.run_all([partial(task, 0), partial(task, 1)])
    assert done == [1 - failing]


def test_where_the_system_makes_no_thread_one_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    two = SecondThread()
    two.load()
    monkeypatch.setattr(threading.Thread, "start", refused)
    two.start()
    assert two.threads == 1
    assert two.run_all([lambda: 1, lambda: 2]) == [1, 2]


def test_a_thread_that_was_not_loaded_is_not_started() -> None:
    two = SecondThread()
    two.start()
    assert two.threads == 1


def test_a_thread_is_made_under_landlock_and_before_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landlock reaches no thread that is there; the filter reaches all there are, and lets none be made."""
    order = list[str]()
    monkeypatch.setattr(sandbox, "_landlock", lambda: order.append("landlock") or 7)
    monkeypatch.setattr(sandbox, "_seccomp", lambda: order.append("filter") or True)
    monkeypatch.setattr(sandbox, "_is_alone", lambda: order.append("alone") or True)
    monkeypatch.setattr(sandbox, "empty_argument_window", lambda: True)
    sandbox.lock_in(lambda: order.append("thread"))
    assert order == ["alone", "landlock", "thread", "filter"]


def test_what_the_second_thread_may_do_is_told(
    second: SecondThread, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of an attempt that the first is refused and the other is not, that it is let through."""
    first, facts = (
        threading.get_ident(),
        SandboxFacts(landlock_abi=7, seccomp=True, confined=True, missing=()),
    )

    def attempt() -> None:
        if threading.get_ident() == first:
            raise PermissionError(errno.EPERM, "refused")

    probes.run([("read file", attempt)], facts, second)
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["how"] == "allowed"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="there is no list of threads to look at here")
@pytest.mark.parametrize(("job", "threads"), [(JOBS["rows"], 2), (ONE_ROW, 1)], ids=["mlp", "logistic"])
def test_a_learner_has_a_second_thread_where_it_serves(
    job: Job, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For networks, on a computer with two processors; what it gives is an update either way."""
    for allowed in (os.sched_getaffinity(0), {min(os.sched_getaffinity(0))}):
        kept = os.sched_getaffinity(0)
        os.sched_setaffinity(0, allowed)
        try:
            expected = min(threads, processors())
            with LearnerProcess.start(job, weights_of(job)) as learner:
                folder = Path(f"/proc/{learner._process.pid}/task")
                assert len(list(folder.iterdir())) == expected
                assert learner.train(columns_of(job), ignore).update
        finally:
            os.sched_setaffinity(0, kept)
