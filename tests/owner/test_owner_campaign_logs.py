"""The log of a campaign at a vault's door: read from its first line, kept, and refused where it is not one log."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import CAMPAIGN, TRAINING, another, campaign, round_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.cli.entry_point import run
from vault.errors.campaigns import (
    CampaignLogBroken,
    CampaignLogForked,
    CampaignLogMissing,
    CampaignLogOlder,
    CampaignModelInvalid,
    CampaignModelTampered,
    CampaignNotWitnessed,
    ModelNotInLog,
    ModelTooEarly,
    RoundClosedInLog,
    RoundNotInLog,
)
from vault.errors.families import LockboxError
from vault.errors.requests import WrongState
from vault.errors.training import LearnerFailed
from vault.requester.campaign_log import is_fork_of
from vault.requests.bundle import parse_signature_line, read_job
from vault.requests.campaign_leaves import round_leaf
from vault.requests.campaign_log import LogPart, part_since
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import SigningKey
from vault.store.tables import CampaignLogRow
from vault.vault import Vault
from vault.views.audit import Opening


@pytest.fixture
def asked(campaign_template: World, tmp_path: Path) -> World:
    """A vault that knows who asks, a signed campaign beside it, and its first two rounds."""
    found = copy_of(campaign_template, tmp_path / "copy")
    for number in (1, 2):
        round_of(found.folder / "campaign", number)
    return found


@pytest.fixture
def vault(asked: World) -> Iterator[Vault]:
    """Its vault, open."""
    with asked.vault() as opened:
        yield opened


@pytest.fixture
def folder(asked: World) -> Path:
    """Its campaign."""
    return asked.folder / "campaign"


@pytest.fixture
def asker(vault: Vault, folder: Path) -> str:
    """Who asks, whose campaign was handed in."""
    found = vault.token_holder(vault.issue_token(NAME))
    taken(vault, found, folder)
    return found


def taken(vault: Vault, asker: str, folder: Path) -> str:
    """Hand a campaign in; its id here."""
    line = parse_signature_line((folder / "campaign.sig").read_bytes())
    vault.take_campaign(asker, (folder / "campaign.json").read_bytes(), line)
    (found,) = (one.id for one in vault.campaigns() if vault.campaign(one.id).digest == digest_of(folder))
    return found


def digest_of(folder: Path) -> str:
    """The digest of a campaign."""
    return sha256_hex((folder / "campaign.json").read_bytes())


def job(folder: Path, number: int) -> Path:
    """The folder of a round."""
    return folder.parent / f"{folder.name}-round-{number}"


def refused(vault: Vault, asker: str, folder: Path, part: LogPart | None, *, number: int = 1) -> LockboxError:
    """The error with which a round is refused; it leaves nothing behind."""
    before = vault.trail_size()
    with pytest.raises(LockboxError) as caught:
        vault.take_job(asker, read_job(job(folder, number)), part)
    assert vault.trail_size() == before
    return caught.value


def entries(vault: Vault, kind: str) -> list[str]:
    """The sentences of every entry of a type."""
    return [line.sentence for line in vault.audit_lines() if line.type == kind]


# rounds ---------------------------------------------------------------------------------------------------


def test_rounds_come_in_as_the_log_grows_and_are_shown_as_checked_by_it(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    log.enrol(5)
    for number in (1, 2):
        log.open(job(folder, number), number)
        kept = vault.campaign_state(asker, log.digest).log_size
        vault.take_job(asker, read_job(job(folder, number)), log.part(kept))
        assert vault.campaign_state(asker, log.digest).log_size == len(log.leaves)
        log.enrol(3)
        log.close(number)
    found = vault.campaign(vault.campaigns()[0].id)
    assert [one.checked for one in found.rounds] == ["log", "log", ""]
    assert found.log is not None
    assert (found.log.size, found.log.enrolled, found.log.fork) == (12, 8, None)


def test_a_round_at_the_door_is_refused_without_its_log_and_taken_in_by_its_owner(
    vault: Vault, asker: str, folder: Path
) -> None:
    assert isinstance(refused(vault, asker, folder, None), CampaignLogMissing)
    vault.submit(job(folder, 1))
    assert [one.checked for one in vault.campaign(vault.campaigns()[0].id).rounds] == ["hand", "", ""]


def test_a_round_that_is_not_in_the_log_or_is_closed_there_is_refused(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    assert isinstance(refused(vault, asker, folder, log.part()), RoundNotInLog)
    log.leaves.append(round_leaf(1, manifest="11" * 32, weights="22" * 32))
    assert isinstance(refused(vault, asker, folder, log.part()), RoundNotInLog)
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    log.close(1)
    assert isinstance(refused(vault, asker, folder, log.part()), RoundClosedInLog)


def test_a_log_with_two_jobs_for_one_round_is_refused_whichever_of_them_is_handed_in(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    log.leaves.append(round_leaf(1, manifest="11" * 32, weights="22" * 32))
    assert isinstance(refused(vault, asker, folder, log.part()), CampaignLogBroken)
    log.leaves[1:] = reversed(log.leaves[1:])
    assert isinstance(refused(vault, asker, folder, log.part()), CampaignLogBroken)


def test_what_the_log_knows_of_a_round_holds_for_one_by_hand_too(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    log.leaves.append(round_leaf(2, manifest="11" * 32, weights="22" * 32))
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    with pytest.raises(RoundNotInLog):
        vault.submit(job(folder, 2))


def test_a_round_by_hand_that_stands_in_the_log_is_shown_as_checked_by_it(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    for number in (1, 2):
        log.open(job(folder, number), number)
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    vault.submit(job(folder, 2))
    assert [one.checked for one in vault.campaign(vault.campaigns()[0].id).rounds] == ["log", "log", ""]


def test_a_round_that_the_log_shows_closed_later_is_not_run_and_its_requester_hears_nothing_of_it(
    vault: Vault, asker: str, folder: Path
) -> None:
    campaign_id = vault.campaigns()[0].id
    vault.join_campaign(campaign_id, digest=vault.campaign(campaign_id).digest)
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    first = vault.take_job(asker, read_job(job(folder, 1)), log.part())
    vault.take_up()
    log.close(1)
    log.open(job(folder, 2), 2)
    vault.take_job(asker, read_job(job(folder, 2)), log.part(2))
    assert [one.state for one in vault.campaign(campaign_id).rounds][:2] == ["approved", "waiting"]
    vault.take_up()
    found = vault.campaign(campaign_id).rounds
    assert [one.state for one in found][:2] == ["expired", "approved"]
    assert vault.job_state(asker, first.job_id).word == "waiting"
    with pytest.raises(WrongState):
        vault.train(found[0].request or "")


# other logs -----------------------------------------------------------------------------------------------


def test_the_log_of_another_campaign_or_key_and_a_tampered_part_are_refused(
    asked: World, vault: Vault, asker: str, folder: Path
) -> None:
    log, other = WorldLog(folder), WorldLog(another(asked, folder, "other"))
    for one in (log, other):
        one.open(job(folder, 1), 1)
    good = log.part()
    for wrong in (
        other.part(),
        replace(good, checkpoint=other.note()),
        replace(good, leaves=good.leaves[:-1]),
        replace(good, leaves=(*good.leaves, good.leaves[0])),
        replace(good, leaves=good.leaves[::-1]),
        replace(good, leaves=(b"x" * 10_000, *good.leaves[1:])),
        replace(good, leaves=good.leaves * 6_000),
        replace(good, checkpoint=good.checkpoint.replace("— ".encode(), "—  ".encode())),
    ):
        assert isinstance(refused(vault, asker, folder, wrong), CampaignLogBroken)
    vault.take_job(asker, read_job(job(folder, 1)), good)


def test_an_older_checkpoint_is_refused_and_no_reproach(vault: Vault, asker: str, folder: Path) -> None:
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    old = log.part()
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    log.close(1)
    log.open(job(folder, 2), 2)
    vault.take_job(asker, read_job(job(folder, 2)), log.part(2))
    assert isinstance(refused(vault, asker, folder, old, number=1), CampaignLogOlder)
    assert entries(vault, "campaign.fork") == []


def test_lines_that_do_not_lead_from_the_kept_checkpoint_are_refused_and_no_reproach(
    vault: Vault, asker: str, folder: Path
) -> None:
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    log.open(job(folder, 2), 2)
    log.enrol(1)
    good = log.part(2)
    for wrong in (
        replace(good, leaves=good.leaves[::-1]),
        replace(good, root=b"\0" * 32),
        replace(good, root=b"\0" * 32, leaves=good.leaves[::-1]),
        replace(good, consistency=good.consistency * 40, leaves=good.leaves[::-1]),
    ):
        if wrong.leaves != good.leaves:
            assert isinstance(refused(vault, asker, folder, wrong, number=2), CampaignLogBroken)
    assert entries(vault, "campaign.fork") == []
    vault.take_job(asker, read_job(job(folder, 2)), good)


@pytest.mark.parametrize("more", sweep([1, 0, 4]))
def test_a_split_log_is_written_down_once_as_a_proof_for_anybody_and_closes_the_door(
    vault: Vault, asker: str, folder: Path, more: int
) -> None:
    log, split = WorldLog(folder), WorldLog(folder)
    log.enrol(2)
    log.open(job(folder, 1), 1)
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    split.enrol(1)
    split.open(job(folder, 1), 1)
    split.close(1)
    split.open(job(folder, 2), 2)
    split.enrol(more)
    split.leaves = split.leaves[: 4 + more]
    for _ in range(2):
        with pytest.raises(CampaignLogForked):
            vault.take_job(asker, read_job(job(folder, 2)), part_since(split.note(), split.leaves, 4))

    found = vault.campaign(vault.campaigns()[0].id)
    assert len(entries(vault, "campaign.fork")) == 1
    assert found.log is not None
    assert found.log.fork is not None
    assert is_fork_of(found.log.fork, folder)
    (file := folder.parent / "shown.json").write_text(json.dumps({"log": {"fork": found.log.fork}}))
    assert run(["campaign", "split", str(folder), str(file)]) == 0
    file.write_text(json.dumps({**found.log.fork, "shown": found.log.checkpoint}))
    assert run(["campaign", "split", str(folder), str(file)]) == 6
    assert not is_fork_of({**found.log.fork, "shown": found.log.checkpoint}, folder)
    log.open(job(folder, 2), 2)
    assert isinstance(refused(vault, asker, folder, log.part(4), number=2), CampaignLogForked)
    (line,) = (line for line in vault.audit_lines() if line.type == "campaign.fork")
    target = folder.parent / "bundle"
    parts = ("kept", "shown", "root", "consistency")
    vault.disclose_audit(target, disclose=[Opening(seq=line.seq, name=name) for name in parts])
    assert is_fork_of(disclosed(target), folder)  # whoever has the bundle and the campaign needs no more


def disclosed(bundle: Path) -> dict[str, object]:
    """What a bundle opens, by name."""
    lines = [json.loads(each) for each in (bundle / "disclosures.jsonl").read_text().splitlines()]
    parts = [json.loads(urlsafe_b64decode(each["d"] + "==")) for each in lines]
    return {name: value for _, name, value in parts}


# a witness ------------------------------------------------------------------------------------------------


def test_a_log_without_the_cosignature_of_the_named_witness_is_refused(
    asked: World, vault: Vault, asker: str, folder: Path
) -> None:
    witness, stranger = SigningKey.generate(), SigningKey.generate()
    named = {"name": "City archive", "key": witness.public.hex()}
    watched = another(asked, folder, "watched", witness=named)
    campaign_id = taken(vault, asker, watched)
    first = round_of(watched, 1)
    for nobody in (WorldLog(watched), WorldLog(watched, witness=stranger)):
        nobody.open(first, 1)
        assert isinstance(refused(vault, asker, watched, nobody.part()), CampaignNotWitnessed)
    log = WorldLog(watched, witness=witness)
    log.open(first, 1)
    vault.take_job(asker, read_job(first), log.part())
    assert vault.campaign(campaign_id).rounds[0].checked == "witness"


LINEAR = """
[[fields]]
name = "steps"
role = "label"
transform = {{ kind = "standard", center = 7000, scale = 3000, clip = 3 }}

