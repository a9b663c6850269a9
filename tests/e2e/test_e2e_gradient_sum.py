"""A job that asks for one sum of gradients, from its description to the sum in the requester's hands, by commands."""

from __future__ import annotations

import json

from safetensors.numpy import load_file

from tests.worlds.commands import run
from tests.worlds.world import JOB, NAME, World

TRAINING = JOB[JOB.index("[training]") : JOB.index("[[fields]]")]
SUM_JOB = 'kind = "gradient_sum"\n' + JOB.replace(TRAINING, "[training]\nclip = 1.0\n\n")


def test_a_sum_is_asked_for_shown_as_one_released_and_verified(known_world: World) -> None:
    """It says that it is no model wherever a person decides, and its price is that of one look at everybody."""
    world, paths = known_world, known_world.paths
    with world.vault() as vault:
        world.imported(vault)
    description = world.folder / "sum.toml"
    description.write_text(SUM_JOB.format(unit="day", steps=1))
    job, to = world.folder / "sum-job", world.folder / "out"
    key = world.folder / "lab" / "requester.key"

    made = run(paths, "job", "new", description, "--epsilon", "0.5", "--to", job)
    signed = run(paths, "job", "sign", job, "--key", key)
    submitted = run(paths, "request", "submit", job)
    assert (made.code, signed.code, submitted.code) == (0, 0, 0), made.err + signed.err + submitted.err
    assert "one noisy sum of gradients of a logistic regression, no model" in made.out.replace("\n", " ")

    (asked,) = [json.loads(line) for line in run(paths, "request", "list", "--json").out.splitlines()]
    assert "one sum of logistic gradients" in " ".join(run(paths, "request", "show", asked["id"]).out.split())
    for words in (("request", "approve", asked["id"], "--draft-grant"), ("train", asked["id"])):
        outcome = run(paths, *words)
        assert outcome.code == 0, outcome.err
    (held,) = [json.loads(line) for line in run(paths, "release", "list", "--json").out.splitlines()]
    run(paths, "release", "send", held["id"], "--confirm-digest", held["digest"][:8], "--to", to)
    (world.folder / "vault.pub").write_text(run(paths, "requester", "vault-key", NAME).out)

    verify = ("update", "verify", to, "--vault-key", world.folder / "vault.pub", "--job", job)
    verified = run(paths, *verify, "--sum", world.folder / "sum.safetensors")
    assert verified.code == 0, verified.err
    said = json.loads((to / "release.json").read_bytes())
    assert (said["job"], said["optimizer"]) == ({"kind": "gradient_sum"}, {"kind": "none"})
    assert (said["mechanism"]["sampling_rate"], said["mechanism"]["steps"]) == (1, 1)
    found = load_file(world.folder / "sum.safetensors")
    assert {name: each.shape for name, each in found.items()} == {"weight": (2, 2), "bias": (2,)}
    assert any(each.any() for each in found.values())

    refused = run(paths, *verify, "--model", world.folder / "model.safetensors")
    assert refused.code == 6
    assert "a sum of gradients and no model" in " ".join(refused.err.split())
    assert not (world.folder / "model.safetensors").exists()
