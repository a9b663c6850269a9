"""Record with strace what a process does to the files below a folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.worlds.power.events import Event

FOLLOWED = (
    *("open", "openat", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *("rmdir", "write", "pwrite64", "ftruncate", "lseek", "fsync", "fdatasync"),
)
NOT_FOLLOWED = (
    *("writev", "pwritev", "pwritev2", "truncate", "fallocate", "link", "linkat", "symlink", "symlinkat"),
    *("sendfile", "copy_file_range", "sync_file_range", "msync"),
)
CALLS = ",".join(f"?{name}" for name in FOLLOWED + NOT_FOLLOWED)
STRACE = ("strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-e", "signal=none")

CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<((?:\\x..)*)>)?")
BEGUN = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>")
ENDED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
QUOTED = re.compile(r'"((?:\\x..)*)"')
DESCRIPTOR = re.compile(r"(?:\d+|AT_FDCWD)<((?:\\x..)*)>(\(deleted\))?")


@cache
def can_record() -> bool:
    """Whether strace is here and may follow a process."""
    found = shutil.which("strace")
    return (
        found is not None and subprocess.run([found, "-o", "/dev/null", "true"], check=False).returncode == 0
    )


def record(command: Sequence[str], *, below: Path, said: Path, cwd: Path) -> list[Event]:
    """Run a command to its end, and give what it did to the files of a folder and what it wrote to `said`."""
    log = said.with_name("strace.log")
    subprocess.run([*STRACE, "-o", str(log), *command], check=True, cwd=cwd)
    with log.open() as lines:
        return list(_Reader(below.resolve(), said.resolve()).events(lines))


class _Reader:
    """Makes events of the lines that strace wrote: the paths of calls, and where plain writes went to."""

    def __init__(self, below: Path, said: Path) -> None:
        self._below, self._said = f"{below}/", str(said)
        self._known: set[str] = set()
        self._at: dict[str, int] = {}

    def events(self, lines: Iterator[str]) -> Iterator[Event]:
        begun: dict[str, str] = {}
        for line in lines:
            if unfinished := BEGUN.match(line):
                begun[unfinished[1]] = unfinished[2]
                continue
            resumed = ENDED.match(line)
            call = CALL.match(f"{resumed[1]} {begun.pop(resumed[1])}{resumed[2]}" if resumed else line)
            if call and int(call[4]) >= 0:
                yield from self._event(call[2], call[3], int(call[4]), _text(call[5] or ""))

    def _event(self, call: str, words: str, result: int, opened: str) -> Iterator[Event]:
        if call in ("open", "openat", "creat"):
            yield from self._opened(opened, words)
        elif call in ("mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"):
            yield from self._renamed(call, _paths(words))
        else:
            yield from self._written(call, words, result)

    def _opened(self, path: str, words: str) -> Iterator[Event]:
        if self._is_ours(path):
            assert "O_APPEND" not in words, words
            self._at[path] = 0
            if "O_CREAT" in words and path not in self._known:
                self._known.add(path)
                yield Event(kind="file", path=self._short(path))
            elif "O_TRUNC" in words:
                yield Event(kind="truncate", path=self._short(path))

    def _renamed(self, call: str, paths: list[str]) -> Iterator[Event]:
        if not any(map(self._is_ours, paths)):
            return
        assert all(map(self._is_ours, paths)), (call, paths)
        if call.startswith("mkdir"):
            self._known.add(paths[0])
            yield Event(kind="folder", path=self._short(paths[0]))
        elif call.startswith("rename"):
            before, after = paths
            moved = {path for path in self._known if f"{path}/".startswith(f"{before}/")}
            self._known = self._known - moved | {after + path.removeprefix(before) for path in moved}
            yield Event(kind="rename", path=self._short(before), to=self._short(after))
        else:
            self._known.discard(paths[0])
            yield Event(kind="remove", path=self._short(paths[0]))

    def _written(self, call: str, words: str, result: int) -> Iterator[Event]:
        descriptor, path = DESCRIPTOR.match(words), ""
        if descriptor and not descriptor[2]:
            path = _text(descriptor[1])
        if path == self._said and call == "write":
            yield Event(kind="said", data=_data(words))
        if not self._is_ours(path):
            return
        assert call in FOLLOWED, f"{call} of {path} is not followed"
        if call in ("fsync", "fdatasync"):
            yield Event(kind="sync", path=self._short(path))
        elif call == "ftruncate":
            yield Event(kind="truncate", path=self._short(path), at=int(words.rpartition(", ")[2]))
        elif call == "pwrite64":
            at = int(words.rpartition(", ")[2])
            yield Event(kind="write", path=self._short(path), at=at, data=_data(words)[:result])
        elif call == "write":
            yield Event(kind="write", path=self._short(path), at=self._at[path], data=_data(words)[:result])
            self._at[path] += result
        else:
            self._at[path] = result

    def _is_ours(self, path: str) -> bool:
        """SQLite makes the shared memory anew, and maps it: nothing of it is followed."""
        return f"{path}/".startswith(self._below) and not path.endswith("-shm")

    def _short(self, path: str) -> str:
        return path.removeprefix(self._below) if f"{path}/" != self._below else ""


def _paths(words: str) -> list[str]:
    """The paths of a call that names files, each after the folder it is relative to, if one is given."""
    folder, found = "", []
    for word in words.split(", "):
        if descriptor := DESCRIPTOR.match(word):
            folder = _text(descriptor[1])
        elif quoted := QUOTED.match(word):
            found.append(str(Path(folder) / _text(quoted[1])))
    return found


def _data(words: str) -> bytes:
    quoted = QUOTED.search(words)
    assert quoted, words[:200]
    return bytes.fromhex(quoted[1].replace("\\x", ""))


def _text(quoted: str) -> str:
    return bytes.fromhex(quoted.replace("\\x", "")).decode()
