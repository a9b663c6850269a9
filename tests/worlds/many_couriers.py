"""Couriers that are tasks of one process: each enrols and answers every round, all of them at once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx

from learner.federation.exchange import Invitation
from tests.worlds.answering import DOCUMENT, NUMBER, MadeVault

ROUNDS = 2
LONGEST = 600
"""Seconds in which a courier has answered all rounds."""


async def answered(asked: httpx.AsyncClient, method: str, path: str, **given: Any) -> httpx.Response:
    """The answer; where the connection broke off it is asked again, as a courier does."""
    while True:
        try:
            return await asked.request(method, path, **given)
        except httpx.TransportError:
            await asyncio.sleep(1)


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
    enrolled = await answered(asked, "POST", f"{place}/enrolments", content=body)
    headers = {"Authorization": f"Bearer {enrolled.json()['token']}"}
    for number in range(1, ROUNDS + 1):
        while True:
            where = f"{place}/rounds/{number}/manifest.json"
            manifest = await answered(asked, "GET", where, headers=headers)
            if manifest.status_code == 200:
                break
            await asyncio.sleep(draw.uniform(2, 4))
        sent[number], body = vault.body(manifest.content)
        to = f"{place}/rounds/{number}/releases/{sent[number]}"
        answer = await answered(asked, "PUT", to, content=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text


def wide_job() -> dict[str, Any]:
    """A job whose update has 1,280 numbers, 10 kB."""
    job = DOCUMENT["job"]
    number = {**NUMBER, "center": 0, "fill": 0, "scale": 1}
    features = [
        {"name": f"x{place}", "necessity": "required", "role": "feature", "transform": number}
        for place in range(255)
    ]
    label = {**job["fields"][0], "transform": {"kind": "classes", "labels": list("abcde")}}
    return {**job, "fields": [label, *features], "output": {**job["output"], "grid": 16}}
