"""One job about a file of made-up records goes the whole way, by its recipe: from a vault to a verified release."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.importing import import_file
from tests.worlds.world import NAME, World
from vault.views.records import FileChoice

HEAD = """\
collection = "{collection}"
unit = "record"
max_rows_per_unit = 1
retention = "deleted when the study ends"

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "{question}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which collection is asked about, what for, and of what model; ``job`` is the rest, with its braces twice."""

    collection: str
    question: str
    kind: str
    job: str
    epsilon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the requester has in the end: the job, the release, and the model as weights and as ONNX."""

    job: Path
    to: Path
    weights: Path
    model: Path


def learned(world: World, taught: Path, asked: Asked) -> Learned:
    """Import the file, ask, train, release and verify; the vault's key lies in ``vault.pub``."""
    text = HEAD.format(collection=asked.collection, question=asked.question) + asked.job
    job = world.job(asked.collection, text=text, epsilon=asked.epsilon)
    to, key = world.folder / "out", world.folder / "vault.pub"
    with world.vault() as vault:
        import_file(vault, FileChoice(path=taught, name=asked.collection, unit="record"))
        request = vault.submit(job).line.id
        assert vault.request(request).model == asked.kind
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)
        vault.send(request, confirm_digest=vault.release(request).digest, to=to)
        key.write_text(vault.vault_key(NAME))
    weights, model = world.folder / "model.safetensors", world.folder / "model.onnx"
    verify = ("update", "verify", to, "--vault-key", key, "--job", job)
    verified = run(world.paths, *verify, "--model", weights, "--onnx", model)
    assert verified.code == 0, verified.err
    return Learned(job=job, to=to, weights=weights, model=model)


def predictions(world: World, found: Learned, asked: Path) -> Iterator[list[dict[str, str]]]:
    """What is predicted for the rows of a file: by the weights, then by ONNX."""
    for words in ((found.weights, asked, "--job", found.job), (found.model, asked)):
        predicted = run(world.paths, "update", "predict", *words)
        assert predicted.code == 0, predicted.err
        yield list(csv.DictReader(predicted.out.splitlines()))
