"""The three sentences, of a mesh: a round that a peer made at home reads, releases and records as any job does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.joined_mesh import founded_mesh
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault.errors.campaigns import RoundDeparts
from vault.errors.daemon import NotAtThisDoor
from vault.requester.campaign_rounds import new_round
from vault.requests.bundle import signature_line
from vault.requests.campaign_round import ROUND_DOMAIN
from vault.requests.canonical import canonical
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey
from vault.vault import Vault
from vault.views.purposes import DPV

pytestmark = pytest.mark.slow

MUST = ("consent.grant", "campaign.join", "campaign.round", "budget.spend", "release.sent", "campaign.leave")


@pytest.fixture(scope="module")
def meshed(campaign_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with records that is named as a peer of a mesh, which it has not joined."""
    world = copy_of(campaign_template, tmp_path_factory.mktemp("meshed") / "world")
    with world.vault() as vault:
        founded_mesh(world, vault)
    return world


@pytest.fixture
def asked(meshed: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copy_of(meshed, tmp_path / "copy")


@pytest.fixture
def vault(asked: World) -> Iterator[Vault]:
    """Its vault, open."""
    with asked.vault() as opened:
        yield opened


def joined(asked: World, vault: Vault) -> str:
    """Join the mesh; the id of its campaign here."""
    found = vault.submit_campaign(asked.folder / "mesh")
    vault.join_campaign(found.line.id, digest=found.digest)
    return found.line.id


def own_round(asked: World, number: int, **changes: object) -> Path:
    """The job of a round as a peer makes it at home, with other values in its manifest, by the key that all have."""
    mesh, to = asked.folder / "mesh", asked.folder / f"own-{number}"
    new_round(mesh, number, to=to)
    data = canonical({**json.loads((to / "manifest.json").read_bytes()), **changes})
    (to / "manifest.json").write_bytes(data)
    signer = SigningKey.from_seed(read_secret_key(mesh / "round.key"))
    (to / "manifest.sig").write_bytes(signature_line(signer.sign(ROUND_DOMAIN + data)))
    return to


def test_in_a_mesh_nothing_is_read_without_the_consent_that_names_its_peers(
    asked: World, vault: Vault
) -> None:
    found = vault.submit_campaign(asked.folder / "mesh")
    early = vault.submit(own_round(asked, 1)).line.id
    assert (vault.request(early).line.state, vault.budget_history()) == ("waiting", [])

    draft = vault.preview_join(found.line.id).draft
    assert set(draft.recipients) == {"Anna", "Ben", "Cora", "Dan"}
    vault.join_campaign(found.line.id, digest=found.digest)

    assert vault.request(early).line.state == "approved"


@pytest.mark.parametrize(
    "changes",
    [
        {"recipients": ["Anna", "Ben", "Cora", "Dan", "Eve"]},
        {"fields": []},
        {"purpose": {"dpv": f"{DPV}ScientificResearch", "text": "Do steps tell the night?"}},
        {"collection": "days"},
    ],
    ids=["one more peer", "other columns", "another purpose", "another collection"],
)
def test_whoever_has_the_key_of_the_rounds_can_ask_for_nothing_but_a_round(
    asked: World, vault: Vault, changes: dict[str, object]
) -> None:
    joined(asked, vault)
    if "fields" in changes:
        fields = json.loads((asked.folder / "mesh" / "campaign.json").read_bytes())["job"]["fields"]
        changes = {"fields": [{**one, "necessity": "required"} for one in fields]}

    with pytest.raises(RoundDeparts):
        vault.submit(own_round(asked, 1, **changes))
    assert vault.requests() == []


def test_in_a_mesh_nothing_leaves_without_noise_a_paid_budget_and_a_word_on_those_bytes(
    asked: World, vault: Vault
) -> None:
    campaign = joined(asked, vault)
    holder = vault.token_holder(vault.issue_token(NAME))
    request = vault.submit(own_round(asked, 1)).line
    release = vault.train(request.id)
    job = vault.request(request.id).job_id
    assert release.state == "held"
    assert [one.request for one in vault.budget_history()] == [request.id]
    with pytest.raises(NotAtThisDoor):
        vault.released_files(holder, job)

    vault.send(release.id, confirm_digest=release.digest)

    assert json.loads(vault.released_files(holder, job)["release.json"])["campaign"]["round"] == 1
    assert vault.campaign(campaign).line.done == 1


def test_in_a_mesh_everything_is_on_the_record(asked: World, vault: Vault) -> None:
    campaign = joined(asked, vault)
    request = vault.submit(own_round(asked, 1)).line
    release = vault.train(request.id)
    vault.send(release.id, confirm_digest=release.digest)
    vault.leave_campaign(campaign)

    kinds = [line.type for line in vault.audit_lines()]
    assert [kind for kind in MUST if kind not in kinds] == []
    assert vault.verify_audit().size == vault.status().audit_entries
