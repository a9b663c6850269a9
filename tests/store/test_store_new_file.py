"""A file for somebody is there whole or not at all, whatever ends its writing, and replaces nothing."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.store.new_file import new_file

KILLED = """
import os, signal, sys
from pathlib import Path
from vault.store.new_file import new_file
with new_file(Path(sys.argv[1])) as file:
    file.write("half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return [one.name for one in folder.iterdir()]


def _begin_and_raise(target: Path, error: Any) -> None:
    with new_file(target) as file:
        file.write("half")
        file.flush()
        raise error


@pytest.fixture
def nameless(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that knows files without a name: that of the other tests, or the one in memory."""
    try:
        os.close(os.open(tmp_path, os.O_WRONLY | os.O_TMPFILE))
    except OSError:
        with TemporaryDirectory(dir="/dev/shm") as folder:
            yield Path(folder)
    else:
        yield tmp_path


@pytest.fixture(params=["without a name", "with its name from the start"])
def _files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of file systems: those that know files without a name, and the others."""
    if request.param == "without a name":
        return
    original = os.open

    def open_as_there(path: Any, flags: int, *given: Any, **named: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return original(path, flags, *given, **named)

    monkeypatch.setattr(os, "open", open_as_there)


@pytest.mark.usefixtures("_files")
def test_a_whole_file_is_its_owners_alone(tmp_path: Path) -> None:
    with new_file(tmp_path / "out.csv") as file:
        file.write("a,b\r\n")
    assert (tmp_path / "out.csv").read_bytes() == b"a,b\r\n"
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert names(tmp_path) == ["out.csv"]


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.EIO, "input/output error"), ValueError])
def test_nothing_is_left_of_what_fails(tmp_path: Path, error: Any) -> None:
    expected = DestinationUnavailable if isinstance(error, OSError) else error
    with pytest.raises(expected):
        _begin_and_raise(tmp_path / "out.csv", error)
    assert names(tmp_path) == []


@pytest.mark.usefixtures("_files")
def test_what_lies_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("out.csv", "link"):
        with pytest.raises(DestinationUnusable, match="already there"), new_file(tmp_path / name):
            pass
    assert (tmp_path / "out.csv").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_what_came_meanwhile_stays(nameless: Path) -> None:
    with pytest.raises(DestinationUnusable, match="already there"), new_file(nameless / "out.csv"):
        (nameless / "out.csv").write_text("mine")
    assert (nameless / "out.csv").read_text() == "mine"
    assert names(nameless) == ["out.csv"]


def test_a_kill_on_the_way_leaves_nothing(nameless: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(nameless / "out.csv")], check=False)
    assert done.returncode == -9
    assert names(nameless) == []
