"""The process that has the vault open runs out of memory: each act is done or not, and says so in one sentence."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from tests.worlds import learners
from tests.worlds.commands import PASSPHRASE, run
from tests.worlds.daemon import leave_session, serving
from tests.worlds.kills.served import ACTS, stages, standing
from tests.worlds.vaults import copy_of
from tests.worlds.world import World

KIB = 1024
BY_SESSION = {"import", "submit"}
# A proof of the passphrase alone takes 8 MiB; without one the first bytes count.
ROOMS = {True: [1024, 2048, 4096], False: [1024, 8400, 9216]}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """A vault before each act."""
    return stages(tmp_path_factory.mktemp("stages"))


def limit(process: int, room: int) -> tuple[int, int]:
    """Let a process have so much more address space than it has now, and give the limits it had."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[0])
    before = resource.prlimit(process, resource.RLIMIT_AS)
    resource.prlimit(process, resource.RLIMIT_AS, (pages * resource.getpagesize() + room, before[1]))
    return before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else's limits can be set here")
@pytest.mark.parametrize("act", ACTS)
def test_where_no_memory_is_left_an_act_is_done_or_says_so(
    staged: dict[str, World], tmp_path: Path, act: str
) -> None:
    for room in ROOMS[act in BY_SESSION]:
        world = copy_of(staged[ACTS[act].stage], tmp_path / str(room))
        words = ACTS[act].words(world)
        with serving(world, learner=learners.STAND_IN) as process:
            leave_session(world)
            before = limit(process.pid, room * KIB)
            outcome = run(world.paths, *words, secret=None if act in BY_SESSION else PASSPHRASE)
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_AS, before)
        errors = [line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]
        assert (outcome.code in (0, 7), len(errors)) == (True, outcome.code != 0), (room, outcome.all)
        name = standing(world, act)
        assert name == "done" or outcome.code != 0
        assert run(world.paths, "backup", tmp_path / f"{room}.tar").code == 0
