"""A witness cosigns what goes on from the last it cosigned, and answers as C2SP tlog-witness says."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue

import httpx
import pytest

from learner.federation.certificate import make_certificate
from learner.federation.witness import WitnessServer, application, check_address, server_config
from learner.federation.witness_client import cosigned
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import another, campaign
from tests.worlds.vaults import FIXED_DAY, paths_in
from tests.worlds.world import Clock, World
from vault.errors.families import Invalid
from vault.errors.federation import WitnessSilent
from vault.errors.witness import CheckpointElsewhere, CheckpointMalformed
from vault.requester.campaign_log import cosigned_since, log_tree
from vault.requester.keys import keygen
from vault.requester.witness import Witness, new_witness, request_of

NOW = 1_772_366_400


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A witness, a campaign that names it and one that does not; tests get copies."""
    folder = tmp_path_factory.mktemp("witness")
    world = World(folder=folder, paths=paths_in(folder), clock=Clock(now=FIXED_DAY), recovery_key="")
    keygen(folder / "lab")
    made = new_witness(folder / "archive", "archive.example/w1")
    plain = campaign(world)
    another(world, plain, "watched", witness={"name": "City archive", "key": made.key.public.hex()})
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A copy of it, in which the witness watches the campaign."""
    shutil.copytree(template, tmp_path / "copy")
    Witness.open(tmp_path / "copy" / "archive").watch(tmp_path / "copy" / "watched")
    return tmp_path / "copy"


@pytest.fixture
def witness(folder: Path) -> Witness:
    """The witness."""
    return Witness.open(folder / "archive")


@pytest.fixture
def log(folder: Path) -> WorldLog:
    """The log that it watches, with four lines."""
    found = WorldLog(folder / "watched")
    found.enrol(3)
    return found


@pytest.fixture
def http(witness: Witness) -> Iterator[httpx.Client]:
    """Its service, over a real socket."""
    ports: Queue[int] = Queue()
    app = application(witness, lambda: NOW)
    server = WitnessServer(server_config(app, "127.0.0.1", 0), ports.put)
    running = threading.Thread(target=server.run)
    running.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{ports.get(timeout=30)}") as client:
        yield client
    server.should_exit = True
    running.join()


def asked(http: httpx.Client, log: WorldLog, old: int, **instead: bytes) -> httpx.Response:
    """What it answers to the newest checkpoint with a proof from this size."""
    proof = log_tree(log.leaves).consistency_proof(old) if old else []
    return http.post("/add-checkpoint", content=instead.get("body", request_of(log.note(), old, proof)))


def test_it_cosigns_what_goes_on_from_the_last_and_keeps_it_first(
    http: httpx.Client, witness: Witness, log: WorldLog
) -> None:
    sizes = []
    for old in (0, 4, 9, 9):
        answer = asked(http, log, old)
        assert (answer.status_code, cosigned_since(log.note() + answer.content, witness.key.public)) == (
            200,
            NOW,
        )
        sizes.append(witness.size(f"lockbox campaign log v1 {log.digest}"))
        log.enrol(5 if old < 4 else 0)
    assert sizes == [4, 9, 9, 9]
    origin = f"lockbox campaign log v1 {log.digest}"
    kept = http.get(f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")
    assert (kept.status_code, kept.content) == (200, log.note() + answer.content)


def test_it_answers_with_the_status_that_the_protocol_names(
    http: httpx.Client, folder: Path, log: WorldLog
) -> None:
    assert asked(http, log, 0).status_code == 200
    other = WorldLog(folder / "campaign")
    split = WorldLog(folder / "watched")
    split.enrol(2)
    split.close(1)
    forged = WorldLog(folder / "watched")
    forged.key = other.key
    log.enrol(4)
    proof = log_tree(log.leaves).consistency_proof(4)
    longer = [*split.leaves, b"more"]
    for status, answer in (
        (404, asked(http, other, 0)),
        (403, asked(http, forged, 0)),
        (409, asked(http, log, 2)),
        (409, asked(http, log, 0)),
        (422, asked(http, split, 4)),
        (422, asked(http, log, 4, body=request_of(log.note(), 4, proof[:-1]))),
        (
            422,
            asked(
                http, log, 4, body=request_of(split.note(longer), 4, log_tree(longer).consistency_proof(4))
            ),
        ),
        (400, asked(http, log, 4, body=request_of(split.note(split.leaves[:2]), 4, []))),
        (400, asked(http, log, 0, body=b"old x\n\n" + log.note())),
        (400, asked(http, log, 0, body=b"")),
        (400, asked(http, log, 0, body=b"old 4\n" + b"A" * 100_000)),
        (404, http.get(f"/{'0' * 64}/checkpoint")),
        (404, http.get("/..%2f..%2fwitness/checkpoint")),
    ):
        assert answer.status_code == status, answer.text
    conflict = asked(http, log, 2)
    assert (conflict.text, conflict.headers["content-type"]) == ("4\n", "text/x.tlog.size; charset=utf-8")
    assert asked(http, log, 4).status_code == 200


def test_it_remembers_when_it_is_started_again_and_cosigns_no_older_one(
    folder: Path, witness: Witness, log: WorldLog
) -> None:
    old = log.note()
    log.enrol(4)
    witness.cosign_log(log.note(), log.leaves, NOW)
    again = Witness.open(folder / "archive")
    again.watch(folder / "watched")  # watching it a second time forgets nothing
    for body in (request_of(old, 0, []), request_of(old, 4, [])):
        with pytest.raises(CheckpointElsewhere):
            again.add_checkpoint(body, NOW)
    with pytest.raises(CheckpointElsewhere):
        again.cosign_log(old, log.leaves, NOW)
    with pytest.raises(CheckpointMalformed):
        again.cosign_log(log.note(), log.leaves[::-1], NOW)


def test_it_watches_a_campaign_that_names_it_and_no_other(folder: Path, witness: Witness) -> None:
    with pytest.raises(Invalid):
        witness.watch(folder / "campaign")


def test_whoever_keeps_a_log_gets_the_line_and_believes_the_named_key_alone(
    http: httpx.Client, witness: Witness, log: WorldLog
) -> None:
    for more in (0, 3):
        log.enrol(more)
        note = cosigned(str(http.base_url), log.note(), log.leaves, witness.key.public)
        assert cosigned_since(note, witness.key.public) == NOW
    with pytest.raises(WitnessSilent):
        cosigned(str(http.base_url), log.note(), log.leaves, log.key.public)
    log.leaves = log.leaves[:2]
    with pytest.raises(WitnessSilent):
        cosigned(str(http.base_url), log.note(), log.leaves, witness.key.public)


def test_plain_http_is_for_this_computer_alone() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        check_address(host, has_tls=False)
    for host in ("0.0.0.0", "::", "192.0.2.1", "archive.example"):
        check_address(host, has_tls=True)
        with pytest.raises(Invalid):
            check_address(host, has_tls=False)


@pytest.mark.slow
@pytest.mark.parametrize("has_tls", [False, True])
def test_a_witness_by_its_command_cosigns_over_a_real_socket(
    folder: Path, witness: Witness, log: WorldLog, has_tls: bool
) -> None:
    made = make_certificate("127.0.0.1", datetime.now(UTC))
    (folder / "cert.pem").write_bytes(made.certificate)
    (folder / "cert.key").write_bytes(made.key)
    tls = ["--certificate", folder / "cert.pem", "--key", folder / "cert.key"] if has_tls else []
    command = [
        sys.executable,
        "-m",
        "tui.cli",
        "witness",
        "serve",
        folder / "archive",
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen([*command, *tls], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        note = cosigned(address, log.note(), log.leaves, witness.key.public)
        process.terminate()
    assert process.returncode == 0, "told to end, it ends as it should"
    assert cosigned_since(note, witness.key.public) is not None
