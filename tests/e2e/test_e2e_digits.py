"""Handwritten digits, learned from a vault by a network for images: from the file to a model that others use."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file

from tests.worlds.learned import Asked, learned, predictions
from tests.worlds.world import World

TAUGHT = 1437
JOB = """\
[model]
kind = "cnn"
height = 8
width = 8
# more layers

[training]
units_guess = 1500
encoding = "int16"

[[fields]]
name = "digit"
role = "label"
transform = {{ kind = "classes", labels = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }}

[[fields]]
name = "pixels"
role = "feature"
transform = {{ kind = "vector", size = 64, center = 8, scale = 8, clip = 1, fill = 0 }}
"""


def digits(folder: Path) -> tuple[Path, Path, Any]:
    """A file to import, one to predict for without its answers, and these."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order]
    taught, asked = folder / "digits.jsonl", folder / "asked.csv"
    rows = zip(images[:TAUGHT].tolist(), labels[:TAUGHT].tolist(), strict=True)
    taught.write_text(
        "".join(json.dumps({"pixels": pixels, "digit": digit}) + "\n" for pixels, digit in rows)
    )
    with asked.open("w", newline="") as file:
        csv.writer(file).writerows([["pixels"], *([json.dumps(each)] for each in images[TAUGHT:].tolist())])
    return taught, asked, labels[TAUGHT:]


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
@pytest.mark.parametrize(("layers", "right"), [("", 0.75), ("outlines = 8\npool = 1", 0.85)])
def test_digits_are_learned_from_a_vault_at_epsilon_three(
    layers: str, right: float, known_world: World
) -> None:
    """By the recipe alone, by weights and by ONNX, int16 all the way; nine of ten are right, give or take."""
    world = known_world
    taught, asked, labels = digits(world.folder)
    question = "Which digit is it?"
    found = learned(
        world,
        taught,
        Asked(
            collection="digits",
            question=question,
            kind="cnn",
            job=JOB.replace("# more layers", layers),
            epsilon="3",
        ),
    )
    said = json.loads((found.to / "release.json").read_bytes())
    assert float(said["epsilon"]) <= 3
    assert said["update"]["encoding"] == "int16"
    assert {each.dtype for each in load_file(found.to / "update.safetensors").values()} == {
        np.dtype(np.int16)
    }

    for each in predictions(world, found, asked):
        answers = [int(row["predicted digit"]) for row in each]
        assert float(np.mean(np.array(answers) == labels)) >= right
    session = onnxruntime.InferenceSession(found.model)
    pixels = np.array(
        [json.loads(row["pixels"]) for row in csv.DictReader(asked.read_text().splitlines())],
        dtype=np.float64,
    )
    assert session.run(None, {"pixels": pixels})[0].tolist() == [str(answer) for answer in answers]
