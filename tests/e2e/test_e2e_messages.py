"""Messages, learned from a vault by a model of texts: from a card to a model that others use, and the owner too."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.worlds.approving import approve
from tests.worlds.benchmarks import benchmark_named
from tests.worlds.commands import run
from tests.worlds.importing import import_file
from tests.worlds.world import NAME, World
from vault.views.records import FileChoice

messages = benchmark_named("made_up_messages").messages
JOB = """\
collection = "messages"
unit = "record"
max_rows_per_unit = 1
retention = "deleted when the study ends"

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Does a message want something?"

[model]
kind = "text"

[training]
units_guess = 2000

[[fields]]
name = "does"
role = "label"
transform = {{ kind = "classes", labels = ["asks", "tells"] }}

[[fields]]
name = "message"
role = "feature"
transform = {{ kind = "bytes", length = 80 }}
"""


def written(path: Path, count: int, seed: int, *, is_asked: bool = False) -> list[str]:
    """A file of messages, without what they do where that is asked; what they do."""
    found = list(messages(count, seed=seed))
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [[text] if is_asked else [text, does] for text, does in found]
        csv.writer(file).writerows([["message"] if is_asked else ["message", "does"], *rows])
    return [does for _, does in found]


def released(world: World, rows: int, kind: str) -> tuple[Path, Path, Path]:
    """The weights, the ONNX file and the job of a release that was learned from so many messages."""
    taught, to, key = world.folder / "taught.csv", world.folder / "out", world.folder / "vault.pub"
    written(taught, rows, 1)
    job = world.job("messages", text=JOB.replace('kind = "text"', f'kind = "{kind}"'), epsilon="2")
    with world.vault() as vault:
        import_file(vault, FileChoice(path=taught, name="messages", unit="record"))
        request = vault.submit(job).line.id
        assert vault.request(request).model == kind
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
        vault.send(request, confirm_digest=vault.release(request).digest, to=to)
        key.write_text(vault.vault_key(NAME))
    weights, model = world.folder / "model.safetensors", world.folder / "model.onnx"
    verify = ("update", "verify", to, "--vault-key", key, "--job", job, "--model", weights, "--onnx", model)
    verified = run(world.paths, *verify)
    assert verified.code == 0, verified.err
    return weights, model, job


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
@pytest.mark.parametrize("kind", ["text", "transformer"])
def test_what_messages_do_is_learned_at_epsilon_two(known_world: World, kind: str) -> None:
    """By the recipe alone; the requester predicts by weights, by ONNX and with plain bytes, the owner at home."""
    world, asked = known_world, known_world.folder / "asked.csv"
    weights, model, job = released(world, 2_000, kind)
    labels = written(asked, 300, 2, is_asked=True)
    for words in ((weights, asked, "--job", job), (model, asked)):
        predicted = run(world.paths, "update", "predict", *words)
        assert predicted.code == 0, predicted.err
        answers = [row["predicted does"] for row in csv.DictReader(predicted.out.splitlines())]
        assert np.mean([one == other for one, other in zip(answers, labels, strict=True)]) >= 0.85
    session = onnxruntime.InferenceSession(model)
    plain = [text.encode()[:80].ljust(80, b"\0") for text, _ in messages(300, seed=2)]
    taken = np.frombuffer(b"".join(plain), np.uint8).reshape(-1, 80)
    assert session.run(None, {"message": taken})[0].tolist() == answers

    verified = ("--job", job, "--vault-key", world.folder / "vault.pub")
    added = run(world.paths, "model", "add", world.folder / "out", *verified, "--json")
    assert added.code == 0, added.err
    name = json.loads(added.out)["name"]
    scored = run(world.paths, "model", "score", name, "messages", "--json")
    assert scored.code == 0, scored.err
    at_home = run(world.paths, "model", "predict", name, asked, "--file", "--to", world.folder / "home.csv")
    assert at_home.code == 0, at_home.err
    with (world.folder / "home.csv").open(newline="", encoding="utf-8") as file:
        assert [row["predicted does"] for row in csv.DictReader(file)] == answers
