"""What a person hears of a courier, and the unit by which systemd keeps it going."""

from __future__ import annotations

import configparser
import resource
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from learner.federation.courier_folder import (
    INVITATION_FILE,
    Access,
    CourierState,
    RoundState,
    carried,
    draft_folder,
    kept_draft,
    settled,
)
from tests.worlds.answering import START, signed_campaign
from tests.worlds.invitations import invitation
from tests.worlds.vaults import paths_in
from tui.cli.exit_codes import ExitCode, exit_code
from tui.cli.user_unit import COURIER, UserUnit, mesh_unit
from tui.couriers.by_hand import take_in_by_hand
from tui.couriers.decided import decided
from tui.couriers.ending import check_length, end_access
from tui.text import carrying_facts, courier_facts
from tui.text.error_words import with_way_out
from vault.errors.campaigns import CarriedInTier
from vault.errors.families import Unavailable
from vault.errors.federation import CoordinatorBusy
from vault.errors.meshes import MeshFailed, NoMeshJoined, NoSuchMesh
from vault.errors.requests import IdTooShort
from vault.requester.campaign_tiers import tiers_in

CAMPAIGN = "c" * 32
ACCESS = Access(campaign=CAMPAIGN, requester="Sleep lab", token="t" * 64, door="a door")
SENT = RoundState(number=1, job="j" * 32, word="sent", release="r" * 32, size=2066, at="2026-11-21T12:00:30Z")


def test_what_others_can_know_is_counted_and_no_token_is_among_it() -> None:
    state = CourierState(
        rounds=(SENT, replace(SENT, number=2, word="waiting", size=0)), missing=("landlock-network",)
    )
    said = " ".join(courier_facts.known_to_others(ACCESS, state, "https://lab.example.org:8443"))
    assert "1 update that you released" in said
    told = dict(courier_facts.facts(ACCESS, state, "https://lab.example.org:8443"))
    assert (told["sent"], told["wait for you"], told["rounds handed over"]) == ("1, 2,066 bytes", "1", "2")
    assert "any TCP port" in " ".join(courier_facts.lacking(state.missing))
    assert not [secret for secret in (ACCESS.token, ACCESS.door) if secret in f"{said}{told}"]


def test_nobody_is_vouched_for_before_the_signatures_are_checked() -> None:
    said = " ".join(courier_facts.invited(name="Sleep lab", fingerprint="abcd efgh", known=None))
    assert said.startswith("The invitation names no person, but a key. Its fingerprint: abcd efgh")
    assert "Sleep lab is what you call whoever has it" in said
    assert "not signed by itself" in said
    assert "before your vault's key is sent" in said


def test_what_comes_next_names_the_command_that_carries_on() -> None:
    waiting = replace(SENT, word="waiting")
    for rounds, words in (
        ((), "To look for a new round: lockbox courier run --once"),
        ((SENT,), "To look for a new round: lockbox courier run --once"),
        ((SENT, waiting), "A round waits for you: lockbox request list"),
        ((waiting, replace(SENT, word="released")), "still to be sent: lockbox courier run --once"),
    ):
        assert words in " ".join(courier_facts.next_steps(CAMPAIGN, CourierState(rounds=rounds), ""))
    assert list(courier_facts.next_steps(CAMPAIGN, CourierState(is_over=True), "")) == [courier_facts.OVER]


def test_what_was_released_waits_for_the_courier_before_it_has_heard_of_it() -> None:
    line: Any = SimpleNamespace(round=SimpleNamespace(campaign=CAMPAIGN, number=1), state="released")
    (told,) = decided([line]).told(CAMPAIGN, [replace(SENT, word="waiting")])
    state = CourierState(rounds=(told,))
    assert dict(courier_facts.facts(ACCESS, state, "https://lab.example.org"))["wait for you"] == "0"
    (said,) = courier_facts.next_steps(CAMPAIGN, state, "")
    assert said == "What you released is still to be sent: lockbox courier run --once"
    assert decided([line]).told(CAMPAIGN, [SENT]) == (SENT,)


@pytest.mark.parametrize(
    ("word", "says"), [("refused", "is refused here for good"), ("left", "was left by you")]
)
def test_a_campaign_that_is_refused_or_was_left_waits_for_nobody(word: str, says: str) -> None:
    waiting = CourierState(rounds=(replace(SENT, word="waiting"),))
    for said in (
        list(courier_facts.after_joining(CAMPAIGN, theirs="Heart lab", state=word)),
        list(courier_facts.next_steps(CAMPAIGN, waiting, word)),
    ):
        assert says in said[0]
        assert said[-1].endswith("lockbox courier leave cccccccc")
        assert "waits in your inbox" not in " ".join(said)
    told = dict(courier_facts.facts(ACCESS, waiting, "https://lab.example.org:8443", word))
    assert (told["state"], told["wait for you"]) == (f"{word}, for good", "0")
    assert courier_facts.round_row(waiting.rounds[0], word)[1] == f"over, the campaign is {word}"
    again = " ".join(courier_facts.after_joining(CAMPAIGN, theirs="Heart lab", state="joined"))
    assert "take part in campaign cccccccc already" in again


