"""A mesh on the screens and by ear: its peers, its rounds, and whom the last mix accepted and whom not, and why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from learner.federation.mesh_folder import Access, MeshFolder, MeshState, Seen, folders_of, made_folder
from tests.worlds.answering import START
from tests.worlds.hearing import hear
from tests.worlds.joined_mesh import joined_mesh, rounds_of
from tests.worlds.meshes import made_mesh
from tests.worlds.screens import (
    SIZES,
    at_rest,
    on_page,
    play,
    press,
    served,
    type_word,
    until,
    words_in,
    words_of,
)
from tests.worlds.world import World
from tui.by_ear.meshes import NONE, hear_meshes
from tui.couriers.carrying import last_written
from tui.couriers.decided import decided
from tui.couriers.meshes import Meshed, meshes_here
from tui.dialogs.campaign import CampaignDialog
from tui.screens.requests import Requests
from tui.text import mesh_facts, mesh_standing
from vault.owner.interface.session import OwnerSession

CAMPAIGN = "c" * 32


def placed(tmp_path: Path) -> MeshFolder:
    """The folder of a mesh of four whose second round is mixed."""
    mesh = made_mesh(tmp_path, START)
    home = made_folder(MeshFolder(tmp_path / "home" / mesh.digest[:16]))
    for name in ("campaign.json", "campaign.sig", "weights.safetensors"):
        home.write(name, (mesh.folder / name).read_bytes())
    home.keep(Access(campaign=CAMPAIGN, requester="Lab", key=mesh.peers[0].public, door="0" * 64))
    home.keep(MeshState(rounds=rounds_of([one.public for one in mesh.peers[1:]])))
    home.net.keep(Seen(connected=2, missing=("landlock-network",)))
    return home


def the_one(home: Path) -> Meshed:
    return meshes_here(home)[CAMPAIGN]


def test_a_mesh_says_whom_its_last_mix_accepted_and_whom_not_and_why_not(tmp_path: Path) -> None:
    folder, home = placed(tmp_path), tmp_path / "home"
    before = last_written(home)
    said = mesh_standing.standing(the_one(home))
    assert said == (
        "Mesh: 2 of 3 connected when it last ran; the last mix was from Ben; not from Cora (12.3 away, 2.5 allowed), "
        "Dan (nothing came)."
    )
    assert dict(mesh_standing.whom(the_one(home))) == {
        "Ben": "accepted: 12.3 away, 12.5 allowed",
        "Cora": "not accepted: 12.3 away, 2.5 allowed",
        "Dan": "nothing came",
    }
    told = dict(mesh_standing.facts(the_one(home)))
    assert told["round 1"] == "released to your peers; from the founder's weights"
    assert told["round 2"].startswith("waits for you; from Ben; not from Cora")
    said = " ".join(mesh_standing.sentences(the_one(home)))
    assert (
        "Of round 2 no model of others is here; it waits for Ben, Cora, Dan and your own release, until 20"
        in said
    )
    (key,) = (key for key, name in the_one(home).names.items() if name == "Cora")
    folder.net.keep_shared(2, key, b"{}")
    said = " ".join(mesh_standing.sentences(the_one(home)))
    assert "the model of Cora came; it waits for Ben, Dan and your own" in said
    assert "could connect to any" in " ".join(mesh_standing.sentences(the_one(home)))

    state = folder.facts(MeshState)
    folder.keep(replace(state, last=state.rounds[1].verdicts, is_over=True, trouble="It is locked."))
    assert last_written(home) != before
    told = dict(mesh_standing.facts(the_one(home)))
    assert (told["trouble"], told["at the end"][:8]) == ("It is locked.", "from Ben")
    assert mesh_facts.OVER in mesh_standing.sentences(the_one(home))


def test_a_mesh_says_what_its_owner_decided_which_its_door_tells_nobody(tmp_path: Path) -> None:
    folder, home = placed(tmp_path), tmp_path / "home"

    def told(*rounds: tuple[int, str]) -> str:
        lines: Any = [
            SimpleNamespace(round=SimpleNamespace(campaign=CAMPAIGN, number=number), state=state)
            for number, state in rounds
        ]
        return dict(mesh_standing.facts(meshes_here(home, decided(lines))[CAMPAIGN]))["round 2"]

    assert told((2, "withheld")).startswith("you kept it private; from Ben")
    assert told((2, "failed")).startswith("its run failed")
    assert told((2, "held"), (1, "withheld")).startswith("waits for you")
    assert dict(mesh_standing.facts(meshes_here(home, decided([]))[CAMPAIGN]))["round 1"][:8] == "released"
    state = folder.facts(MeshState)
    folder.keep(replace(state, rounds=(replace(state.rounds[1], word="expired"),)))
    assert told((2, "withheld")).startswith("you kept it private")
    assert [one.word for one in folder.facts(MeshState).rounds] == ["expired"]


def test_of_many_peers_a_line_says_how_many_and_names_those_too_far(tmp_path: Path) -> None:
    one = the_one((placed(tmp_path).path).parent)
    many = rounds_of([f"{place:064}" for place in range(9)])
    names = {f"{place:064}": f"Peer {place}" for place in range(9)}
    said = mesh_standing.standing(replace(one, names=names, state=MeshState(rounds=many)))
    assert "from 3 of 9 others; not from Peer 1 (12.3 away, 2.5 allowed), Peer 4" in said
    assert "Peer 0" not in said
    many = rounds_of([f"{place:064}" for place in range(31)])
    names = {f"{place:064}": f"Peer {place}" for place in range(31)}
    said = mesh_standing.standing(replace(one, names=names, state=MeshState(rounds=many)))
    assert said.endswith("Peer 13 (12.3 away, 2.5 allowed), 5 more.")


def test_before_its_first_mix_a_mesh_says_so_and_what_cannot_be_read_keeps_no_screen_from_being_drawn(
    tmp_path: Path,
) -> None:
    folder, home = placed(tmp_path), tmp_path / "home"
    folder.keep(MeshState())
    assert mesh_standing.standing(the_one(home)) == "Mesh: 2 of 3 connected when it last ran."
    assert "nothing was mixed yet" in dict(mesh_standing.whom(the_one(home)))["mix"]
    folder.write("state.json", b"{")
    assert "cannot be read" in the_one(home).state.trouble
    folder.net.write("seen.json", b"{")
    assert the_one(home).seen == Seen()
    folder.write("access.json", b"{")
    assert meshes_here(home) == meshes_here(tmp_path / "nowhere") == {}
    assert last_written(tmp_path / "nowhere") == ()


def test_by_ear_a_mesh_is_heard_whole_and_its_access_ends_with_its_campaign(tmp_path: Path) -> None:
    home = placed(tmp_path).path.parent
    line = SimpleNamespace(line=SimpleNamespace(state="left"))
    ended: list[str] = []
    ending = {"end_token": ended.append, "end_campaign_token": lambda _: ""}
    vault: Any = SimpleNamespace(campaign=lambda _: line, requests=list, **ending)
    paths = SimpleNamespace(mesh=home, courier=tmp_path / "none")
    opened: Any = SimpleNamespace(vault=vault, paths=paths)
    said = hear(
        lambda talk: hear_meshes(talk, opened),
        ("Meshes.", "Lab. Mesh"),
        ("What do you want to do?", "Leave its"),
    )
    assert "Cora: not accepted: 12.3 away, 2.5 allowed" in said
    assert mesh_standing.ACCESS_ENDS in said
    assert said.endswith(NONE)
    assert ended == ["0" * 64]
    assert not folders_of(home, CAMPAIGN, "")


async def read_whole(pilot: Pilot[int]) -> str:
    """What stands in a dialog, page by page."""
    await pilot.pause()
    found = [words_in(pilot.app, "#details")]
    for _ in range(4):
        await press(pilot, "pagedown")
        await pilot.pause()
        found.append(words_in(pilot.app, "#details"))
    return " ".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_the_page_of_a_mesh_shows_its_peers_and_leaving_it_ends_its_access(
    world: World, size: tuple[int, int]
) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        folder = joined_mesh(world, vault)

    async def story(owner: OwnerSession) -> None:
        async with on_page(owner, world, "requests", size=size) as pilot:
            await at_rest(pilot, "requests")
            await until(pilot, lambda: "2 of 3 connected" in words_of(pilot.app))
            assert "not from Cora" in words_of(pilot.app)
            await press(pilot, "c")
            await until(pilot, lambda: "which no courier carries" in words_of(pilot.app))
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, CampaignDialog))
            said = await read_whole(pilot)
            for words in ("not accepted: 12.3 away, 2.5 allowed", "accepted: 12.3 away", "nothing came"):
                assert words in said
            assert "Not taken from the network" in said
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            await press(pilot, "w")
            await until(pilot, lambda: mesh_standing.ACCESS_ENDS in words_in(pilot.app, "#consequence"))
            await press(pilot, "right", "enter")
            await type_word(pilot, "LEAVE")
            await until(pilot, lambda: not folder.path.exists())
            assert [one.state for one in owner.campaigns()] == ["left"]

    with served(world) as owner:
        play(story(owner))
