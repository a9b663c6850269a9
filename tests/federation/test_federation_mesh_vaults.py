"""Real vaults in a mesh over real zenoh: one sleeps and catches up, one is poisoned, one forges, one is of another."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zenoh
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_csr

from learner.federation.mesh import started
from learner.federation.mesh_access import node_config
from learner.federation.mesh_folder import (
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    MeshFolder,
    MeshState,
    NodeFacts,
    Seen,
    joined,
)
from learner.federation.mesh_forms import parse_introduction, parse_membership, shared_bytes
from learner.federation.mesh_founding import (
    Authority,
    found_mesh,
    make_authority,
    make_introduction,
    signed_certificate,
)
from learner.federation.mesh_node import ROOT, put_whole
from tests.worlds.answering import MadeVault
from tests.worlds.campaigns import CAMPAIGN
from tests.worlds.commands import run_installed, start
from tests.worlds.daemon import eventually
from tests.worlds.meshes import MadeMesh, made_mesh
from tests.worlds.served import at, runtime, serving
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.client import attach
from vault.requester.aim import Aim
from vault.requester.campaign_description import campaign_from_description
from vault.requester.campaign_rounds import signed_round
from vault.requester.coordinating import read_campaign, round_key, update_shapes, update_step
from vault.requester.keys import keygen
from vault.sealing.signing import fingerprint

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("real_learner")]

FEDAVG = CAMPAIGN.replace('"gradient_sum"', '"fedavg"').replace("rounds = 3", "rounds = 2")
NAMES = ("Anna", "Ben", "Cora")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass
class Peer:
    """A vault that is served, and the commands of its owner."""

    name: str
    world: World
    owner: Any
    address: str
    runs: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def before(self) -> tuple[str, ...]:
        """Where the socket of its vault lies."""
        return ("env", f"LOCKBOX_RUNTIME={self.world.paths.runtime}")

    @property
    def folder(self) -> MeshFolder:
        """What its mesh keeps."""
        return joined(self.world.paths.mesh)[0]

    def run(self, *words: str | Path) -> str:
        """A command that ends well; what it says."""
        done = run_installed(self.world.paths, *words, before=self.before)
        assert done.code == 0, done.err
        return done.out

    def begins(self, *more: str) -> None:
        """Let its mesh run."""
        words = ("mesh", "run", "--every", "1", "--json", *more)
        self.runs.append(start(self.world.paths, *words, before=self.before))

    def sleeps(self) -> None:
        """End its mesh."""
        for one in self.runs:
            one.kill()
            print(self.name, *one.communicate(), sep="\n")
        self.runs.clear()

    def trains_and_releases(self, number: int) -> None:
        """Run the round that waits, and let its update go, as its owner decides."""
        eventually(lambda: self.word(number) == "waiting", f"round {number} was not handed to {self.name}")
        eventually(lambda: bool(self._ready()), f"round {number} is not approved by the word on the campaign")
        held = self.owner.train(self._ready()[0])
        self.owner.send(held.id, confirm_digest=held.digest[:8])
        eventually(lambda: self.word(number) == "released", f"{self.name} released nothing")

    def _ready(self) -> list[str]:
        return [one.id for one in self.owner.requests() if one.state == "approved"]

    def word(self, number: int) -> str:
        """What became of a round."""
        return next((one.word for one in self.state().rounds if one.number == number), "")

    def state(self) -> MeshState:
        """How far its mesh is."""
        return self.folder.facts(MeshState)

    def has(self, number: int, key: str) -> bool:
        """Whether somebody's model of a round is here."""
        return bool(self.folder.net.read_shared(number, key))

    @property
    def key(self) -> str:
        """Its key for this requester."""
        return next(one.key for one in self.folder.campaign().document.peers if one.name == self.name)


@contextmanager
def vault_of(name: str, folder: Path, public: Path) -> Iterator[Peer]:
    """A served vault with records, which knows the founder."""
    folder.mkdir()
    made = new_world(folder, now=datetime.now(UTC))
    with made.vault() as vault:
        made.imported(vault)
        vault.add_requester(NAME, public)
    with runtime() as short:
        world = at(made, short)
        with serving(world), attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE)) as owner:
            peer = Peer(name=name, world=world, owner=owner, address=f"127.0.0.1:{free_port()}")
            try:
                yield peer
            finally:
                peer.sleeps()


