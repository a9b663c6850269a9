"""A coordinator knows the noise of an answer by the tier that was assigned, whatever is sent or claimed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest

from learner.federation.aggregate import aggregate, inverse_noise_weights
from learner.federation.answer_table import written_table
from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.courier_campaign import check_invited
from learner.federation.noise import answer_variance, known_noise
from learner.federation.overview import overview
from learner.federation.round_step import accepted_answers
from learner.federation.server_rules import gradient_step, start
from tests.worlds.answering import DOCUMENT, START, MadeVault, signed_campaign
from tests.worlds.coordinators import (
    Moving,
    answered,
    client,
    enrol,
    enrolled,
    made_coordinator,
    serving,
    wait_until,
)
from vault.errors.campaigns import NoTierMade
from vault.errors.federation import AnswerInvalid, EnrolledInOtherTier, InvitationInvalid
from vault.requester.campaign_log import parse_leaf
from vault.requester.coordinating import flat_weights, template_job, update_step
from vault.requests.encodings import UPDATE_STEP

NUMBERS = 6
URL = "https://127.0.0.1:1"
TIERS = [{"name": "loud", "noise_multiplier": 29.2696}, {"name": "quiet", "noise_multiplier": 1.0}]
"""Four times the campaign's own noise, and hardly any."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A coordinator's folder for a campaign with tiers, whose rounds close at three answers."""
    campaign = signed_campaign(tmp_path, START, v=2, tiers=TIERS)
    made_coordinator(tmp_path / "coordinator", campaign, quorum=3, now=START)
    return tmp_path / "coordinator"


def test_an_answer_weighs_by_the_tier_that_was_assigned(coordinator: Coordinator) -> None:
    vaults, tiers = [MadeVault() for _ in range(3)], ["loud", None, "quiet"]
    random = np.random.default_rng(0)
    sums = {vault.public: np.round(random.normal(size=NUMBERS) * 20 / UPDATE_STEP) for vault in vaults}
    for vault, tier in zip(vaults, tiers, strict=True):
        enrolled(coordinator, vault, tier)
        answered(coordinator, vault, 1, sums[vault.public])
    coordinator.tick()

    order = sorted(range(3), key=lambda place: vaults[place].public)
    noise = known_noise(coordinator.document, [tiers[place] for place in order])
    whole = np.array([sums[vaults[place].public] for place in order]) * UPDATE_STEP
    found = aggregate(whole, noise.variances)
    moved = gradient_step(start(np.zeros(NUMBERS)), found.update, units=50, lr=1.5, momentum=0.5)
    second = flat_weights(coordinator.document, coordinator.job(2).weights)
    assert np.array_equal(second, moved.weights.astype(np.float32).astype(float))
    alike = aggregate(whole, np.ones(3)).update
    assert not np.allclose(found.update, alike)


def test_no_tier_weighs_more_than_twice_the_median(coordinator: Coordinator) -> None:
    noise = known_noise(coordinator.document, [None, None, "quiet", "loud"])
    weights = inverse_noise_weights(noise.variances)

    assert weights[2] == pytest.approx(2 * weights[0])
    assert weights[3] == pytest.approx(weights[0] / 16, rel=1e-3)


def test_the_noise_of_a_tier_is_its_own_and_so_is_the_step_of_few_bytes(tmp_path: Path) -> None:
    few = {
        **DOCUMENT["job"],
        "output": {"average": "last", "encoding": "int16", "grid": 13, "most_units": 500},
    }
    folder = signed_campaign(tmp_path, START, v=2, tiers=TIERS, job=few)
    document = made_coordinator(tmp_path / "c", folder, now=START).campaign.document
    noise = known_noise(document, [None, "loud"])

    loud = document.at_tier("loud")
    assert noise.steps.tolist() == [update_step(document.job), update_step(loud.job)]
    assert noise.variances.tolist() == [answer_variance(template_job(each)) for each in (document, loud)]
    assert noise.variances[1] == pytest.approx(16 * noise.variances[0], rel=0.01)


def test_the_filter_takes_the_noise_of_each_answers_own_tier_off(coordinator: Coordinator) -> None:
    """As long as the noise of the loud tier makes an honest answer, one of a quiet tier is far too long."""
    noise = known_noise(coordinator.document, [None] * 3 + ["loud", "quiet"])
    sizes = np.sqrt(noise.variances)
    sizes[4] = sizes[3]
    answers = np.round(np.outer(sizes / UPDATE_STEP, np.ones(1000)))

    with TemporaryFile() as file:
        table = written_table(file, answers, numbers=1000, kind="int64")
        found = accepted_answers(table, noise=noise, filtered=True)
    assert found.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("own", "claimed"), [(None, "quiet"), ("loud", None), ("loud", "quiet"), ("quiet", "loud")]
)
def test_a_release_of_another_tier_is_no_answer_and_nothing_of_it_is_kept(
    coordinator: Coordinator, own: str | None, claimed: str | None
) -> None:
    enrolled(coordinator, vault := MadeVault(), own)
    release_id, body = vault.body(coordinator.job(1, claimed).manifest)

    with pytest.raises(AnswerInvalid, match="answers another job of this id"):
        coordinator.answer(1, release_id, key=vault.public, body=body)
    assert list(coordinator.state.answers(1)) == []
    answered(coordinator, vault, 1)  # in its own tier it is one


def test_an_answer_that_was_stored_counts_by_the_assigned_tier_or_not_at_all(
    coordinator: Coordinator,
) -> None:
    """What is changed in the database afterwards gives no vault more weight: its answer is of another job then."""
    vaults = [MadeVault() for _ in range(3)]
    for vault in vaults:
        enrolled(coordinator, vault, "loud")
        answered(coordinator, vault, 1)
    with coordinator.state._engine.connect() as connection:
        changed = "UPDATE enrolment_tier SET tier = 'quiet' WHERE key = ?"
        connection.exec_driver_sql(changed, (vaults[0].public,))
        connection.commit()
    coordinator.tick()

    verdicts = {each.key: each.accepted for each in coordinator.state.answer_facts()}
    assert verdicts == {each.public: each is not vaults[0] for each in vaults}


def test_a_key_is_enrolled_in_one_tier_which_the_log_has(coordinator: Coordinator) -> None:
    vault, other = MadeVault(), MadeVault()
    (first,), (again,) = coordinator.invite(1, URL, "loud"), coordinator.invite(1, URL, "loud")
    (own,) = coordinator.invite(1, URL)
    token, _ = enrol(coordinator, first.code, vault)

    assert enrol(coordinator, again.code, vault) == (token, False)
    with pytest.raises(EnrolledInOtherTier):
        enrol(coordinator, own.code, vault)
    enrol(coordinator, own.code, other)  # its place is still free
    assert [coordinator.state.tier_of(each.public) for each in (vault, other)] == ["loud", None]
    leaves = [parse_leaf(line).model_dump() for line in coordinator.state.leaves() if b"enrolled" in line]
    assert [one.get("tier") for one in leaves] == ["loud", None]
    assert [(one.name, one.invited, one.enrolled) for one in overview(coordinator).tiers] == [
        ("", 1, 1), ("loud", 2, 1), ("quiet", 0, 0)
    ]  # fmt: skip


def test_a_tier_that_the_campaign_does_not_have_is_refused_wherever_it_is_named(
    coordinator: Coordinator,
) -> None:
    with pytest.raises(NoTierMade, match="no noise tier far: it has loud and quiet") as refused:
        coordinator.invite(1, URL, "far")
    assert "whoever asks" not in refused.value.hint
    (invitation,) = coordinator.invite(1, URL, "loud")
    assert invitation.noise_tier == "loud"
    assert coordinator.state.counts()[0] == 1


def test_each_tier_has_a_place_of_its_own_and_every_courier_finds_the_same_there(
    folder: Path, clock: Moving
) -> None:
    with serving(folder, clock=clock) as served:
        coordinator = served.coordinator
        wait_until(lambda: coordinator.state.newest_round() is not None)
        token = enrolled(coordinator, MadeVault(), "loud")
        base = f"/campaigns/{served.campaign}/rounds/1"
        with client(coordinator.folder.certificate, served.url, token) as courier:
            found = {
                tier: courier.get(f"{base}/tiers/{tier}/manifest.json").content for tier in ("loud", "quiet")
            }
            assert found == {tier: coordinator.job(1, tier).manifest for tier in found}
            assert courier.get(f"{base}/manifest.json").content == coordinator.job(1).manifest
            weights = courier.get(f"{base}/tiers/loud/weights.safetensors").content
            assert weights == courier.get(f"{base}/weights.safetensors").content
            for odd in ("far", "Loud", ""):
                assert courier.get(f"{base}/tiers/{odd}/manifest.json").status_code == 404


def test_an_invitation_to_a_tier_that_the_campaign_does_not_have_is_refused_before_a_key_is_told(
    coordinator: Coordinator,
) -> None:
    files = (coordinator.campaign.data, coordinator.campaign.signature)
    (invitation,) = coordinator.invite(1, URL, "loud")
    check_invited(invitation, *files)

    with pytest.raises(InvitationInvalid, match="does not have the noise tier that it names"):
        check_invited(invitation.model_copy(update={"tier": "far"}), *files)
    with pytest.raises(InvitationInvalid, match="did not sign it"):
        check_invited(invitation.model_copy(update={"tier": "quiet"}), *files)


def test_the_database_of_an_earlier_coordinator_goes_on(tmp_path: Path, clock: Moving) -> None:
    made_coordinator(tmp_path / "c", signed_campaign(tmp_path, START), now=START)
    for _ in range(2):
        with closing(Coordinator(open_folder(tmp_path / "c"), clock=clock)) as found:
            enrolled(found, MadeVault())
            assert found.state.tier_counts() == {}
            assert overview(found).tiers == ()
            with found.state._engine.connect() as connection:
                for table in (
                    "invitation_tier",
                    "enrolment_tier",
                ):  # as they were made before there were tiers
                    connection.exec_driver_sql(f"DROP TABLE {table}")
                connection.commit()
