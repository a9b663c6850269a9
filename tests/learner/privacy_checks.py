"""The U checks: each runs the engine as it stands and gives a list of what is wrong with it.

The tests use them twice: the right code gives an empty list, and the code with a planted bug does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import scipy
from learner_setups import (
    LOGISTIC,
    WIDTH,
    Recorder,
    SeededWords,
    change_of,
    frame_of,
    ignore,
    listened,
    random_frame,
    weights_of,
    without_unit,
)
from numpy.typing import NDArray

from learner import engine
from learner.data import encode_rows, group_units
from learner.dp import clipping
from learner.dp.books import Books
from learner.dp.plan import plan_of
from learner.models.network import network_of
from learner.models.weights import read_start
from learner.protocol import ColumnFrame, Job

SIGNIFICANCE = 1e-8  # a right engine fails no check, of this kind or by its spread, once in a million runs

# U1 sensitivity -----------------------------------------------------------------------------------------

_UNITS = 20
_ROWS_EACH = 5


def sensitivity_violations() -> list[str]:
    """U1: without noise, taking one unit out moves the update by at most lr C / b, whatever the data."""
    job = replace(LOGISTIC, expected_batch=float(_UNITS))
    bound = job.lr * job.clip_norm / job.expected_batch
    found = []
    for name, frame in _neighbourhoods(job):
        for unit in (0, 1, _UNITS - 1):
            moved = _silent_change(job, frame) - _silent_change(job, without_unit(job, frame, unit))
            if (distance := float(np.linalg.norm(moved))) > bound * (1 + 1e-4):
                found.append(f"{name}: unit {unit} moves the update by {distance / bound:.2f} C/b")
    return found


def _silent_change(job: Job, frame: ColumnFrame) -> NDArray[np.float64]:
    return change_of(job, listened(job, frame, silent=True)[1])


def _neighbourhoods(job: Job) -> Iterator[tuple[str, ColumnFrame]]:
    """Four data sets for each unit kind. Unit 0 is the one made to stand out."""
    for kind, rows_each in (("record", 1), ("group", _ROWS_EACH)):
        yield f"natural {kind}", random_frame(job, _UNITS, rows_each=rows_each, spread=8.0)
        for name, direction in _directions().items():
            yield f"{name} {kind}", _pointing(job, direction, rows_each)
    rows_each = np.where(np.arange(_UNITS) == 0, _ROWS_EACH, 1)
    yield "one group among records", _pointing(job, _directions()["group"], rows_each)


def _directions() -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The inputs of unit 0 and of every other unit."""
    axis, other = np.eye(WIDTH)[0] * 20, np.eye(WIDTH)[1] * 20
    return {
        "aligned": (-axis, axis),  # unit 0 pulls against all the others
        "two-block": (np.eye(WIDTH)[0], np.zeros(WIDTH)),  # as much on the weights as on the biases
        "group": (axis, other),  # every row of unit 0 on an axis of its own
    }


def _pointing(
    job: Job, direction: tuple[NDArray[np.float64], NDArray[np.float64]], rows_each: int | NDArray[np.int64]
) -> ColumnFrame:
    unit = np.repeat(np.arange(_UNITS), rows_each)
    inputs = np.where((unit == 0)[:, None], *direction)
    return frame_of(job, unit, inputs.T, np.ones(len(unit)))


# U2 noise -----------------------------------------------------------------------------------------------

NOISE_JOB = replace(
    LOGISTIC,
    features=(replace(LOGISTIC.features[0], kind="onehot", labels=999),),
    clip_norm=2.0,
    noise_multiplier=1.2,
    expected_batch=16.0,
    steps=50,
    grid=15,
)


