"""A mesh at the vault's door: only what was released is mixed and told, and each round begins once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from learner.federation.courier_folder import CourierFolder
from learner.federation.mesh_access import node_config
from learner.federation.mesh_arrivals import (
    MOST_ANSWERS,
    MOST_OF_A_KIND,
    MOST_OF_A_PEER,
    missing_models,
)
from learner.federation.mesh_errand import MeshErrand
from learner.federation.mesh_folder import MODEL_FILE, Access, MeshFolder, MeshState, NodeFacts, made_folder
from learner.federation.mesh_models import released_model
from learner.federation.mesh_node import Node, arrivals_of, put_whole
from tests.sweeps import sweep
from tests.worlds.answering import START, MadeVault
from tests.worlds.meshes import MadeMesh, made_mesh
from vault.errors.daemon import DaemonGone
from vault.errors.federation import CourierFolderDamaged
from vault.errors.meshes import MeshFolderDamaged
from vault.errors.requests import JobReplayed
from vault.requester.coordinating import flat_weights, update_step
from vault.requests.parse import parse_stored
from vault.wire.messages import JobState


@dataclass
class MemoryDoor:
    """Stands for the vault's door: it takes rounds, and gives what its owner released, which a held update is not."""

    vault: MadeVault
    taken: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, bytes]] = field(default_factory=dict)
    is_lost: bool = False

    def campaign(self, _digest: str) -> None:
        """A campaign that is here."""

    def hand_over(self, files: Any, part: Any) -> None:
        """Take a round, once."""
        job = parse_stored(files.document).job_id
        assert part is None
        if job in self.taken:
            raise JobReplayed(date="today")
        self.taken[job], self.words[job] = files, "waiting"
        if self.is_lost:
            self.is_lost = False
            raise DaemonGone

    def job(self, job: str) -> JobState:
        """Where a round stands."""
        return JobState(job_id=job, state=self.words[job], until=None)

    def released(self, job: str) -> dict[str, bytes]:
        """What was released for it."""
        return self.answers[job]

    def release(self, weights: Any, mesh: MadeMesh) -> None:
        """Release these weights as the answer to the round that came last."""
        job = list(self.taken)[-1]
        files = self.taken[job]
        start = flat_weights(mesh.document, files.weights)
        whole = np.round((weights - start) / update_step(mesh.document.job))
        answer = self.vault.answer(files.document, whole)[1]
        self.words[job] = "released"
        self.answers[job] = {
            "release.json": answer.manifest,
            "release.sig": answer.signature,
            "update.safetensors": answer.update,
        }


@dataclass
class Story:
    """The first peer of a mesh of three, whose clock is turned."""

    mesh: MadeMesh
    folder: MeshFolder
    door: MemoryDoor
    now: datetime = START
    told: list[dict[str, object]] = field(default_factory=list)

    def go(self) -> MeshState:
        """Go on one errand."""
        door: Any = self.door
        state = self.folder.facts(MeshState)
        MeshErrand(
            folder=self.folder, door=door, tell=self.told.append, state=state, clock=lambda: self.now
        ).run()
        return self.folder.facts(MeshState)

    def comes(self, peer: int, number: int, value: float) -> None:
        """Let a model of somebody come, all weights alike."""
        data = self.mesh.shared(peer, number, np.full(6, value))
        self.folder.net.keep_shared(number, self.mesh.peers[peer].public, data)

    def start_of(self, place: int) -> Any:
        """The weights that a round, by its place among those handed in, starts from."""
        return flat_weights(self.mesh.document, list(self.door.taken.values())[place].weights)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    mesh = made_mesh(tmp_path, START, count=3, rounds=3)
    folder = made_folder(MeshFolder(tmp_path / "peer"))
    for name in ("campaign.json", "campaign.sig", "weights.safetensors", "round.key"):
        folder.write(name, (mesh.folder / name).read_bytes())
        folder.net.write(name, (mesh.folder / name).read_bytes())
    folder.keep(Access(campaign="c" * 32, requester="Lab", key=mesh.peers[0].public, door="0" * 64))
    return Story(mesh=mesh, folder=folder, door=MemoryDoor(mesh.peers[0]))


