"""`lockbox doctor` tries every way in which a confined learner could be heard by another user, and says so."""

from __future__ import annotations

import json
import sys

import pytest

from learner.federation.confined_process import Tried
from tests.worlds.commands import run
from tests.worlds.world import World
from tui.cli.commands.vault import all_refused

HEARD = {
    "write to its own arguments",
    "take another name",
    "lock a file",
    "lock a range",
    "lease a file",
    "keep memory in place",
    "mask of new files",
    "process group",
    "scheduling class",
    "block signals",
    "wake who waits at a shared place",
    "read its own code",
    "courier: Unix socket",
    "mesh: Unix socket",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nothing confines a learner here")
def test_doctor_tries_to_be_heard_by_other_users_and_every_attempt_is_refused(known_world: World) -> None:
    seen = run(known_world.paths, "doctor", "--json")
    tried = {one["name"]: one["refused"] for one in map(json.loads, seen.out.splitlines())}
    assert set(tried) >= HEARD, f"not tried: {sorted(HEARD - set(tried))}"
    assert [name for name, refused in tried.items() if not refused] == []
    assert seen.code == 0


def test_as_many_are_said_to_be_refused_as_the_table_shows() -> None:
    others = [Tried(name=name, refused=True, how="EPERM") for name in ("courier", "mesh")]
    assert all_refused(101, others) == "All 103 attempts were refused"
    others += [Tried(name="mesh again", refused=False, how="allowed")]
    assert all_refused(101, others) == "All 101 attempts from inside a learner were refused"
