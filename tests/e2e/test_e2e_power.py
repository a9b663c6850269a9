"""Power lost while what waits in the write-ahead log is brought into the database: half-written pages are no damage."""

from __future__ import annotations

import random
import shutil

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import run
from tests.worlds.older_parts import PAGE
from tests.worlds.world import NAME, World
from vault.store.wal import pages_in_wal

SECTOR = 512


@pytest.fixture
def waiting(today: World) -> World:
    """A vault whose last act waits in the WAL, as its process left it when the power went."""
    kept = [today.folder / "kept.db", today.folder / "kept.db-wal"]
    with today.vault() as vault:
        vault.rename_requester(NAME, "Night lab")
        vault.block_requester("Night lab")
        for file, name in zip(kept, ("vault.db", "vault.db-wal"), strict=True):
            shutil.copy(today.paths.vault / name, file)
    for file, name in zip(kept, ("vault.db", "vault.db-wal"), strict=True):
        shutil.copy(file, today.paths.vault / name)
    return today


def lose(world: World, numbers: list[int], *, seed: int) -> None:
    """Write sectors of these pages as a disk does that is cut off: some are old, some are not what anybody wrote."""
    draw, data = random.Random(seed), bytearray(world.paths.database.read_bytes())
    for number in numbers:
        for sector in range(0 if number > 1 else 1, PAGE // SECTOR):
            if draw.random() < 0.5:
                at = (number - 1) * PAGE + sector * SECTOR
                data[at : at + SECTOR] = draw.randbytes(SECTOR)
    world.paths.database.write_bytes(data[: max(len(data), PAGE)])


@pytest.mark.parametrize("seed", sweep(range(20)))
def test_a_page_of_which_the_newest_content_waits_in_the_log_is_not_called_damaged(
    waiting: World, seed: int
) -> None:
    pages = sorted(pages_in_wal(waiting.paths.database))
    there = [number for number in pages if number <= waiting.paths.database.stat().st_size // PAGE]
    lose(waiting, random.Random(seed).sample(there, len(there) // 2 + 1), seed=seed)
    checked = run(waiting.paths, "audit", "verify")
    assert checked.code == 0, checked.err
    assert '"blocked"' in run(waiting.paths, "requester", "list", "--json").out, (
        "what was acknowledged is there"
    )
    assert run(waiting.paths, "requester", "unblock", "Night lab").code == 0
    assert run(waiting.paths, "audit", "verify").code == 0


def test_any_other_page_that_was_lost_is_called_damaged(waiting: World) -> None:
    pages = pages_in_wal(waiting.paths.database)
    others = [
        number for number in range(4, waiting.paths.database.stat().st_size // PAGE) if number not in pages
    ]
    lose(waiting, others[-1:], seed=1)
    assert run(waiting.paths, "audit", "verify").code == 6
