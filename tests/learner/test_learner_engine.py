"""The recipe as a whole: what goes in, what comes out, and what cannot be given to it."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from learner_setups import (
    LINEAR,
    LOGISTIC,
    WIDTH,
    Recorder,
    SeededWords,
    change_of,
    frame_of,
    ignore,
    listened,
    mlp,
    random_frame,
    weights_of,
    without_unit,
)

from learner import engine
from learner.dp import lanes
from learner.dp.keystream import Keystream
from learner.protocol import FeatureSpec, Job, ProtocolError
from learner.update import UPDATE_GRID, round_update

STEPS = replace(LOGISTIC, steps=5, sampling_rate=0.5, momentum=0.9, lr=0.3)


@pytest.mark.parametrize("name", ["words", "taps", "seed", "random"])
def test_production_takes_no_randomness_and_no_taps(name: str) -> None:
    """The entry has five parameters, and a test's stream or listener is not among them."""
    entry: Any = engine.train
    parameters = ["job", "weights", "frame", "progress", "second"]
    assert list(inspect.signature(engine.train).parameters) == parameters
    with pytest.raises(TypeError):
        entry(STEPS, weights_of(STEPS), random_frame(STEPS, 3), progress=ignore, **{name: SeededWords(0)})


def test_each_run_has_its_own_keystream_and_wipes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made for the run, used for batches and noise alike, and of no use after it, even when the run fails."""
    made: list[Keystream] = []

    class Noticed(Keystream):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(engine, "Keystream", Noticed)
    engine.train(STEPS, weights_of(STEPS), random_frame(STEPS, 3), progress=ignore)
    with pytest.raises(ProtocolError):
        engine.train(STEPS, b"junk", random_frame(STEPS, 3), progress=ignore)
    assert len(made) == 2
    for stream in made:
        with pytest.raises(RuntimeError):
            stream.words(1)


def test_the_steps_are_those_of_the_recipe() -> None:
    """Momentum over noised gradients divided by the public batch, recomputed here from the taps."""
    frame = random_frame(STEPS, 12)
    taps, update = listened(STEPS, frame)
    grid, theta, velocity = 2.0**-STEPS.grid, np.zeros(18), np.zeros(18)
    for total, noise in zip(taps.totals, taps.noises, strict=True):
        velocity = 0.9 * velocity + (np.rint(total / grid) + noise) * grid / 20.0
        theta -= 0.3 * velocity
    assert np.allclose(theta, change_of(STEPS, update), rtol=0, atol=2 * UPDATE_GRID)


@pytest.mark.parametrize(("steps", "tail"), [(1, [1]), (2, [2]), (5, [3, 4, 5]), (6, [4, 5, 6])])
def test_a_tail_average_is_over_the_last_half(steps: int, tail: list[int]) -> None:
    """Of the weights after those steps; the middle step of an odd number counts."""
    job = replace(LINEAR, steps=steps, average="tail")
    taps, update = listened(job, random_frame(job, 5))
    moves = [
        (np.rint(total * 2.0**22) + noise) * 2.0**-22 / 20.0
        for total, noise in zip(taps.totals, taps.noises, strict=True)
    ]
    path = -np.cumsum(moves, axis=0)
    expected = np.mean([path[step - 1] for step in tail], axis=0)
    assert np.allclose(expected, change_of(job, update), rtol=0, atol=2 * UPDATE_GRID)


@pytest.mark.parametrize("units", [0, 10])
def test_an_empty_batch_moves_by_exactly_its_noise(units: int) -> None:
    """Whether nobody was drawn or nobody is there."""
    job = replace(LOGISTIC, sampling_rate=1e-12, expected_batch=16.0)
    frame = random_frame(job, units) if units else frame_of(job, [], [[]] * WIDTH, [])
    taps, update = listened(job, frame)
    expected = round_update(-(taps.noises[0] * 2.0**-job.grid / 16.0)) * UPDATE_GRID
    assert taps.noises[0].any()
    assert np.array_equal(expected, change_of(job, update))


def test_the_owners_view_never_touches_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under one test stream the update is the same to the last bit with the curve and without."""
    job, frame = replace(STEPS, average="tail"), random_frame(STEPS, 12)

    class Blind:
        def __init__(self, *_: object) -> None:
            pass

        def look(self, *_: object) -> None:
            pass

        def to_json(self, *_: object) -> bytes:
            return b"{}"

    seen = listened(job, frame, words=SeededWords(8))[1]
    monkeypatch.setattr(engine, "OwnerView", Blind)
    assert seen == listened(job, frame, words=SeededWords(8))[1]
    assert seen != listened(job, frame, words=SeededWords(9))[1]


def test_the_size_of_the_update_says_nothing_of_the_records() -> None:
    """With all units, one less, or none."""
    frame = random_frame(STEPS, 12)
    frames = (frame, without_unit(STEPS, frame, 3), frame_of(STEPS, [], [[]] * WIDTH, []))
    sizes = {len(engine.train(STEPS, weights_of(STEPS), each, progress=ignore)[0]) for each in frames}
    assert len(sizes) == 1


