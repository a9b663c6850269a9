from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps import sweep
from vault.errors.storage import Damaged, DiskReadOnly
from vault.store.engine import Store
from vault.store.tables import LogEntry, VaultFact

MOUNT_TMPFS = 'mount -t tmpfs -o size={size} lockbox-test "$0" && exec "$@"'
MOUNT_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def append(store: Store, seq: int) -> None:
    with store.write() as unit:
        unit.add(LogEntry(seq=seq, body=os.urandom(3_000), leaf=b""))
        unit.add(VaultFact(key=f"seq {seq}", value=""))
        row = unit.get(VaultFact, "latest")
        if row is None:
            unit.add(VaultFact(key="latest", value=str(seq)))
        else:
            row.value = str(seq)
        unit.commit()


def assert_nothing_was_lost(report: dict[str, Any]) -> None:
    assert report["failure"] == "DiskFull"
    assert report["done"] > 20
    assert [report["done"]] * 3 == report["found"]
    assert [report["done"]] * 3 == report["again"]
    assert report["problems"] == []


@pytest.mark.parametrize("size", sweep(["1500k", "2m"]))
def test_a_full_disk_is_said_to_be_full_and_nothing_is_lost(
    child: Callable[..., Any], with_mounts: list[str], tmp_path: Path, size: str
) -> None:
    mount = (*with_mounts, "sh", "-c", MOUNT_TMPFS.format(size=size), str(tmp_path))

    assert_nothing_was_lost(child("fill", tmp_path, before=mount))


@pytest.mark.slow
def test_a_limit_on_the_size_of_a_file_is_met_like_a_full_disk(
    child: Callable[..., Any], tmp_path: Path
) -> None:
    assert_nothing_was_lost(child("fill_limited", tmp_path))


@pytest.fixture
def read_only(child: Callable[..., Any], with_mounts: list[str]) -> Callable[[Path], Any]:
    return lambda folder: child(
        "read", folder, before=(*with_mounts, "sh", "-c", MOUNT_READ_ONLY, str(folder))
    )


@pytest.mark.slow
def test_a_vault_on_a_read_only_disk_can_be_read(
    read_only: Callable[[Path], Any], path: Path, key: bytes
) -> None:
    with Store.create(path, key) as store:
        append(store, 0)
        append(store, 1)

    assert read_only(path.parent) == {"found": [2, 2, 2], "write": "DiskReadOnly", "lock": "DiskReadOnly"}


@pytest.mark.slow
def test_a_vault_in_use_when_its_disk_became_read_only_can_be_read(
    read_only: Callable[[Path], Any], store: Store, path: Path
) -> None:
    append(store, 0)

    assert read_only(path.parent)["found"] == [1, 1, 1]


@pytest.mark.slow
def test_unfinished_business_of_a_killed_writer_is_not_skipped_over(
    read_only: Callable[[Path], Any], store: Store, path: Path, tmp_path: Path
) -> None:
    """Without its WAL the file would open and show an older state."""
    append(store, 0)
    store.checkpoint_wal()
    append(store, 1)
    left = tmp_path / "left"
    left.mkdir()
    for name in ("vault.db", "vault.db-wal"):
        shutil.copy(path.with_name(name), left / name)

    assert read_only(left)["found"] == "DiskReadOnly"
    shutil.copy(path.with_name("vault.db-shm"), left / "vault.db-shm")
    assert read_only(left)["found"] == [2, 2, 2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_closed_to_writing_can_be_read(path: Path, key: bytes) -> None:
    with Store.create(path, key) as store:
        append(store, 0)
    path.parent.chmod(0o500)
    try:
        with Store.open(path, key, writable=False) as store, store.read() as unit:
            assert unit.count(LogEntry) == 1
        with pytest.raises(DiskReadOnly):
            Store.open(path, key, writable=True)
    finally:
        path.parent.chmod(0o700)


@pytest.mark.parametrize("name", ["vault.db", "folder"])
def test_a_file_or_folder_that_cannot_be_written_is_refused_before_anything_is_written(
    store: Store, path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """SQLite would quietly open it to read. Root may write everywhere, so the system's answer is stood in for."""
    closed = path if name == "vault.db" else path.parent
    monkeypatch.setattr(os, "access", lambda asked, _: Path(asked) != closed)

    with pytest.raises(DiskReadOnly):
        Store.open(path, key, writable=True)


def test_a_wrong_key_on_a_read_only_disk_is_still_damage(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.create(path, key).close()
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(Damaged):
        Store.open(path, os.urandom(32), writable=False)