def test_the_next_round_begins_once_all_released_and_from_what_was_released_alone(story: Story) -> None:
    assert [one.word for one in story.go().rounds] == ["waiting"]
    assert (story.start_of(0) == story.mesh.first).all()
    story.comes(1, 1, 1.0)
    story.comes(2, 1, 1.1)
    assert len(story.go().rounds) == 1  # one's own is held still, and nobody is asked for it

    story.door.release(np.full(6, 1.0), story.mesh)
    state = story.go()

    assert [one.word for one in state.rounds] == ["released", "waiting"]
    assert [one.word for one in state.rounds[1].verdicts] == ["accepted", "accepted"]
    assert story.start_of(1) == pytest.approx(np.full(6, 1.025), abs=1e-6)


def test_what_is_withheld_is_never_mixed(story: Story) -> None:
    """A round that its owner kept private is over with its deadline, and the last released model stands for them."""
    story.go()
    story.door.release(np.full(6, 1.0), story.mesh)
    story.go()
    story.now += timedelta(days=8)  # the second round; nobody else released anything in the first
    assert [one.word for one in story.go().rounds[1].verdicts] == ["nothing came"] * 2
    story.door.words[list(story.door.taken)[-1]] = "expired"
    story.comes(1, 2, 1.1)
    story.now += timedelta(days=7)

    state = story.go()

    assert [one.word for one in state.rounds] == ["released", "expired", "waiting"]
    assert story.start_of(2) == pytest.approx(np.full(6, 1.05), abs=1e-6)
    assert story.folder.net.shared().keys() == {
        (1, story.mesh.peers[0].public),
        (2, story.mesh.peers[1].public),
    }


def test_a_round_has_one_job_however_often_the_line_is_lost(story: Story) -> None:
    story.go()
    story.door.release(np.ones(6), story.mesh)
    story.door.is_lost = True
    story.now += timedelta(days=8)
    with pytest.raises(DaemonGone):
        story.go()
    story.comes(1, 1, 1.2)  # too late for a mix that was written down

    state = story.go()

    assert [one.word for one in state.rounds] == ["released", "waiting"]
    assert len(story.door.taken) == 2
    assert [one.word for one in state.rounds[1].verdicts] == ["nothing came"] * 2


def test_after_the_last_round_it_is_mixed_once_more_and_the_model_is_kept(story: Story) -> None:
    story.go()
    story.door.release(np.ones(6), story.mesh)
    story.go()
    story.comes(1, 3, 1.1)
    story.now += timedelta(days=22)
    assert not story.go().is_over  # the clock says so for the first time
    story.now += timedelta(days=1)

    state = story.go()

    assert state.is_over
    assert [one.word for one in state.last] == ["accepted", "nothing came"]
    kept = flat_weights(story.mesh.document, story.folder.read(MODEL_FILE))
    assert kept == pytest.approx(np.full(6, 1.05), abs=1e-6)


def test_a_clock_that_is_ahead_for_one_errand_ends_nothing(story: Story) -> None:
    """What it ended or passed over is undone by the right clock, and the last mix is of all rounds."""
    story.go()
    story.now += timedelta(days=365)
    assert not story.go().is_over
    story.now += timedelta(minutes=1)
    assert not story.go().is_over
    story.now += timedelta(days=1)
    assert story.go().is_over

    story.now = START
    assert not story.go().is_over
    for number in (1, 2, 3):
        story.door.release(np.full(6, float(number)), story.mesh)
        story.comes(1, number, float(number))
        story.comes(2, number, number + 0.02)
        state = story.go()

    assert [one.word for one in state.rounds] == ["released", "released", "released"]
    assert state.is_over
    kept = flat_weights(story.mesh.document, story.folder.read(MODEL_FILE))
    assert kept == pytest.approx(np.full(6, 3.005), abs=1e-6)


def test_a_round_that_a_clock_passed_over_begins_by_the_right_one(story: Story) -> None:
    story.go()
    story.now += timedelta(days=15)
    assert [one.number for one in story.go().rounds] == [1, 3]

    story.now = START + timedelta(days=8)

    assert [one.number for one in story.go().rounds] == [1, 2, 3]


def test_the_last_mix_is_made_again_while_models_still_come(story: Story) -> None:
    story.go()
    story.door.release(np.ones(6), story.mesh)
    story.now += timedelta(days=22)
    story.go()
    story.now += timedelta(days=1)
    assert [one.word for one in story.go().last] == ["nothing came", "nothing came"]
    story.comes(1, 3, 1.1)

    assert [one.word for one in story.go().last] == ["accepted", "nothing came"]

    kept = flat_weights(story.mesh.document, story.folder.read(MODEL_FILE))
    assert kept == pytest.approx(np.full(6, 1.05), abs=1e-6)
    assert story.told[-1]["event"] == "over"
    told = len(story.told)
    story.go()
    assert len(story.told) == told


