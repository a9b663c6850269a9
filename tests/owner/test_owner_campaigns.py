"""A campaign in a vault: one price, one consent, rounds that are held against it, and leaving at any time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import another, held, joined, round_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.text import campaign_facts
from vault import portal
from vault.errors.budget import BudgetExhausted
from vault.errors.campaigns import (
    CampaignMismatch,
    CampaignOver,
    CampaignReplayed,
    CampaignTampered,
    CampaignUnderRefusal,
    CampaignWrongState,
    NoVaultCanPayRounds,
    OtherThanCampaign,
    RoundDeparts,
    RoundOfCampaign,
    RoundTampered,
    RoundTooLate,
    UnknownCampaign,
)
from vault.errors.consent import OtherThanConsent
from vault.errors.daemon import NotAtThisDoor
from vault.errors.release import NoResultYet
from vault.errors.requests import (
    JobReplayed,
    ManifestInvalid,
    NoToCampaign,
    OtherThanRequest,
    RequesterBlocked,
    TooManyWaiting,
    UnknownRequester,
    WrongState,
)
from vault.errors.training import LearnerFailed
from vault.owner.reopen import end_what_stands
from vault.portal import Told
from vault.requester.campaigns import check_campaign
from vault.requester.keys import keygen
from vault.requests.bundle import parse_signature_line, read_job, signature_line
from vault.requests.campaign import campaign_digest
from vault.requests.campaign_round import ROUND_DOMAIN
from vault.requests.canonical import canonical
from vault.requests.parse import parse_manifest
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey
from vault.store.tables import CampaignRow, RequestRow
from vault.vault import Vault


@pytest.fixture
def asked(campaign_template: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copy_of(campaign_template, tmp_path / "copy")


@pytest.fixture
def vault(asked: World) -> Iterator[Vault]:
    """Its vault, open."""
    with asked.vault() as opened:
        yield opened


@pytest.fixture
def folder(asked: World) -> Path:
    """Its campaign."""
    return asked.folder / "campaign"


def entries(vault: Vault, kind: str) -> list[str]:
    """The sentences of every entry of a type."""
    return [line.sentence for line in vault.audit_lines() if line.type == kind]


def resigned(folder: Path, number: int, key: Path, **changes: object) -> Path:
    """A round with other values in its manifest, signed by this key as a round."""
    job = round_of(folder, number, name=f"changed-{number}")
    found = json.loads((job / "manifest.json").read_bytes())
    data = canonical({**found, **changes})
    (job / "manifest.json").write_bytes(data)
    signer = SigningKey.from_seed(read_secret_key(key))
    (job / "manifest.sig").write_bytes(signature_line(signer.sign(ROUND_DOMAIN + data)))
    return job


# taking in ------------------------------------------------------------------------------------------------


def test_a_campaign_is_one_thing_with_one_composed_price(vault: Vault, folder: Path) -> None:
    found = vault.submit_campaign(folder)
    line = found.line

    assert (line.state, line.requester, line.collection, line.rounds) == ("waiting", NAME, "nights", 3)
    assert (line.done, line.to_come) == (0, 3)
    assert [(one.number, one.state, one.request) for one in found.rounds] == [
        (number, "to come", None) for number in (1, 2, 3)
    ]
    price = found.price
    assert price is not None
    assert price.rounds == 3
    asked = check_campaign(folder, delta=price.delta).price
    assert (price.epsilon, price.guess_rate) == (asked.together.epsilon, asked.together.guess_rate)
    assert (
        price.epsilon_of_round < price.epsilon <= 1 < 3 * price.epsilon_of_round
    )  # composed, and not added up
    assert Decimal("0.5") < price.guess_rate < Decimal("0.56")
    assert [one.name for one in found.decision.fields] == ["coffee", "good", "steps"]
    assert (found.decision.permitted, found.obstacle, found.witness) == (False, "", None)
    assert vault.campaigns() == [line]
    assert vault.requests() == []
    assert (vault.status().campaigns_waiting, vault.status().requests_waiting) == (1, 0)
    (said,) = entries(vault, "campaign.received")
    assert f"Campaign {line.id[:8]} came in from {NAME} for academic research" in said
    assert said.endswith("in 3 rounds.")


def test_a_campaign_of_a_blocked_requester_waits_for_nobody(vault: Vault, folder: Path) -> None:
    vault.submit_campaign(folder)
    vault.block_requester(NAME)
    (line,) = vault.campaigns()
    assert (vault.status().campaigns_waiting, vault.digest().campaigns, line.waits) == (0, (), False)
    assert (campaign_facts.state(line), campaign_facts.short_state(line)) == ("requester blocked", "blocked")
    with pytest.raises(RequesterBlocked):
        vault.join_campaign(line.id, digest=vault.campaign(line.id).digest)
    vault.unblock_requester(NAME)
    (line,) = vault.campaigns()
    assert (vault.status().campaigns_waiting, vault.digest().campaigns) == (1, (line,))
    assert campaign_facts.state(line) == "waiting"


def test_a_campaign_is_taken_in_once_and_only_from_who_is_known(vault: Vault, folder: Path) -> None:
    vault.submit_campaign(folder)
    with pytest.raises(CampaignReplayed):
        vault.submit_campaign(folder)

    data = (folder / "campaign.json").read_bytes()
    (folder / "campaign.json").write_bytes(data.replace(b'"rule":"trimmed_mean"', b'"rule":"mean"'))
    with pytest.raises(CampaignTampered):
        vault.submit_campaign(folder)
    assert len(vault.campaigns()) == 1


def test_a_campaign_of_a_stranger_or_of_somebody_blocked_is_not_stored(world: World, asked: World) -> None:
    with world.vault() as vault, pytest.raises(UnknownRequester):
        vault.submit_campaign(asked.folder / "campaign")
    with asked.vault() as vault:
        vault.block_requester(NAME)
        with pytest.raises(RequesterBlocked):
            vault.submit_campaign(asked.folder / "campaign")
        assert vault.campaigns() == []


def test_a_campaign_does_not_get_around_a_no_that_holds(asked: World, vault: Vault, folder: Path) -> None:
    vault.refuse(vault.submit(asked.job()).line.id)

    with pytest.raises(CampaignUnderRefusal):
        vault.submit_campaign(folder)
    (line,) = vault.campaigns()
    assert line.state == "refused"
    with pytest.raises(CampaignWrongState):
        vault.preview_join(line.id)


# joining --------------------------------------------------------------------------------------------------


def test_joining_is_one_consent_for_the_rounds_of_this_campaign_alone(
    asked: World, vault: Vault, folder: Path
) -> None:
    found = vault.submit_campaign(folder)
    what = vault.preview_join(found.line.id, optional=frozenset({"coffee"}))
    assert (what.draft.fields, what.draft.uses) == (("coffee", "good", "steps"), 3)
    assert what.draft.epsilon_cap == str(found.price and found.price.epsilon_of_round)
    assert vault.grants() == []

    with pytest.raises(CampaignMismatch):
        vault.join_campaign(found.line.id, digest="0" * 64)
    vault.join_campaign(found.line.id, digest=found.digest, optional=frozenset({"coffee"}))

    (grant,) = vault.grants()
    view = vault.campaign(found.line.id)
    assert vault.receipt(grant.id)["campaign"] == found.line.id
    assert (view.line.state, view.consent) == ("joined", grant.id)
    assert view.decision.permitted
    assert entries(vault, "campaign.join") == [
        f"You joined campaign {found.line.id[:8]} of {NAME} under consent {grant.id[:8]}."
    ]
    with pytest.raises(CampaignWrongState):
        vault.join_campaign(found.line.id, digest=found.digest)

    alone = vault.submit(asked.job(epsilon="0.5")).line.id  # the same columns, for the same purpose
    refused = vault.request(alone).decision
    assert not refused.permitted
    assert any("was given for the rounds of one campaign alone" in one for one in refused.reasons)


def test_each_round_runs_by_that_one_word_is_charged_once_and_decided_apart(
    asked: World, vault: Vault, folder: Path
) -> None:
    campaign_id = joined(vault, folder)
    first = vault.submit(round_of(folder, 1))
    assert first.line.state == "approved"
    assert entries(vault, "campaign.round") == [
        f"Request {first.line.id[:8]} is round 1 of campaign {campaign_id[:8]} of {NAME}."
    ]
    release = vault.train(first.line.id)
    assert release.state == "held"
    with pytest.raises(JobReplayed):
        vault.submit(folder.parent / "campaign-round-1")

    vault.send(release.id, confirm_digest=release.digest, to=asked.folder / "out")
    said = json.loads((asked.folder / "out" / "release.json").read_bytes())
    assert said["campaign"] == {"digest": vault.campaign(campaign_id).digest, "round": 1}
    second = held(vault, folder, 2)

    found = vault.campaign(campaign_id)
    assert [one.state for one in found.rounds] == ["released", "held", "to come"]
    assert (found.line.done, found.line.waiting, found.line.to_come) == (2, 0, 1)
    (grant,) = vault.grants()
    assert (grant.uses_spent, grant.uses) == (2, 3)
    charges = vault.budget_history()
    assert [one.request for one in charges] == [release.id, second]
    assert found.price is not None
    assert {one.epsilon for one in charges} == {found.price.epsilon_of_round}
    assert found.price.rounds == 3
    assert vault.verify_audit().size == vault.status().audit_entries


def test_a_round_that_came_before_the_word_waits_for_it(vault: Vault, folder: Path) -> None:
    found = vault.submit_campaign(folder)
    early = vault.submit(round_of(folder, 1)).line
    assert early.state == "waiting"
    with pytest.raises(RoundOfCampaign):
        vault.preview_approval(early.id, draft=True, optional=frozenset())
    manifest = vault.request(early.id).manifest_digest
    with pytest.raises(RoundOfCampaign):
        vault.approve(early.id, manifest_digest=manifest, draft=True)
    with pytest.raises(RoundOfCampaign):
        vault.refuse(early.id)

    with pytest.raises(NoToCampaign, match="a no to that is for good"):
        vault.lift_refusal(found.line.id)
    with pytest.raises(OtherThanRequest, match="is the id of a campaign and not of a request"):
        vault.request(found.line.id[:8])
    with pytest.raises(OtherThanCampaign, match="is the id of a request and not of a campaign"):
        vault.campaign(early.id)
    with pytest.raises(OtherThanConsent, match="is the id of a campaign and not of a consent"):
        vault.consent(found.line.id)
    with pytest.raises(NoResultYet, match="it is waiting for a decision"):
        vault.release(early.id[:8])

    line = vault.campaign(found.line.id).line
    assert campaign_facts.progress(line) == "0 of 3 rounds done, 1 handed over and waiting, 2 to come"

    vault.join_campaign(found.line.id, digest=found.digest)
    assert vault.request(early.id).line.state == "approved"
    assert vault.campaign(found.line.id).line == replace(line, state="joined")


def test_who_joins_late_consents_to_the_rounds_that_can_still_come(
    asked: World, vault: Vault, folder: Path
) -> None:
    found = vault.submit_campaign(folder)
    asked.clock.forward(days=8)
    view = vault.campaign(found.line.id)

    assert [one.state for one in view.rounds] == ["missed", "to come", "to come"]
    assert view.price is not None
    assert found.price is not None
    assert (view.price.rounds, view.line.to_come) == (2, 2)
    assert view.price.epsilon < found.price.epsilon
    assert vault.preview_join(found.line.id).draft.uses == 2

    asked.clock.forward(days=14)
    assert vault.campaign(found.line.id).line.state == "over"
    with pytest.raises(CampaignWrongState):
        vault.join_campaign(found.line.id, digest=found.digest)


# rounds ---------------------------------------------------------------------------------------------------


def test_a_round_that_departs_is_refused_with_what_departs(vault: Vault, folder: Path) -> None:
    joined(vault, folder)
    noise = json.loads((round_of(folder, 1) / "manifest.json").read_bytes())["dp"]
    job = resigned(folder, 1, folder / "round.key", dp={**noise, "noise_multiplier": 0.5})

    with pytest.raises(RoundDeparts, match="its mechanism is not that of the campaign"):
        vault.submit(job)
    assert vault.requests() == []


def test_a_round_is_signed_by_the_round_key_and_no_other(asked: World, vault: Vault, folder: Path) -> None:
    joined(vault, folder)

    with pytest.raises(RoundTampered):
        vault.submit(resigned(folder, 1, asked.folder / "lab" / "requester.key"))
    assert vault.requests() == []


def test_a_round_of_a_campaign_that_is_not_here_is_refused(vault: Vault, folder: Path) -> None:
    with pytest.raises(UnknownCampaign):
        vault.submit(round_of(folder, 1))
    assert vault.requests() == []


def test_rounds_only_rise(vault: Vault, folder: Path) -> None:
    joined(vault, folder)
    vault.submit(round_of(folder, 2))

    with pytest.raises(RoundTooLate, match="round 1, and round 2"):
        vault.submit(round_of(folder, 1))


def test_a_round_past_its_deadline_is_neither_taken_in_nor_run(
    asked: World, vault: Vault, folder: Path
) -> None:
    joined(vault, folder)
    asked.clock.forward(days=8)
    with pytest.raises(ManifestInvalid, match="it has expired"):
        vault.submit(round_of(folder, 1))

    second = vault.submit(round_of(folder, 2)).line.id
    asked.clock.forward(days=7)
    with pytest.raises(WrongState, match="expired"):
        vault.train(second)


def test_a_round_that_cannot_be_paid_waits_again_and_is_not_approved_by_itself(
    asked: World, vault: Vault, folder: Path
) -> None:
    joined(vault, folder)
    request = vault.submit(round_of(folder, 1)).line.id
    vault.block_requester(NAME)
    assert vault.request(request).line.state == "waiting"
    vault.unblock_requester(NAME)
    vault.settle()
    found = vault.request(request)
    assert found.line.state == "waiting"

    vault.approve(request, manifest_digest=found.manifest_digest, consent=found.decision.grant)
    assert vault.request(request).line.state == "approved"


# what the owner alone may know ----------------------------------------------------------------------------


def test_how_well_it_learned_is_told_when_nothing_is_left_to_decide(
    asked: World, vault: Vault, folder: Path
) -> None:
    joined(vault, folder)
    first = held(vault, folder, 1)
    vault.withhold(first)
    assert vault.release(first).for_you is None  # round 2 and 3 are still to be decided

    last = held(vault, folder, 3)
    assert vault.release(first).for_you is None
    vault.send(last, confirm_digest=vault.release(last).digest, to=asked.folder / "out")
    assert vault.release(first).for_you is not None
    assert vault.release(last).for_you is not None


def test_nothing_is_told_by_a_clock_that_is_ahead_of_what_is_on_record(
    asked: World, vault: Vault, folder: Path
) -> None:
    joined(vault, folder)
    first = held(vault, folder, 1)
    vault.withhold(first)
    asked.clock.forward(days=30)  # past the end of the campaign, and no pause that asks for the date
    with asked.vault(writable=False) as looking:
        assert looking.release(first).for_you is None
    vault.note_lock_minutes(15)
    assert vault.release(first).for_you is not None


# leaving --------------------------------------------------------------------------------------------------


def test_leaving_ends_everything_but_what_has_left_and_says_so(
    asked: World, vault: Vault, folder: Path
) -> None:
    campaign_id = joined(vault, folder)
    first = held(vault, folder, 1)
    vault.send(first, confirm_digest=vault.release(first).digest, to=asked.folder / "out")
    second = held(vault, folder, 2)
    third = vault.submit(round_of(folder, 3)).line.id
    planned, token = (
        vault.preview_leave(campaign_id).withdrawal,
        vault.issue_token(NAME, campaign=campaign_id),
    )
    assert planned is not None
    done = vault.leave_campaign(campaign_id, reason="too many rounds")
    assert not vault.end_token(token)  # it ended with it

    assert done.withdrawal is not None
    assert (planned.already_left, planned.destroyed, planned.rounds_ended) == ((first,), (second,), (third,))
    assert (done.withdrawal.already_left, done.withdrawal.destroyed) == ((first,), (second,))
    assert (done.withdrawal.rounds_ended, done.withdrawal.returned) == ((third,), ())
    assert done.rounds == {first: 1, second: 2, third: 3}
    assert done.campaign.state == "left"
    assert vault.consent(done.withdrawal.grant).state == "withdrawn"
    assert vault.release(second).state == "destroyed"
    assert vault.request(third).line.state == "refused_person"
    assert vault.release(first).for_you is not None  # nothing is left to be decided
    assert entries(vault, "campaign.leave") == [
        f"You left campaign {campaign_id[:8]} of {NAME}: too many rounds; 1 of its rounds may have left before."
    ]
    for again in (vault.leave_campaign, vault.preview_leave, vault.preview_join):
        with pytest.raises(CampaignWrongState):
            again(campaign_id)
    with pytest.raises(CampaignReplayed):
        vault.submit_campaign(folder)


def test_a_round_of_a_campaign_that_was_left_is_stored_as_refused_and_not_told(
    vault: Vault, folder: Path
) -> None:
    vault.leave_campaign(joined(vault, folder))
    with pytest.raises(CampaignOver, match="you left its campaign"):
        vault.submit(round_of(folder, 1))

    (line,) = vault.requests()
    assert line.state == "refused_policy"
    assert "left its campaign" in (vault.request(line.id).reason or "")
    with pytest.raises(JobReplayed):
        vault.submit(folder.parent / "campaign-round-1")


def test_withdrawing_its_consent_leaves_the_campaign(vault: Vault, folder: Path) -> None:
    campaign_id = joined(vault, folder)
    found = vault.campaign(campaign_id)
    done = vault.withdraw(found.consent or "")

    assert done.campaign == campaign_id
    assert vault.campaign(campaign_id).line.state == "left"
    assert len(entries(vault, "campaign.leave")) == 1


def test_a_campaign_that_was_not_joined_is_refused_by_leaving(vault: Vault, folder: Path) -> None:
    found = vault.submit_campaign(folder)
    early = vault.submit(round_of(folder, 1)).line.id
    done = vault.leave_campaign(found.line.id)

    assert (done.withdrawal, done.campaign.state) == (None, "refused")
    assert vault.status().campaigns_waiting == 0
    assert vault.request(early).line.state == "refused_person"
    assert entries(vault, "campaign.leave") == []
    assert entries(vault, "campaign.refuse") == [f"Campaign {found.line.id[:8]} of {NAME} was refused."]
    with pytest.raises(CampaignOver, match="you refused its campaign"):
        vault.submit(round_of(folder, 2))


def test_erasing_its_collection_leaves_the_campaign(asked: World, vault: Vault, folder: Path) -> None:
    campaign_id = joined(vault, folder)
    other = another(asked, folder, "other")
    waiting = vault.submit_campaign(other).line.id
    vault.submit(round_of(folder, 1))
    vault.submit(round_of(other, 1))
    assert vault.preview_erase("nights").campaigns_refused == (waiting,)
    vault.erase_collection("nights")

    with pytest.raises(CampaignWrongState, match="this campaign is refused: its collection was erased"):
        vault.preview_join(waiting)
    assert [vault.campaign(one).line.state for one in (campaign_id, waiting)] == ["left", "refused"]
    assert {line.state for line in vault.requests()} == {"refused_person"}
    assert vault.verify_audit().size == vault.status().audit_entries


def test_two_campaigns_are_two_prices_and_two_consents(asked: World, vault: Vault, folder: Path) -> None:
    other = another(asked, folder, "other")
    first, second = joined(vault, folder), joined(vault, other)
    vault.submit(round_of(folder, 1))
    vault.leave_campaign(first)
    request = vault.submit(round_of(other, 1)).line

    assert request.state == "approved"
    assert vault.campaign(second).line.state == "joined"
    named = {"digest": vault.campaign(first).digest, "round": 2}
    with pytest.raises(RoundTampered):  # a round of one is signed by the round key of the other
        vault.submit(resigned(other, 2, other / "round.key", campaign=named))


# what its requester hears ---------------------------------------------------------------------------------


def bytes_of(folder: Path) -> tuple[bytes, bytes]:
    """The document of a campaign and its signature."""
    line = (folder / "campaign.sig").read_bytes()
    return (folder / "campaign.json").read_bytes(), parse_signature_line(line)


def handed_in(vault: Vault, asker: str, log: WorldLog, job: Path, number: int) -> Told:
    """What is heard of a round that is handed in with its log."""
    log.open(job, number)
    kept = vault.campaign_state(asker, log.digest).log_size
    return vault.take_job(asker, read_job(job), log.part(kept))


def id_of(vault: Vault) -> str:
    """The id of who asks."""
    return vault.token_holder(vault.issue_token(NAME))


def test_a_requester_hears_the_same_whether_its_campaign_is_joined_left_or_waits(
    vault: Vault, folder: Path
) -> None:
    asker = id_of(vault)
    taken = vault.take_campaign(asker, *bytes_of(folder))
    (line,) = vault.campaigns()
    heard = [vault.campaign_state(asker, taken.digest).word]
    vault.join_campaign(line.id, digest=taken.digest)
    heard.append(vault.campaign_state(asker, taken.digest).word)
    log = WorldLog(folder)
    first = handed_in(vault, asker, log, round_of(folder, 1), 1)
    assert vault.requests()[0].state == "waiting"  # nothing of the owner's word is acted on for the answer
    vault.take_up()
    assert vault.requests()[0].state == "approved"
    heard.append(vault.job_state(asker, first.job_id).word)

    vault.leave_campaign(line.id)
    second = handed_in(vault, asker, log, round_of(folder, 2), 2)
    heard += [vault.campaign_state(asker, taken.digest).word, second.word]
    heard.append(vault.job_state(asker, first.job_id).word)
    assert [str(word) for word in heard] == ["waiting"] * 6


def test_a_requester_hears_the_no_to_a_campaign_that_was_not_joined(
    asked: World, vault: Vault, folder: Path
) -> None:
    asker = id_of(vault)
    taken = vault.take_campaign(asker, *bytes_of(folder))
    log = WorldLog(folder)
    early = handed_in(vault, asker, log, round_of(folder, 1), 1)
    vault.leave_campaign(vault.campaigns()[0].id)

    assert vault.campaign_state(asker, taken.digest).word == "refused"
    assert vault.job_state(asker, early.job_id).word == "refused"
    assert handed_in(vault, asker, log, round_of(folder, 2), 2).word == "refused"
    other = another(asked, folder, "other")
    waits = vault.take_campaign(asker, *bytes_of(other))
    asked.clock.forward(days=22)
    assert vault.campaign_state(asker, waits.digest).word == "expired"


def written_by(vault: Vault, take: Callable[[], object]) -> list[str]:
    """The types of the entries that answering a requester writes."""
    before = len(vault.audit_lines())
    take()
    return [line.type for line in vault.audit_lines()][before:]


def taken_back(world: World, vault: Vault) -> None:
    """A no that is not heard: to a job that was approved before."""
    request = vault.submit(world.job()).line.id
    approve(vault, request, draft=True)
    vault.refuse(request)


def test_what_answering_does_depends_on_no_word_that_is_not_heard(
    asked: World, vault: Vault, folder: Path
) -> None:
    """Whether a campaign waits, is joined or is left, and whether such jobs are refused untold, would else be timed."""
    asker, campaign_id = id_of(vault), vault.submit_campaign(folder).line.id
    rounds, log = {number: round_of(folder, number) for number in (1, 2, 3)}, WorldLog(folder)
    written = [written_by(vault, lambda: handed_in(vault, asker, log, rounds[1], 1))]
    vault.join_campaign(campaign_id, digest=vault.campaign(campaign_id).digest)
    written.append(written_by(vault, lambda: handed_in(vault, asker, log, rounds[2], 2)))
    vault.leave_campaign(campaign_id)
    written.append(written_by(vault, lambda: handed_in(vault, asker, log, rounds[3], 3)))
    assert written == [["request.received", "campaign.round"]] * 3

    taken_back(asked, vault)
    asked.clock.forward(seconds=1)
    other, job = another(asked, folder, "other"), read_job(asked.job("third"))
    assert written_by(vault, lambda: vault.take_campaign(asker, *bytes_of(other))) == ["campaign.received"]
    assert written_by(vault, lambda: vault.take_job(asker, job)) == ["request.received"]
    assert vault.job_state(asker, parse_manifest(job.manifest).job_id).word == "waiting"

    assert {line.state for line in vault.requests()} >= {"waiting"}
    vault.take_up()
    states = sorted(line.state for line in vault.requests())
    assert states == ["refused_person"] * 3 + ["refused_policy"] * 2
    assert {line.state for line in vault.campaigns()} == {"left", "refused"}
    assert vault.campaign_state(asker, campaign_digest(bytes_of(other)[0])).word == "waiting"


def test_what_came_in_when_the_vault_was_killed_is_ended_at_its_next_opening(
    asked: World, folder: Path
) -> None:
    with asked.vault() as vault:
        vault.leave_campaign(joined(vault, folder))
        handed_in(vault, id_of(vault), WorldLog(folder), round_of(folder, 1), 1)
        assert vault.requests()[0].state == "waiting"
    with asked.vault() as vault:
        assert vault.requests()[0].state == "refused_policy"


def test_going_on_from_an_older_copy_tells_nobody_what_was_answered(
    asked: World, vault: Vault, folder: Path
) -> None:
    """Else a requester would hear a no to what waited, and so know what had been approved and joined."""
    joined(vault, folder)
    vault.submit(round_of(folder, 1))
    vault.submit(asked.job())
    other = another(asked, folder, "other")
    vault.submit_campaign(other)
    vault.submit(round_of(other, 1))
    with vault._opened.act() as act:
        end_what_stands(act, vault._opened)

    assert {line.state for line in vault.requests()} == {"refused_person"}
    assert {line.state for line in vault.campaigns()} == {"left", "refused"}
    with vault._opened.read() as uow:
        told = [uow.values(table, ("is_told",)) for table in (RequestRow, CampaignRow)]
    assert [bool(is_told) for rows in told for (is_told,) in rows] == [False] * 5


def test_a_campaign_whose_rounds_together_no_vault_can_pay_is_not_stored(
    asked: World, vault: Vault, folder: Path
) -> None:
    document = json.loads((folder / "campaign.json").read_bytes())
    document["job"]["dp"]["noise_multiplier"] = 0.36
    loud = another(asked, folder, "loud", job=document["job"])

    with pytest.raises(BudgetExhausted, match="its rounds together would cost more than half of ε 64"):
        vault.submit_campaign(loud)
    with pytest.raises(NoVaultCanPayRounds):
        check_campaign(loud, delta=Decimal("1e-6"))
    assert vault.campaigns() == []


def test_a_campaign_and_its_rounds_are_handed_in_by_their_own_requester_alone(
    asked: World, vault: Vault, folder: Path
) -> None:
    keys = keygen(asked.folder / "club")
    vault.add_requester("Club", keys.public)
    club = vault.token_holder(vault.issue_token("Club"))

    with pytest.raises(NotAtThisDoor):
        vault.take_campaign(club, *bytes_of(folder))
    taken = vault.take_campaign(id_of(vault), *bytes_of(folder))
    with pytest.raises(UnknownCampaign):
        vault.take_job(club, read_job(round_of(folder, 1)))
    with pytest.raises(UnknownCampaign):
        vault.campaign_state(club, taken.digest)
    assert vault.requests() == []


def test_a_requester_hands_in_so_many_campaigns_and_no_more(
    asked: World, vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = id_of(vault)
    monkeypatch.setattr(portal, "MOST_WAITING", 2)
    vault.take_campaign(asker, *bytes_of(folder))
    vault.leave_campaign(vault.campaigns()[0].id)  # it goes on counting, or they could be sent without end
    vault.take_campaign(asker, *bytes_of(another(asked, folder, "other")))
    with pytest.raises(TooManyWaiting):
        vault.take_campaign(asker, *bytes_of(another(asked, folder, "third")))


# rounds that nobody starts ---------------------------------------------------------------------------------


def test_rounds_run_without_being_started_where_that_was_agreed_to_and_no_longer_than_that(
    vault: Vault, folder: Path
) -> None:
    found = vault.submit_campaign(folder)
    vault.join_campaign(found.line.id, digest=found.digest, unattended=True)
    round_id = vault.submit(round_of(folder, 1)).line.id

    assert vault.campaign(found.line.id).is_unattended
    assert vault.rounds_to_run() == [round_id]
    assert entries(vault, "campaign.join")[0].endswith("; its rounds run by themselves.")
    vault.attend_campaign(found.line.id)
    assert vault.rounds_to_run() == []
    with pytest.raises(CampaignWrongState, match="only when you start them"):
        vault.attend_campaign(found.line.id)


def test_rounds_wait_for_their_owner_where_nothing_else_was_agreed_to(vault: Vault, folder: Path) -> None:
    joined(vault, folder)
    vault.submit(round_of(folder, 1))

    assert vault.requests()[0].state == "approved"
    assert vault.rounds_to_run() == []


def test_no_round_of_a_campaign_that_was_left_or_is_over_runs_by_itself(
    asked: World, vault: Vault, folder: Path
) -> None:
    found = vault.submit_campaign(folder)
    vault.join_campaign(found.line.id, digest=found.digest, unattended=True)
    vault.submit(round_of(folder, 1))
    asked.clock.forward(days=8)
    assert vault.rounds_to_run() == [], "its deadline is over"
    second = vault.submit(round_of(folder, 2)).line.id
    assert vault.rounds_to_run() == [second]
    vault.leave_campaign(found.line.id)
    assert vault.rounds_to_run() == []


def test_a_round_whose_run_was_stopped_is_its_owners_to_start(vault: Vault, folder: Path) -> None:
    """Whatever process has the vault open next does not know that it was stopped."""
    found = vault.submit_campaign(folder)
    vault.join_campaign(found.line.id, digest=found.digest, unattended=True)
    request = vault.submit(round_of(folder, 1)).line.id

    def stopped(step: int, _of: int) -> None:
        if step == 0:
            vault.stop_training(request)

    with pytest.raises(LearnerFailed):
        vault.train(request, progress=stopped)
    assert vault.request(request).line.state == "approved"
    assert vault.rounds_to_run() == []
    assert vault.train(request).state == "held"
    assert vault.request(request).reason is None


def test_a_campaign_that_ends_at_once_counts_for_a_day(
    asked: World, vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = id_of(vault)
    monkeypatch.setattr(portal, "MOST_WAITING", 1)
    vault.take_campaign(asker, *bytes_of(folder))
    asked.clock.forward(days=22)
    found = json.loads((folder / "campaign.json").read_bytes())
    soon = [(asked.clock.now + timedelta(seconds=one)).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (2, 3, 4)]
    job = found["job"] | {"expires": soon[-1]}
    quick = [another(asked, folder, name, deadlines=soon, job=job) for name in ("quick", "next")]

    vault.take_campaign(asker, *bytes_of(quick[0]))
    asked.clock.forward(seconds=5)
    with pytest.raises(TooManyWaiting):
        vault.take_campaign(asker, *bytes_of(quick[1]))
