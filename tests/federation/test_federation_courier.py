"""Couriers go each at its own time, back off, and end when all is done; their folders are theirs alone."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from learner.federation import courier, courier_process
from learner.federation.coordinator import Coordinator
from learner.federation.courier_folder import (
    KEY_FILE,
    Access,
    CourierFolder,
    CourierState,
    RoundState,
    carried,
    draft_folder,
    drafts,
    settled,
)
from learner.federation.courier_https import Reply
from learner.federation.exchange import Invitation, invitation_bytes
from tests.worlds.invitations import invitation as an_invitation
from tui.couriers.joining import drafted
from vault.errors.campaigns import CampaignTampered, OtherTier
from vault.errors.families import LockboxError, Unavailable
from vault.errors.federation import (
    CarriedFromElsewhere,
    CoordinatorUnreachable,
    CourierFailed,
    CourierFolderDamaged,
    InvitationInvalid,
    OtherCampaign,
)
from vault.requester.forms import canonical

TOKENS = ("1a" * 32, "a token for the door")


def access(campaign: str) -> Access:
    return Access(campaign=campaign, requester="Sleep lab", token=TOKENS[0], door=TOKENS[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three campaigns that are carried."""
    for digest in ("a" * 64, "b" * 64, "c" * 64):
        draft = draft_folder(tmp_path / "courier", digest)
        draft.keep(access(digest[:32]))
        draft.write(KEY_FILE, bytes(32))
        settled(draft)
    return tmp_path / "courier"


@dataclass
class Time:
    """A clock that goes on by waiting alone."""

    now: float = 0.0
    gone: list[tuple[str, float]] = field(default_factory=list)
    failing: bool = False

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def errand(self, folder: CourierFolder, **_how: Any) -> None:
        self.gone.append((folder.path.name[0], self.now))
        state = folder.state()
        folder.keep(CourierState(failures=state.failures + 1 if self.failing else 0))
        if self.failing:
            raise CoordinatorUnreachable(url="https://lab.example.org:8443", reason="it is away")


def couriers(home: Path, time: Time, tell: courier.Tell = lambda _folder, _event: None) -> courier.Couriers:
    chance = Random(1).random
    return courier.Couriers(
        home=home, connect=lambda: None, tell=tell, clock=time, pause=time.wait, chance=chance, go=time.errand
    )


def test_each_campaign_has_a_time_of_its_own_and_none_goes_with_another(home: Path) -> None:
    time = Time()
    going = couriers(home, time)
    while len(time.gone) < 60:
        going.turn()
    for name in "abc":
        waits = [later - earlier for earlier, later in pairwise(at for one, at in time.gone if one == name)]
        assert min(waits) >= courier.EVERY / 2
        assert max(waits) <= courier.EVERY * 1.5
        assert len(set(waits)) == len(waits)
    assert len({at for _, at in time.gone}) == len(time.gone)


def test_a_courier_backs_off_to_six_hours_and_says_the_same_trouble_once(home: Path) -> None:
    time, said = Time(failing=True), list[Mapping[str, Any]]()
    going = couriers(home, time, lambda _folder, event: said.append(event))
    while len(time.gone) < 60:
        going.turn()
    waits = [later - earlier for earlier, later in pairwise(at for one, at in time.gone if one == "a")]
    assert waits[0] < waits[3] < waits[5]
    assert max(waits) <= courier.LONGEST * 1.5
    assert [one["event"] for one in said] == ["trouble"] * 3


def test_who_came_due_during_a_long_errand_does_not_go_right_after_it(home: Path) -> None:
    """One coordinator that trickles would else learn who has another: all that came due would go at once."""
    time, ended, after = Time(), list[float](), list[float]()
    going, plain = couriers(home, time), time.errand

    def go(folder: CourierFolder, **how: Any) -> None:
        if ended and len(after) < len(ended):
            after.append(time.now - ended[-1])
        plain(folder, **how)
        if folder.path.name[0] == "a":
            time.now += courier.PATIENCE
            ended.append(time.now)

    going.go = go
    while len(ended) < 10:
        going.turn()
    assert min(after) > 0
    assert len(set(after)) == len(after)


def test_a_courier_that_is_killed_again_and_again_goes_ever_later(home: Path) -> None:
    """It could not write down that it failed."""
    time, gone = Time(), list[float]()

    def go(folder: CourierFolder, **_how: Any) -> None:
        if folder.path.name[0] == "a":
            gone.append(time.now)
            raise CourierFailed(reason="it took too long")

    going = couriers(home, time)
    going.go = go
    while len(gone) < 12:
        going.turn()
    waits = [later - earlier for earlier, later in pairwise(gone)]
    assert waits[0] < waits[3] < waits[5]
    assert courier.LONGEST / 2 <= max(waits) <= courier.LONGEST * 1.5


def test_for_a_campaign_that_is_over_nobody_goes_and_a_new_one_is_found(home: Path) -> None:
    time = Time()
    for folder in carried(home):
        folder.keep(CourierState(is_over=True))
    going = couriers(home, time)
    going.turn()
    assert (time.gone, time.now) == ([], courier.EVERY)
    settled(draft_folder(home, "d" * 64))
    going.turn()
    assert time.gone == [("d", courier.EVERY)]