def test_what_is_passed_on_is_what_its_owner_released_to_the_byte(story: Story) -> None:
    story.go()
    story.door.release(np.ones(6), story.mesh)
    story.go()

    data = story.folder.net.read_shared(1, story.mesh.peers[0].public)

    found = released_model(data, story.mesh.document, story.mesh.digest)
    assert (found.key, found.round) == (story.mesh.peers[0].public, 1)
    assert found.weights == pytest.approx(np.ones(6), abs=1e-6)


def test_a_link_or_a_pipe_in_the_folder_is_neither_followed_nor_waited_for(story: Story) -> None:
    """A process that was turned can put anything beside what the owner's commands read and write."""
    net, ben, cora = story.folder.net, story.mesh.peers[1].public, story.mesh.peers[2].public
    secret = story.folder.path / "access.json"
    before = secret.read_bytes()
    for name in ("seen.json.new", ".seen.json", "seen.json", f"shared-1-{ben}.json"):
        (net.path / name).symlink_to(secret)
    os.mkfifo(net.path / f"shared-1-{cora}.json")

    assert net.shared() == {}
    assert net.read_shared(1, ben) == net.read_shared(1, cora) == b""
    for folder in (net, CourierFolder(net.path)):
        with pytest.raises((MeshFolderDamaged, CourierFolderDamaged)):
            folder.read(f"shared-1-{ben}.json")
        with pytest.raises((MeshFolderDamaged, CourierFolderDamaged)):
            folder.read(f"shared-1-{cora}.json")
        (net.path / "seen.json").unlink()
        (net.path / "seen.json").symlink_to(secret)
        folder.write("seen.json", b"new")
        assert (net.read("seen.json"), secret.read_bytes()) == (b"new", before)


@pytest.mark.parametrize("times", sweep([60, 300]))
def test_the_released_models_are_looked_at_while_the_process_with_the_network_writes_them(
    story: Story, times: int
) -> None:
    """A file gets its name once it is whole; the name that it had before is gone by the time it is looked at."""
    net, ben = story.folder.net, story.mesh.peers[1].public
    net.keep_shared(1, ben, b"{}")
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(lambda: [net.keep_shared(1, ben, b"{}") for _ in range(times)])
        while not written.done():
            assert net.shared().keys() == {(1, ben)}
        written.result()


# what comes over the network ------------------------------------------------------------------------------


def judging(story: Story) -> Callable[[str, bytes], None]:
    """What the process with the network does with what came under a name."""
    node, campaign = Node(folder=story.folder.net, tell=story.told.append), story.folder.campaign()
    return lambda name, data: node._judge(campaign, name, data)


def test_an_answer_can_carry_any_key_and_only_the_signature_decides_whose_it_is(story: Story) -> None:
    judge, mesh = judging(story), story.mesh
    ben, cora = mesh.peers[1].public, mesh.peers[2].public
    mine = mesh.shared(1, 1, np.ones(6))
    forged = mesh.shared(2, 1, np.ones(6), signer=MadeVault())

    for name, data in (
        (f"x/1/{cora}", mine),
        (f"x/2/{ben}", mine),
        (f"x/1/{cora}", forged),
        (f"x/1/{cora}", b"{}"),
        ("x/1/../../etc", mine),
        ("x/01/" + ben, mine),
    ):
        judge(name, data)

    assert story.folder.net.shared() == {}
    assert [one["event"] for one in story.told] == ["dropped"] * 4
    judge(f"x/1/{ben}", mine)
    assert story.folder.net.shared().keys() == {(1, ben)}


