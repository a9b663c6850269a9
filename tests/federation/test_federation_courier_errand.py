"""A courier brings rounds in and takes out exactly what was released, once, however often it goes or is cut off."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learner.federation.courier_campaign import ServedCampaign
from learner.federation.courier_door import Served
from learner.federation.courier_errand import Errand
from learner.federation.courier_folder import (
    KEY_FILE,
    CourierFolder,
    CourierState,
    RoundState,
    answer_file,
)
from learner.federation.courier_https import Reply
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.carried import TOKEN, VAULT_KEY, CarriedWorld, MemoryCoordinator
from tests.worlds.daemon import eventually
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.text import release_facts, wording
from vault.errors.daemon import DaemonGone, NotAtThisDoor, SessionEnded
from vault.errors.families import Broken, LockboxError, Unavailable
from vault.errors.federation import (
    CoordinatorBusy,
    CoordinatorNotOpen,
    CoordinatorRefused,
    CoordinatorUnreachable,
    CourierNotLetIn,
    EnrolledOtherwise,
    EnrolmentNotLogged,
)
from vault.errors.release import HeldUpdateDamaged
from vault.errors.requests import TooManyWaiting, UnknownRequest
from vault.requester.campaign_log import LogPart, enrolled_leaf
from vault.views.releases import ReleaseView
from vault.wire.messages import CampaignState, JobState


def events(told: list[dict[str, object]]) -> list[object]:
    return [one["event"] for one in told]


def test_nothing_but_what_was_released_is_sent_and_it_is_sent_once(carried: CarriedWorld) -> None:
    coordinator = carried.coordinator
    coordinator.open(1)
    assert events(carried.errand()) == ["handed over"]
    held, digest = carried.trained()
    assert events(carried.errand()) == []
    assert coordinator.put == []

    carried.owner.send(held, confirm_digest=digest)
    coordinator.is_away = True
    with pytest.raises(CoordinatorUnreachable):
        carried.errand()
    assert carried.folder.state().failures == 1
    coordinator.is_away = False
    assert events(carried.errand()) == ["released", "sent"]
    assert events(carried.errand()) == []

    ((path, body),) = coordinator.put
    sent, view = json.loads(body), carried.owner.release(held)
    manifest = json.loads(b64decode(sent["release.json"]))
    assert path == f"/rounds/1/releases/{manifest['release_id']}"
    assert manifest["update"]["sha256"] == view.update_sha256
    check_ways(view)
    assert set(sent) == {"v", "release.json", "release.sig", "update.safetensors"}
    (one,) = carried.folder.state().rounds
    assert (one.word, one.release, one.size) == ("sent", manifest["release_id"], view.size)


def check_ways(one: ReleaseView) -> None:
    """A folder is warned of where a courier brought the round, and nowhere else."""
    assert one.round is not None
    by_hand = replace(one, round=replace(one.round, is_carried=False))
    said = [release_facts.beware_of_folder(each, to) for each in (one, by_hand) for to in (Path("/a"), None)]
    first, second = (release_facts.ways_out(each)[1:3] for each in (one, by_hand))
    assert (first[0].endswith(one.digest[:8]), first[1]) == (True, "  lockbox courier run --once")
    assert second[0].endswith("--to DIR")
    assert said == [release_facts.NOT_BY_COURIER, "", "", ""]
    assert release_facts.where_to(one, None) == release_facts.BY_COURIER
    assert release_facts.where_to(by_hand, None) == wording.KEPT_TO_FETCH


@pytest.mark.slow
def test_what_was_released_is_sent_without_the_vault_and_the_very_bytes_again_after_a_cut(
    carried: CarriedWorld,
) -> None:
    coordinator = carried.coordinator
    coordinator.open(1)
    carried.errand()
    carried.released()
    coordinator.answers_with = 503
    with pytest.raises(CoordinatorBusy):
        carried.errand()
    coordinator.answers_with = 200
    assert events(carried.errand(with_vault=False)) == ["sent"]
    (_, first), (_, second) = coordinator.put
    assert first == second == carried.folder.read(answer_file(carried.folder.state().rounds[0].job))


@pytest.mark.slow
def test_the_second_round_and_the_model_come_with_the_rest_of_the_log_and_then_it_is_over(
    carried: CarriedWorld,
) -> None:
    coordinator = carried.coordinator
    coordinator.log.enrol(3)
    coordinator.open(1)
    carried.errand()
    carried.released()
    carried.errand()
    coordinator.log.close(1)
    coordinator.open(2)
    assert events(carried.errand()) == ["handed over"]
    assert not carried.folder.state().is_over
    carried.owner.leave_campaign(carried.folder.access().campaign)
    coordinator.end()
    assert "model" in events(carried.errand())
    eventually(lambda: len(carried.owner.models()) == 1, "the model is not there")
    whole = f"GET /campaigns/{coordinator.log.digest}/log/leaves?from=0"
    assert coordinator.asked.count(whole) == 1
    assert [one.word for one in carried.folder.state().rounds] == ["sent", "waiting"]


def test_a_round_that_is_over_by_the_coordinators_clock_or_closed_is_not_fetched(
    carried: CarriedWorld,
) -> None:
    """The computer's own clock is eight days behind that of the coordinator, by which the first round is over."""
    coordinator, clock = carried.coordinator, carried.world.clock
    coordinator.clock = lambda: clock() + timedelta(days=8)
    coordinator.open(1)
    coordinator.open(2)
    coordinator.log.close(2)
    coordinator.open(3)
    assert [(one["event"], one["round"]) for one in carried.errand()] == [("handed over", 3)]
    assert carried.folder.state().contact == f"{coordinator.clock():%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.slow
