"""What was acknowledged has its names on the disk, and what was erased has left the write-ahead log there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worlds.vaults import FIXED_DAY, copy_of
from tests.worlds.world import PASSPHRASE, Clock, World
from vault.requester.keys import keygen
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret


class Synced:
    """What files and folders held when this process last saw them on the disk: a length, or names."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], object] = {}

    def note(self, descriptor: int) -> None:
        facts = os.fstat(descriptor)
        held = set(os.listdir(descriptor)) if stat.S_ISDIR(facts.st_mode) else facts.st_size
        self._seen[facts.st_dev, facts.st_ino] = held

    def __getitem__(self, path: Path) -> object:
        facts = path.stat()
        return self._seen.get((facts.st_dev, facts.st_ino))

    def has(self, path: Path) -> bool:
        """Whether this name stood in its folder then."""
        names = self[path.parent]
        return isinstance(names, set) and path.name in names


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Synced:
    noted, fsync = Synced(), os.fsync

    def noting(descriptor: int) -> None:
        fsync(descriptor)
        noted.note(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return noted


def test_a_new_vault_and_its_reminder_stay_after_a_loss_of_power(tmp_path: Path, synced: Synced) -> None:
    paths = Paths(vault=tmp_path / "share/lockbox/vault", state=tmp_path / "state/lockbox")
    Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST, clock=Clock(now=FIXED_DAY))
    made = [paths.vault, paths.vault.parent, paths.vault.parent.parent]
    assert [path for path in made if not synced.has(path)] == []
    Vault.open(paths, passphrase_secret(PASSPHRASE), clock=Clock(now=FIXED_DAY)).close()
    (mark,) = paths.state.glob("*.json")
    made = [mark, paths.state, paths.state.parent]
    assert [path for path in made if not synced.has(path)] == []


def test_a_vault_of_which_the_name_cannot_be_synced_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and "vault" in os.listdir(descriptor):
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    paths = Paths(vault=tmp_path / "vault", state=tmp_path / "state")
    with pytest.raises(OSError, match="Input/output"):
        Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST, clock=Clock(now=FIXED_DAY))
    assert list(tmp_path.iterdir()) == []


def test_what_was_erased_has_left_the_log_on_the_disk(
    held_template: World, tmp_path: Path, synced: Synced
) -> None:
    world = copy_of(held_template, tmp_path / "copy")
    with world.vault() as vault:
        vault.erase_collection("nights")
        assert synced[world.paths.database.with_name("vault.db-wal")] == 0


COPIES: dict[str, Callable[[Vault, Path], object]] = {
    "backup": lambda vault, to: vault.backup(to),
    "records": lambda vault, to: vault.export_collection("nights", to, as_format="csv"),
    "pictures": lambda vault, to: vault.export_pictures("nights", to),
    "trail": lambda vault, to: vault.export_audit(to),
}


def test_what_was_copied_out_stays_after_a_loss_of_power(
    held_template: World, tmp_path: Path, synced: Synced
) -> None:
    world = copy_of(held_template, tmp_path / "copy")
    # Each in a folder of its own, or what is done for one would do for the others.
    places = {name: tmp_path / f"for-{name}" / name for name in (*COPIES, "keys")}
    for place in places.values():
        place.parent.mkdir()
    with world.vault() as vault:
        for name, copy in COPIES.items():
            copy(vault, places[name])
    keygen(places["keys"])
    assert [name for name, place in places.items() if not synced.has(place)] == []
    files = [path for path in places["trail"].rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if synced[path] != path.stat().st_size or not synced.has(path)] == []