def test_what_waits_to_be_judged_is_bounded_and_no_peer_crowds_out_another(story: Story) -> None:
    mesh = story.mesh
    ben, cora = (f"x/1/{mesh.peers[one].public}" for one in (1, 2))
    waiting, model = arrivals_of(story.folder.campaign()), mesh.shared(1, 1, np.ones(6))
    assert len(model) < waiting.largest < MOST_OF_A_PEER

    assert not waiting.takes(ben, waiting.largest + 1)
    assert not waiting.takes(f"x/4/{mesh.peers[1].public}", len(model))
    assert not waiting.takes(f"x/1/{'a' * 64}", len(model))
    assert waiting.takes(ben, len(model))
    assert waiting.put(ben, model)
    assert not waiting.put(ben, model)
    assert not waiting.put(f"x/2/{mesh.peers[1].public}", bytes(MOST_OF_A_PEER))
    assert [waiting.answer(ben, bytes(MOST_ANSWERS // 4), str(sender)) for sender in range(5)] == [
        True
    ] * 4 + [False]
    assert waiting.put(cora, model)
    assert waiting.next(0.0) == (ben, model)
    assert waiting.put(ben, model)


def test_many_small_answers_are_bounded_too(story: Story) -> None:
    waiting, ben = arrivals_of(story.folder.campaign()), f"x/1/{story.mesh.peers[1].public}"

    taken = sum(waiting.answer(ben, b"{}", str(sender)) for sender in range(2 * MOST_OF_A_KIND))

    assert taken == MOST_OF_A_KIND


def test_however_much_comes_a_turn_ends(story: Story) -> None:
    """Telling what was released here, and asking, have their turn while somebody sends without end."""
    campaign, ben = story.folder.campaign(), f"x/1/{story.mesh.peers[1].public}"
    node = Node(folder=story.folder.net, tell=story.told.append)
    node._came = arrivals_of(campaign)
    for sender in range(MOST_OF_A_KIND):
        node._came.answer(ben, b"{}", str(sender))

    node._take_in(campaign)

    assert node._came.next(0.0) is not None


def test_what_is_missing_is_asked_for_however_early_its_round_began(story: Story) -> None:
    document, keys = story.mesh.document, [one.public for one in story.mesh.peers]
    both = {(number, key) for number in (1, 2) for key in keys}

    assert missing_models(document, set(), START) == [(1, key) for key in keys]
    assert missing_models(document, both, START) == [(3, key) for key in keys]
    assert missing_models(document, both | {(3, key) for key in keys}, START) == []
    late = START + timedelta(days=8)
    assert missing_models(document, {(1, keys[0])}, late) == [
        *((2, key) for key in keys),
        (1, keys[1]),
        (1, keys[2]),
    ]


def test_each_certificate_may_put_under_its_own_key_alone(story: Story) -> None:
    keys = ["a" * 64, "b" * 64]
    config = node_config(story.folder.net, place="lockbox/mesh/x", keys=keys, listen=["h:1"], connect=[])
    access = config["access_control"]
    rules = {one["id"]: one for one in access["rules"]}

    assert access["default_permission"] == "deny"
    for policy in access["policies"]:
        puts = [rules[one] for one in policy["rules"] if "put" in rules[one]["messages"]]
        incoming = [one["key_exprs"] for one in puts if "ingress" in one["flows"]]
        assert incoming == [[f"lockbox/mesh/x/*/{key}"] for key in policy["subjects"]]
    assert config["transport"]["link"]["tls"]["enable_mtls"] is True
    assert config["scouting"] == {"multicast": {"enabled": False}, "gossip": {"enabled": False}}


def test_no_part_of_a_released_model_is_dropped_on_a_crowded_line() -> None:
    zenoh, session = pytest.importorskip("zenoh"), Mock()
    put_whole(session, "a/1/b", b"model")
    session.put.assert_called_once_with("a/1/b", b"model", congestion_control=zenoh.CongestionControl.BLOCK)


def test_nothing_larger_than_a_model_of_this_campaign_is_put_together(story: Story) -> None:
    node, campaign = Node(folder=story.folder.net, tell=story.told.append), story.folder.campaign()
    node._came = arrivals_of(campaign)

    config = node._config(campaign, NodeFacts(key=story.mesh.peers[0].public, places=()))

    most = config["transport"]["link"]["rx"]["max_message_size"]
    assert node._came.largest < most < 2 * node._came.largest < 4 << 20


def test_the_first_model_of_a_peer_in_a_round_stays(story: Story) -> None:
    judge, ben = judging(story), story.mesh.peers[1].public
    first = story.mesh.shared(1, 1, np.ones(6))

    judge(f"x/1/{ben}", first)
    judge(f"x/1/{ben}", story.mesh.shared(1, 1, np.full(6, 2.0)))

    assert story.folder.net.read_shared(1, ben) == first
