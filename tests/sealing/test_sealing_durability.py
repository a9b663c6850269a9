from __future__ import annotations

import errno
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from vault.errors.families import Unavailable
from vault.errors.storage import DiskFull, DiskReadOnly
from vault.sealing.copies import FILE_NAMES
from vault.sealing.header import (
    Header,
    read_header,
    write_header,
)

FIRST, SECOND = FILE_NAMES


class PowerLoss(BaseException):
    """Ends the program at this very call; no clean-up of ours sees it as an error of the disk."""


def fail_at(monkeypatch: pytest.MonkeyPatch, nth: int, error: BaseException) -> list[str]:
    """Let the nth call that touches the disk fail; gives the calls made."""
    calls: list[str] = []

    def guarded(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(name)
            if len(calls) == nth:
                raise error
            return real(*args, **options)

        return call

    for name in ("open", "fsync"):
        monkeypatch.setattr(os, name, guarded(name, getattr(os, name)))
    monkeypatch.setattr(Path, "replace", guarded("rename", Path.replace))
    return calls


def test_after_a_crash_at_any_moment_the_old_or_the_new_header_opens(
    tmp_path: Path, header: Header, next_header: Header
) -> None:
    seen = set()
    for nth in count(1):
        folder = tmp_path / str(nth)
        folder.mkdir()
        write_header(folder, header)
        with pytest.MonkeyPatch.context() as patch:
            calls = fail_at(patch, nth, PowerLoss())
            try:
                write_header(folder, next_header)
            except PowerLoss:
                pass
            else:
                break
        survivor = read_header(folder)
        seen.add(survivor.generation)

        assert survivor in (header, next_header)
        write_header(folder, next_header)
        assert set(FILE_NAMES) == {path.name for path in folder.iterdir()}
    assert {1, 2} == seen
    assert calls == ["open", "fsync", "open", "fsync", "rename", "rename", "open", "fsync"]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, DiskReadOnly),
        (errno.EACCES, DiskReadOnly),
        (errno.EIO, Unavailable),
    ],
)
def test_a_refusing_disk_changes_nothing_and_is_said_as_such(
    folder: Path, header: Header, next_header: Header, number: int, error: type[Exception]
) -> None:
    """At every call up to the first rename."""
    for nth in range(1, 6):
        with pytest.MonkeyPatch.context() as patch:
            fail_at(patch, nth, OSError(number, os.strerror(number)))
            with pytest.raises(error):
                write_header(folder, next_header)

        assert header == read_header(folder)
        assert set(FILE_NAMES) == {path.name for path in folder.iterdir()}


def test_a_header_stays_a_private_file_where_a_link_was(folder: Path, header: Header, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    (folder / FIRST).unlink()
    (folder / FIRST).symlink_to(outside)
    (folder / f"{SECOND}.new").symlink_to(outside)
    write_header(folder, header)

    assert outside.read_text() == "precious"
    assert not (folder / FIRST).is_symlink()
