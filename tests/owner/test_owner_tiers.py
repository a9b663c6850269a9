"""A vault in a noise tier of a campaign: it is shown, consents to and is charged the price of its own tier."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import campaign, round_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault.errors.campaigns import (
    CampaignMismatch,
    CampaignReplayed,
    NoSuchTier,
    OtherTier,
    RoundDeparts,
    RoundNotInLog,
)
from vault.errors.requests import RequesterBlocked
from vault.requester.campaign_log import enrolled_leaf
from vault.requester.campaigns import check_campaign
from vault.requests.bundle import parse_signature_line, read_job
from vault.requests.campaign import parse_campaign
from vault.sealing.signing import fingerprint
from vault.vault import Vault
from vault.views.campaigns import TierView


@pytest.fixture(scope="session")
def tiered_template(campaign_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of the world with a signed campaign of two tiers beside it, one of less noise and one of more."""
    world = copy_of(campaign_template, tmp_path_factory.mktemp("tiers") / "copy")
    campaign(world, "tiered", clinic="2", far="0.5")
    return world


@pytest.fixture
def asked(tiered_template: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copy_of(tiered_template, tmp_path / "copy")


@pytest.fixture
def folder(asked: World) -> Path:
    """Its campaign."""
    return asked.folder / "tiered"


def price_in(folder: Path, tier: str | None) -> tuple[Decimal, Decimal]:
    """What all rounds and what one round of it cost in a tier, as its requester is told."""
    facts = check_campaign(folder, delta=Decimal("1e-6"))
    price = facts.price if tier is None else facts.tiers[tier]
    return price.together.epsilon, price.of_round.epsilon


@pytest.mark.parametrize("tier", sweep(["clinic", None, "far"], default=2))
def test_what_is_shown_and_consented_to_is_the_price_of_the_own_tier(
    asked: World, folder: Path, tier: str | None
) -> None:
    noise = parse_campaign((folder / "campaign.json").read_bytes()).noises[tier]
    with asked.vault() as vault:
        found = vault.submit_campaign(folder, tier=tier)
        assert (found.tier, found.tiers, found.noise_multiplier) == (tier, ("clinic", "far"), noise)
        assert found.own_noise == parse_campaign((folder / "campaign.json").read_bytes()).noises[None]
        assert found.price is not None
        assert (found.price.epsilon, found.price.epsilon_of_round) == price_in(folder, tier)
        assert vault.preview_join(found.line.id).draft.epsilon_cap == str(found.price.epsilon_of_round)
        vault.join_campaign(found.line.id, digest=found.digest, tier=found.tier)
        said = [line.sentence for line in vault.audit_lines() if line.type.startswith("campaign.")]
    assert [f"in noise tier {tier}" in one for one in said] == [tier is not None] * 2


def test_a_round_of_the_own_tier_is_charged_by_it_and_one_of_another_is_refused(
    asked: World, folder: Path
) -> None:
    with asked.vault() as vault:
        found = vault.submit_campaign(folder, tier="far")
        vault.join_campaign(found.line.id, digest=found.digest, tier=found.tier)
        for number, tier in ((1, None), (2, "clinic")):
            with pytest.raises(RoundDeparts, match="in this vault's noise tier"):
                vault.submit(round_of(folder, number, f"other-{number}", tier))
        first = vault.submit(round_of(folder, 1, tier="far"))
        assert first.line.round is not None
        assert first.line.round.tier == "far"
        assert first.price.epsilon == price_in(folder, "far")[1]
        assert vault.train(first.line.id).state == "held"
        far = vault.budget()
        # a coordinator that goes over to less noise, from one round to the next
        with pytest.raises(RoundDeparts):
            vault.submit(round_of(folder, 2, "quieter", "clinic"))
        assert vault.budget() == far


def test_a_round_in_a_tier_comes_with_the_log_that_all_are_shown(asked: World, folder: Path) -> None:
    """The log has one line for a round, of the campaign's own noise, from which the job of each tier follows."""
    log, data = WorldLog(folder), (folder / "campaign.json").read_bytes()
    log.leaves.append(enrolled_leaf(bytes(32), "clinic"))
    log.open(round_of(folder, 1), 1)
    log.open(round_of(folder, 2, "other-weights", "far"), 2)
    line = parse_signature_line((folder / "campaign.sig").read_bytes())
    with asked.vault() as vault:
        asker = vault.token_holder(vault.issue_token(NAME))
        vault.take_campaign(asker, data, line, "clinic")
        assert (
            vault.take_job(asker, read_job(round_of(folder, 1, "first", "clinic")), log.part()).word
            == "waiting"
        )
        (found,) = (vault.campaign(one.id) for one in vault.campaigns())
        assert (found.tier, found.rounds[0].checked) == ("clinic", "log")
        assert found.log is not None
        assert found.log.enrolled == 1
        with pytest.raises(RoundNotInLog):  # the log's line is not that of the campaign's own noise
            vault.take_job(asker, read_job(round_of(folder, 2, "second", "clinic")), log.part(4))
        with pytest.raises(RoundDeparts):
            vault.take_job(asker, read_job(round_of(folder, 3, "third", "far")), log.part(4))


def test_a_tier_that_the_campaign_does_not_have_is_refused_and_nothing_is_stored(
    asked: World, folder: Path
) -> None:
    with asked.vault() as vault:
        with pytest.raises(NoSuchTier, match="it has clinic and far"):
            vault.submit_campaign(folder, tier="near")
        with pytest.raises(NoSuchTier, match="it has none"):
            vault.submit_campaign(asked.folder / "campaign", tier="clinic")
        assert vault.campaigns() == []


def test_a_tier_is_another_ones_until_the_campaign_is_joined_and_then_for_good(
    asked: World, folder: Path
) -> None:
    document = json.loads((folder / "campaign.json").read_bytes())
    key = document["job"]["requester"]["key"]
    who = fingerprint(bytes.fromhex(key))

    def let_in(vault: Vault, tier: str | None) -> str:
        return vault.let_courier_in(folder, NAME, fingerprint=who, tier=tier).campaign

    with asked.vault() as vault:
        full = let_in(vault, "clinic")
        assert let_in(vault, "far") == full
        found = vault.campaign(full)
        assert found.tier == "far"
        assert any("by another invitation: far" in line.sentence for line in vault.audit_lines())
        for shown in ("clinic", None):  # what its owner saw before that
            with pytest.raises(CampaignMismatch):
                vault.join_campaign(full, digest=found.digest, tier=shown)
        vault.join_campaign(full, digest=found.digest, tier="far")
        for other in ("clinic", None):
            with pytest.raises(OtherTier, match="another noise tier, far,"):
                let_in(vault, other)
            with pytest.raises(OtherTier):
                vault.sign_enrolment(key, campaign=found.digest, code="0" * 64, tier=other)
        assert let_in(vault, "far") == full


def test_a_tier_that_was_taken_in_by_hand_is_corrected_until_the_campaign_is_joined(
    asked: World, folder: Path
) -> None:
    with asked.vault() as vault:
        own = vault.submit_campaign(folder)
        assert own.moved_from is None
        with pytest.raises(NoSuchTier):
            vault.submit_campaign(folder, tier="near")
        found = vault.submit_campaign(folder, tier="far")
        assert (found.line.id, found.tier) == (own.line.id, "far")
        assert found.moved_from == TierView(tier=None, price=own.price)
        assert found.price is not None
        assert (found.price.epsilon, found.price.epsilon_of_round) == price_in(folder, "far")
        assert "the noise tier of campaign" in vault.audit_lines()[-1].sentence
        assert "by hand: far" in vault.audit_lines()[-1].sentence
        with pytest.raises(CampaignReplayed):
            vault.submit_campaign(folder, tier="far")
        vault.join_campaign(own.line.id, digest=found.digest, tier="far")
        entries = len(vault.audit_lines())
        for other in ("clinic", None):
            with pytest.raises(OtherTier, match="another noise tier, far,"):
                vault.submit_campaign(folder, tier=other)
        assert (len(vault.audit_lines()), vault.campaign(own.line.id).tier) == (entries, "far")
        vault.leave_campaign(own.line.id)
        with pytest.raises(CampaignReplayed):
            vault.submit_campaign(folder)


def test_a_tier_is_not_corrected_for_who_is_blocked_or_once_a_round_came(asked: World, folder: Path) -> None:
    with asked.vault() as vault:
        found = vault.submit_campaign(folder, tier="clinic")
        vault.block_requester(NAME)
        with pytest.raises(RequesterBlocked):
            vault.submit_campaign(folder, tier="far")
        vault.unblock_requester(NAME)
        vault.submit(round_of(folder, 1, "came", "clinic"))
        with pytest.raises(OtherTier):
            vault.submit_campaign(folder, tier="far")
        assert vault.campaign(found.line.id).tier == "clinic"