def noise_violations() -> list[str]:
    """U2: Gaussian of std sigma C', independent over steps, coordinates and runs, on the integer grid."""
    job = NOISE_JOB
    empty = frame_of(job, [], [[]], [])
    noise = np.stack(listened(job, empty)[0].noises)
    count, expected = noise.size, _noise_cells(job, noise.shape[1])
    spread = float(noise.std()) / expected
    found = []
    if not abs(spread - 1) <= 6 / math.sqrt(2 * count):
        found.append(f"std x{spread:.2f}")
    if scipy.stats.kstest(noise[0] / expected, "norm").pvalue < SIGNIFICANCE:
        found.append("not normal")
    for name, one, two in (
        ("lag-1", noise[:-1], noise[1:]),
        ("cross-coordinate", noise[:, :-1], noise[:, 1:]),
    ):
        if not abs(correlation := float(np.corrcoef(one.ravel(), two.ravel())[0, 1])) <= 6 / math.sqrt(count):
            found.append(f"{name} correlation {correlation:.3f}")
    return found + _repeats(job, empty) + _off_grid(job, empty) + _follows_the_data()


def _noise_cells(job: Job, parameters: int) -> float:
    grid, margin = 2.0**-job.grid, 2 * 1030 * 2.0**-53 * 2**24 * 128
    return job.noise_multiplier * (job.clip_norm * (1 + margin) + grid * math.sqrt(parameters)) / grid


POPULATED_JOB = replace(NOISE_JOB, sampling_rate=0.1, expected_batch=4.0)
_PEOPLE = 40


def _follows_the_data() -> list[str]:
    """On a populated set with q < 1 the noise is the same in small and large batches, and on any other set."""
    job = POPULATED_JOB
    taps = _with_words_for_noise(job, _people(job, _PEOPLE))
    sizes, noise = np.array([batch.sum() for batch in taps.batches]), np.stack(taps.noises)
    expected, found = _noise_cells(job, noise.shape[1]), []
    for name, chosen in (("small", sizes <= np.median(sizes)), ("large", sizes > np.median(sizes))):
        part = noise[chosen]
        if not abs(float(part.std()) / expected - 1) <= 6 / math.sqrt(2 * part.size):
            found.append(f"std x{part.std() / expected:.2f} in {name} batches")
    others = (_people(job, 0), _people(job, _PEOPLE - 1), _people(job, 10 * _PEOPLE))
    if any(not np.array_equal(noise, np.stack(_with_words_for_noise(job, other).noises)) for other in others):
        found.append("other noise for other data")
    return found


def _people(job: Job, units: int) -> ColumnFrame:
    """So many units of one row, of all kinds."""
    return frame_of(job, range(units), [np.arange(units) % 999], np.arange(units) % 2)


def _with_words_for_noise(job: Job, frame: ColumnFrame) -> Recorder:
    """A run whose noise has a stream of words of its own, always the same."""
    right, in_order, coins = engine.sample_units, engine.sampled_order, SeededWords(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "sample_units", lambda _words, plan, count: right(coins, plan, count))
        patch.setattr(engine, "sampled_order", lambda _words, plan, batch: in_order(coins, plan, batch))
        return listened(job, frame, words=SeededWords(2))[0]


def _repeats(job: Job, frame: ColumnFrame) -> list[str]:
    one, two = (engine.train(job, weights_of(job), frame, progress=ignore)[0] for _ in range(2))
    return ["two runs give the same update"] if one == two else []


def _off_grid(job: Job, frame: ColumnFrame) -> list[str]:
    """With lr 1 and b a power of two, what one step changes is a whole number of g / b."""
    update = listened(replace(job, steps=1), frame)[1]
    cells = change_of(job, update) * 2.0**job.grid * job.expected_batch
    return [] if np.array_equal(cells, np.rint(cells)) and cells.any() else ["off the grid"]


# U3 sampling --------------------------------------------------------------------------------------------

SAMPLING_JOB = replace(LOGISTIC, sampling_rate=0.1, steps=500)
_POPULATION = 200


