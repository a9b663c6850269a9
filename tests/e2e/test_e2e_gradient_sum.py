"""A job that asks for one sum, from its description to the sum in the requester's hands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.world import JOB, NAME, World
from vault.requester.jobs import check_job

TRAINING = JOB[JOB.index("[training]") : JOB.index("[[fields]]")]
SUM_JOB = 'kind = "gradient_sum"\n' + JOB.replace(TRAINING, "[training]\nclip = 1.0\n\n")


def handed_over(world: World, text: str, epsilon: str) -> tuple[Path, str, tuple[object, ...]]:
    """The release of a job of this description, how its request is shown, and the words that verify it."""
    job, to, key = (
        world.job("sum", text=text, epsilon=epsilon),
        world.folder / "out",
        world.folder / "vault.pub",
    )
    with world.vault() as vault:
        world.imported(vault)
        request = vault.submit(job).line.id
        model = vault.request(request).model
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
        vault.send(request, confirm_digest=vault.release(request).digest, to=to)
        kept = vault.release(request).for_you
        assert kept is not None
        assert (kept.is_sum, kept.attack) == (True, None)
        key.write_text(vault.vault_key(NAME))
    return to, model, ("update", "verify", to, "--vault-key", key, "--job", job)


@pytest.mark.slow
def test_a_sum_is_shown_as_one_released_and_verified(known_world: World) -> None:
    """It says that it is no model wherever a person decides, and its price is that of one look at everybody."""
    world, paths = known_world, known_world.paths
    text = SUM_JOB.replace("clip = 1.0", 'clip = 1.0\nencoding = "int8"\nmost_units = 100')
    to, shown, verify = handed_over(world, text, "0.5")
    assert shown == "one sum of logistic gradients"
    assert check_job(world.folder / "sum").computes == (
        "one noisy sum of gradients of a logistic regression, no model"
    )

    verified = run(paths, *verify, "--sum", world.folder / "sum.safetensors")
    assert verified.code == 0, verified.err
    said = json.loads((to / "release.json").read_bytes())
    assert (said["job"], said["optimizer"]) == ({"kind": "gradient_sum"}, {"kind": "none"})
    assert (said["mechanism"]["sampling_rate"], said["mechanism"]["steps"]) == (1, 1)
    found = load_file(world.folder / "sum.safetensors")
    assert {name: each.shape for name, each in found.items()} == {"weight": (2, 2), "bias": (2,)}
    assert any(each.any() for each in found.values())

    noise, released = said["mechanism"]["noise_multiplier"], load_file(to / "update.safetensors")
    assert said["update"]["encoding"] == "int8"
    assert said["update"]["step"] == pytest.approx((100 + 4 * noise) / 127)
    assert all(each.dtype == np.int8 for each in released.values())
    assert all(np.array_equal(found[name], released[name] * said["update"]["step"]) for name in found)

    for option, name in (("--model", "model.safetensors"), ("--onnx", "model.onnx")):
        made = world.folder / name
        refused = run(paths, *verify, "--sum", world.folder / "again", option, made)
        assert refused.code == 1
        assert "this release holds a sum and no model" in " ".join(refused.err.split())
        assert "--sum FILE" in refused.err
        assert not made.exists()
    assert not (world.folder / "again").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
def test_moments_of_a_vault_come_near_those_of_its_rows(known_world: World) -> None:
    """By the learner itself: fifty days of two rows, each counted once, with the noise that hides a day."""
    label = 'transform = {{ kind = "classes", labels = ["false", "true"] }}'
    number = 'transform = {{ kind = "standard", center = 0.5, scale = 0.5, clip = 1 }}'
    text = SUM_JOB.replace("gradient_sum", "moments").replace('kind = "logistic"', 'kind = "linear"')
    text = text.replace(label, number).replace("clip = 1.0", "clip = 4.0")
    _, _, verify = handed_over(known_world, text, "1")
    verified = run(known_world.paths, *verify, "--sum", known_world.folder / "sum.safetensors")
    assert verified.code == 0, verified.err
    found = load_file(known_world.folder / "sum.safetensors")
    assert {name: each.shape for name, each in found.items()} == {"products": (6,), "targets": (3,)}
    # the mean of two rows a day: the last product is that of the constant one with itself
    assert found["products"][5] == pytest.approx(50, abs=150)
    assert np.isfinite(found["targets"]).all()
