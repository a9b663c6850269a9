"""What the process that has the vault open runs out of: each act is done or not, and says so in one sentence."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import run
from tests.worlds.daemon import leave_session, serving
from tests.worlds.forks import Fork
from tests.worlds.world import NAME, World

KIB = 1024


@contextmanager
def limited(process: Fork, what: int, limit: int) -> Iterator[None]:
    """Within this block the process may have so much of something and no more."""
    before = resource.prlimit(process.pid, what)
    resource.prlimit(process.pid, what, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, what, before)


def acts(world: World, number: int) -> list[tuple[str | Path, ...]]:
    """Acts that write: into the vault, beside it, and both."""
    table = world.folder / f"new{number}.csv"
    rows = (f"2024-01-{day:02},{day * number}\n" for day in range(1, 29))
    table.write_text("day,steps\n" + "".join(rows))
    return [
        ("backup", world.folder / f"{number}.tar"),
        ("import", table, "--collection", f"c{number}", "--unit", "day", "--time", "day"),
        ("data", "export", "nights", world.folder / f"{number}.csv"),
        ("audit", "export", world.folder / f"trail{number}"),
        ("requester", "block", NAME),
        ("requester", "unblock", NAME),
    ]


@pytest.mark.parametrize("room", sweep([24 * KIB, 64 * KIB, 160 * KIB, 1]))
def test_where_no_room_is_left_each_act_is_done_or_says_so(today: World, room: int) -> None:
    with serving(today) as process:
        leave_session(today)
        for number, words in enumerate(acts(today, room % 97), start=1):
            with limited(process, resource.RLIMIT_FSIZE, room):
                outcome = run(today.paths, *words)
            assert outcome.code in (0, 1, 7), (number, words, outcome.err)
            assert "mistake of its own" not in outcome.err, (words, outcome.err)
        assert run(today.paths, "audit", "verify").code == 0
        assert run(today.paths, "backup", today.folder / "after.tar").code == 0


@pytest.mark.slow
def test_where_no_file_can_be_opened_it_says_so_and_goes_on_afterwards(today: World) -> None:
    (today.folder / "new.csv").write_text("day,steps\n2024-01-01,3\n2024-01-02,4\n")
    said = []
    with serving(today) as process:
        leave_session(today)
        used = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        for words in (
            ("data", "show", "nights"),
            ("data", "browse", "nights"),
            ("import", today.folder / "new.csv", "--collection", "new", "--unit", "day", "--time", "day"),
            ("data", "export", "nights", today.folder / "out.csv"),
            ("backup", today.folder / "out.tar"),
        ):
            with limited(process, resource.RLIMIT_NOFILE, used + 3):
                outcome = run(today.paths, *words)
            assert outcome.code in (0, 7), (words, outcome.err)
            said.append(outcome.err)
        assert any("the computer has no open files left" in one for one in said), said
        assert run(today.paths, "data", "show", "nights").code == 0
