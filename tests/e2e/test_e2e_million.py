"""A model of a million parameters goes the whole way: trained, released, verified and used."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.importing import import_file
from tests.worlds.world import NAME, World
from vault.views.records import FileChoice

WORDS = [f"w{number}" for number in range(910)]
FIELD = """
[[fields]]
name = "{name}"
role = "feature"
transform = {{ kind = "onehot", labels = {labels} }}
"""
JOB = """\
collection = "words"
unit = "record"
max_rows_per_unit = 1
retention = "deleted when the study ends"

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Does a large model go the whole way?"

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
    taught, to, key = world.folder / "taught.csv", world.folder / "out", world.folder / "vault.pub"
    with taught.open("w", newline="") as file:
        rows = [[*draws.choice(WORDS, 4), draws.choice(["asks", "tells"])] for _ in range(200)]
        csv.writer(file).writerows([[*names, "does"], *rows])
    fields = "".join(FIELD.format(name=name, labels=json.dumps(WORDS)) for name in names)
    job = world.job("words", text=JOB + fields.replace("{", "{{").replace("}", "}}"), epsilon="2")
    with world.vault() as vault:
        import_file(vault, FileChoice(path=taught, name="words", unit="record"))
        request = vault.submit(job).line.id
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
        vault.send(request, confirm_digest=vault.release(request).digest, to=to)
        key.write_text(vault.vault_key(NAME))
    weights, model = world.folder / "model.safetensors", world.folder / "model.onnx"
    verify = ("update", "verify", to, "--vault-key", key, "--job", job, "--model", weights, "--onnx", model)
    verified = run(world.paths, *verify)
    assert verified.code == 0, verified.err
    assert 990_000 < sum(each.size for each in load_file(weights).values()) <= 1_000_000
    for words in ((weights, taught, "--job", job), (model, taught)):
        predicted = run(world.paths, "update", "predict", *words)
        assert predicted.code == 0, predicted.err
