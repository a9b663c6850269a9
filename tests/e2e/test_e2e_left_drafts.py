"""What `kill -9` leaves of a vault that is made, or of a backup: the next command of that kind takes it away."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.worlds.commands import run
from tests.worlds.kills.nursery import KILLED, Nursery
from tests.worlds.world import PASSPHRASE, World
from vault.sealing.copies import FILE_NAMES

DRAFT = "the draft is whole"
PREFIXES = {"backup": ".lockbox-backup-", "init": ".made.lockbox-init-"}


def hidden(world: World) -> list[Path]:
    """What lies in the folder and is not shown by itself."""
    return sorted(world.folder.glob(".*"))


def killed(nursery: Nursery, world: World, act: str) -> Path:
    """The draft that a kill leaves."""
    words = {"do": "act", "act": "backup"} if act == "backup" else {"do": "make", "word": PASSPHRASE}
    nursery.order(world, at=DRAFT, **words)
    assert nursery.end() == KILLED, nursery.said
    (draft,) = hidden(world)
    assert draft.name.startswith(PREFIXES[act])
    assert (draft / "vault.db").stat().st_size > 0
    return draft


def again(world: World, act: str) -> None:
    """The same by command."""
    words = ("backup", world.folder / "backup.tar")
    if act == "init":
        words = ("--vault", world.folder / "made", "init")
    seen = run(world.paths, *words)
    assert seen.code == 0, seen.err


@pytest.mark.parametrize("act", PREFIXES)
def test_what_a_kill_left_is_gone_after_the_next(nursery: Nursery, known_world: World, act: str) -> None:
    killed(nursery, known_world, act)
    if act == "backup":  # its place was held, and what lies there now is told from a backup
        place = known_world.folder / "backup.tar"
        seen = run(known_world.paths, "backup", place)
        assert (seen.code, "an empty file is already there" in " ".join(seen.err.split())) == (1, True)
        place.unlink()
    again(known_world, act)
    assert hidden(known_world) == []
    assert (known_world.folder / {"backup": "backup.tar", "init": "made"}[act]).exists()


@pytest.mark.parametrize("kind", ["in use", "of somebody's own", "a link"])
def test_a_folder_that_a_process_fills_and_one_that_is_no_draft_stay(known_world: World, kind: str) -> None:
    other = known_world.folder / ".lockbox-backup-00000000"
    place = known_world.folder / "elsewhere" if kind == "a link" else other
    place.mkdir()
    (place / "vault.db").write_text("rows")
    if kind == "a link":
        other.symlink_to(place)
    if kind == "of somebody's own":
        (place / "letter.txt").write_text("dear")
    descriptor = os.open(place, os.O_RDONLY)
    if kind == "in use":
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    again(known_world, "backup")
    assert hidden(known_world) == [other]
    assert (place / "vault.db").read_text() == "rows"
    os.close(descriptor)


def test_what_a_crash_left_of_a_new_key_header_is_gone_once_the_vault_is_written_to(
    known_world: World,
) -> None:
    """A passphrase that was never acknowledged would go on lying there."""
    folder = known_world.paths.vault
    left = [folder / f"{name}.new" for name in FILE_NAMES]
    left[0].mkdir()
    left[1].write_bytes((folder / FILE_NAMES[1]).read_bytes())
    assert run(known_world.paths, "status").code == 0
    assert left[1].exists(), "who only looks changes nothing"
    assert run(known_world.paths, "audit", "export", known_world.folder / "out").code == 0
    assert [path.exists() for path in left] == [True, False]
