"""A coordinator has its log cosigned by the witness that the campaign names, and shows vaults nothing else."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import httpx
import pytest
from conftest import START

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import Settings, make_coordinator
from learner.federation.witness import application
from tests.worlds.answering import MadeVault, signed_campaign
from tests.worlds.coordinators import Moving, enrolled
from vault.errors.families import Invalid
from vault.errors.federation import NothingThere, WitnessSilent
from vault.requester.campaign_log import claimed_head, cosigned_since
from vault.requester.witness import Witness, new_witness

URL = "http://witness"
NOW = 1_772_366_400


class InProcess(httpx.BaseTransport):
    """The witness's own application, asked without a socket."""

    def __init__(self, witness: Witness) -> None:
        self._asgi = httpx.ASGITransport(application(witness, lambda: NOW))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Its answer."""
        import asyncio

        async def ask() -> httpx.Response:
            asked = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            answer = await self._asgi.handle_async_request(asked)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(ask())


def test_vaults_are_shown_what_the_witness_cosigned_and_never_what_it_did_not(
    tmp_path: Path, clock: Moving
) -> None:
    made = new_witness(tmp_path / "archive", "archive.example/w1")
    named = {"name": "City archive", "key": made.key.public.hex()}
    signed = signed_campaign(tmp_path, START, witness=named)
    with pytest.raises(Invalid, match="say where it answers"):
        make_coordinator(tmp_path / "c", signed, Settings(), now=START)
    folder = make_coordinator(tmp_path / "c", signed, Settings(witness=URL), now=START)
    with closing(Coordinator(folder, clock=clock)) as coordinator:
        coordinator.tick()
        with pytest.raises(NothingThere):
            coordinator.checkpoint()
        with httpx.Client(transport=InProcess(Witness.open(tmp_path / "archive"))) as stranger:
            with pytest.raises(WitnessSilent):
                coordinator.ask_witness(stranger)  # it does not watch this log yet
            Witness.open(tmp_path / "archive").watch(signed)
            assert coordinator.ask_witness(stranger)
            first = coordinator.checkpoint()
            assert not coordinator.ask_witness(stranger)
            enrolled(coordinator, MadeVault())
            assert coordinator.checkpoint() == first
            assert coordinator.ask_witness(stranger)
        note = coordinator.checkpoint()
    assert claimed_head(first).size == 2
    assert claimed_head(note).size == 3
    assert cosigned_since(note, made.key.public) == NOW


def test_a_campaign_without_a_witness_is_not_given_one(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="names no witness"):
        make_coordinator(tmp_path / "c", signed_campaign(tmp_path, START), Settings(witness=URL), now=START)