@contextmanager
def intruder(
    folder: Path, campaign: str, *, keys: list[str], connect: Sequence[str] = (), listen: Sequence[str] = ()
) -> Iterator[tuple[zenoh.Session, str]]:
    """Somebody on the network who has the certificate in a folder, and puts whatever they like."""
    place = f"{ROOT}/{campaign}"
    config = node_config(MeshFolder(folder), place=place, keys=keys, listen=listen, connect=connect)
    config["access_control"] = {"enabled": False}
    with zenoh.open(zenoh.Config.from_json5(json.dumps(config))) as session:
        yield session, place


def put_certificate(folder: Path, membership: Path, secret: bytes) -> Path:
    """The certificate of a membership, as files."""
    found = parse_membership(membership.read_bytes())
    folder.mkdir()
    (folder / AUTHORITY_FILE).write_text(found.authority)
    (folder / CERTIFICATE_FILE).write_text(found.certificate)
    (folder / KEY_FILE).write_bytes(secret)
    return folder


def test_three_vaults_learn_without_a_server(tmp_path: Path) -> None:
    keys, dan = keygen(tmp_path / "lab"), MadeVault()
    with ExitStack() as stack:
        peers = [stack.enter_context(vault_of(name, tmp_path / name, keys.public)) for name in NAMES]
        anna, ben, cora = peers
        files = [tmp_path / f"{one.name}.introduction" for one in peers]
        for one, file in zip(peers, files, strict=True):
            words = ("mesh", "introduce", "--requester", NAME, "--name", one.name)
            one.run(*words, "--address", one.address, "--to", file)
        made = make_introduction(
            name="Dan", key=dan.key.public, requester=fingerprint(_public(keys)), address=None
        )
        (tmp_path / "Dan.introduction").write_bytes(made.introduction)
        (tmp_path / "mesh.toml").write_text(FEDAVG.format(unit="day", steps=1))
        found_mesh(
            campaign_from_description(tmp_path / "mesh.toml"),
            [*files, tmp_path / "Dan.introduction"],
            keys.secret,
            aim=Aim(most=Decimal(1)),
            folder=tmp_path / "mesh",
            now=datetime.now(UTC),
        )
        campaign = read_campaign(tmp_path / "mesh")
        for number, one in enumerate(peers, start=1):
            membership = tmp_path / "mesh" / f"{number}-{one.name}.membership"
            one.run("mesh", "join", membership)
            one.run("mesh", "join", membership)  # again, by the key that it kept
            found = one.owner.campaign(one.owner.campaigns()[0].id)
            assert [each.name for each in found.peers] == ["Anna", "Ben", "Cora", "Dan"]
            one.owner.join_campaign(found.line.id, digest=found.digest)

        # the first round, in which Cora sleeps
        anna.begins()
        ben.begins()
        anna.trains_and_releases(1)
        ben.trains_and_releases(1)
        eventually(lambda: ben.has(1, anna.key) and anna.has(1, ben.key), "they got nothing of each other")
        assert ben.word(2) == ""

        # Dan is a peer, and poisoned; what he puts under another's key is dropped, what he answers is judged
        job = signed_round(
            campaign.document, campaign.digest, 1, weights=campaign.weights, key=round_key(tmp_path / "mesh")
        )
        size = sum(int(np.prod(shape)) for shape in update_shapes(campaign.document.job).values())
        poison = shared_bytes(
            job, dan.answer(job.manifest, np.full(size, int(900 / update_step(campaign.document.job))))[1]
        )
        everyone = [one.key for one in campaign.document.peers]
        certificate = put_certificate(tmp_path / "dan", tmp_path / "mesh" / "4-Dan.membership", made.key)
        with intruder(certificate, campaign.digest, keys=everyone, connect=[ben.address, anna.address]) as (
            session,
            place,
        ):
            eventually(lambda: len(session.info.peers_zid()) == 2, "a peer with a certificate gets in")
            with session.declare_queryable(f"{place}/*/*", lambda query: query.reply(query.key_expr, poison)):
                session.put(f"{place}/1/{cora.key}", poison)
                session.put(f"{place}/1/{dan.public}", poison)
                eventually(lambda: ben.has(1, dan.public), "what a peer released came")
                # Anna is gone, Cora wakes, and gets her model from Ben, whatever Dan answers
                anna.sleeps()
                cora.begins()
                eventually(lambda: cora.has(1, anna.key), "a model whose author is gone was not passed on")
        assert not ben.has(1, cora.key)

        cora.trains_and_releases(1)
        eventually(lambda: ben.word(2) == "waiting" and cora.word(2) == "waiting", "no next round began")
        for one, others in ((ben, (anna, cora)), (cora, (anna, ben))):
            verdicts = {each.key: each.word for each in one.state().rounds[-1].verdicts}
            assert verdicts == {dan.public: "too far"} | {each.key: "accepted" for each in others}
        said = " ".join(ben.run("mesh", "status").split())
        assert "Anna, Cora" in said
        assert "Dan: " in said
        assert "allowed" in said
        ben.trains_and_releases(2)
        assert ben.owner.verify_audit().size > 0

        ben.run("mesh", "leave")
        assert list(ben.world.paths.mesh.iterdir()) == []
        again = run_installed(
            ben.world.paths, "mesh", "join", tmp_path / "mesh" / "2-Ben.membership", before=ben.before
        )
        assert (again.code, "cannot be joined again" in again.err) == (1, True)