def test_leaving_by_a_command_ends_the_access_of_its_courier(tmp_path: Path) -> None:
    """As on the screens, its token too; of another campaign nothing is touched."""
    paths, ended = paths_in(tmp_path), list[str]()
    vault: Any = SimpleNamespace(end_token=ended.append, end_campaign_token=lambda _: "")
    for digest, campaign in (("d" * 64, CAMPAIGN), ("e" * 64, "f" * 32)):
        draft = draft_folder(paths.courier, digest)
        draft.write(INVITATION_FILE, invitation())
        draft.keep(replace(ACCESS, campaign=campaign))
        settled(draft)
    assert end_access(vault, paths, CAMPAIGN) == [carrying_facts.ACCESS_ENDS]
    assert ended == [ACCESS.door]
    assert [one.access().campaign for one in carried(paths.courier)] == ["f" * 32]
    assert end_access(vault, paths, CAMPAIGN) == []
    assert ended == [ACCESS.door]


def test_the_beginning_of_an_id_is_said_to_be_too_short() -> None:
    with pytest.raises(IdTooShort, match="152 is too short for an id: at least its first 4 characters"):
        check_length("152")


def test_a_way_out_ends_with_a_full_stop_unless_it_is_a_command() -> None:
    assert with_way_out(CoordinatorBusy(sentence="wait")).endswith(
        " Try again later; nothing is lost by waiting."
    )
    assert with_way_out(NoMeshJoined()).endswith(": lockbox mesh join MEMBERSHIP")


@pytest.mark.parametrize("is_joined", [True, False])
def test_a_noise_tier_by_hand_is_refused_beside_that_of_an_invitation(
    tmp_path: Path, is_joined: bool
) -> None:
    taken: list[str | None] = []
    vault: Any = SimpleNamespace(submit_campaign=lambda _folder, tier: taken.append(tier))
    folder = signed_campaign(tmp_path, START, v=2, tiers=[{"name": "far", "noise_multiplier": 29.0}])
    home, digest = tmp_path / "courier", tiers_in(folder).digest
    take_in_by_hand(vault, home, folder, None)
    draft = draft_folder(home, digest)
    draft.write(INVITATION_FILE, invitation(campaign=digest, tier="far"))
    _ = settled(draft) if is_joined else kept_draft(draft)
    take_in_by_hand(vault, home, folder, "far")
    with pytest.raises(CarriedInTier, match="the noise tier of its invitation, far: "):
        take_in_by_hand(vault, home, folder, None)
    assert taken == [None, "far"]


def test_who_was_added_is_named_with_the_way_to_trust_them() -> None:
    said = " ".join(courier_facts.added("Sleep lab", "abcd efgh"))
    assert said.startswith("Sleep lab is added: they may ask, under the key abcd efgh and no other.")
    assert said.endswith("lockbox requester trust 'Sleep lab'")
    after = " ".join(courier_facts.after_joining("c" * 32, theirs="Heart lab"))
    assert "calls itself “Heart lab”" in after
    assert "lockbox courier run" in after


def test_every_event_of_a_courier_has_its_sentence() -> None:
    for name in (
        "handed over",
        "not handed over",
        "released",
        "sent",
        "not sent",
        "refused",
        "expired",
        "model",
        "not here",
    ):
        sentence = courier_facts.event(
            "c" * 32, {"event": name, "round": 3, "bytes": 10, "note": "so it is."}
        )
        assert sentence.startswith("Campaign cccccccc: ")
        assert sentence.endswith(".")
        assert not sentence.endswith("..")


@pytest.mark.parametrize(
    ("unit", "command"),
    [
        (COURIER, '"courier" "run"'),
        (
            mesh_unit("c" * 32, ("--listen", "0.0.0.0:7447")),
            f'"mesh" "run" "{"c" * 32}" "--listen" "0.0.0.0:7447"',
        ),
    ],
)
def test_the_unit_is_one_that_systemd_reads_whatever_the_folder_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: UserUnit, command: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    odd = tmp_path / 'a "b" 100%'
    file = unit.install(paths_in(odd))
    assert file == tmp_path / "config" / "systemd" / "user" / f"{unit.name}.service"
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.read_string(file.read_text())
    assert read["Service"]["execstart"].endswith(command)
    assert (
        '"LOCKBOX_VAULT=' + str(odd / "vault").replace('"', '\\"').replace("%", "%%") + '"'
        in file.read_text()
    )


def test_a_unit_that_cannot_be_written_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = COURIER.install(paths_in(tmp_path))
    before = file.read_text()
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, kept[1]))  # bytes, after which the system writes no more
    try:
        with pytest.raises(Unavailable, match="cannot be written"):
            COURIER.install(paths_in(tmp_path / "other"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert (list(file.parent.iterdir()), file.read_text()) == ([file], before)


def test_a_mesh_that_was_left_is_not_started_again() -> None:
    """`lockbox mesh run` ends well when its mesh is left, and says that there is none where that was before."""
    restarts = mesh_unit("c" * 32).restart.split("\n")
    assert restarts == [
        "Restart=on-failure",
        f"RestartPreventExitStatus={ExitCode.FAILED:d} {ExitCode.USAGE:d}",
    ]
    assert exit_code(NoSuchMesh(campaign="mesh")) == exit_code(NoMeshJoined()) == ExitCode.FAILED
    assert exit_code(MeshFailed(reason="it ended")) == ExitCode.UNAVAILABLE