@pytest.mark.parametrize(("status", "says"), [(409, "another answer"), (410, "closed before")])
def test_an_answer_that_is_not_taken_for_good_is_not_sent_again(
    carried: CarriedWorld, status: int, says: str
) -> None:
    coordinator = carried.coordinator
    coordinator.open(1)
    carried.errand()
    carried.released()
    coordinator.answers_with = status
    told = carried.errand()
    assert events(told) == ["released", "not sent"]
    assert says in str(told[-1]["note"])
    assert events(carried.errand()) == []
    assert len(coordinator.put) == 1


@pytest.mark.slow
def test_a_courier_whose_access_ended_or_whose_line_is_lost_keeps_what_it_has(carried: CarriedWorld) -> None:
    carried.coordinator.open(1)
    carried.errand()
    carried.owner.revoke_tokens(NAME)
    carried.coordinator.open(2)
    seen = len(carried.coordinator.asked)
    with pytest.raises(CourierNotLetIn):
        carried.errand()
    assert [one.word for one in carried.folder.state().rounds] == ["waiting"]
    assert not [one for one in carried.coordinator.asked[seen:] if "/rounds/" in one]


@pytest.mark.slow
def test_a_round_that_the_vault_does_not_take_is_told_with_its_reason(carried: CarriedWorld) -> None:
    carried.coordinator.open(1)
    other = carried.coordinator.files["/rounds/1/weights.safetensors"]
    carried.coordinator.files["/rounds/1/weights.safetensors"] = other[:-1] + b"\1"
    (told,) = carried.errand()
    assert told["event"] == "not handed over"
    assert told["note"]
    assert events(carried.errand()) == []


# what goes wrong in the vault, and what the coordinator says ------------------------------------------------