def node_folder(folder: Path, mesh: MadeMesh, authority: Authority, peer: int) -> Path:
    """What the process with the network sees, with a certificate of this authority."""
    net, key = MeshFolder(folder), mesh.peers[peer].public
    folder.mkdir(mode=0o700)
    made = make_introduction(name="Peer", key=bytes.fromhex(key), requester="x", address="127.0.0.1:1")
    said = parse_introduction(made.introduction)
    request = load_pem_x509_csr(said.request.encode())
    for name in ("campaign.json", "campaign.sig", "weights.safetensors"):
        net.write(name, (mesh.folder / name).read_bytes())
    net.write(AUTHORITY_FILE, authority.certificate.public_bytes(Encoding.PEM))
    net.write(CERTIFICATE_FILE, signed_certificate(authority, said, request))
    net.write(KEY_FILE, made.key)
    net.keep(NodeFacts(key=key, places=()))
    return folder


def told_until(event: str, folder: Path, *, listen: list[str], connect: list[str]) -> list[str]:
    """What a process with the network tells until it tells this."""
    with started("net", MeshFolder(folder), json.dumps(listen), json.dumps(connect)) as process:
        return events_until(event, process)


def events_until(event: str, process: subprocess.Popen[bytes]) -> list[str]:
    """The events of a process until this one."""
    assert process.stdout is not None
    found: list[str] = []
    patience = threading.Timer(60, process.kill)
    patience.start()
    while event not in found:
        found.append(json.loads(process.stdout.readline())["event"])
    patience.cancel()
    return found


def test_whoever_has_a_certificate_of_another_authority_sees_nobody_and_is_told(tmp_path: Path) -> None:
    """The connection opens without an error; that nobody is there is looked at after two seconds, and said."""
    mesh, now, at = made_mesh(tmp_path, datetime.now(UTC)), datetime.now(UTC), f"127.0.0.1:{free_port()}"
    authority, other = (make_authority(now - timedelta(1), now + timedelta(1)) for _ in range(2))
    first = node_folder(tmp_path / "first", mesh, authority, 0)
    second = node_folder(tmp_path / "second", mesh, authority, 1)
    foreign = node_folder(tmp_path / "foreign", mesh, other, 2)

    with started("net", MeshFolder(first), json.dumps([at]), "[]") as process:
        assert "alone" in events_until("alone", process)
        assert told_until("alone", foreign, listen=[], connect=[at])[-1] == "alone"
        assert told_until("peers", second, listen=[], connect=[at])[-1] == "peers"
    for one in (first, second, foreign):
        assert MeshFolder(one).facts(Seen).missing == ()


