"""Numbers that no arithmetic takes and places that no file can have: refused in one sentence, by command and socket."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.sweeps import sweep_of_many
from tests.worlds.commands import Outcome, run
from tests.worlds.daemon import serving
from tests.worlds.served import Caller, at, runtime
from tests.worlds.served import serving as served
from tests.worlds.world import World
from vault.requests.bundle import JOB_DOMAINS, MANIFEST_FILE, SIGNATURE_FILE, signature_line
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey
from vault.wire.addresses import JSON_TYPE, owner_path

DIGITS = (310, 4300)
PLACES = ("a loop of links", "behind a loop", "a long name", "behind a file", "behind a closed door")


def place(world: World, kind: str) -> Path:
    """A place to which nothing can be written."""
    loop, file, closed = (world.folder / name for name in ("loop", "file", "closed"))
    loop.symlink_to(loop)
    file.write_text("here")
    closed.mkdir()
    closed.chmod(0)
    return dict(
        zip(
            PLACES,
            (loop, loop / "out", world.folder / ("n" * 300), file / "out", closed / "out"),
            strict=True,
        )
    )[kind]


def assert_said(outcome: Outcome, *, code: int | None = None) -> None:
    """It is refused in a sentence, as what it is."""
    assert outcome.code not in (0, 130), outcome.out
    assert outcome.code == code or code is None, outcome.err
    assert "mistake of its own" not in outcome.err
    assert len(re.findall("lockbox: error: ", outcome.err)) == 1, outcome.err


@pytest.mark.parametrize(
    ("kind", "is_served"),
    sweep_of_many(
        [(kind, (number + half) % 2 == 0) for half in (0, 1) for number, kind in enumerate(PLACES)], default=2
    ),
)
def test_a_place_that_cannot_be_written_to_is_named_and_nothing_is_recorded(
    today: World, kind: str, is_served: bool
) -> None:
    to = place(today, kind)
    if kind == "behind a closed door" and os.access(to.parent, os.W_OK):
        to = Path("/proc/self/out")  # nothing is closed to root but this
    held = json.loads(run(today.paths, "release", "list", "--json").out)
    with serving(today) if is_served else nullcontext():
        for words in (
            ("release", "send", held["id"], "--confirm-digest", held["digest"][:8], "--to", to),
            ("backup", to),
            ("data", "export", "nights", to),
            ("audit", "export", to),
        ):
            assert_said(run(today.paths, *words))
    with today.vault(writable=False) as vault:
        assert vault.releases()[0].state == "held"
        assert not [line for line in vault.audit_lines() if line.type in ("backup.create", "data.export")]


@contextmanager
def asking(world: World) -> Iterator[tuple[Caller, str]]:
    """A caller of a served vault, and the owner's token."""
    with runtime() as short, served(at(world, short)) as daemon:
        yield daemon, daemon.session().token


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_of_many_digits_is_no_error_of_the_server(today: World, sign: str) -> None:
    with asking(today) as (caller, token):
        for digits in DIGITS:
            body = f'{{"name": "nights", "limit": {sign}1{"0" * (digits - 1)}}}'
            answer = caller.http.post(
                owner_path("browse"),
                content=body,
                headers={"Authorization": f"Bearer {token}", "Content-Type": JSON_TYPE},
            )
            assert (answer.status_code, answer.json()["error"]) == (400, "Invalid"), answer.text


def changed_job(world: World, pattern: str, number: str) -> Path:
    """The job with another number in it, signed as if it were right."""
    folder = world.folder / "job"
    data = (folder / MANIFEST_FILE).read_text()
    changed = re.sub(pattern, lambda found: found[1] + number, data)
    assert changed != data
    key = SigningKey.from_seed(read_secret_key(world.folder / "lab" / "requester.key"))
    bare = changed.encode()
    (folder / MANIFEST_FILE).write_bytes(bare)
    signature = key.sign(JOB_DOMAINS[json.loads(data)["v"]] + bare)
    (folder / SIGNATURE_FILE).write_bytes(signature_line(signature))
    return folder


ODD_NUMBERS = [
    *(("steps", f"1{'0' * (digits - 1)}") for digits in DIGITS),
    *(("sampling_rate", rate) for rate in ("5e-324", "2.2e-308", "1e-300", "1e-10")),
]


@pytest.mark.parametrize(
    ("name", "number", "is_served"),
    sweep_of_many([(*odd, is_served) for is_served in (False, True) for odd in ODD_NUMBERS], default=3),
    ids=lambda one: str(one)[:12],
)
def test_a_job_with_a_number_that_nothing_can_be_computed_from_is_refused(
    known_world: World, name: str, number: str, is_served: bool
) -> None:
    job = changed_job(known_world, rf'("{name}":)[0-9.eE+-]+', number)
    with serving(known_world) if is_served else nullcontext():
        assert_said(run(known_world.paths, "request", "submit", job), code=1)
    assert_said(run(known_world.paths, "job", "check", job), code=1)
    with known_world.vault(writable=False) as vault:
        assert vault.requests() == []
