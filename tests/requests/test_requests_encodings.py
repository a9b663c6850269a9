"""Updates in few bytes: the step that follows from public constants, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from requests_samples import SHAPES, document, first_version

from vault.errors.requests import ManifestInvalid
from vault.errors.training import LearnerFailed
from vault.requests.canonical import canonical
from vault.requests.encodings import UPDATE_STEP, update_step
from vault.requests.manifest import Manifest
from vault.requests.parse import parse_manifest
from vault.requests.translate import learner_job, mechanism
from vault.requests.weights import write_tensors
from vault.training.update import check_update

SUM: dict[str, Any] = {
    "job": {"kind": "gradient_sum"},
    "optimizer": {"kind": "none"},
    "dp__sampling_rate": 1,
    "dp__expected_batch": 1,
    "dp__steps": 1,
    "dp__clip": 2.0,
    "dp__noise_multiplier": 4.0,
}


def asked(encoding: str, most_units: int, **changes: Any) -> Manifest:
    output = {"average": "last", "grid": 14, "encoding": encoding, "most_units": most_units}
    return parse_manifest(canonical(document(**{**SUM, "output": output, **changes})))


@pytest.mark.parametrize(("encoding", "most"), [("int16", 32767), ("int8", 127)])
def test_the_largest_number_is_all_units_and_four_deviations(encoding: str, most: int) -> None:
    """n_max C + 4 sigma C over the largest number; the price is that of any other encoding."""
    manifest = asked(encoding, 400)
    job = learner_job(manifest, manifest.required)
    assert update_step(manifest) == pytest.approx((400 + 4 * 4.0) * 2.0 / most, rel=1e-15)
    assert (job.encoding, job.output_step) == (encoding, update_step(manifest))
    assert mechanism(manifest) == mechanism(
        parse_manifest(canonical(document(**SUM, output__average="last")))
    )


def test_a_step_coarser_than_the_noise_is_refused_with_what_fits() -> None:
    """127 steps of sigma C hold 508 - 16 units here, and not one more."""
    assert update_step(asked("int8", 492)) == pytest.approx(8.0)
    with pytest.raises(
        ManifestInvalid, match="in int8 would have coarser steps than its noise: write it in int16"
    ):
        asked("int8", 493)
    assert update_step(asked("int16", 493)) < 1
    with pytest.raises(
        ManifestInvalid, match="in int16 would have coarser steps than its noise: write it in int64"
    ):
        asked("int16", 2**20)


def test_the_weights_of_a_model_go_as_far_as_all_steps_together() -> None:
    """Of every optimizer: T steps of q n_max C and the noise, beside the noise of T steps."""
    training = {key: document()[key] for key in ("job", "dp")}
    for optimizer, longest in (
        ({"kind": "sgd", "lr": 0.5, "momentum": 0.9}, 0.5 / 0.1 / 20),
        ({"kind": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "decay": "none"}, 10 * 0.01 / 4),
    ):
        changes = {"job": training["job"], "optimizer": optimizer, "dp__clip": 1.0}
        changes |= {"dp__sampling_rate": 0.1, "dp__expected_batch": 20, "dp__steps": 100}
        found = update_step(asked("int16", 1000, **changes))
        assert found == pytest.approx(longest * 100 * (0.1 * 1000 + 16) / 32767)
        with pytest.raises(ManifestInvalid, match="int8"):
            asked("int8", 1000, **changes)


def test_most_units_belong_to_few_bytes_alone() -> None:
    for output in (
        {"average": "last", "grid": 14, "encoding": "int64", "most_units": 400},
        {"average": "last", "grid": 14, "encoding": "int8"},
        {"average": "last", "grid": 14, "encoding": "int8", "most_units": 0},
        {"average": "last", "grid": 14, "encoding": "int8", "most_units": 2**24 + 1},
    ):
        with pytest.raises(ManifestInvalid, match="output"):
            parse_manifest(canonical(document(**SUM, output=output)))
    first = parse_manifest(canonical(first_version(document())))
    assert update_step(first) == UPDATE_STEP == math.ldexp(1, -24)


def update(number: int, kind: type[np.signedinteger[Any]]) -> bytes:
    tensors = {name: np.zeros(shape, kind) for name, shape in SHAPES.items()}
    tensors["bias"][1] = number
    return write_tensors(tensors)


def test_only_numbers_of_the_encoding_are_taken_from_a_learner() -> None:
    """The lowest number of two's complement is none: it would be one more thing to say."""
    manifest = asked("int8", 400)
    for number in (-127, 0, 127):
        check_update(update(number, np.int8), manifest)
    with pytest.raises(LearnerFailed, match="a number that no run of this job can give"):
        check_update(update(-128, np.int8), manifest)
    with pytest.raises(LearnerFailed, match="a number that no run of this job can give"):
        check_update(update(-(2**15), np.int16), asked("int16", 400))
    for kind in (np.int64, np.int16):
        with pytest.raises(LearnerFailed, match="I8"):
            check_update(update(1, kind), manifest)