def test_whoever_begins_before_the_one_it_connects_to_reaches_them_later(tmp_path: Path) -> None:
    mesh, now, at = made_mesh(tmp_path, datetime.now(UTC)), datetime.now(UTC), f"127.0.0.1:{free_port()}"
    authority = make_authority(now - timedelta(1), now + timedelta(1))
    first, second = (node_folder(tmp_path / str(one), mesh, authority, one) for one in (0, 1))

    with started("net", MeshFolder(first), "[]", json.dumps([at])) as early:
        assert "alone" in events_until("alone", early)
        with started("net", MeshFolder(second), json.dumps([at]), "[]"):
            assert "peers" in events_until("peers", early)


def test_whoever_floods_a_peer_neither_ends_it_nor_keeps_it_from_telling(tmp_path: Path) -> None:
    mesh, now, at = made_mesh(tmp_path, datetime.now(UTC)), datetime.now(UTC), f"127.0.0.1:{free_port()}"
    authority = make_authority(now - timedelta(1), now + timedelta(1))
    first, other = (node_folder(tmp_path / str(one), mesh, authority, one) for one in (0, 2))
    keys, own = [one.public for one in mesh.peers], MeshFolder(first)
    with (
        started("net", own, json.dumps([at]), "[]") as process,
        intruder(other, mesh.digest, keys=keys, connect=[at]) as (session, place),
    ):
        eventually(lambda: bool(session.info.peers_zid()), "a peer with a certificate gets in")
        is_over = threading.Event()

        def flood() -> None:
            large, small = b" " * (16 << 20), b'{"a":"' + b"x" * (600 << 10) + b'"}'
            while not is_over.is_set():
                for data in (large, *[small] * 20):
                    session.put(f"{place}/1/{keys[2]}", data)

        sender = threading.Thread(target=flood)
        sender.start()
        try:
            assert "dropped" in events_until("dropped", process)
            own.keep_shared(1, keys[0], mesh.shared(0, 1, np.ones(6)))
            assert "told" in events_until("told", process)
        finally:
            is_over.set()
            sender.join()
        assert process.poll() is None


def test_a_peer_that_is_stopped_keeps_no_model_from_the_others(tmp_path: Path) -> None:
    """More is sent than the buffers of its connection hold; what a crowded line would drop comes whole."""
    mesh, now, at = made_mesh(tmp_path, datetime.now(UTC)), datetime.now(UTC), f"127.0.0.1:{free_port()}"
    authority = make_authority(now - timedelta(1), now + timedelta(1))
    anna, ben, cora = (node_folder(tmp_path / str(one), mesh, authority, one) for one in range(3))
    keys, came = [one.public for one in mesh.peers], list[int]()
    with (
        intruder(anna, mesh.digest, keys=keys, listen=[at]) as (session, place),
        intruder(ben, mesh.digest, keys=keys, connect=[at]) as (other, _),
        started("net", MeshFolder(cora), "[]", json.dumps([at])) as stopped,
    ):
        other.declare_subscriber(f"{place}/**", lambda sample: came.append(len(sample.payload)))
        eventually(lambda: len(session.info.peers_zid()) == 2, "they come together")
        assert "peers" in events_until("peers", stopped)
        stopped.send_signal(signal.SIGSTOP)
        for number in range(1, 13):
            put_whole(session, f"{place}/{number}/{keys[0]}", bytes(1 << 20))
        eventually(lambda: came == [1 << 20] * 12, "a model did not come")
        stopped.send_signal(signal.SIGCONT)


def test_without_a_certificate_nothing_opens(tmp_path: Path) -> None:
    mesh, now = made_mesh(tmp_path, datetime.now(UTC)), datetime.now(UTC)
    folder = node_folder(tmp_path / "one", mesh, make_authority(now, now + timedelta(1)), 0)
    (folder / CERTIFICATE_FILE).unlink()

    assert told_until("trouble", folder, listen=[f"127.0.0.1:{free_port()}"], connect=[]) == ["trouble"]


def _public(keys: Any) -> bytes:
    from vault.sealing.keyfile import read_key

    return read_key(keys.public, "requester-public")
