"""Messages, learned from a vault by a model of texts: from a card to a model that others use, and the owner too."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.worlds.benchmarks import benchmark_named
from tests.worlds.commands import run
from tests.worlds.learned import Asked, learned, predictions
from tests.worlds.world import World

messages = benchmark_named("made_up_messages").messages
JOB = """\
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


def asked_of(kind: str) -> Asked:
    """What is asked about messages, of this kind of model."""
    job = JOB.replace('kind = "text"', f'kind = "{kind}"')
    question = "Does a message want something?"
    return Asked(collection="messages", question=question, kind=kind, job=job, epsilon="2")


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
@pytest.mark.parametrize("kind", ["text", "transformer"])
def test_what_messages_do_is_learned_at_epsilon_two(known_world: World, kind: str) -> None:
    """By the recipe alone; the requester predicts by weights, by ONNX and with plain bytes, the owner at home."""
    world, asked = known_world, known_world.folder / "asked.csv"
    written(world.folder / "taught.csv", 2_000, 1)
    found = learned(world, world.folder / "taught.csv", asked_of(kind))
    labels = written(asked, 300, 2, is_asked=True)
    for rows in predictions(world, found, asked):
        answers = [row["predicted does"] for row in rows]
        assert np.mean([one == other for one, other in zip(answers, labels, strict=True)]) >= 0.85
    session = onnxruntime.InferenceSession(found.model)
    plain = [text.encode()[:80].ljust(80, b"\0") for text, _ in messages(300, seed=2)]
    taken = np.frombuffer(b"".join(plain), np.uint8).reshape(-1, 80)
    assert session.run(None, {"message": taken})[0].tolist() == answers

    verified = ("--job", found.job, "--vault-key", world.folder / "vault.pub")
    added = run(world.paths, "model", "add", found.to, *verified, "--json")
    assert added.code == 0, added.err
    name = json.loads(added.out)["name"]
    scored = run(world.paths, "model", "score", name, "messages", "--json")
    assert scored.code == 0, scored.err
    at_home = run(world.paths, "model", "predict", name, asked, "--file", "--to", world.folder / "home.csv")
    assert at_home.code == 0, at_home.err
    with (world.folder / "home.csv").open(newline="", encoding="utf-8") as file:
        assert [row["predicted does"] for row in csv.DictReader(file)] == answers
