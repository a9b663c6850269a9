"""Coordinators killed at random instants, one over SQLite or three over PostgreSQL: nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from tests.worlds.answering import MadeVault, signed_campaign
from tests.worlds.coordinators import Replica, client, is_up, made_coordinator, replicas
from tests.worlds.postgres import postgres
from vault.requester.campaign_log import log_head, signed_head

VAULTS, ROUNDS, SECONDS, LEAST_KILLS = 8, 12, 300, 5
# a connection whose other end was killed within the handshake is left to be collected by httpcore
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(r"ignore:unclosed <ssl\.SSLSocket:ResourceWarning"),
    pytest.mark.filterwarnings(
        r"ignore:Exception ignored in. <ssl\.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@dataclass
class Carrying:
    """A vault and its courier, who asks any of the replicas until it is answered."""

    vault: MadeVault
    code: str
    urls: list[str]
    certificate: Path
    campaign: str
    until: float
    draw: random.Random
    kills: list[float]
    sent: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    confirmed: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Enrol, answer each round once it is there and enough were killed before it, and end with the model."""
        body = self.vault.enrolment(self.campaign, self.code)
        token = self._asked("POST", "enrolments", content=body, wanted=(200, 201)).json()["token"]
        for number in range(1, ROUNDS + 1):
            self._wait_for_kills(LEAST_KILLS * number // ROUNDS)
            manifest = self._asked("GET", f"rounds/{number}/manifest.json", token, wanted=(200,)).content
            self.sent[number] = self.vault.body(manifest)
            release_id, body = self.sent[number]
            for _ in range(self.draw.choice((1, 1, 2))):
                place = f"rounds/{number}/releases/{release_id}"
                self.confirmed.append(
                    self._asked("PUT", place, token, content=body, wanted=(200, 201)).status_code
                )
        self._asked("GET", "model/model.json", token, wanted=(200,))

    def _wait_for_kills(self, wanted: int) -> None:
        waiting = threading.Event()
        while len(self.kills) < wanted and time.monotonic() < self.until:
            waiting.wait(0.1)

    def _asked(
        self,
        method: str,
        place: str,
        token: str = "",
        *,
        content: bytes | None = None,
        wanted: tuple[int, ...],
    ) -> httpx.Response:
        waiting = threading.Event()
        while time.monotonic() < self.until:
            url = self.draw.choice(self.urls)
            with contextlib.suppress(httpx.HTTPError), client(self.certificate, url, token) as asked:
                found = asked.request(method, f"/campaigns/{self.campaign}/{place}", content=content)
                if found.status_code in wanted:
                    return found
                assert found.status_code in (404, 503), found.text  # not yet, or the database is not there
            waiting.wait(0.1)
        raise TimeoutError(place)


def killing(
    found: list[Replica], certificate: Path, ended: threading.Event, draw: random.Random, kills: list[float]
) -> None:
    """Kill one after another at random instants: a fourth of them while they start, the rest once they answered."""
    while not ended.wait(draw.uniform(0.1, 1.5)):
        chosen = draw.choice(found)
        if draw.random() < 0.75:
            while not is_up(chosen, certificate) and not ended.is_set():
                ended.wait(0.1)
            ended.wait(draw.uniform(0, 1))
        chosen.kill()
        kills.append(time.monotonic())
        chosen.start()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    with postgres() if request.param == "postgresql" else nullcontext("") as url:
        yield url


def test_every_answer_is_there_once_however_often_they_are_killed(tmp_path: Path, database: str) -> None:
    now, draw = datetime.now(UTC), random.Random(1)
    signed = signed_campaign(tmp_path, now, rounds=ROUNDS)
    folder = made_coordinator(tmp_path / "c", signed, quorum=VAULTS, now=now, database=database)
    with closing(Coordinator(folder)) as coordinator:
        invitations = coordinator.invite(VAULTS, "https://127.0.0.1:1")
    found = replicas(folder.path, 3 if database else 1)
    urls, until = [each.url for each in found], time.monotonic() + SECONDS
    ended, kills = threading.Event(), list[float]()
    couriers = [
        Carrying(
            MadeVault(),
            each.code,
            urls,
            folder.certificate,
            each.campaign,
            until,
            random.Random(place),
            kills,
        )
        for place, each in enumerate(invitations)
    ]
    killer = threading.Thread(target=killing, args=(found, folder.certificate, ended, draw, kills))
    carrying = [threading.Thread(target=each.run) for each in couriers]
    for each in found:
        each.start()
    for thread in (killer, *carrying):
        thread.start()
    try:
        for thread in carrying:
            thread.join()
    finally:
        ended.set()
        killer.join()
        for each in found:
            each.kill()

    assert len(kills) >= LEAST_KILLS
    with closing(Coordinator(open_folder(found[0].folder))) as coordinator:
        facts, leaves = coordinator.state.answer_facts(), coordinator.state.leaves()
        kept = {(each.round, each.key): each.release_id for each in facts}
        head = signed_head(
            coordinator.checkpoint(), coordinator.digest, bytes.fromhex(coordinator.document.round_key)
        )
    assert kept == {
        (number, each.vault.public): each.sent[number][0] for each in couriers for number in each.sent
    }
    assert len(facts) == VAULTS * ROUNDS
    assert all(each.accepted for each in facts)
    assert head == log_head(coordinator.digest, leaves)
    assert len(leaves) == 1 + VAULTS + 2 * ROUNDS + 1
