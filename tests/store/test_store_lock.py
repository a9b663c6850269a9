from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from vault.errors.storage import Damaged, NoVault, VaultBusy
from vault.store import lock
from vault.store.lock import LOCK_NAME, writer_lock

CHILD = Path(__file__).with_name("store_child.py")


def holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHILD), "hold_lock", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("00" * 32 + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_refused_at_once_and_a_killed_holder_frees_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holder(tmp_path) as process:
        try:
            with monkeypatch.context() as patch:
                patch.setattr("filelock._api.time.sleep", lambda _seconds: pytest.fail("it waited"))
                with pytest.raises(VaultBusy), writer_lock(tmp_path):
                    pass
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    with writer_lock(tmp_path):
        assert (tmp_path / LOCK_NAME).exists()


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with writer_lock(tmp_path), pytest.raises(VaultBusy), writer_lock(tmp_path):
        pass


def test_the_lock_is_free_after_its_block_even_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), writer_lock(tmp_path):
        raise KeyError

    with writer_lock(tmp_path):
        pass


def test_the_lock_may_be_given_back_by_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[FileLock] = []  # kept here, since a lock that is collected would be given back by that

    def kept(*arguments: Any, **options: Any) -> FileLock:
        locks.append(FileLock(*arguments, **options))
        return locks[-1]

    monkeypatch.setattr(lock, "FileLock", kept)
    held = writer_lock(tmp_path)
    held.__enter__()
    thread = threading.Thread(target=held.__exit__, args=(None, None, None))
    thread.start()
    thread.join()

    with writer_lock(tmp_path):
        pass


def test_an_error_of_the_caller_passes_through_the_lock(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError), writer_lock(tmp_path):
        raise TimeoutError


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoVault), writer_lock(tmp_path / "none"):
        pass

    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path)])
def test_what_lies_in_the_place_of_the_lock_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / LOCK_NAME)
    with (
        pytest.raises(Damaged, match=f"the file of the lock, {LOCK_NAME}, is damaged"),
        writer_lock(tmp_path),
    ):
        pass


def test_the_lock_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        assert stat.S_IMODE((tmp_path / LOCK_NAME).stat().st_mode) == 0o600
