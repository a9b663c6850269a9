"""The owner's own use of a model: what it computes, and that no envelope comes of it."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from learner import own
from learner.minimum import minimum
from learner.protocol import (
    Answer,
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    OwnJob,
    ProtocolError,
    decode_answer,
    decode_envelope,
    encode_answer,
    job_shapes,
    parse_job,
)
from tests.learner.learner_children import JOB

CLASSES = replace(
    JOB, model=ModelSpec(kind="logistic"), loss="cross_entropy", label=LabelSpec(kind="classes", classes=2)
)
ROWS = 60


def frame_of(job: Job, values: NDArray[np.float64], labels: NDArray[np.float64 | np.int32]) -> ColumnFrame:
    unit = array("i", [row // 3 for row in range(len(values))])
    return ColumnFrame.decode(
        job, ColumnFrame.encode(job, unit=unit, features=[values.data] * len(job.features), label=labels.data)
    )


def weights(weight: list[list[float]], bias: list[float]) -> bytes:
    return save({"weight": np.array(weight, np.float32), "bias": np.array(bias, np.float32)})


def answer(task: Any, job: Job, start: bytes, frame: ColumnFrame) -> Answer:
    asked = OwnJob(task=task, rows=frame.rows, job=job)
    seen: list[tuple[int, int]] = []
    found = own.answer(asked, start, frame, progress=lambda step, of: seen.append((step, of)))
    assert seen == [(step, asked.steps) for step in range(1, asked.steps + 1)]
    return decode_answer(asked, encode_answer(asked, found))


VALUES = np.linspace(-1.0, 1.0, ROWS)
NUMBERS = 0.5 * VALUES + 0.25
SIDES = (VALUES > 0).astype(np.int32)


def test_a_score_is_that_of_every_row_beside_the_best_guess() -> None:
    exact = answer("score", JOB, weights([[0.5]], [0.25]), frame_of(JOB, VALUES, NUMBERS))
    sides = answer("score", CLASSES, weights([[0.0], [1.0]], [0.0, 9.0]), frame_of(CLASSES, VALUES, SIDES))
    number, classes = (json.loads(each.facts) for each in (exact, sides))

    assert (exact.numbers, sides.numbers) == (b"", b"")
    assert number["final"]["rmse"] < 1e-6 < number["base"]
    assert number["rows"] == ROWS
    assert (classes["final"]["accuracy"], classes["base"]) == (0.5, 0.5)


def test_a_prediction_is_a_number_in_its_own_units_or_a_class_with_its_chance() -> None:
    job = replace(JOB, label=LabelSpec(kind="standard", center=10.0, scale=4.0, clip=3.0))
    number = answer("predict", job, weights([[0.5]], [0.25]), frame_of(job, VALUES, NUMBERS))
    sides = answer("predict", CLASSES, weights([[0.0], [2.0]], [0.0, 0.0]), frame_of(CLASSES, VALUES, SIDES))
    classes = np.frombuffer(sides.numbers).reshape(-1, 2)

    assert np.allclose(np.frombuffer(number.numbers), 10 + 4 * NUMBERS, atol=1e-6)
    assert classes[:, 0].tolist() == SIDES.tolist()
    assert np.allclose(classes[:, 1], 1 / (1 + np.exp(-np.abs(2 * VALUES))), atol=1e-6)


def test_a_fit_finds_what_the_rows_say_and_says_how_it_does_on_rows_held_out() -> None:
    found = answer("fit", JOB, weights([[0.0]], [0.0]), frame_of(JOB, VALUES, NUMBERS))
    facts, fitted = json.loads(found.facts), load(found.numbers)

    assert abs(fitted["weight"][0, 0] - 0.5) < 0.01
    assert abs(fitted["bias"][0] - 0.25) < 0.01
    assert facts["held_out"]["rmse"] < 0.01 < facts["prior"]["rmse"]


def test_a_fit_to_noisy_rows_is_nearer_to_the_truth_than_the_rows_alone() -> None:
    """The model it begins from is the truth, and how far it is left is decided by rows held out."""
    noisy, truth = NUMBERS + np.random.default_rng(3).normal(size=ROWS), np.array([0.5, 0.25])
    alone, *_ = np.linalg.lstsq(np.column_stack((VALUES, np.ones(ROWS))), noisy)
    found = load(answer("fit", JOB, weights([[0.5]], [0.25]), frame_of(JOB, VALUES, noisy)).numbers)
    fitted = np.concatenate((found["weight"][0], found["bias"]))

    assert np.linalg.norm(fitted - truth) < np.linalg.norm(alone - truth) / 2


def test_a_fit_is_the_ridge_solution_around_the_prior() -> None:
    """Against the normal equations, for the very strength that is taken last."""
    frame = frame_of(JOB, VALUES, NUMBERS)
    use = own._use(JOB, frame, np.empty(0))
    prior, rows = np.array([1.0, -1.0]), np.arange(ROWS)
    inputs = np.column_stack((VALUES.astype(np.float32), np.ones(ROWS))).astype(np.float64)
    away = NUMBERS.astype(np.float32) - inputs @ prior
    exact = prior + np.linalg.solve(inputs.T @ inputs + 10.0 * np.eye(2), inputs.T @ away)

    assert np.allclose(use.fit(use.network(), prior, rows, 10.0), exact, atol=1e-6)


def test_a_minimum_is_found_where_curvatures_differ_a_thousandfold() -> None:
    curvature = np.array([1.0, 1000.0, 30.0])
    found = minimum(lambda at: (float(curvature @ (at - 2) ** 2) / 2, curvature * (at - 2)), np.zeros(3))

    assert np.allclose(found, 2.0, atol=1e-6)


def test_an_own_job_comes_back_as_it_was_and_is_no_other_job() -> None:
    asked = OwnJob(task="fit", rows=7, job=CLASSES)

    assert parse_job(asked.to_json()) == asked
    assert parse_job(CLASSES.to_json()) == CLASSES
    for wrong in (b'"own":"train"', b'"own":"send"', b'"own":null'):
        with pytest.raises(ProtocolError):
            parse_job(asked.to_json().replace(b'"own":"fit"', wrong))
    with pytest.raises(ProtocolError, match="a sum is no model"):
        OwnJob(
            task="score",
            rows=1,
            job=replace(JOB, kind="gradient_sum", sampling_rate=1.0, expected_batch=1.0, steps=1),
        )


def test_an_answer_is_no_envelope() -> None:
    asked = OwnJob(task="predict", rows=2, job=JOB)
    data = encode_answer(asked, Answer(facts=b"{}", numbers=bytes(16)))

    with pytest.raises(ProtocolError):
        decode_envelope(JOB, data)
    for wrong in (data[:-1], data + b"\0", b"LBXENVE1" + data[8:], data[:20], data.replace(b"{}", b"[]")):
        with pytest.raises(ProtocolError):
            decode_answer(asked, wrong)
    with pytest.raises(ProtocolError):
        encode_answer(OwnJob(task="score", rows=2, job=JOB), Answer(facts=b"{}", numbers=b"x"))


def test_an_optional_column_that_is_not_there_is_its_fill() -> None:
    job = replace(
        JOB, features=(*JOB.features, FeatureSpec(kind="standard", clip=3.0, fill=2.0, present=False))
    )
    columns = ColumnFrame.encode(
        job, unit=array("i", [0]), features=[array("d", [1.0]), None], label=array("d", [0.0])
    )
    found = answer("predict", job, weights([[1.0, 10.0]], [0.5]), ColumnFrame.decode(job, columns))

    assert job_shapes(job) == {"weight": (1, 2), "bias": (1,)}
    assert np.frombuffer(found.numbers).tolist() == [21.5]


def test_weights_that_overflow_have_no_score_and_end_nothing() -> None:
    found = answer("score", JOB, weights([[3e38]], [3e38]), frame_of(JOB, VALUES * 1e300, NUMBERS))

    assert json.loads(found.facts)["rows"] == ROWS