def test_progress_is_the_number_of_steps_and_nothing_else() -> None:
    """One word after each step, the same for any records."""
    heard: list[tuple[int, int]] = []
    for units in (1, 12):
        engine.train(
            STEPS,
            weights_of(STEPS),
            random_frame(STEPS, units),
            progress=lambda step, steps: heard.append((step, steps)),
        )
    assert heard == [(step, 5) for step in range(1, 6)] * 2


WILD = (
    np.nan,
    np.inf,
    -np.inf,
    1e308,
    -1e308,
    5e-324,
)


@pytest.mark.parametrize("job", [LOGISTIC, LINEAR, mlp(LOGISTIC, 3, activation="relu")])
def test_no_record_makes_a_run_fail(job: Job) -> None:
    """Every odd number as feature and label, weights at their bound, a huge rate: an update comes out."""
    job = replace(
        job,
        steps=3,
        lr=1e6,
        features=(*job.features[1:], FeatureSpec(kind="standard", scale=1e-200, clip=1e300)),
        unit_reduction="mean",
    )
    inputs = np.tile(WILD, (WIDTH, 1))
    label = [-1, 0, 1, 2, 2**31 - 1, -(2**31)] if job.label.kind == "classes" else list(WILD)
    frame = frame_of(job, [0, 0, 1, 2, -5, 2**31 - 1], inputs, label)
    update, private = engine.train(job, weights_of(job, scale=1e3), frame, progress=ignore)
    assert np.isfinite(change_of(job, update)).all()
    assert json.loads(private)["v"] == 1


@pytest.mark.parametrize(
    "job", [LOGISTIC, replace(LINEAR, sampling_rate=1e-9), mlp(replace(LOGISTIC, grid=20), 64, 64, 64)]
)
def test_a_rehearsal_needs_no_record(job: Job) -> None:
    """One step on public constants goes through for a good job."""
    engine.rehearse(replace(job, steps=10_000), weights_of(job))


@pytest.mark.parametrize("most_rows", [1, 8])
def test_a_rehearsal_goes_the_whole_way(most_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the job's rate is: a full block of rows, in units of several where the job has such."""
    taken: list[int] = []
    right = lanes.clipped_sum

    def noticed(units: Any, members: Any, *rest: Any, **facts: Any) -> Any:
        taken.extend(units.starts[1:] - units.starts[:-1])
        assert len(members) == units.count
        return right(units, members, *rest, **facts)

    monkeypatch.setattr(lanes, "clipped_sum", noticed)
    engine.rehearse(replace(STEPS, sampling_rate=1e-9, max_rows_per_unit=most_rows), weights_of(STEPS))
    assert sum(taken) == 512
    assert max(taken) == min(most_rows, 3)


def test_a_rehearsal_stops_a_job_outside_the_bounds() -> None:
    """Before the charge, so that it costs nothing."""
    with pytest.raises(ProtocolError, match="noise multiplier"):
        engine.rehearse(replace(LOGISTIC, noise_multiplier=0.1), weights_of(LOGISTIC))


def test_a_model_learns_what_is_easy_to_learn() -> None:
    """Separable classes, 400 units, a generous budget: nearly all rows come out right."""
    job = replace(
        LOGISTIC,
        sampling_rate=0.5,
        expected_batch=200.0,
        clip_norm=1.0,
        noise_multiplier=1.0,
        steps=60,
        lr=1.0,
        average="tail",
        grid=16,
    )
    _, private = engine.train(job, weights_of(job), random_frame(job, 400, seed=5), progress=ignore)
    facts = json.loads(private)
    assert facts["final"]["accuracy"] > 0.93
    assert facts["final"]["loss"] < facts["curve"][0]["loss"] / 2


def test_a_line_is_found() -> None:
    """Linear regression on a line: the error falls far below the spread of the labels."""
    job = replace(
        LINEAR, expected_batch=400.0, clip_norm=1.0, noise_multiplier=1.0, steps=80, lr=0.5, grid=16
    )
    _, private = engine.train(job, weights_of(job), random_frame(job, 400, seed=6), progress=ignore)
    facts = json.loads(private)
    assert facts["final"]["rmse"] < facts["curve"][0]["rmse"] / 4


def test_taps_hear_and_do_not_change() -> None:
    """A recorder that is not silent leaves the update as it is."""
    frame = random_frame(STEPS, 12)

    class Deaf(Recorder):
        def batch(self, chosen: Any) -> None:
            pass

    runs = [
        engine.run(STEPS, weights_of(STEPS), frame, progress=ignore, words=SeededWords(3), taps=taps)[0]
        for taps in (Recorder(), Deaf(), engine._Untapped())
    ]
    assert len(set(runs)) == 1
