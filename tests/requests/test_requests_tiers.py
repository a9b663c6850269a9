"""Noise tiers in a campaign: a document of a version of its own, whose tiers are that campaign with another noise."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from requests_samples import KEY, OTHER_KEY, WEIGHTS, changed
from test_requests_campaign import CAMPAIGN, DATA, DEADLINES, JOB, ROUND_KEY, round_files

from learner.federation.exchange import TieredInvitation, invitation_message, parse_invitation
from vault.errors.campaigns import (
    OWN_NOISE,
    CampaignInvalid,
    CampaignTampered,
    NoSuchTier,
    NoVaultCanPayTier,
    RoundDeparts,
)
from vault.requester.campaign_log import enrolled_leaf, parse_leaf
from vault.requester.campaigns import tier_prices
from vault.requests.campaign import (
    CAMPAIGN_DOMAINS,
    campaign_bytes,
    campaign_digest,
    parse_campaign,
    signed_campaign,
)
from vault.requests.campaign_leaves import is_enrolment
from vault.requests.campaign_round import check_round, logged_manifest, parse_round, round_manifest
from vault.requests.canonical import canonical
from vault.sealing.digest import sha256_hex

CLINIC, FAR = {"name": "clinic", "noise_multiplier": 6.7}, {"name": "far-off", "noise_multiplier": 26.8}
TIERED: dict[str, Any] = {**CAMPAIGN, "v": 2, "tiers": [CLINIC, FAR]}
TIERED_DATA = canonical(TIERED)
GOOD = parse_campaign(TIERED_DATA)
DIGEST = campaign_digest(TIERED_DATA)
PEERS = [{"name": "Anna", "key": "1" * 64}, {"name": "Ben", "key": "2" * 64}]
VECTORS = Path(__file__).parent / "vectors" / "tiered_campaign.json"


def mesh() -> dict[str, Any]:
    """A campaign without a server, with tiers."""
    server = {"kind": "mesh", "authority": "a" * 64, "peers": PEERS}
    rule = {"filtered": True, "rule": "mean", "weights": "inverse_noise"}
    job = {**JOB, "job": {"kind": "train"}, "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.0}}
    job["recipients"] = [one["name"] for one in PEERS]
    return {
        **TIERED, "protocol": "fedavg", "server": server, "aggregation": rule, "job": job, "witness": None,
        "returns": "nothing",
    }  # fmt: skip


def invited() -> TieredInvitation:
    """An invitation to a tier, signed by the round key."""
    said = TieredInvitation(
        v=2, kind="lockbox-invitation", url="https://lab.example.org:8443", certificate_sha256="c" * 64,
        campaign=DIGEST, requester=KEY.public.hex(), code="d" * 64, tier="clinic", signature="0" * 128,
    )  # fmt: skip
    return said.model_copy(update={"signature": ROUND_KEY.sign(invitation_message(said)).hex()})


def frozen() -> dict[str, Any]:
    """What the frozen examples say, made anew."""
    return {
        "campaign_v1": DATA.decode(),
        "signature_v1": KEY.sign(CAMPAIGN_DOMAINS[1] + DATA).hex(),
        "campaign_v2": TIERED_DATA.decode(),
        "signature_v2": KEY.sign(CAMPAIGN_DOMAINS[2] + TIERED_DATA).hex(),
        "rounds": {
            name or "": sha256_hex(round_manifest(GOOD.at_tier(name), DIGEST, 2, sha256_hex(WEIGHTS)))
            for name in GOOD.noises
        },
        "enrolled": enrolled_leaf(OTHER_KEY.public, "clinic").decode(),
        "invitation": canonical(invited().model_dump()).decode(),
    }


def test_documents_of_both_versions_rounds_lines_and_invitations_are_the_frozen_ones() -> None:
    assert frozen() == json.loads(VECTORS.read_text())


def test_a_tier_is_the_campaign_with_its_noise_and_nothing_else() -> None:
    assert campaign_bytes(GOOD) == TIERED_DATA
    assert dict(GOOD.noises) == {None: 13.4, "clinic": 6.7, "far-off": 26.8}
    for name, noise in GOOD.noises.items():
        expected = changed(JOB, dp__noise_multiplier=noise)
        assert GOOD.at_tier(name).job.model_dump(mode="json", by_alias=True) == expected
    with pytest.raises(NoSuchTier, match="no noise tier near: it has clinic and far-off"):
        GOOD.at_tier("near")
    with pytest.raises(NoSuchTier, match="no noise tier without a name: it has clinic and far-off"):
        GOOD.at_tier("")
    with pytest.raises(NoSuchTier, match="no noise tier clinic: it has none"):
        parse_campaign(DATA).at_tier("clinic")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({**TIERED, "v": 1}, "has a key that is not in the format"),
        ({**CAMPAIGN, "v": 2}, "tiers is missing"),
        ({**TIERED, "tiers": []}, "fewer than 1 entries"),
        ({**TIERED, "tiers": [{**CLINIC, "name": f"t{n}", "noise_multiplier": 1 + n} for n in range(9)]}, "than 8"),
        ({**TIERED, "tiers": [CLINIC, {**FAR, "name": "clinic"}]}, "two noise tiers of one name"),
        ({**TIERED, "tiers": [CLINIC, {**CLINIC, "name": "other"}]}, "two noise tiers of one noise"),
        ({**TIERED, "tiers": [{**CLINIC, "noise_multiplier": 13.4}]}, "two noise tiers of one noise"),
        ({**TIERED, "tiers": [{**CLINIC, "noise_multiplier": 0.29}]}, "is less than 0.3"),
        ({**TIERED, "tiers": [{**CLINIC, "noise_multiplier": 1001.0}]}, "is more than 1000"),
        ({**TIERED, "tiers": [{**CLINIC, "name": "Clinic"}]}, "small letters, digits and hyphens"),
        ({**TIERED, "tiers": [{**CLINIC, "name": "a\n"}]}, "small letters, digits and hyphens"),
        (changed(TIERED, aggregation__rule="median"), "trimmed_mean and mean do"),
        (changed(TIERED, aggregation__rule="flower:FedAvg"), "trimmed_mean and mean do"),
        (changed(TIERED, job__output__grid=20), "in tier far-off, its noise grid is too fine"),
        (mesh(), "is a mesh and has noise tiers"),
    ],
)  # fmt: skip
def test_a_document_with_tiers_that_is_wrong_says_what_is(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CampaignInvalid, match=sentence):
        parse_campaign(canonical(document))


def test_a_signature_of_one_version_does_not_stand_for_the_other() -> None:
    assert signed_campaign(TIERED_DATA, KEY.sign(CAMPAIGN_DOMAINS[2] + TIERED_DATA)) == GOOD
    with pytest.raises(CampaignTampered):
        signed_campaign(TIERED_DATA, KEY.sign(CAMPAIGN_DOMAINS[1] + TIERED_DATA))
    with pytest.raises(CampaignTampered):
        signed_campaign(DATA, KEY.sign(CAMPAIGN_DOMAINS[2] + DATA))


@pytest.mark.parametrize("own", [None, "clinic", "far-off"])
@pytest.mark.parametrize("sent", [None, "clinic", "far-off"])
def test_a_round_is_one_in_its_own_tier_alone(own: str | None, sent: str | None) -> None:
    """More noise than was agreed to is refused like less: what an answer weighs follows from it."""
    manifest = round_manifest(GOOD.at_tier(sent), DIGEST, 2, sha256_hex(WEIGHTS))
    files = round_files(json.loads(manifest))
    if own == sent:
        job = check_round(GOOD.at_tier(own), DIGEST, files)
        assert job.dp.noise_multiplier == GOOD.noises[own]
        logged = round_manifest(GOOD, DIGEST, 2, sha256_hex(WEIGHTS))
        assert logged_manifest(GOOD, DIGEST, job) == sha256_hex(logged)  # one line for all of them
    else:
        with pytest.raises(
            RoundDeparts, match=f"in this vault's noise tier, {own or OWN_NOISE}: ask whoever"
        ):
            check_round(GOOD.at_tier(own), DIGEST, files)


def test_a_tier_that_no_vault_can_pay_for_is_named() -> None:
    loud = parse_campaign(canonical({**TIERED, "tiers": [{**CLINIC, "noise_multiplier": 0.3}]}))

    with pytest.raises(NoVaultCanPayTier, match="No vault can pay in noise tier clinic"):
        tier_prices(loud, Decimal("1e-6"))


def test_a_round_of_a_tier_differs_from_the_campaign_in_its_noise_alone() -> None:
    other = json.loads(round_manifest(GOOD.at_tier("clinic"), DIGEST, 2, sha256_hex(WEIGHTS)))
    own = json.loads(round_manifest(GOOD, DIGEST, 2, sha256_hex(WEIGHTS)))

    assert changed(other, dp__noise_multiplier=13.4) == own
    assert own["expires"] == DEADLINES[1]
    louder = round_files(changed(other, dp__noise_multiplier=6.6))
    with pytest.raises(RoundDeparts):
        check_round(GOOD.at_tier("clinic"), DIGEST, louder)
    assert parse_round(canonical(other)).job_id == own["job_id"]


def test_the_log_says_in_which_tier_a_key_is_enrolled() -> None:
    line = enrolled_leaf(KEY.public, "far-off")

    assert is_enrolment(line)
    assert parse_leaf(line).model_dump()["tier"] == "far-off"
    assert b"tier" not in enrolled_leaf(KEY.public)
    assert not is_enrolment(line.replace(b"far-off", b"Far off"))


def test_an_invitation_names_its_tier_under_a_text_of_its_own() -> None:
    found = invited()

    assert parse_invitation(canonical(found.model_dump())).noise_tier == "clinic"
    assert invitation_message(found).startswith(b"lockbox invitation v2\n")
    assert b'"tier":"clinic"' in invitation_message(found)