[[fields]]
name = "coffee"
role = "feature"
transform = {{ kind = "standard", center = 2, scale = 1, clip = 3, fill = 2 }}
"""


def campaign_of(world: World, protocol: str) -> Path:
    """A campaign by another protocol."""
    text = CAMPAIGN.replace('"gradient_sum"', f'"{protocol}"')
    if protocol == "moments":
        text = text[: text.index("[[fields]]")] + LINEAR
        text = text.replace("rounds = 3", "rounds = 1").replace('"logistic"', '"linear"')
    if protocol == "fedavg":
        text = text.replace("units_guess = 50", TRAINING.removeprefix("[training]\n") + "units_guess = 50")
    return campaign(world, f"by-{protocol}", text=text)


# the final model ------------------------------------------------------------------------------------------


def ended(vault: Vault, asker: str, folder: Path) -> tuple[WorldLog, bytes]:
    """A campaign whose first round came in, and the weights it ends with."""
    log = WorldLog(folder)
    log.open(job(folder, 1), 1)
    vault.take_job(asker, read_job(job(folder, 1)), log.part())
    log.close(1)
    return log, (folder / "weights.safetensors").read_bytes()


def test_the_final_model_is_kept_where_the_campaign_was_joined_and_scored_after_its_last_decision(
    asked: World, vault: Vault, asker: str, folder: Path
) -> None:
    (line,) = vault.campaigns()
    vault.join_campaign(line.id, digest=vault.campaign(line.id).digest)
    log, weights = ended(vault, asker, folder)
    files = log.end(weights)
    told = vault.take_model(asker, log.digest, files, log.part(2))
    assert (told.has_model, told.word, vault.models()) == (True, "waiting", [])
    size = vault.trail_size()
    assert vault.take_model(asker, log.digest, files, log.part(4)) == told  # the same again changes nothing
    assert vault.trail_size() == size
    vault.take_up()
    (kept,) = vault.models()
    assert (kept.campaign, kept.is_private, kept.predicts) == (line.id, False, "good")
    with pytest.raises(ModelTooEarly):
        vault.score_model(kept.name, "nights")
    vault.leave_campaign(line.id)
    with pytest.raises(LearnerFailed):  # it began: the learner of these tests has no use for an owner's own
        vault.score_model(kept.name, "nights")
    vault.delete_model(kept.name)
    vault.take_up()
    assert vault.models() == []  # what was deleted does not come back


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["gradient_sum", "moments", "fedavg"])
def test_a_final_model_of_every_protocol_is_scored_and_predicts(
    asked: World, vault: Vault, asker: str, real_learner: None, protocol: str
) -> None:
    folder = campaign_of(asked, protocol)
    campaign_id = taken(vault, asker, folder)
    vault.join_campaign(campaign_id, digest=vault.campaign(campaign_id).digest)
    round_of(folder, 1)
    log, weights = ended(vault, asker, folder)
    vault.take_model(asker, log.digest, log.end(weights), log.part(2))
    vault.take_up()
    vault.leave_campaign(campaign_id)
    (kept,) = vault.models()
    assert vault.score_model(kept.name, "nights").rows > 0
    assert vault.predict_collection(kept.name, "nights", asked.folder / "predicted.csv").rows > 0
    vault.fit_model(kept.name, "nights", new_name="mine")
    vault.export_model(kept.name, asked.folder / "final.onnx")


def test_who_hands_in_a_model_hears_the_same_where_nobody_took_part(
    vault: Vault, asker: str, folder: Path
) -> None:
    log, weights = ended(vault, asker, folder)
    told = vault.take_model(asker, log.digest, log.end(weights), log.part(2))
    vault.take_up()
    assert (told.has_model, str(told.word)) == (True, "waiting")
    assert vault.models() == []
    assert len(entries(vault, "campaign.model")) == 1
    assert weights_held(vault) == [weights]  # it can be joined still


def test_the_final_model_of_a_campaign_that_was_refused_is_deleted_and_stays_known(
    vault: Vault, asker: str, folder: Path
) -> None:
    log, weights = ended(vault, asker, folder)
    files = log.end(weights)
    vault.take_model(asker, log.digest, files, log.part(2))
    vault.leave_campaign(vault.campaigns()[0].id)
    vault.take_up()
    assert (weights_held(vault), vault.models()) == ([None], [])
    size = vault.trail_size()
    vault.take_up()
    assert vault.take_model(asker, log.digest, files, log.part(4)).has_model
    vault.take_up()
    assert (weights_held(vault), vault.trail_size()) == ([None], size)


def weights_held(vault: Vault) -> list[bytes | None]:
    """The weights that lie in the vault beside the logs of campaigns."""
    with vault._opened.read() as uow:
        return [row.model for row in uow.find(CampaignLogRow)]


def test_a_model_that_is_not_the_campaigns_is_refused(
    asked: World, vault: Vault, asker: str, folder: Path
) -> None:
    log, weights = ended(vault, asker, folder)
    files = log.end(weights)
    other = WorldLog(another(asked, folder, "other"))
    for wrong, error in (
        (replace(files, signature=bytes(64)), CampaignModelTampered),
        (other.end(weights), CampaignModelTampered),
        (WorldLog(folder).end(weights[:-1] + b"\1"), ModelNotInLog),
    ):
        with pytest.raises(error):
            vault.take_model(asker, log.digest, wrong, log.part(2))
    other.key = log.key
    with pytest.raises(CampaignModelInvalid):
        vault.take_model(asker, log.digest, other.end(weights), log.part(2))
    assert entries(vault, "campaign.model") == []
