"""How large a number of an update can be: what no run of a job gives, no learner hands in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from requests_samples import SHAPES, document

from vault.errors.training import LearnerFailed
from vault.requests.canonical import canonical
from vault.requests.manifest import Manifest
from vault.requests.parse import parse_manifest
from vault.requests.weights import write_tensors
from vault.training.update import check_update, largest


def asked(**changes: Any) -> Manifest:
    return parse_manifest(canonical(document(**changes)))


def update(number: int) -> bytes:
    """An update of zeros but for one number."""
    tensors = {name: np.zeros(shape, np.int64) for name, shape in SHAPES.items()}
    tensors["bias"][1] = number
    return write_tensors(tensors)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_no_run_can_give_is_not_taken(sign: int) -> None:
    """The learner read records: the high digits of a number are no place for them."""
    manifest = asked()
    most = int(largest(manifest) * 2**24)
    assert most < 2**60
    check_update(update(sign * most), manifest)
    with pytest.raises(LearnerFailed, match="a number that no run of this job can give"):
        check_update(update(sign * (most + 2)), manifest)
    with pytest.raises(LearnerFailed, match="a number that no run of this job can give"):
        check_update(update(sign * (2**63 - 1)), manifest)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ({"kind": "sgd", "lr": 0.5, "momentum": 0}, 100),
        ({"kind": "sgd", "lr": 0.5, "momentum": 0.5}, 200),
        ({"kind": "sgd", "lr": 0.5, "momentum": 0.99}, 10_000),
        ({"kind": "sgd_decayed", "lr": 0.5, "momentum": 0, "decay": "linear"}, 100),
    ],
)
def test_it_is_every_unit_there_may_be_in_every_step(optimizer: dict[str, Any], expected: int) -> None:
    """lr, the steps, and with momentum as many of them again: n_max C and the noise at its farthest, over b."""
    gradient = (2**24 * 1 + 19 * 1.04 * 4) / 20
    assert largest(asked(optimizer=optimizer)) == pytest.approx(0.5 * gradient * expected, rel=0.02)


def test_adam_goes_no_farther_than_what_it_divides_by_allows() -> None:
    """A tenth of the noise's deviation, at the least."""
    adam = {"kind": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "decay": "none"}
    assert largest(asked(optimizer=adam)) == pytest.approx(0.01 * 100 * 2**24 / (0.1 * 4), rel=0.001)
