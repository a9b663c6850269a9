"""A fresh vault file under a fresh key for each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vault.store.engine import Store


@pytest.fixture
def key() -> bytes:
    return os.urandom(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def store(path: Path, key: bytes) -> Iterator[Store]:
    with Store.create(path, key) as opened:
        yield opened


@pytest.fixture
def with_mounts() -> list[str]:
    """The start of a command that may mount file systems which end with it; skips where that is not allowed."""
    if shutil.which("unshare") is not None:
        for command in (["unshare", "-m"], ["unshare", "-rm"]):
            answer = subprocess.run(
                [*command, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, check=False
            )
            if answer.returncode == 0:
                return command
    pytest.skip("this user cannot mount a file system of their own here")


CHILD = Path(__file__).with_name("store_child.py")


@pytest.fixture
def child(key: bytes) -> Callable[..., Any]:
    """Run one task of store_child.py in a process of its own and give back what it reported."""

    def run(task: str, folder: Path, *, before: tuple[str, ...] = ()) -> Any:
        command = [*before, sys.executable, str(CHILD), task, str(folder)]
        answer = subprocess.run(command, input=key.hex(), capture_output=True, text=True, check=False)
        assert answer.stderr == ""
        return json.loads(answer.stdout)

    return run
