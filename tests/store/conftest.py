"""A fresh vault file under a fresh key for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

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
            answer = subprocess.run([*command, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, check=False)
            if answer.returncode == 0:
                return command
    pytest.skip("this user cannot mount a file system of their own here")
