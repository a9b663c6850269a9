"""A PostgreSQL of one's own, on a Unix socket in a folder, as a user that is not root; it has to be installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = "nobody"
NAME = "lockbox"


def program(name: str) -> str:
    """Where a program of PostgreSQL is; Debian keeps them out of the path."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    assert found is not None, f"{name} is missing: install PostgreSQL for the slow tests, as .ci/run does"
    return found


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database within this block."""
    with tempfile.TemporaryDirectory(prefix="pg") as place:
        folder = Path(place)
        if os.geteuid() == 0:
            shutil.chown(folder, NOBODY)
        data = str(folder / "data")
        _run(folder, "initdb", "-D", data, "-U", "lockbox", "--auth=trust", "-E", "UTF8", "--no-sync")
        settings = f"-k {folder} -c listen_addresses='' -c max_connections=200"
        _run(folder, "pg_ctl", "-D", data, "-w", "-o", settings, "-l", str(folder / "log"), "start")
        try:
            _run(folder, "createdb", "-h", str(folder), "-U", "lockbox", NAME)
            yield f"postgresql://lockbox@/{NAME}?host={folder}"
        finally:
            _run(folder, "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _run(folder: Path, name: str, *arguments: str) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    quiet = subprocess.DEVNULL
    subprocess.run([program(name), *arguments], check=True, user=user, cwd=folder, stdout=quiet, stderr=quiet)
