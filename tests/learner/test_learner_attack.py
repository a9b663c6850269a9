"""What is attacked before a decision: what a learner gives away is seen, and a right one gives its price at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import comb
from statistics import NormalDist
from time import process_time

import numpy as np
import pytest
from learner_setups import LINEAR, LOGISTIC, cnn, ignore, mlp, text, transformer

from learner import engine
from learner.protocol import (
    ColumnFrame,
    FeatureSpec,
    Job,
    Progress,
    ProtocolError,
    StandInJob,
    decode_updates,
    encode_updates,
    frames_of,
    parameter_count,
    parse_job,
    update_shapes,
)
from tests.sweeps import sweep
from vault.budget.ledger import DELTA
from vault.budget.mechanism import Mechanism
from vault.budget.pricing import price
from vault.queries.attack import CHANCE, attack_view, chance_of, least_seen
from vault.requests.attacked import Guesses
from vault.training import attack as attacking
from vault.training.attack import attack, others_of
from vault.training.canaries import Canaries, canaries_of
from vault.views.attack import AttackView

EIGHT = tuple(FeatureSpec(kind="standard", center=5.0, scale=2.0, clip=3.0) for _ in range(8))
LABELS = tuple(FeatureSpec(kind="onehot", labels=4, fill_index=index) for index in (None, 0, 2))
LEAST = {"features": EIGHT, "clip_norm": 1.0, "noise_multiplier": 0.3, "steps": 12, "lr": 0.1, "grid": 20}
CLASSES, NUMBER = replace(LOGISTIC, **LEAST), replace(LINEAR, **LEAST)
SUM = {"expected_batch": 1.0, "steps": 1}
AFFINE = {
    "labels": replace(CLASSES, features=EIGHT[:3] + LABELS),
    "logistic": CLASSES,
    "linear": NUMBER,
    "sum of gradients": replace(CLASSES, kind="gradient_sum", **SUM),
    "moments": replace(NUMBER, kind="moments", **SUM),
    "few bytes": replace(CLASSES, encoding="int8", output_step=0.01),
    "a clip norm of many rows": replace(CLASSES, clip_norm=20.0, grid=16),
}
NETWORKS = {
    "mlp": mlp(CLASSES, 6, 5),
    "mlp of relus": mlp(NUMBER, 6, activation="relu"),
    "cnn": cnn(replace(CLASSES, features=EIGHT[:1]), (8, 8, 1), 2, 3),
    "series": cnn(NUMBER, (1, 16, 2), 2, kernel=(1, 3), pool=(1, 2), activation="relu"),
    "text": text(CLASSES, 12, 4, 6, 5),
    "transformer": transformer(CLASSES, 6, 8, 4),
}


class InThisProcess:
    """The real engine, without a process around it."""

    def once(self, canaries: Canaries, columns: bytearray, progress: Progress) -> tuple[bytes, float]:
        frame = ColumnFrame.decode(canaries.job, columns)
        return engine.train(canaries.job, canaries.weights, frame, progress=progress)[0], 0.01

    def repeat(self, canaries: Canaries, columns: Sequence[bytearray], progress: Progress) -> Sequence[bytes]:
        return [self.once(canaries, each, ignore)[0] for each in columns]


def attacked(job: Job) -> AttackView:
    """What the attack comes to, beside the price of the job."""
    found = attack(job, ignore, learner=InThisProcess())
    return attack_view(found, bound_of(job))


def bound_of(job: Job) -> Decimal:
    """The guess rate of its price; of a job that samples nothing by the closed form (Dong, Roth, Su 2022)."""
    if job.sampling_rate == 1:
        return Decimal(NormalDist().cdf(math.sqrt(job.steps) / job.noise_multiplier / 2))
    return price(
        Mechanism(
            sampling_rate=job.sampling_rate,
            noise_multiplier=job.noise_multiplier,
            steps=job.steps,
            parameters=parameter_count(update_shapes(job)),
            grid_exponent=job.grid,
            clip_norm=job.clip_norm,
        ),
        DELTA,
    ).guess_rate


def seen(job: Job) -> tuple[float, float]:
    """The mean score of canaries that are in, and of those that are not."""
    canaries = canaries_of(job)
    members = np.arange(canaries.count) % 2 == 0
    columns = canaries.columns(members, others_of(job))
    scores = canaries.scores(InThisProcess().once(canaries, columns, ignore)[0])
    return float(scores[members].mean()), float(scores[~members].mean())


def is_seen(job: Job) -> bool:
    """Whether with hardly any noise nearly every guess is right: more than nine in ten."""
    found = attacked(job).right_rate
    return found is not None and found > Decimal("0.9")


def silence(patch: pytest.MonkeyPatch) -> None:
    """Leave the noise out of the learner."""
    patch.setattr(engine, "draw_noise", lambda _words, plan, _erfinv: np.zeros(plan.parameters, np.int64))


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "slow" not in request.node.keywords:
        monkeypatch.setattr(attacking, "MOST_GUESSES", 100)


@pytest.mark.parametrize("name", sweep(AFFINE))
def test_with_hardly_any_noise_nearly_every_guess_is_right(name: str) -> None:
    assert is_seen(AFFINE[name])


@pytest.mark.slow
@pytest.mark.parametrize("job", NETWORKS.values(), ids=NETWORKS)
def test_so_it_is_where_there_are_hidden_layers(job: Job) -> None:
    """At a rate at which what is before the last layer hardly moves."""
    assert is_seen(replace(job, lr=0.01))


def test_noise_that_is_left_out_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job whose price allows few right guesses: the right learner keeps to it, and one without noise does not."""
    job = replace(CLASSES, noise_multiplier=6.0, steps=3, grid=18)
    right = attacked(job).right_rate
    assert right is not None
    assert right < Decimal("0.8")
    silence(monkeypatch)
    assert attacked(job).is_above_bound


