from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from vault.errors.families import LockboxError
from vault.errors.storage import DiskFailing, DiskFull, DiskReadOnly, NoVault
from vault.store import files
from vault.store.files import drafted, write_durably


def test_the_file_holds_the_bytes_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"\x00\xff")

    assert (tmp_path / "a").read_bytes() == b"\x00\xff"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [tmp_path / "a"] == list(tmp_path.iterdir())


def test_a_wider_mode_is_given_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_durably(tmp_path / "a", b"x", mode=0o644)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_everything_is_on_the_disk_before_and_after_the_file_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_durably(tmp_path / "a", b"x")

    assert steps == ["file", "replace", "folder"]


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EROFS, DiskReadOnly),
        (errno.EACCES, DiskReadOnly),
        (errno.EIO, DiskFailing),
    ],
)
def test_a_failed_write_keeps_the_old_file_and_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, meaning: type[LockboxError]
) -> None:
    write_durably(tmp_path / "a", b"old")

    def fail(_: Path) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(files, "sync", fail)
    with pytest.raises(meaning):
        write_durably(tmp_path / "a", b"new")

    assert (tmp_path / "a").read_bytes() == b"old"
    assert [tmp_path / "a"] == list(tmp_path.iterdir())


def test_an_error_of_the_caller_removes_the_draft_and_its_companions(tmp_path: Path) -> None:
    def fail() -> None:
        with drafted(tmp_path / "a") as draft:
            draft.with_name(draft.name + "-wal").touch()
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        write_durably(tmp_path / "none" / "a", b"x")
