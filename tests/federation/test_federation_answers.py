"""An answer is one release of an enrolled vault to this very round: judged from its bytes, and kept once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import answer_bytes, check_invitation, invitation_bytes, parse_invitation
from learner.federation.stored import Stored
from learner.update import encode_update
from tests.worlds.answering import START, WEEK, MadeVault, changed_release, signed_campaign
from tests.worlds.coordinators import Moving, answered, enrol, enrolled, made_coordinator
from vault.errors.federation import (
    AnswerInvalid,
    CodeRefused,
    EnrolmentNotProven,
    InvitationInvalid,
    NothingThere,
    OtherAnswer,
    RoundClosed,
)
from vault.requester.release_check import ReleaseFiles
from vault.requests.bundle import JOB_DOMAINS
from vault.requests.campaign_round import ROUND_DOMAIN
from vault.requests.release_manifest import RELEASE_DOMAINS

Sent = tuple[str, ReleaseFiles]


# who may answer -------------------------------------------------------------------------------------------


def test_an_invitation_enrols_one_key_once_and_tells_that_key_the_same_token_again(
    coordinator: Coordinator,
) -> None:
    (invitation,) = coordinator.invite(1, "https://127.0.0.1:1")
    vault, other = MadeVault(), MadeVault()

    token, is_new = enrol(coordinator, invitation.code, vault)

    assert is_new
    assert enrol(coordinator, invitation.code, vault) == (token, False)
    for code in (invitation.code, "0" * 64):
        with pytest.raises(CodeRefused):
            enrol(coordinator, code, other)
    assert coordinator.key_of(token) == vault.public
    assert coordinator.key_of(invitation.code) is None
    assert sum(b'"enrolled"' in line for line in coordinator.state.leaves()) == 1


def test_an_invitation_is_signed_whole_by_the_key_of_the_campaigns_rounds(coordinator: Coordinator) -> None:
    (invitation,) = coordinator.invite(1, "https://127.0.0.1:1")
    round_key = bytes.fromhex(coordinator.document.round_key)

    check_invitation(parse_invitation(invitation_bytes(invitation)), round_key)

    changes = {
        "url": "https://127.0.0.1:2", "certificate_sha256": "0" * 64, "campaign": "0" * 64,
        "requester": "0" * 64, "code": "0" * 64, "signature": "0" * 128,
    }  # fmt: skip
    for name, other in changes.items():
        with pytest.raises(InvitationInvalid):
            check_invitation(invitation.model_copy(update={name: other}), round_key)
    with pytest.raises(InvitationInvalid):
        check_invitation(invitation, MadeVault().key.public)


def test_an_unused_invitation_tells_nobody_the_token_of_a_vault_that_another_enrolled(
    coordinator: Coordinator,
) -> None:
    vault, other = MadeVault(), MadeVault()
    enrolled(coordinator, vault)
    (unused,) = coordinator.invite(1, "https://127.0.0.1:1")

    proofs = (
        other.proof(coordinator.digest, unused.code),
        vault.proof(coordinator.digest, "0" * 64),
        bytes(64),
    )
    for proof in proofs:
        with pytest.raises(EnrolmentNotProven):
            coordinator.enrol(unused.code, vault.public, proof.hex())

    assert coordinator.state.counts() == (2, 1)
    assert enrol(coordinator, unused.code, other)[1]


def test_a_vault_that_lost_its_invitation_joins_by_another_one_which_stays_good(
    coordinator: Coordinator,
) -> None:
    vault, other = MadeVault(), MadeVault()
    token = enrolled(coordinator, vault)
    (second,) = coordinator.invite(1, "https://127.0.0.1:1")

    assert enrol(coordinator, second.code, vault) == (token, False)
    assert coordinator.state.counts() == (2, 1)
    assert sum(b'"enrolled"' in line for line in coordinator.state.leaves()) == 1
    assert enrol(coordinator, second.code, other)[1]
    with pytest.raises(CodeRefused):
        enrol(coordinator, second.code, vault)


def test_neither_codes_nor_tokens_nor_the_requesters_key_lie_in_the_folder(
    coordinator: Coordinator, folder: Path
) -> None:
    (invitation,) = coordinator.invite(1, "https://127.0.0.1:1")
    token, _ = enrol(coordinator, invitation.code, MadeVault())
    requesters = (folder.parent / "lab" / "requester.key").read_text().split()[1]

    for file in folder.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        assert not any(secret.encode() in held for secret in (invitation.code, token, requesters)), file


# what is an answer ----------------------------------------------------------------------------------------


def test_the_same_answer_again_is_no_second_one_and_another_is_refused(coordinator: Coordinator) -> None:
    vault = MadeVault()
    enrolled(coordinator, vault)
    release_id, body = vault.body(coordinator.job(1).manifest)

    found = [coordinator.answer(1, release_id, key=vault.public, body=body) for _ in range(2)]

    assert found == [Stored.NEW, Stored.SAME]
    for other_id, numbers in ((release_id, [1.0] * 6), ("", None)):
        sent_id, files = vault.answer(coordinator.job(1).manifest, numbers, release_id=other_id)
        with pytest.raises(OtherAnswer):
            coordinator.answer(1, sent_id, key=vault.public, body=answer_bytes(files))
    assert coordinator.state.answered(1) == 1


def test_two_couriers_that_bring_the_same_at_once_bring_it_once(coordinator: Coordinator) -> None:
    vault = MadeVault()
    enrolled(coordinator, vault)
    release_id, body = vault.body(coordinator.job(1).manifest)
    found: list[Stored] = []

    def bring() -> None:
        found.append(coordinator.answer(1, release_id, key=vault.public, body=body))

    couriers = [threading.Thread(target=bring) for _ in range(4)]

    for each in couriers:
        each.start()
    for each in couriers:
        each.join()

    assert sorted(each.value for each in found) == ["new", "same", "same", "same"]


def _resigned(vault: MadeVault, sent: Sent, **changes: object) -> Sent:
    data = changed_release(sent[1], **changes)
    return str(changes.get("release_id", sent[0])), vault.signed(data, sent[1].update)


def _with_update(vault: MadeVault, sent: Sent, update: bytes) -> Sent:
    return sent[0], ReleaseFiles(manifest=sent[1].manifest, signature=sent[1].signature, update=update)


def _of_another(_: MadeVault, sent: Sent) -> Sent:
    """What whoever stole a token could bring: a whole release, by a key of their own."""
    other = MadeVault()
    return _resigned(other, sent, vault_key=other.public)


OTHER_UPDATE = encode_update(np.ones(6, np.int64), {"weight": (2, 2), "bias": (2,)})
WRONG: dict[str, Callable[[MadeVault, Sent], Sent]] = {
    "signed by nobody enrolled": lambda _, sent: (sent[0], MadeVault().signed(sent[1].manifest, sent[1].update)),
    "of another vault": lambda _, sent: _resigned(MadeVault(), sent),
    "whole and by another vault": _of_another,
    "naming another vault": lambda vault, sent: _resigned(vault, sent, vault_key=MadeVault().public),
    "signed as a job": lambda vault, sent: (
        sent[0], vault.signed(sent[1].manifest, sent[1].update, domain=JOB_DOMAINS[2])),
    "signed as a round": lambda vault, sent: (
        sent[0], vault.signed(sent[1].manifest, sent[1].update, domain=ROUND_DOMAIN)),
    "signed as a release of the first version": lambda vault, sent: (
        sent[0], vault.signed(sent[1].manifest, sent[1].update, domain=RELEASE_DOMAINS[1])),
    "under another id": lambda _, sent: ("0" * 32, sent[1]),
    "with another update": lambda vault, sent: _with_update(vault, sent, OTHER_UPDATE),
    "with a broken update": lambda vault, sent: _with_update(vault, sent, sent[1].update[:-1]),
    "of no campaign": lambda vault, sent: _resigned(vault, sent, campaign=None),
    "of another round": lambda vault, sent: _resigned(vault, sent, campaign={"digest": "0" * 64, "round": 2}),
    "to another job": lambda vault, sent: _resigned(vault, sent, job_id="0" * 32),
    "to other bytes of the job": lambda vault, sent: _resigned(vault, sent, job_manifest_sha256="0" * 64),
    "for another requester": lambda vault, sent: _resigned(vault, sent, requester="0" * 64),
    "without a required column": lambda vault, sent: _resigned(
        vault, sent, fields_used=["good"], fields_withheld=["steps", "coffee"]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_answer_to_this_round_is_refused_and_nothing_of_it_kept(
    coordinator: Coordinator, what: str
) -> None:
    vault = MadeVault()
    enrolled(coordinator, vault)
    sent_id, files = WRONG[what](vault, vault.answer(coordinator.job(1).manifest))

    with pytest.raises(AnswerInvalid):
        coordinator.answer(1, sent_id, key=vault.public, body=answer_bytes(files))

    assert coordinator.state.answered(1) == 0
    assert [(each.round, each.count) for each in coordinator.state.refusal_facts()] == [(1, 1)]


def test_less_noise_than_the_campaign_has_is_no_answer(coordinator: Coordinator) -> None:
    vault = MadeVault()
    enrolled(coordinator, vault)
    sent = vault.answer(coordinator.job(1).manifest)
    mechanism = {**coordinator.document.job.dp.model_dump(), "noise_multiplier": 1.0}
    stated = {"sampling_rate": 1.0, "expected_batch": 1, "clip_norm": mechanism["clip"], "steps": 1, "grid": 13,
              "noise_multiplier": 1.0, "average": "last", "accountant": "x", "numerical_assumption": False}  # fmt: skip
    sent_id, files = _resigned(vault, sent, mechanism=stated)

    with pytest.raises(AnswerInvalid, match="what its manifest says of the job is not what the job says"):
        coordinator.answer(1, sent_id, key=vault.public, body=answer_bytes(files))


def test_the_answer_to_one_round_is_none_to_another_nor_to_another_campaign(
    coordinator: Coordinator, tmp_path: Path
) -> None:
    vaults = [MadeVault(), MadeVault()]
    for each in vaults:
        enrolled(coordinator, each)
    release_id, body = vaults[0].body(coordinator.job(1).manifest)
    coordinator.answer(1, release_id, key=vaults[0].public, body=body)
    answered(coordinator, vaults[1], 1)
    coordinator.tick()
    made_coordinator(tmp_path / "other", signed_campaign(tmp_path, START, name="c2"), now=START)
    other = Coordinator(open_folder(tmp_path / "other"), clock=Moving(START))
    other.tick()
    enrolled(other, vaults[0])

    for place, number in ((coordinator, 2), (other, 1)):
        with pytest.raises(AnswerInvalid):
            place.answer(number, release_id, key=vaults[0].public, body=body)
    with pytest.raises(NothingThere):
        coordinator.answer(3, release_id, key=vaults[0].public, body=body)
    other.close()


# times ----------------------------------------------------------------------------------------------------


def test_a_round_ends_with_its_deadline_for_good_even_if_the_clock_goes_back(
    coordinator: Coordinator, clock: Moving
) -> None:
    vault, late = MadeVault(), MadeVault()
    for each in (vault, late):
        enrolled(coordinator, each)
    release_id, body = vault.body(coordinator.job(1).manifest)
    coordinator.answer(1, release_id, key=vault.public, body=body)
    clock.now = START + WEEK
    coordinator.tick()
    clock.now = START
    coordinator.tick()

    with pytest.raises(RoundClosed):
        answered(coordinator, late, 1)
    assert coordinator.answer(1, release_id, key=vault.public, body=body) is Stored.SAME
    assert b'{"answers":1,"kind":"closed","round":1,"v":1}' in coordinator.state.leaves()


def test_rounds_whose_deadlines_passed_while_nobody_served_end_one_after_the_other(
    coordinator: Coordinator, clock: Moving
) -> None:
    clock.now = START + 10 * WEEK
    coordinator.tick()

    kinds = [line.split(b'"kind":"')[1].split(b'"')[0].decode() for line in coordinator.state.leaves()]
    assert kinds == ["campaign", "round", "closed", "round", "closed", "round", "closed", "model"]
    assert coordinator.returned_model().weights == coordinator.campaign.weights
