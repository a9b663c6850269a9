"""File systems that one command finds and nobody else, and that end with it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
SMALL_DISK = 'mount -t tmpfs -o size={size},mode=700 x "$0" && cp -a "$1" "$0/vault" && shift && exec "$@"'
FULL_DISK = """
mkdir "$0.kept" && cp -a "$0/." "$0.kept" && mount -t tmpfs -o size=256k,mode=700 x "$0" && cp -a "$0.kept/." "$0"
rm -r "$0.kept"
head -c 1M /dev/zero > "$0/filler" 2> /dev/null
exec "$@"
"""


@pytest.fixture(scope="session")
def mounting() -> list[str]:
    """The start of a command that may mount file systems which end with it."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which(command[0]) is None:
            break
        tried = subprocess.run(
            [*command, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, check=False
        )
        if tried.returncode == 0:
            return command
    pytest.skip("this user cannot mount a file system of their own here")
