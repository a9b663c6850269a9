"""A model of a million parameters goes the whole way: trained, released, verified and used."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.worlds.learned import Asked, learned, predictions
from tests.worlds.world import World

WORDS = [f"w{number}" for number in range(910)]
FIELD = """
[[fields]]
name = "{name}"
role = "feature"
transform = {{ kind = "onehot", labels = {labels} }}
"""
JOB = """\
[model]
kind = "mlp"
hidden = [256, 256]

[training]
units_guess = 200
steps = 20

[[fields]]
name = "does"
role = "label"
transform = {{ kind = "classes", labels = ["asks", "tells"] }}
"""


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
def test_a_model_of_a_million_parameters_goes_the_whole_way(known_world: World) -> None:
    world, draws, names = known_world, np.random.default_rng(0), ["one", "two", "three", "four"]
    taught = world.folder / "taught.csv"
    with taught.open("w", newline="") as file:
        rows = [[*draws.choice(WORDS, 4), draws.choice(["asks", "tells"])] for _ in range(200)]
        csv.writer(file).writerows([[*names, "does"], *rows])
    fields = "".join(FIELD.format(name=name, labels=json.dumps(WORDS)) for name in names)
    asked = Asked(
        collection="words",
        question="Does a large model go the whole way?",
        kind="mlp",
        job=JOB + fields.replace("{", "{{").replace("}", "}}"),
        epsilon="2",
    )
    found = learned(world, taught, asked)
    assert 990_000 < sum(each.size for each in load_file(found.weights).values()) <= 1_000_000
    assert all(len(rows) == 200 for rows in predictions(world, found, taught))
