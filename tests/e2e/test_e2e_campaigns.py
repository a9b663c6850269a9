"""A campaign by commands alone, with its files in hand: from the requester's document to leaving."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.worlds.campaigns import campaign
from tests.worlds.commands import run
from tests.worlds.world import World


@pytest.mark.slow
def test_a_campaign_is_joined_answered_and_left_by_commands(known_world: World) -> None:
    world, paths = known_world, known_world.paths
    world.clock.now = datetime.now(UTC)
    with world.vault() as vault:
        world.imported(vault)
    folder = campaign(world)
    taken = run(paths, "campaign", "submit", folder)
    assert taken.code == 0, taken.err
    found = taken.out.strip()

    tried = run(paths, "campaign", "join", found[:8], "--dry-run")
    assert "3 rounds together cost" in " ".join(tried.out.split())
    assert "Nothing was changed" in tried.err
    joined = run(paths, "campaign", "join", found[:8])
    assert joined.code == 0, joined.err

    job = world.folder / "round-1"
    written = run(paths, "campaign", "round", folder, "1", "--to", job)
    assert written.code == 0, written.err
    request = run(paths, "request", "submit", job).out.strip()
    trained = run(paths, "train", request[:8])
    assert trained.code == 0, trained.err
    again = run(paths, "request", "submit", job)
    assert again.code == 4
    assert "already received" in again.err

    shown = json.loads(run(paths, "campaign", "show", found[:8], "--json").out)
    assert [one["state"] for one in shown["rounds"]] == ["held", "to come", "to come"]
    listed = run(paths, "campaign", "list").out
    assert "1/0/2/3" in listed
    assert "joined" in listed

    left = run(paths, "campaign", "leave", found[:8], "--reason", "enough")
    assert left.code == 0, left.err
    said = " ".join(left.err.split())
    assert "Round 1 held: destroyed. The budget that was paid stays spent." in said
    assert "Nothing of it has left." in said
    late = run(paths, "campaign", "leave", found[:8])
    assert late.code == 4
    assert "you have left this campaign" in late.err
