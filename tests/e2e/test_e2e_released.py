"""What lies in a release folder: nothing that tells a time, and everything the requester needs to know what it is."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.worlds.commands import run
from tests.worlds.world import NAME, World

TIME = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}")


def sent(world: World) -> Path:
    """The folder of the held update, sent by command."""
    (held,) = [json.loads(line) for line in run(world.paths, "release", "list", "--json").out.splitlines()]
    to = world.folder / "out"
    outcome = run(
        world.paths, "release", "send", held["id"], "--confirm-digest", held["digest"][:8], "--to", to
    )
    assert outcome.code == 0, outcome.err
    return to


def test_nothing_that_leaves_tells_a_time(today: World) -> None:
    """The minute a training ended tells how long it took, and so how much there is of the largest unit."""
    to = sent(today)
    everything = [to, *to.iterdir()]

    assert TIME.findall((to / "release.json").read_bytes()) == []
    assert {int(path.stat().st_mtime) for path in everything} == {946_684_800}
    assert len(everything) == 4
    assert time.time() - to.stat().st_ctime < 3600, "the time of the file system itself is not ours to set"


def test_a_release_names_its_kind_its_model_its_encoding_and_no_campaign(today: World) -> None:
    to = sent(today)
    (today.folder / "vault.pub").write_text(run(today.paths, "requester", "vault-key", NAME).out)
    verified = run(
        today.paths,
        *(
            "update",
            "verify",
            to,
            "--vault-key",
            today.folder / "vault.pub",
            "--job",
            today.folder / "held-job",
        ),
    )
    said = json.loads((to / "release.json").read_bytes())
    asked = json.loads((today.folder / "held-job" / "manifest.json").read_bytes())

    assert verified.code == 0, verified.err
    assert (said["v"], asked["v"]) == (2, 2)
    assert (said["job"], said["campaign"], said["update"]["encoding"]) == ({"kind": "train"}, None, "int64")
    assert {key: said[key] for key in ("job", "campaign", "model", "optimizer")} == {
        key: asked[key] for key in ("job", "campaign", "model", "optimizer")
    }
    assert sorted(said["fields_used"] + said["fields_withheld"]) == sorted(
        each["name"] for each in asked["fields"]
    )


def first_version_of(job: Path, secret: Path) -> Path:
    """The same job as the first version of the format has it, under another id, signed by the page of that time."""
    old = Path(shutil.copytree(job, job.with_name("old-job")))
    asked = json.loads((old / "manifest.json").read_bytes())
    del asked["job"], asked["campaign"], asked["output"]["encoding"]
    data = rfc8785.dumps(asked | {"v": 1, "job_id": "ab" * 16})
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.read_text().split()[1]))
    (old / "manifest.json").write_bytes(data)
    line = base64.b64encode(key.sign(b"lockbox job manifest v1\n" + data)) + b"\n"
    (old / "manifest.sig").write_bytes(line)
    return old


@pytest.mark.slow
def test_a_job_of_the_first_version_costs_the_same_and_is_answered(today: World) -> None:
    """Its release is of the second version, and answers exactly that job."""
    old = first_version_of(today.folder / "job", today.folder / "lab" / "requester.key")
    before = [json.loads(line) for line in run(today.paths, "request", "list", "--json").out.splitlines()]
    checked = [
        json.loads(run(today.paths, "job", "check", each, "--json").out)
        for each in (old, today.folder / "job")
    ]
    assert checked[0]["epsilon"] == checked[1]["epsilon"]
    assert checked[0]["digest"] != checked[1]["digest"]

    assert run(today.paths, "request", "submit", old).code == 0
    asked = [json.loads(line) for line in run(today.paths, "request", "list", "--json").out.splitlines()]
    (request,) = {one["id"] for one in asked} - {one["id"] for one in before}
    for words in (("request", "approve", request, "--draft-grant"), ("train", request)):
        outcome = run(today.paths, *words)
        assert outcome.code == 0, outcome.err
    held = [json.loads(line) for line in run(today.paths, "release", "list", "--json").out.splitlines()]
    (one,) = [each for each in held if each["id"] == request]
    to = today.folder / "out"
    run(today.paths, "release", "send", request, "--confirm-digest", one["digest"][:8], "--to", to)
    (today.folder / "vault.pub").write_text(run(today.paths, "requester", "vault-key", NAME).out)
    verify = ("update", "verify", to, "--vault-key", today.folder / "vault.pub", "--job")

    assert json.loads((to / "release.json").read_bytes())["v"] == 2
    assert run(today.paths, *verify, old).code == 0
    assert run(today.paths, *verify, today.folder / "job").code == 1