ALL = (CLASSES, 1.0, 4.0, 16)
SOME = (CLASSES, 0.2, 2.0, 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("job", "rate", "noise", "steps"),
    [ALL, SOME, (NUMBER, *ALL[1:]), (NUMBER, *SOME[1:]), (mlp(CLASSES, 6, 5), *ALL[1:])],
    ids=["logistic", "logistic, sampled", "linear", "linear, sampled", "mlp"],
)
def test_a_right_learner_gives_away_no_more_than_its_price(
    job: Job, rate: float, noise: float, steps: int
) -> None:
    """And the attack sees what it gives away: more than luck would."""
    job = replace(
        job, sampling_rate=rate, expected_batch=100 * rate, noise_multiplier=noise, steps=steps, grid=17
    )
    found = attacked(job)
    assert found.right_rate is not None
    assert found.least_seen is not None
    assert not found.is_above_bound
    assert found.right_rate > found.least_seen


def test_what_a_canary_leaves_in_the_update_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise one that is in is seen as one step over the batch, and one that is not in not at all."""
    silence(monkeypatch)
    inside, outside = seen(replace(CLASSES, grid=24, lr=1.0, steps=1))
    assert inside == pytest.approx(1 / CLASSES.expected_batch, rel=1e-3)
    assert abs(outside) < 1e-6


def test_columns_are_as_long_whoever_is_in() -> None:
    for job in AFFINE.values():
        canaries = canaries_of(job)
        sizes = {len(canaries.columns(np.full(canaries.count, is_in), 7)) for is_in in (False, True)}
        assert len(sizes) == 1


def test_a_model_with_few_places_gets_no_number() -> None:
    """One canary a run and a run that takes long: too few guesses, and nothing is repeated."""

    class Slow(InThisProcess):
        def once(self, canaries: Canaries, columns: bytearray, progress: Progress) -> tuple[bytes, float]:
            return super().once(canaries, columns, progress)[0], 20.0

        def repeat(self, *_arguments: object) -> Sequence[bytes]:
            raise AssertionError("a second run was begun")

    found = attack(replace(CLASSES, features=EIGHT[:1]), ignore, learner=Slow())
    assert attack_view(found, Decimal("0.6")).right_rate is None


def test_a_model_behind_outlines_gets_no_number() -> None:
    """Whatever lights one outline lights its neighbours, so no two canaries could be told apart."""
    for filters in ((), (2,)):
        found = attacked(cnn(CLASSES, (8, 8, 1), *filters, outlines=4))
        assert (found.right_rate, found.is_above_bound) == (None, False)


def test_the_attack_stops_where_its_progress_does() -> None:
    def stop(done: int, _of: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attack(CLASSES, stop, learner=InThisProcess())


# figures --------------------------------------------------------------------------------------------------


def test_luck_alone_is_told_apart_as_a_binomial_says() -> None:
    """Against fractions: 59 of 100 is the least that luck gives in fewer than one of twenty."""
    assert attack_view(Guesses(made=100, right=50), Decimal("0.6")).least_seen == Decimal("0.590")
    tails = [Fraction(sum(comb(100, count) for count in range(right, 101)), 2**100) for right in (58, 59)]
    assert tails[0] > Fraction(1, 20) > tails[1]


def test_what_luck_alone_gives_is_found_at_once_as_by_each_number() -> None:
    for made in (100, 101, 230):
        assert least_seen(made) == next(
            right for right in range(made + 1) if chance_of(right, made, 0.5) < CHANCE
        )
    before = process_time()
    assert (least_seen.__wrapped__(500), least_seen.__wrapped__(5000)) == (269, 2559)
    assert process_time() - before < 0.3


@pytest.mark.parametrize(("right", "is_above"), [(300, False), (334, False), (335, True), (500, True)])
def test_a_rate_is_above_the_bound_only_where_luck_gives_it_once_in_a_thousand(
    right: int, is_above: bool
) -> None:
    bound = Fraction(6, 10)
    tail = sum(comb(500, count) * bound**count * (1 - bound) ** (500 - count) for count in range(right, 501))
    assert (tail < Fraction(1, 1000)) == is_above
    found = attack_view(Guesses(made=500, right=right), Decimal("0.6"))
    assert (found.is_above_bound, found.is_above_by_luck) == (is_above, right > 300 and not is_above)


def test_of_fewer_than_a_hundred_guesses_there_is_no_number() -> None:
    found = attack_view(Guesses(made=99, right=99), Decimal("0.6"))
    assert (found.right_rate, found.least_seen, found.is_above_bound) == (None, None, False)


# what crosses to the learner ------------------------------------------------------------------------------


def test_a_job_on_made_up_units_comes_back_as_it_was_and_is_no_other_job() -> None:
    asked = StandInJob(runs=7, job=CLASSES)
    assert parse_job(asked.to_json()) == asked
    assert parse_job(CLASSES.to_json()) == CLASSES
    for wrong in (b'"stand_in":0', b'"stand_in":true', b'"stand_in":1.5', b'"stand_in":10001'):
        with pytest.raises(ProtocolError):
            parse_job(asked.to_json().replace(b'"stand_in":7', wrong))


def test_updates_come_back_as_they_were_and_nothing_else_does() -> None:
    asked = StandInJob(runs=3, job=CLASSES)
    data = encode_updates(asked, [b"one", b"two", b"six"])
    assert decode_updates(asked, data) == (b"one", b"two", b"six")
    for wrong in (b"", data[:-1], data + b"x", b"X" + data[1:], data.replace(b"\3", b"\2", 1)):
        with pytest.raises(ProtocolError):
            decode_updates(asked, wrong)
    for updates in ([b"one"], [b"one", b"two", b"three"]):
        with pytest.raises(ProtocolError):
            encode_updates(asked, updates)


def test_columns_that_are_not_those_of_so_many_runs_are_refused() -> None:
    asked = StandInJob(runs=3, job=CLASSES)
    assert [bytes(part) for part in frames_of(asked, b"aabbcc")] == [b"aa", b"bb", b"cc"]
    with pytest.raises(ProtocolError):
        frames_of(asked, b"aabbc")
