"""Two hundred couriers with 10 kB each, 20 of them processes, at one or at three replicas: none lost or twice."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from learner.federation import courier
from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.courier_folder import (
    INVITATION_FILE,
    Access,
    CourierState,
    RoundState,
    answer_file,
    draft_folder,
)
from learner.federation.exchange import Invitation, invitation_bytes
from tests.worlds.answering import MadeVault, signed_campaign
from tests.worlds.coordinators import Replica, client, is_up, made_coordinator, replicas, wait_until
from tests.worlds.many_couriers import LONGEST, ROUNDS, carry, wide_job
from tests.worlds.postgres import postgres
from vault.errors.families import Unavailable

COURIERS, PROCESSES = 200, 20
MOST_MEMORY = 100_000
"""kB of a replica; 91,600 to 97,600 were measured with two hundred couriers that upload 10 kB each at once."""


WITHIN = 200
"""Seconds in which a courier is let in, and in which everybody has answered a round."""


def _asked_for(asked: httpx.Client, where: str) -> bytes | None:
    try:
        found = asked.get(where)
    except httpx.TransportError:
        return None
    return found.content if found.status_code == 200 else None


def carry_by_process(
    home: Path,
    replica: Replica,
    certificate: Path,
    invitation: Invitation,
    vault: MadeVault,
    sent: dict[int, str],
) -> None:
    """The same by real couriers, a process for each errand; what the vault released lies in their folder."""
    folder = draft_folder(home, invitation.campaign)
    folder.write(INVITATION_FILE, invitation_bytes(invitation))
    folder.keep(Access(campaign="1" * 32, requester="Sleep lab", token="", door="2" * 64))
    folder.keep(CourierState())
    courier.enrol(folder, vault.key.public, vault.proof(invitation.campaign, invitation.code))
    place, pause = f"/campaigns/{invitation.campaign}", threading.Event()
    with client(certificate, replica.url, folder.access().token) as asked:
        for number in range(1, ROUNDS + 1):
            where = f"{place}/rounds/{number}/manifest.json"
            end = time.monotonic() + WITHIN
            while (manifest := _asked_for(asked, where)) is None:
                assert time.monotonic() < end
                pause.wait(2)
            sent[number], body = vault.body(manifest)
            job = str(json.loads(manifest)["job_id"])
            folder.write(answer_file(job), body)
            released = RoundState(
                number=number, job=job, word="released", release=sent[number], size=len(body)
            )
            state = folder.state()
            folder.keep(replace(state, rounds=(*state.rounds, released)))
            while folder.state().rounds[-1].word != "sent":
                assert time.monotonic() < end
                with suppress(Unavailable):  # as a courier that goes on: it comes again
                    courier.errand(folder, connect=lambda: None, tell=lambda _folder, _event: None)


async def carry_all(
    found: list[Replica], certificate: Path, work: list[tuple[Invitation, MadeVault]], home: Path
) -> list[dict[int, str]]:
    """Each courier goes to one of the replicas; the last of them are processes."""
    context, sent = ssl.create_default_context(cafile=certificate), [dict[int, str]() for _ in work]
    at_once = httpx.Limits(max_connections=COURIERS)
    clients = [
        httpx.AsyncClient(verify=context, base_url=each.url, timeout=120, limits=at_once) for each in found
    ]
    tasks = [
        asyncio.wait_for(
            carry(clients[place % len(clients)], *one, random.Random(place), sent[place]), LONGEST
        )
        for place, one in enumerate(work[:-PROCESSES])
    ]
    last = range(len(work) - PROCESSES, len(work))
    with ThreadPoolExecutor(
        PROCESSES
    ) as threads:  # one each: no second round opens before all had their first
        by_process = [
            asyncio.get_running_loop().run_in_executor(
                threads,
                carry_by_process,
                home / str(place),
                found[place % len(found)],
                certificate,
                *work[place],
                sent[place],
            )
            for place in last
        ]
        await asyncio.gather(*tasks, *by_process)
    for each in clients:
        await each.aclose()
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("is_replicated", [False, True], ids=["sqlite", "postgresql"])
def test_two_hundred_couriers_at_once_lose_nothing_and_bring_nothing_twice(
    tmp_path: Path, is_replicated: bool
) -> None:
    with postgres() if is_replicated else nullcontext("") as database:
        signed = signed_campaign(tmp_path, datetime.now(UTC), rounds=ROUNDS, job=wide_job())
        folder = made_coordinator(tmp_path / "c", signed, quorum=COURIERS, database=database)
        found = replicas(folder.path, 3 if is_replicated else 1)
        with closing(Coordinator(open_folder(found[0].folder))) as coordinator:
            work = [
                (coordinator.invite(1, found[place % len(found)].url)[0], MadeVault())
                for place in range(COURIERS)
            ]
        for each in found:
            each.start()
        try:
            wait_until(lambda: all(is_up(each, folder.certificate) for each in found), 60)
            sent = asyncio.run(carry_all(found, folder.certificate, work, tmp_path))
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