@dataclass
class DoorOfTwo:
    """Stands for a vault that says what it is told to say of a campaign and of each job."""

    shut: LockboxError | None = None
    puts_off: LockboxError | None = None
    jobs: dict[str, LockboxError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    word: Any = "waiting"

    def campaign(self, digest: str) -> CampaignState:
        """Answer that nothing of the log was read, unless it is shut."""
        if self.shut is not None:
            raise self.shut
        return CampaignState(digest=digest, state=self.word, checkpoint_size=0)

    def hand_over(self, _files: Served, _part: LogPart) -> None:
        """Take a round, unless it puts off."""
        if self.puts_off is not None:
            raise self.puts_off

    def job(self, job: str) -> JobState:
        """Raise what it has for a job, or say that it waits."""
        self.asked.append(job)
        if job in self.jobs:
            raise self.jobs[job]
        return JobState(job_id=job, state="waiting")


@pytest.fixture
def alone(campaign_template: World, tmp_path: Path) -> Alone:
    """A campaign of which rounds 1 and 2 wait in the vault and round 3 is open."""
    world = copy_of(campaign_template, tmp_path / "copy")
    folder, place = world.folder / "campaign", CourierFolder(tmp_path / "courier")
    place.path.mkdir()
    place.write("campaign.json", (folder / "campaign.json").read_bytes())
    place.write(KEY_FILE, VAULT_KEY)
    coordinator = MemoryCoordinator(folder=folder, log=WorldLog(folder), clock=world.clock)
    for number in (1, 2, 3):
        coordinator.open(number)
    place.keep(CourierState(rounds=tuple(RoundState(number=n, job=str(n), word="waiting") for n in (1, 2))))
    return Alone(world=world, coordinator=coordinator, folder=place)


@dataclass
class Alone:
    """A courier whose vault is played."""

    world: World
    coordinator: MemoryCoordinator
    folder: CourierFolder

    def errand(self, door: DoorOfTwo | None, tier: str | None = None) -> list[object]:
        """Let it go once, and give back what it told."""
        told: list[dict[str, object]] = []
        coordinator: Any = self.coordinator  # one that lies in memory
        served: Any = ServedCampaign(
            coordinator=coordinator,
            digest=self.coordinator.log.digest,
            token=TOKEN,
            tier=tier,
            clock=self.world.clock,
        )
        vault: Any = door
        Errand(
            folder=self.folder, served=served, door=vault, tell=told.append, state=self.folder.state()
        ).run()
        return events(told)


@pytest.mark.parametrize(
    ("shut", "said"),
    [
        (SessionEnded(), CourierNotLetIn),
        (DaemonGone(), DaemonGone),
        (Unavailable(reason="it writes"), Unavailable),
    ],
)
def test_a_vault_that_does_not_answer_looks_like_a_locked_one_to_the_coordinator(
    alone: Alone, shut: LockboxError, said: type[LockboxError]
) -> None:
    """Above all while a run goes on past the time at which the vault locks."""
    alone.errand(None)
    alone.coordinator.asked.clear()
    alone.errand(None)
    locked = alone.coordinator.asked.copy()
    alone.coordinator.asked.clear()
    with pytest.raises(said):
        alone.errand(DoorOfTwo(shut=shut))
    assert alone.coordinator.asked == locked
    state = alone.folder.state()
    assert (state.failures, bool(state.trouble)) == (0, True)


def test_a_refused_campaign_is_known_to_its_owner_and_asked_for_the_same(alone: Alone) -> None:
    """The coordinator hears no difference."""
    alone.errand(DoorOfTwo())
    asked, alone.coordinator.asked = alone.coordinator.asked, []
    assert alone.folder.ended() == ""
    alone.folder.keep(CourierState(rounds=alone.folder.state().rounds[:2]))
    alone.errand(DoorOfTwo(word="refused"))
    assert alone.folder.ended() == "refused"
    assert [one.partition("?")[0] for one in alone.coordinator.asked] == [
        one.partition("?")[0] for one in asked
    ]


def test_a_round_that_the_vault_puts_off_is_fetched_once(alone: Alone) -> None:
    door = DoorOfTwo(puts_off=TooManyWaiting(most=20))
    for _ in range(3):
        with pytest.raises(TooManyWaiting):
            alone.errand(door)
    assert sum("/rounds/3/" in one for one in alone.coordinator.asked) == 3
    assert len(list(alone.folder.path.glob("fetched-*"))) == 3
    door.puts_off = None
    assert alone.errand(door) == ["handed over"]
    assert sum("/rounds/3/" in one for one in alone.coordinator.asked) == 3
    assert not list(alone.folder.path.glob("fetched-*"))


@pytest.mark.parametrize("error", [NotAtThisDoor(reason="nothing lies here"), UnknownRequest(request="1")])
def test_an_update_that_cannot_be_fetched_any_more_stops_no_other_round(
    alone: Alone, error: LockboxError
) -> None:
    alone.folder.keep(replace(alone.folder.state(), rounds=(*alone.folder.state().rounds, DONE)))
    door = DoorOfTwo(jobs={"1": error})
    assert alone.errand(door) == ["not here"]
    assert alone.errand(door) == []
    assert door.asked == ["1", "2", "2"]
    state = alone.folder.state()
    assert ([one.word for one in state.rounds], state.failures) == (["not here", "waiting", "sent"], 0)


def test_what_goes_wrong_with_one_round_is_told_after_the_others(alone: Alone) -> None:
    alone.folder.keep(replace(alone.folder.state(), rounds=(*alone.folder.state().rounds, DONE)))
    door = DoorOfTwo(jobs={"1": HeldUpdateDamaged()})
    with pytest.raises(HeldUpdateDamaged):
        alone.errand(door)
    assert (door.asked, alone.folder.state().failures) == (["1", "2"], 0)


@pytest.mark.parametrize(("tag", "kept"), [("\xff", ""), ('"a"', ""), (f'"{"a" * 64}"', f'"{"a" * 64}"')])
def test_a_tag_that_is_no_digest_is_not_sent_back(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, tag: str, kept: str
) -> None:
    plain = alone.coordinator.ask

    def ask(method: str, path: str, **how: Any) -> Reply:
        reply = plain(method, path, **how)
        return replace(reply, headers={**reply.headers, "etag": tag})

    monkeypatch.setattr(alone.coordinator, "ask", ask)
    alone.errand(None)
    assert alone.folder.state().etag == kept


def test_the_clock_of_the_coordinator_alone_ends_nothing(alone: Alone) -> None:
    clock = alone.world.clock
    alone.coordinator.clock = lambda: clock() + timedelta(days=400)
    alone.errand(None)
    assert not alone.folder.state().is_over
    alone.coordinator.clock = clock
    clock.forward(days=400)
    alone.folder.keep(replace(alone.folder.state(), rounds=(replace(DONE, word="released"),)))
    alone.folder.write(answer_file(DONE.job), b"{}")
    alone.coordinator.answers_with = 403
    with pytest.raises(CoordinatorRefused):
        alone.errand(None)
    assert [one.word for one in alone.folder.state().rounds] == ["released"]
    alone.coordinator.answers_with = 201
    alone.errand(None)
    assert alone.folder.state().is_over


def test_a_campaign_that_is_not_open_yet_and_a_coordinator_that_is_busy_are_no_refusals(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for status, kind in (
        (404, CoordinatorNotOpen), (429, CoordinatorBusy), (503, CoordinatorBusy), (403, CoordinatorRefused),
    ):  # fmt: skip
        said = Reply(status=status, headers={}, body=b"")
        monkeypatch.setattr(alone.coordinator, "_found", lambda *_asked, said=said: said)
        with pytest.raises(kind) as error:
            alone.errand(None)
        assert isinstance(error.value, Unavailable) is (kind is not CoordinatorRefused)


@pytest.mark.parametrize(("agreed", "logged"), [("far", None), (None, "far"), ("far", "near")])
def test_a_log_that_enrols_the_vault_in_another_tier_than_was_agreed_to_stops_its_courier(
    alone: Alone, agreed: str | None, logged: str | None
) -> None:
    lies = enrolled_leaf(VAULT_KEY, logged)
    alone.coordinator.log.leaves.remove(enrolled_leaf(VAULT_KEY))
    alone.coordinator.log.leaves += [enrolled_leaf(bytes(32), "near"), lies]
    door = DoorOfTwo()
    here, there = (tier or "the campaign's own" for tier in (agreed, logged))
    with pytest.raises(EnrolledOtherwise, match=f"noise tier, {there}, and you agreed to {here}: ") as error:
        alone.errand(door, tier=agreed)
    assert (isinstance(error.value, Broken), door.asked) == (True, [])
    assert alone.folder.state().trouble == str(error.value)
    alone.folder.keep(CourierState(rounds=(replace(DONE, word="released"),)))
    alone.folder.write(answer_file(DONE.job), b"{}")
    with pytest.raises(EnrolledOtherwise):
        alone.errand(None, tier=agreed)
    assert alone.coordinator.put == []
    assert not [one for one in alone.coordinator.asked if "/rounds/" in one]


def test_nothing_is_sent_or_handed_over_before_the_log_has_the_vaults_key(alone: Alone) -> None:
    alone.coordinator.log.leaves.remove(enrolled_leaf(VAULT_KEY))
    alone.folder.keep(CourierState(rounds=(replace(DONE, word="released"),)))
    alone.folder.write(answer_file(DONE.job), b"{}")
    door = DoorOfTwo()
    for _ in range(2):
        with pytest.raises(EnrolmentNotLogged):
            alone.errand(door)
    assert (alone.coordinator.put, door.asked) == ([], [])
    alone.coordinator.log.leaves.append(enrolled_leaf(VAULT_KEY))
    assert "sent" in alone.errand(door)


def test_a_log_that_has_the_vault_in_the_tier_that_was_agreed_to_is_good(alone: Alone) -> None:
    files = alone.coordinator.files
    files |= {name.replace("/3/", "/3/tiers/far/"): data for name, data in files.items() if "/3/" in name}
    alone.coordinator.log.leaves.append(enrolled_leaf(bytes(32), "near"))
    alone.coordinator.log.leaves.remove(enrolled_leaf(VAULT_KEY))
    alone.coordinator.log.leaves.append(enrolled_leaf(VAULT_KEY, "far"))
    assert "handed over" in alone.errand(DoorOfTwo(), tier="far")


DONE = RoundState(number=3, job="3", word="sent")
