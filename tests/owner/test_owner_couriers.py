"""A courier is let in whole or not at all, and the key that it enrols is the one that signs releases later."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.invitations import invitation
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.couriers.joining import check_not_left, looked_at
from vault.errors.campaigns import CampaignLeft
from vault.errors.daemon import SessionEnded
from vault.errors.families import Invalid, LockboxError
from vault.errors.keys import KeyNotShown
from vault.errors.requests import RequesterBlocked, RequesterExists
from vault.requester.campaigns import sign_campaign
from vault.requester.keys import fingerprint_of, keygen
from vault.requests.canonical import canonical
from vault.requests.enrolment_message import enrolment_message
from vault.sealing.signing import is_signed_by
from vault.vault import Vault

CODE = "c" * 64


@pytest.fixture
def asked(campaign_template: World, tmp_path: Path) -> World:
    """A vault that knows one requester, with the campaign of another one beside it."""
    world = copy_of(campaign_template, tmp_path / "copy")
    keys, to = keygen(world.folder / "club"), world.folder / "theirs"
    shutil.copytree(world.folder / "campaign", to)
    found = json.loads((to / "campaign.json").read_bytes())
    found["job"]["requester"]["key"] = "0" * 64
    (to / "campaign.json").write_bytes(canonical(found))
    sign_campaign(to, keys.secret)
    return world


@pytest.fixture
def vault(asked: World) -> Iterator[Vault]:
    """Its vault, open."""
    with asked.vault() as opened:
        yield opened


def print_of(asked: World) -> str:
    return fingerprint_of(asked.folder / "club" / "requester.pub")


def key_of(asked: World, name: str = "theirs") -> str:
    found = json.loads((asked.folder / name / "campaign.json").read_bytes())
    return str(found["job"]["requester"]["key"])


def test_the_key_that_enrols_before_its_requester_is_known_is_the_one_that_signs_to_them(
    asked: World, vault: Vault
) -> None:
    before = vault.sign_enrolment(key_of(asked), campaign="a" * 64, code=CODE)
    known = vault.sign_enrolment(key_of(asked, "campaign"), campaign="a" * 64, code=CODE)
    assert len(vault.requesters()) == 1

    found = vault.let_courier_in(asked.folder / "theirs", "club", fingerprint=print_of(asked))

    assert (found.requester, found.theirs, found.is_added) == ("club", "Sleep lab", True)
    assert vault.campaign(found.campaign).line.state == "waiting"
    assert vault.sign_enrolment(key_of(asked), campaign="a" * 64, code=CODE).key == before.key != known.key
    assert is_signed_by(
        bytes.fromhex(before.key), enrolment_message("a" * 64, CODE), bytes.fromhex(before.proof)
    )
    again = vault.let_courier_in(asked.folder / "theirs", "another name", fingerprint=print_of(asked))
    assert (again.campaign, again.requester, again.is_added) == (found.campaign, "club", False)
    assert again.token != found.token
    for ended in (found.token, again.token):
        vault.let_courier_in(asked.folder / "theirs", "club", fingerprint=print_of(asked))
        assert not vault.end_token(ended)
    with pytest.raises(Invalid):
        vault.sign_enrolment(key_of(asked), campaign="a" * 64, code="update")


@pytest.mark.parametrize(
    ("name", "fingerprint", "kind"),
    [("club", "0000 0000 0000 0000", KeyNotShown), (NAME, "", RequesterExists), ("a\nb", "", Invalid)],
    ids=["another key", "a taken name", "no name"],
)
def test_of_a_courier_that_cannot_be_let_in_nothing_is_kept(
    asked: World, vault: Vault, name: str, fingerprint: str, kind: type[LockboxError]
) -> None:
    lines = len(vault.audit_lines())
    with pytest.raises(kind):
        vault.let_courier_in(asked.folder / "theirs", name, fingerprint=fingerprint or print_of(asked))
    assert ([one.name for one in vault.requesters()], vault.campaigns()) == ([NAME], [])
    assert len(vault.audit_lines()) == lines


def test_a_campaign_that_breaks_a_rule_brings_nobody_in(asked: World, vault: Vault) -> None:
    file = asked.folder / "theirs" / "campaign.sig"
    file.write_text("A" * 86 + "==\n")
    with pytest.raises(LockboxError):
        vault.let_courier_in(asked.folder / "theirs", "club", fingerprint=print_of(asked))
    assert [one.name for one in vault.requesters()] == [NAME]


def test_a_campaign_that_is_here_is_looked_at_again_and_nothing_is_recorded(
    asked: World, vault: Vault
) -> None:
    """By the same invitation as before, by another one, or after it was taken in by hand."""
    fingerprint, folder = fingerprint_of(asked.folder / "lab" / "requester.pub"), asked.folder / "campaign"
    vault.submit_campaign(folder)
    lines = len(vault.audit_lines())
    for _ in range(2):
        found = vault.let_courier_in(folder, NAME, fingerprint=fingerprint, with_access=False)
        assert (found.campaign, found.token) == (vault.campaigns()[0].id, "")
    assert len(vault.audit_lines()) == lines


def test_a_campaign_that_was_left_is_not_joined_again_and_nobody_hears_of_it(
    asked: World, vault: Vault
) -> None:
    """An invitation is refused before its coordinator is asked, which nothing listens as."""
    vault.submit_campaign(asked.folder / "campaign")
    view = vault.campaign(vault.campaigns()[0].id)
    again, courier = invitation(campaign=view.digest), asked.folder / "couriers"
    check_not_left(vault, view.digest)
    vault.leave_campaign(view.line.id)
    with pytest.raises(CampaignLeft, match="you have refused this campaign"):
        looked_at(vault, courier, again, "club")
    assert not courier.exists()


def test_who_is_blocked_gets_no_token(asked: World, vault: Vault) -> None:
    fingerprint = fingerprint_of(asked.folder / "lab" / "requester.pub")
    vault.submit_campaign(asked.folder / "campaign")
    vault.block_requester(NAME)
    with pytest.raises(RequesterBlocked):
        vault.let_courier_in(asked.folder / "campaign", NAME, fingerprint=fingerprint)


def test_one_token_is_ended_by_itself_and_every_other_one_stays(asked: World, vault: Vault) -> None:
    first, second = vault.issue_token(NAME), vault.issue_token(NAME)

    assert vault.end_token(first)

    with pytest.raises(SessionEnded):
        vault.token_holder(first)
    assert vault.token_holder(second)
    said = [line.sentence for line in vault.audit_lines()]
    assert sum("one token of theirs is ended" in one for one in said) == 1
    assert not vault.end_token(first)
    assert not vault.end_token("0" * 64)
    assert len(vault.audit_lines()) == len(said)
    assert vault.revoke_tokens(NAME) == 1
