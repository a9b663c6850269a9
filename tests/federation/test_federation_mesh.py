"""A mesh: its closed list of peers, what is taken as a released model, and what is mixed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learner.federation.aggregate import noise_bound
from learner.federation.balance import radius
from learner.federation.coordinator_folder import Settings, make_coordinator
from learner.federation.mesh_mixing import mixed_by, variances_of
from learner.federation.mesh_models import ReleasedModel, released_model
from learner.federation.noise import answer_reach
from tests.worlds.answering import DOCUMENT, START, MadeVault, signed_campaign
from tests.worlds.meshes import MadeMesh, made_mesh
from vault.errors.campaigns import CampaignInvalid
from vault.errors.families import Invalid
from vault.errors.meshes import SharedInvalid
from vault.requester.coordinating import template_job
from vault.requests.campaign import parse_campaign
from vault.requests.canonical import canonical


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> MadeMesh:
    return made_mesh(tmp_path_factory.mktemp("mesh"), START)


def words(mix: Any) -> list[str]:
    return [one.word for one in mix.verdicts]


# the document ---------------------------------------------------------------------------------------------


def changed(mesh: MadeMesh, path: str, value: Any) -> bytes:
    document = json.loads((mesh.folder / "campaign.json").read_bytes())
    place = document
    *parents, last = path.split("/")
    for key in parents:
        place = place[int(key) if key.isdecimal() else key]
    place[last] = value
    return canonical(document)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("server/peers/1/name", "Anna", "two peers of one name"),
        ("server/peers/1/name", "Bea", "recipients are not its peers"),
        ("job/recipients", ["Anna", "Ben", "Cora"], "recipients are not its peers"),
        ("job/recipients", [], "recipients are not its peers"),
        ("server/peers", [], "fewer than 2"),
        ("aggregation/rule", "trimmed_mean", "neither by filter"),
        ("aggregation/rule", "multi_krum", "neither by filter"),
        ("witness", {"name": "Archive", "key": "5" * 64}, "has no log"),
        ("returns", "final_model", "gives back what a server would make"),
        ("protocol", "gradient_sum", "not of its protocol"),
    ],
)
def test_each_rule_of_a_mesh_has_its_sentence(mesh: MadeMesh, path: str, value: Any, sentence: str) -> None:
    with pytest.raises(CampaignInvalid) as refused:
        parse_campaign(changed(mesh, path, value))

    assert sentence in str(refused.value)


def test_a_mesh_has_up_to_thirty_two_peers_and_only_a_mesh_so_many_recipients(tmp_path: Path) -> None:
    mesh = made_mesh(tmp_path, START, count=32)
    shared = mesh.released(31, 1, np.ones(6))
    assert (len(mesh.document.peers), shared.key) == (32, mesh.peers[31].public)
    with pytest.raises(CampaignInvalid, match="more than 32"):
        made_mesh(tmp_path / "more", START, count=33)
    many = [f"Peer {number}" for number in range(17)]
    with pytest.raises(CampaignInvalid, match="more than 16 recipients, which only a mesh may"):
        signed_campaign(tmp_path, START, name="served", job={**DOCUMENT["job"], "recipients": many})


def test_one_key_stands_for_one_peer_and_for_nobody_else(mesh: MadeMesh) -> None:
    for key in (mesh.peers[0].public, mesh.document.round_key, mesh.document.job.requester.key):
        with pytest.raises(CampaignInvalid, match="one key for two"):
            parse_campaign(changed(mesh, "server/peers/1/key", key))


def test_a_mean_of_all_that_came_is_no_rule_of_a_mesh(tmp_path: Path) -> None:
    assert made_mesh(tmp_path, START, filtered=False).document.peers
    with pytest.raises(CampaignInvalid, match="neither by filter"):
        made_mesh(tmp_path / "lab", START, filtered=False, rule="mean")


def test_no_coordinator_serves_a_mesh(mesh: MadeMesh, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is a mesh"):
        make_coordinator(tmp_path / "coordinator", mesh.folder, Settings(host="127.0.0.1"), now=START)


# what is taken as a released model ------------------------------------------------------------------------


def test_a_released_model_is_where_its_round_started_and_its_update(mesh: MadeMesh) -> None:
    weights = np.array([0.25, -1.5, 3.0, 0, 0, 1])

    found = released_model(mesh.shared(1, 2, weights, start=np.ones(6)), mesh.document, mesh.digest)

    assert (found.key, found.round) == (mesh.peers[1].public, 2)
    assert found.weights == pytest.approx(weights, abs=1e-6)


def test_only_the_signature_of_a_peer_is_believed(mesh: MadeMesh) -> None:
    """Whoever passes a model on can write anything into it: every part hangs on the signature of a listed key."""
    good = json.loads(mesh.shared(1, 1, np.ones(6)))
    other = json.loads(mesh.shared(2, 2, np.ones(6) / 2))

    for part in good.keys() - {"v", "weights"}:
        with pytest.raises(SharedInvalid):
            released_model(canonical({**good, part: other[part]}), mesh.document, mesh.digest)
    started = json.loads(mesh.shared(1, 1, np.ones(6), start=np.ones(6)))
    with pytest.raises(SharedInvalid):
        released_model(canonical({**good, "weights": started["weights"]}), mesh.document, mesh.digest)
    forged = mesh.shared(1, 1, np.ones(6), signer=MadeVault())
    with pytest.raises(SharedInvalid, match="none of this mesh's peers"):
        released_model(forged, mesh.document, mesh.digest)


def test_a_model_of_another_mesh_is_none_of_this(mesh: MadeMesh, tmp_path: Path) -> None:
    with pytest.raises(SharedInvalid):
        released_model(made_mesh(tmp_path, START).shared(1, 1, np.ones(6)), mesh.document, mesh.digest)


# what is mixed --------------------------------------------------------------------------------------------


def test_who_lies_beyond_the_radius_is_not_mixed_and_both_numbers_are_told(mesh: MadeMesh) -> None:
    own, variances = mesh.released(0, 1, np.ones(6)), variances_of(mesh.document)
    allowed = radius(own.weights, progress=1 / 3, own_variance=variances[0], other_variance=variances[0])
    near = mesh.released(1, 1, np.ones(6) + np.eye(6)[0] * allowed * 0.99)
    far = mesh.released(2, 1, np.ones(6) + np.eye(6)[1] * allowed * 1.01)

    mix = mesh.mix(own, [near, far], 1)

    assert words(mix) == ["accepted", "too far", "nothing came"]
    assert [one.allowed for one in mix.verdicts[:2]] == pytest.approx([allowed] * 2)
    assert mix.weights == pytest.approx(np.ones(6) + np.eye(6)[0] * allowed * 0.99 / 2, rel=1e-6)


def test_the_noise_of_a_model_follows_from_its_round_alone(mesh: MadeMesh) -> None:
    variances = variances_of(mesh.document)

    assert variances[0] == pytest.approx(4 * (0.5 * 4 / 50) ** 2, rel=0.01)
    assert variances[1:] == pytest.approx(variances[0] + 1.1 * 0.25 * variances[:-1])


def test_alone_a_peer_keeps_its_own_released_model(mesh: MadeMesh) -> None:
    own = mesh.released(0, 1, np.arange(6.0))

    assert (mesh.mix(own, [], 1).weights == own.weights).all()
    assert (mesh.mix(own, [mesh.released(1, 1, np.full(6, 900.0))], 1).weights == own.weights).all()
    assert (mesh.mix(None, [], 1).weights == mesh.first).all()


def test_who_has_released_nothing_goes_no_farther_from_the_first_weights_than_honest_rounds_can(
    mesh: MadeMesh,
) -> None:
    others = [mesh.released(one, 1, np.full(6, value)) for one, value in ((1, 0.8), (2, 1.0), (3, -50.0))]

    mix = mesh.mix(None, others, 1)

    assert words(mix) == ["accepted", "accepted", "too far"]
    noise = math.sqrt(variances_of(mesh.document)[0] * noise_bound(6))
    # four steps of .5 along a gradient of length 1
    assert [one.allowed for one in mix.verdicts] == pytest.approx([2 + noise] * 3)
    assert mix.weights == pytest.approx(np.full(6, 0.45), abs=1e-6)
    assert (mesh.mix(None, others[2:], 1).weights == mesh.first).all()


def test_no_model_has_a_weight_beyond_what_a_job_may_bring(mesh: MadeMesh) -> None:
    with pytest.raises(SharedInvalid, match="larger than 1000"):
        mesh.released(1, 1, np.full(6, 1001.0))


def test_each_rule_mixes_what_it_says(tmp_path: Path) -> None:
    values = ((1, 1.0), (2, 1.02), (3, 1.3))
    found = {}
    for name, how in (("mean", {"rule": "mean"}), ("median", {}), ("alone", {"filtered": False})):
        (tmp_path / name).mkdir()
        mesh = made_mesh(tmp_path / name, START, **how)
        others = [mesh.released(one, 1, np.full(6, value)) for one, value in values]
        far = mesh.released(3, 1, np.full(6, 100.0))
        found[name] = mesh.mix(mesh.released(0, 1, np.ones(6)), [*others[:2], far], 1)

    assert found["mean"].weights == pytest.approx(np.full(6, 1.005), abs=1e-6)
    assert found["median"].weights == pytest.approx(np.full(6, 1.005), abs=1e-6)
    assert found["alone"].weights == pytest.approx(np.full(6, 1.01), abs=1e-6)
    assert words(found["alone"]) == ["not compared"] * 3


# honest peers, round by round -----------------------------------------------------------------------------


def rounds_of_honest_peers(mesh: MadeMesh, seed: int) -> list[float]:
    """The share of honest models that all, and one who released nothing, accept after each round; goals are nearby."""
    random, document = np.random.default_rng(seed), mesh.document
    deviation = float(np.sqrt(variances_of(document)[0]))
    goals = random.normal(size=6) + random.normal(size=(len(mesh.peers), 6)) * 0.1
    starts, shares = np.zeros((len(mesh.peers), 6)), []
    reach = answer_reach(template_job(document), 6)
    for number in range(1, document.rounds + 1):
        steps = (goals - starts) * 0.6
        steps *= np.minimum(1, reach / np.linalg.norm(steps, axis=1, keepdims=True))
        released = starts + steps + random.normal(size=starts.shape) * deviation
        models = [
            ReleasedModel(key=one.public, round=number, weights=weights)
            for one, weights in zip(mesh.peers, released, strict=True)
        ]
        mixes = [
            mixed_by(
                document,
                own_key="" if own is None else own.key,
                own=own,
                first=mesh.first,
                others={one.key: one for one in models if own is None or one.key != own.key},
                after=number,
            )
            for own in (*models, None)
        ]
        verdicts = [one.word for mix in mixes for one in mix.verdicts]
        shares.append(verdicts.count("accepted") / len(verdicts))
        starts = np.stack([mix.weights for mix in mixes[:-1]])
    return shares


@pytest.mark.parametrize("seeds", [1, pytest.param(100, marks=pytest.mark.slow)])
def test_no_honest_peer_is_rejected_in_any_round(tmp_path: Path, seeds: int) -> None:
    mesh = made_mesh(tmp_path, START, count=8, rounds=10)

    shares = np.array([rounds_of_honest_peers(mesh, seed) for seed in range(seeds)])

    assert shares.min(axis=0).tolist() == [1.0] * 10