# the folder -------------------------------------------------------------------------------------------------


def test_a_folder_is_its_owners_alone_and_its_tokens_are_not_shown(home: Path) -> None:
    folder = carried(home)[0]
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (home, folder.path)}
    assert modes == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.path.iterdir()} == {0o600}
    assert not [token for token in TOKENS if token in repr(folder.access())]


def test_who_joins_again_gets_new_access_and_keeps_what_became_of_the_rounds(home: Path) -> None:
    folder = carried(home)[0]
    folder.keep(CourierState(rounds=(RoundState(number=1, job="0" * 32, word="sent"),)))
    draft = draft_folder(home, "a" * 64)
    assert len(carried(home)) == 3
    draft.keep(access("b" * 32))
    assert settled(draft).access().campaign == "b" * 32
    assert folder.state().rounds[0].word == "sent"
    assert not draft.path.exists()


def test_a_try_that_fails_leaves_what_was_looked_at_before(tmp_path: Path) -> None:
    """An invitation is looked at again, and the campaign waits on with its old one until that has come to its end."""
    home, data = tmp_path / "courier", an_invitation()
    with drafted(home, data) as first:
        first.keep(access("0" * 32))
    (kept,) = drafts(home)

    def fail() -> None:
        with drafted(home, data) as again:
            assert drafts(home) == [kept]
            assert carried(home) == []
            again.keep(access("1" * 32))
            raise Unavailable(reason="it is away")

    with pytest.raises(Unavailable):
        fail()
    assert [one.access().campaign for one in drafts(home)] == ["0" * 32]
    with drafted(home, data) as again:
        again.keep(access("2" * 32))
    assert [one.access().campaign for one in drafts(home)] == ["2" * 32]
    with drafted(home, data) as again:
        settled(again)
    assert (len(carried(home)), drafts(home)) == (1, [])


@pytest.mark.parametrize("text", ["", "{", '{"v":1}', '{"failures":"many"}'])
def test_a_damaged_folder_is_named_and_what_stands_there_is_not(home: Path, text: str) -> None:
    folder = carried(home)[0]
    folder.write("access.json", text.encode())
    with pytest.raises(CourierFolderDamaged) as caught:
        folder.access()
    assert str(folder.path) in str(caught.value)


# its process ------------------------------------------------------------------------------------------------


def invited(folder: CourierFolder, port: int) -> None:
    invitation = Invitation.model_validate(
        {
            "v": 1,
            "kind": "lockbox-invitation",
            "url": f"https://127.0.0.1:{port}",
            "certificate_sha256": "a" * 64,
            "campaign": "b" * 64,
            "requester": "c" * 64,
            "code": "d" * 64,
            "signature": "e" * 128,
        }
    )
    folder.write("invitation", invitation_bytes(invitation))


def test_no_token_stands_in_arguments_surroundings_or_words_of_a_couriers_process(home: Path) -> None:
    """Looked at while it speaks: then it has read its tokens."""
    folder, told = carried(home)[0], list[Mapping[str, Any]]()
    shown: list[bytes] = []

    def look() -> None:
        line, _ = server.accept()
        with line:
            shown.extend(word for child in children() for word in words_of(child))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        invited(folder, server.getsockname()[1])
        thread = threading.Thread(target=look)
        thread.start()
        with pytest.raises(CoordinatorUnreachable) as caught:
            courier.errand(folder, connect=lambda: None, tell=lambda _folder, event: told.append(event))
        thread.join()
    said = repr((shown, told, str(caught.value), caught.value.facts))
    assert str(folder.path) in said
    assert not [secret for secret in (*TOKENS, "d" * 64) if secret in said]


def children() -> list[Path]:
    """The processes that this one started."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            fields = (one / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.append(one)
    return found


def words_of(process: Path) -> list[bytes]:
    """Its arguments, and its environment where the computer shows it."""
    found = [(process / "cmdline").read_bytes()]
    try:
        found.append((process / "environ").read_bytes())
    except PermissionError:
        return found
    return found


def test_a_process_that_ends_without_a_word_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_PROGRAM", "sys.exit(4)")
    with pytest.raises(CourierFailed, match="without a word"):
        courier.errand(
            CourierFolder(home / "nowhere"), connect=lambda: None, tell=lambda _folder, _event: None
        )


# who invites ------------------------------------------------------------------------------------------------

KEY = bytes.fromhex("5e" * 32)


@dataclass(frozen=True)
class Shown:
    """Stands for what answers at an invitation's address: it shows a campaign to whoever asks, and enrols."""

    campaign: bytes
    signature: bytes
    scheme: str = "Bearer"
    asked: list[str] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    def ask(self, method: str, path: str, *, token: str, body: bytes | None, etag: str, limit: int) -> Reply:
        """Answer, and remember what was said."""
        self.asked.append(f"{method} {path.rpartition('/')[2]} {self.scheme} {token}".strip())
        self.said.append(body or b"")
        shown = {"campaign.json": self.campaign, "campaign.sig": self.signature}
        answer = shown.get(path.rpartition("/")[2], b'{"token":"' + b"7" * 64 + b'","v":1}')
        return Reply(status=200, headers={}, body=answer)


