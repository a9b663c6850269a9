"""What lies in a release folder: nothing that tells a time, and everything the requester needs to know what it is."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

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