def sampling_violations() -> list[str]:
    """U3: every unit by its own coin of probability q, afresh in every step."""
    job = SAMPLING_JOB
    taps, _ = listened(job, random_frame(job, _POPULATION))
    batches, rate = np.stack(taps.batches), job.sampling_rate
    found = []
    if _binomial_p(batches, rate) < SIGNIFICANCE:
        found.append(f"inclusion rate {batches.mean():.3f}")
    if _binomial_p(batches[1:] & batches[:-1], rate**2) < SIGNIFICANCE:
        found.append("batches of neighbouring steps are not independent")
    ratio = float(batches.sum(axis=1).var(ddof=1)) / (_POPULATION * rate * (1 - rate))
    if not abs(ratio - 1) <= 7 * math.sqrt(2 / job.steps):
        found.append(f"batch size variance x{ratio:.2f}")
    return found


def _binomial_p(hits: NDArray[np.bool_], rate: float) -> float:
    return float(scipy.stats.binomtest(int(hits.sum()), hits.size, rate).pvalue)


# U4 steps -----------------------------------------------------------------------------------------------


def step_violations() -> list[str]:
    """U4: as many batches, sums and noises as the job, and so the ledger, says."""
    job = replace(LOGISTIC, steps=7, sampling_rate=0.3)
    taps, _ = listened(job, random_frame(job, 5))
    done = {"batches": taps.batches, "sums": taps.totals, "noises": taps.noises}
    return [f"{len(what)} {name} for {job.steps}" for name, what in done.items() if len(what) != job.steps]


# U5 bit independence ------------------------------------------------------------------------------------


def independence_violations(job: Job, units: int, rows_each: int) -> list[str]:
    """U5: what a unit adds has the same bits alone, among others, and at another place."""
    frame = random_frame(job, units, rows_each=rows_each, seed=1)
    rng = np.random.default_rng(2)
    together = addends(job, frame, np.arange(units))
    alone = [np.array([unit]) for unit in (0, units // 2, units - 1)]
    some = [np.flatnonzero(rng.random(units) < share) for share in (0.05, 0.3, 0.7, 0.95)]
    found = []
    for members in (*alone, *some, rng.permutation(units)):
        apart = addends(job, frame, members)
        changed = [unit for unit, addend in apart.items() if bits(addend) != bits(together[unit])]
        found += [f"unit {unit} changes with its company" for unit in changed]
    return found


def addends(
    job: Job, frame: ColumnFrame, members: NDArray[np.int64], theta: NDArray[np.float64] | None = None
) -> dict[int, Books]:
    """What each member adds, as the rows whose outer products it is, at random weights."""
    plan, rows = plan_of(job), encode_rows(job, frame)
    network = network_of(job, rows, plan.block)
    if theta is None:
        theta, _ = read_start(weights_of(job, scale=0.3), job)
    with np.errstate(all="ignore"):
        blocks = clipping.bounded_units(
            group_units(frame.unit, job.max_rows_per_unit),
            members,
            network.books_at(theta),
            network=network,
            plan=plan,
            reduction=job.unit_reduction,
        )
        return {unit: copied(layers) for bounded in blocks for unit, layers in bounded.each()}


def copied(layers: Books) -> Books:
    """The layers as they are now, in float64, which is exact; the engine uses their room again."""
    return [
        replace(each, inputs=each.inputs.astype(np.float64), gradients=each.gradients.astype(np.float64))
        for each in layers
    ]


def bits(layers: Books) -> list[bytes]:
    """Every bit of the layers."""
    return [part.tobytes() for layer in layers for part in (layer.inputs, layer.gradients)]


def bounded(
    job: Job, frame: ColumnFrame, members: NDArray[np.int64], theta: NDArray[np.float64] | None = None
) -> dict[int, NDArray[np.float64]]:
    """The bounded gradient of each member written down in full, padding and all."""
    return {
        unit: np.concatenate(
            [np.tile((layer.gradients.T @ layer.inputs).ravel(), layer.times) for layer in layers]
        )
        for unit, layers in addends(job, frame, members, theta).items()
    }
