"""A real vault's release is an answer at a real coordinator, and moves its model."""

from __future__ import annotations

from contextlib import closing

import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import answer_bytes
from learner.federation.stored import Stored
from tests.worlds.campaigns import CAMPAIGN, campaign, joined
from tests.worlds.coordinators import made_coordinator
from tests.worlds.world import World
from vault.requester.release_check import read_release
from vault.requests.bundle import MANIFEST_FILE, SIGNATURE_FILE, WEIGHTS_FILE, signature_line
from vault.requests.release_manifest import parse_release_manifest
from vault.vault import Vault

FEDAVG = CAMPAIGN.replace('"gradient_sum"', '"fedavg"').replace("rounds = 3", "rounds = 2")


@pytest.mark.slow
@pytest.mark.parametrize("text", [CAMPAIGN, FEDAVG], ids=["gradient_sum", "fedavg"])
@pytest.mark.usefixtures("real_learner")
def test_the_rounds_of_a_coordinator_run_in_a_vault_and_its_releases_move_the_model(
    known_world: World, text: str
) -> None:
    world = known_world
    signed = campaign(world, text=text)
    made_coordinator(world.folder / "coordinator", signed, quorum=1, now=world.clock.now)
    with (
        closing(Coordinator(open_folder(world.folder / "coordinator"), clock=world.clock)) as coordinator,
        world.vault() as vault,
    ):
        world.imported(vault)
        joined(vault, signed)
        coordinator.tick()
        for number in range(1, coordinator.document.rounds + 1):
            assert carried(world, vault, coordinator, number) is Stored.NEW
            coordinator.tick()
        assert coordinator.returned_model().weights != coordinator.campaign.weights
        assert {each.accepted for each in coordinator.state.answer_facts()} == {True}


def carried(world: World, vault: Vault, coordinator: Coordinator, number: int) -> Stored:
    """Carry a round into the vault, and what the owner sends back to the coordinator."""
    job, folder, to = coordinator.job(number), world.folder / f"in-{number}", world.folder / f"out-{number}"
    folder.mkdir()
    (folder / MANIFEST_FILE).write_bytes(job.manifest)
    (folder / SIGNATURE_FILE).write_bytes(signature_line(job.signature))
    (folder / WEIGHTS_FILE).write_bytes(job.weights)
    held = vault.release(vault.train(vault.submit(folder).line.id).id)
    vault.send(held.id, confirm_digest=held.digest, to=to)
    files = read_release(to)
    said = parse_release_manifest(files.manifest)
    if number == 1:
        (invitation,) = coordinator.invite(1, "https://127.0.0.1:1")
        mine = vault.sign_enrolment(
            coordinator.document.job.requester.key, campaign=coordinator.digest, code=invitation.code
        )
        assert mine.key == said.vault_key
        coordinator.enrol(invitation.code, mine.key, mine.proof)
    return coordinator.answer(number, said.release_id, key=said.vault_key, body=answer_bytes(files))
