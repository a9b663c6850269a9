"""Two hundred couriers at once, at one coordinator over SQLite and at three over PostgreSQL: none lost, none twice."""

from __future__ import annotations

import asyncio
import random
import ssl
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import Invitation
from tests.worlds.answering import MadeVault, signed_campaign
from tests.worlds.coordinators import Replica, is_up, made_coordinator, replicas, wait_until
from tests.worlds.postgres import postgres

COURIERS, ROUNDS = 200, 2
MOST_MEMORY = 110_000
"""kB of a replica; 103,000 were measured with two hundred couriers that upload at once."""


async def carry(
    asked: httpx.AsyncClient,
    invitation: Invitation,
    vault: MadeVault,
    draw: random.Random,
    sent: dict[int, str],
) -> None:
    """Enrol and answer each round, asking now and then whether it is there."""
    place = f"/campaigns/{invitation.campaign}"
    body = vault.enrolment(invitation.campaign, invitation.code)
    enrolled = await asked.post(f"{place}/enrolments", content=body)
    headers = {"Authorization": f"Bearer {enrolled.json()['token']}"}
    for number in range(1, ROUNDS + 1):
        while True:
            manifest = await asked.get(f"{place}/rounds/{number}/manifest.json", headers=headers)
            if manifest.status_code == 200:
                break
            await asyncio.sleep(draw.uniform(2, 4))
        sent[number], body = vault.body(manifest.content)
        answer = await asked.put(
            f"{place}/rounds/{number}/releases/{sent[number]}", content=body, headers=headers
        )
        assert answer.status_code == 201, answer.text


async def carry_all(
    found: list[Replica], certificate: Path, work: list[tuple[Invitation, MadeVault]]
) -> list[dict[int, str]]:
    """Each courier goes to one of the replicas."""
    context, sent = ssl.create_default_context(cafile=certificate), [dict[int, str]() for _ in work]
    at_once = httpx.Limits(max_connections=COURIERS)
    clients = [
        httpx.AsyncClient(verify=context, base_url=each.url, timeout=120, limits=at_once) for each in found
    ]
    tasks = [
        carry(clients[place % len(clients)], *one, random.Random(place), sent[place])
        for place, one in enumerate(work)
    ]
    await asyncio.gather(*tasks)
    for each in clients:
        await each.aclose()
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("is_replicated", [False, True], ids=["sqlite", "postgresql"])
def test_two_hundred_couriers_at_once_lose_nothing_and_bring_nothing_twice(
    tmp_path: Path, is_replicated: bool
) -> None:
    with postgres() if is_replicated else nullcontext("") as database:
        signed = signed_campaign(tmp_path, datetime.now(UTC), rounds=ROUNDS)
        folder = made_coordinator(tmp_path / "c", signed, quorum=COURIERS, database=database)
        with closing(Coordinator(folder)) as coordinator:
            work = [(each, MadeVault()) for each in coordinator.invite(COURIERS, "https://127.0.0.1:1")]
        found = replicas(folder.path, 3 if is_replicated else 1)
        for each in found:
            each.start()
        try:
            wait_until(lambda: all(is_up(each, folder.certificate) for each in found), 60)
            sent = asyncio.run(carry_all(found, folder.certificate, work))
            memory = [each.memory() for each in found]
        finally:
            for each in found:
                each.kill()
        with closing(Coordinator(open_folder(found[0].folder))) as coordinator:
            facts = coordinator.state.answer_facts()
    kept = {(each.key, each.round): each.release_id for each in facts}
    expected = {
        (vault.public, number): release_id
        for (_, vault), of_vault in zip(work, sent, strict=True)
        for number, release_id in of_vault.items()
    }
    assert kept == expected
    assert len(facts) == COURIERS * ROUNDS
    assert max(memory) < MOST_MEMORY, memory