def enrolled(folder: CourierFolder, coordinator: Coordinator, invitation: Invitation) -> Shown:
    """Go to be enrolled, and give back what the other side saw."""
    shown = Shown(coordinator.campaign.data, coordinator.campaign.signature)
    folder.write("vault-key", KEY)
    folder.write("enrolment-proof", bytes(64))
    asked: Any = shown
    try:
        courier_process.enrol_by(folder, asked, invitation)
    except LockboxError:
        assert not (folder.path / "campaign.json").exists()
        assert not [one for one in shown.said if one]
        assert not [one for one in shown.asked if one.startswith("POST")]
        raise
    return shown


def test_a_vaults_key_is_sent_once_the_invitation_is_known_to_be_of_the_campaign(
    home: Path, coordinator: Coordinator
) -> None:
    (invitation,) = coordinator.invite(1, "https://lab.example.org:8443")
    folder = carried(home)[0]
    shown = enrolled(folder, coordinator, invitation)
    code = f"Invitation {invitation.code}"
    assert shown.asked == [f"GET campaign.json {code}", f"GET campaign.sig {code}", "POST enrolments Bearer"]
    assert KEY.hex().encode() in shown.said[-1]
    assert folder.access().token == "7" * 64


def test_nothing_of_a_vault_is_sent_while_an_invitation_is_looked_at(
    home: Path, coordinator: Coordinator
) -> None:
    (invitation,) = coordinator.invite(1, "https://lab.example.org:8443")
    folder, shown = carried(home)[0], Shown(coordinator.campaign.data, coordinator.campaign.signature)
    folder.write("vault-key", KEY)
    asked: Any = shown
    courier_process.look_by(folder, asked, invitation)
    code = f"Invitation {invitation.code}"
    assert shown.asked == [f"GET campaign.json {code}", f"GET campaign.sig {code}"]
    assert not [one for one in shown.said if one]
    assert folder.read("campaign.json") == coordinator.campaign.data


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"url": "https://elsewhere.example.org:8443"}, InvitationInvalid),
        ({"certificate_sha256": "0" * 64}, InvitationInvalid),
        ({"requester": "c" * 64}, InvitationInvalid),
        ({"campaign": "d" * 64}, OtherCampaign),
    ],
    ids=["another address", "another certificate", "another requester", "another campaign"],
)
def test_nobodys_key_is_sent_by_a_forged_invitation(
    home: Path, coordinator: Coordinator, changes: dict[str, str], error: type[LockboxError]
) -> None:
    (invitation,) = coordinator.invite(1, "https://lab.example.org:8443")
    with pytest.raises(error):
        enrolled(carried(home)[0], coordinator, invitation.model_copy(update=changes))


def test_nobodys_key_is_sent_for_a_campaign_that_its_requester_did_not_sign(
    home: Path, coordinator: Coordinator
) -> None:
    (invitation,) = coordinator.invite(1, "https://lab.example.org:8443")
    coordinator.campaign = replace(coordinator.campaign, signature=b"A" * 86 + b"==\n")
    with pytest.raises(CampaignTampered):
        enrolled(carried(home)[0], coordinator, invitation)


@pytest.mark.parametrize("changes", [{"url": "https://127.0.0.1:9"}, {"certificate_sha256": "0" * 64}])
def test_a_campaign_that_is_carried_is_not_taken_over_from_elsewhere(
    home: Path, changes: dict[str, str]
) -> None:
    invited(carried(home)[0], 8443)
    kept = carried(home)[0].invitation()
    draft = draft_folder(home, "a" * 64)
    draft.keep(access("b" * 32))
    draft.write("invitation", invitation_bytes(kept.model_copy(update=changes)))
    with pytest.raises(CarriedFromElsewhere):
        settled(draft)
    assert carried(home)[0].invitation() == kept
    assert carried(home)[0].access() == access("a" * 32)
    draft.write("invitation", canonical({**kept.model_dump(), "v": 2, "tier": "clinic"}))
    with pytest.raises(OtherTier, match="in another noise tier, the campaign's own, and"):
        settled(draft)
    draft.write("invitation", invitation_bytes(kept.model_copy(update={"code": "e" * 64})))
    assert settled(draft).access() == access("b" * 32)


@pytest.mark.slow
def test_no_vaults_key_stands_in_the_arguments_of_a_courier_that_enrols(home: Path) -> None:
    folder, shown = carried(home)[0], list[bytes]()

    def look() -> None:
        line, _ = server.accept()
        with line:
            shown.extend(word for child in children() for word in words_of(child))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        invited(folder, server.getsockname()[1])
        thread = threading.Thread(target=look)
        thread.start()
        with pytest.raises(CoordinatorUnreachable):
            courier.enrol(folder, KEY, bytes(64))
        thread.join()
    assert str(folder.path) in repr(shown)
    assert KEY.hex() not in repr(shown)
