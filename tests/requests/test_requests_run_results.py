"""What a run tells its owner alone has one form; what a turned learner says otherwise is kept and shown nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from learner import membership_attack
from learner.protocol import SCORE_LIMIT
from vault.requests.run_results import (
    MOST_GUESSES,
    MOST_STEPS_SEEN,
    RunResults,
    parse_fit,
    parse_results,
)

STEPS = 10
POINT = {"step": 0, "loss": 1.0, "accuracy": 0.5}
TOLD: dict[str, Any] = {
    "v": 1,
    "rows": 3,
    "curve": [POINT, {**POINT, "step": 5, "loss": None}],
    "final": {"loss": 1.0, "accuracy": 0.5},
    "base": 0.5,
    "guesses": {"made": 200, "right": 106, "seen": 5},
}

FIT: dict[str, Any] = {
    "v": 1,
    "rows": 3,
    "held_out": {"loss": 0.5, "accuracy": 0.75},
    "prior": {"loss": 1.0, "accuracy": None},
    "base": 0.5,
}


OF_NUMBERS = {"loss": 1.0, "rmse": 2.5}


def written(told: object) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


def said(**other: Any) -> bytes:
    return written({**TOLD, **other})


def read(private: bytes | None) -> RunResults | None:
    return parse_results(private, steps=STEPS)


def guesses(**other: Any) -> bytes:
    return said(guesses={**TOLD["guesses"], **other})


def test_what_has_the_form_is_read() -> None:
    found = read(said())
    assert found is not None
    assert (found.metric, found.rows, found.base) == ("accuracy", 3, 0.5)
    assert [one.step for one in found.curve] == [0, 5]
    assert found.guesses is not None
    assert (found.guesses.made, found.guesses.right, found.guesses.seen) == (200, 106, 5)
    of_numbers = read(said(final=OF_NUMBERS, curve=[{"step": 0, **OF_NUMBERS}], base=7.25))
    assert of_numbers is not None
    assert of_numbers.metric == "rmse"


def test_what_earlier_versions_told_is_read() -> None:
    older = {name: TOLD[name] for name in ("v", "rows", "curve", "final")}
    found = read(written(older))
    assert found is not None
    assert (found.base, found.guesses) == (None, None)


@pytest.mark.parametrize(
    "private",
    [
        *(None, b"", b"{}", b"[]", b"\xff", said(v=2), said(more=1), said(rows="3"), said(rows=-1), said(rows=True)),
        *(said(curve="zz"), said(curve=[POINT] * 65), said(curve=[{"step": 0}]), said(final=None)),
        *(said(base="\x1b[31m"), said(final={"loss": "your budget is full", "accuracy": 0.5})),
        *(said(guesses=[1]), said(guesses="abc"), said(guesses={"made": 200, "right": 100})),
        *(guesses(right=-5), guesses(right=201), guesses(seen=0), guesses(seen="5"), guesses(more=1)),
        *(guesses(made="200"), guesses(made=200.5), guesses(made=1_000_000_000), guesses(made=None)),
        said(final={"loss": 1.0, "accuracy": 0.5}).replace(b"0.5", b"1e999"),
        guesses().replace(b"106", b"1e999"),
        b'{"v":1,"rows":3,"curve":[],"final":{"loss":NaN,"accuracy":0.5}}',
    ],
)  # fmt: skip
def test_what_has_another_form_is_nothing(private: bytes | None) -> None:
    assert read(private) is None


@pytest.mark.parametrize(
    "private",
    [
        said(final={"loss": SCORE_LIMIT, "accuracy": 1.0}, base=0.0),
        said(final={"loss": 0.0, "rmse": SCORE_LIMIT}, curve=[], base=SCORE_LIMIT),
        said(final={"loss": None, "accuracy": None}, base=None),
        said(curve=[{**POINT, "step": STEPS, "loss": 0.1 + 0.2}]),
        guesses(made=500, right=500, seen=STEPS),
    ],
)
def test_the_farthest_that_a_run_can_come_to_is_read(private: bytes) -> None:
    assert read(private) is not None


@pytest.mark.parametrize(
    "private",
    [
        *(said(final={"loss": loss, "accuracy": 0.5}) for loss in (-1e308, -1e-9, 1e308, 1.01e100)),
        *(said(final={"loss": 1.0, "accuracy": share}) for share in (-0.5, 1.5, 1e308)),
        *(said(final={"loss": 1.0, "rmse": error}, curve=[], base=None) for error in (-1.0, 1.01e100)),
        *(said(base=1.5), said(base=-0.5), said(final=OF_NUMBERS, curve=[], base=-2.0)),
        *(said(curve=[{**POINT, "loss": 1e308}]), said(curve=[{**POINT, "accuracy": 1e308}])),
        *(guesses(made=502), guesses(made=499), guesses(seen=41), guesses(seen=STEPS + 1)),
    ],
)
def test_a_number_that_no_run_comes_to_is_nothing(private: bytes) -> None:
    assert read(private) is None


@pytest.mark.parametrize("steps", [(0, 0), (5, 0), (STEPS + 1,)])
def test_steps_rise_and_are_the_jobs(steps: tuple[int, ...]) -> None:
    assert read(said(curve=[{**POINT, "step": step} for step in steps])) is None


@pytest.mark.parametrize(
    "private",
    [
        *(said(v=True), said(v=1.0), said().replace(b'"v":1', b'"v":2,"v":1'), said().replace(b":1,", b": 1,", 1)),
        *(said() + b" ", said().replace(b"106", b"1,\"right\":106"), said(final={"loss": 1, "accuracy": 0.5})),
        said(final={"loss": 1.0, "accuracy": 0.5, "rmse": 2.0}),
        *(said(final={"loss": 1.0}), said(final={"accuracy": 0.5, "loss": 1.0})),
        *(said(final=OF_NUMBERS), said(curve=[{**POINT, "rmse": 2.0}]), said(curve=[{"step": 0, **OF_NUMBERS}])),
        *(said().replace(b"1.0", b"1.00", 1), said().replace(b"1.0", b"1e0", 1)),
        *(said() + b"\n", said().replace(b"rows", b"\\u0072ows")),
        written(dict(reversed(TOLD.items()))),
    ],
)  # fmt: skip
def test_what_no_learner_writes_is_nothing_though_it_says_the_same(private: bytes) -> None:
    assert read(private) is None


def test_the_bounds_are_those_of_the_learner() -> None:
    assert (MOST_GUESSES, MOST_STEPS_SEEN) == (2 * membership_attack.MOST, membership_attack.MOST_STEPS)


def test_what_a_fit_tells_has_one_form_too() -> None:
    found = parse_fit(written(FIT))
    assert found is not None
    assert (found.held_out.metric, found.held_out.score, found.prior.score, found.base) == (
        "accuracy",
        0.75,
        None,
        0.5,
    )
    of_numbers = parse_fit(written(FIT | {"held_out": OF_NUMBERS, "prior": OF_NUMBERS, "base": 7.25}))
    assert of_numbers is not None
    assert of_numbers.held_out.score == 2.5


@pytest.mark.parametrize(
    "facts",
    [
        *(b"{}", b"[]", b"\xff", written({**FIT, "more": 1}), written({**FIT, "v": 2}), written({**FIT, "rows": "3"})),
        *(written({**FIT, "held_out": "\x1b[31m"}), written({**FIT, "prior": OF_NUMBERS})),
        written({**FIT, "base": 1.5}),
        *(written({**FIT, "held_out": {"loss": 0.5, "accuracy": share}}) for share in (-0.5, 1.5, "all", 1e308)),
        *(written(FIT) + b" ", written(FIT).replace(b":3,", b":4,\"rows\":3,"), written(dict(reversed(FIT.items())))),
        written({name: FIT[name] for name in ("v", "rows", "held_out", "prior")}),
    ],
)  # fmt: skip
def test_what_no_learner_writes_of_a_fit_is_nothing(facts: bytes) -> None:
    assert parse_fit(facts) is None
