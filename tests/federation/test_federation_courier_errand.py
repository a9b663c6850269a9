"""A courier brings rounds in and takes out exactly what was released, once, however often it goes or is cut off."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta

import pytest

from learner.federation.courier_folder import answer_file
from tests.worlds.carried import CarriedWorld
from tests.worlds.daemon import eventually
from tests.worlds.world import NAME
from vault.errors.federation import CoordinatorRefused, CoordinatorUnreachable, CourierNotLetIn


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
    assert set(sent) == {"v", "release.json", "release.sig", "update.safetensors"}
    (one,) = carried.folder.state().rounds
    assert (one.word, one.release, one.size) == ("sent", manifest["release_id"], len(body))


@pytest.mark.slow
def test_what_was_released_is_sent_without_the_vault_and_the_very_bytes_again_after_a_cut(
    carried: CarriedWorld,
) -> None:
    coordinator = carried.coordinator
    coordinator.open(1)
    carried.errand()
    carried.released()
    coordinator.answers_with = 503
    with pytest.raises(CoordinatorRefused):
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
@pytest.mark.parametrize(
    ("status", "says"), [(409, "another answer"), (410, "closed before"), (403, "not know")]
)
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
    with pytest.raises(CourierNotLetIn):
        carried.errand()
    assert [one.word for one in carried.folder.state().rounds] == ["waiting"]


@pytest.mark.slow
def test_a_round_that_the_vault_does_not_take_is_told_with_its_reason(carried: CarriedWorld) -> None:
    carried.coordinator.open(1)
    other = carried.coordinator.files["/rounds/1/weights.safetensors"]
    carried.coordinator.files["/rounds/1/weights.safetensors"] = other[:-1] + b"\1"
    (told,) = carried.errand()
    assert told["event"] == "not handed over"
    assert told["note"]
    assert events(carried.errand()) == []
