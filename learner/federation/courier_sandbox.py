"""What a courier gives up before it says a word: all files but its own folder and Python, all programs, all of the
network but TCP to the one port of its coordinator, and every socket of this computer but the line it was given.

Landlock alone lets a process connect to any pathname Unix socket (D-Bus, an ssh agent, the vault of somebody else) and
send UDP; the filter over calls takes those. Both are for ever.
"""

from __future__ import annotations

import os
import resource
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learner import kernel_locks, sandbox, syscalls
from learner.kernel_locks import CHANGE, READ, TCP_RIGHTS
from learner.syscalls import (
    ALLOW,
    AND,
    IF_EQUAL,
    PASS,
    REFUSE,
    Program,
    load,
    numbers,
    only,
    unless_none,
    when,
)

_MEMORY: Final = 4 << 30
_LARGEST_FILE: Final = 64 << 20

# name, number on x86-64, number on aarch64; beside what a learner may
_ALLOWED: Final = """
# files, which Landlock judges
openat                    257    56
stat                        4     -
lstat                       6     -
fstat                       5    80
newfstatat                262    79
statx                     332   291
getdents64                217    61
getcwd                     79    17
readlink                   89     -
readlinkat                267    78
rename                     82     -
renameat                  264    38
renameat2                 316   276
unlink                     87     -
unlinkat                  263    35
ftruncate                  77    46
fsync                      74    82
# a connection over TCP, and the line to the vault that is there already
connect                    42   203
recvfrom                   45   207
shutdown                   48   210
getsockname                51   204
getpeername                52   205
getsockopt                 55   209
"""
_JUDGED: Final = """
socket                     41   198
sendto                     44   206
ioctl                      16    29
fcntl                      72    25
"""

_INET, _INET6, _STREAM, _KIND, _TCP = 2, 10, 1, 0x0F, 6
_NOT_BLOCKING, _CLOSE_ON_EXEC = 0x5421, 0x5451
# F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
_OWN_DESCRIPTORS: Final = (1, 2, 3, 4, 1030)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """Which layers confine a courier; ``missing`` names those that this kernel does not have."""

    landlock_abi: int
    missing: tuple[str, ...]


def harden_courier(*, most_open: int = sandbox.MOST_OPEN) -> None:
    """Die with whoever started it, leave no core, bound memory, descriptors and files; raises OSError."""
    sandbox.harden(most_written=_LARGEST_FILE, most_open=most_open)
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def confine(folder: Path, port: int) -> Confinement:
    """Confine this process for ever to its folder, to Python's own files and to TCP connections to one port.

    Never raises: the facts say what is missing.
    """
    return _confined(folder, ports=(port,))


def confine_offline(folder: Path) -> Confinement:
    """The same without any port: what talks to the vault on one line and to nobody else."""
    return _confined(folder, ports=())


def _confined(folder: Path, ports: tuple[int, ...]) -> Confinement:
    if sys.platform != "linux":
        return Confinement(landlock_abi=0, missing=("landlock", "landlock-network", "seccomp"))
    is_alone = kernel_locks.is_alone()
    kept = dict.fromkeys(python_folders(), READ) | {folder: CHANGE}
    abi = kernel_locks.landlock(beneath=kept, ports=ports)
    layers = {
        "landlock": abi >= 1,
        "landlock-network": abi >= min(TCP_RIGHTS),
        "seccomp": _put_filter(),
        "single-thread": is_alone,
    }
    return Confinement(landlock_abi=abi, missing=tuple(name for name, there in layers.items() if not there))


def _put_filter() -> bool:
    machine = os.uname().machine
    return syscalls.is_known(machine) and kernel_locks.seccomp(courier_filter(machine))


def python_folders() -> list[Path]:
    """Where code lies that may still have to be loaded: the library, the packages and our own."""
    named = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    ours = Path(kernel_locks.__file__).parent
    return [*map(Path, sorted(named)), ours, ours.with_name("vault")]


def courier_filter(machine: str) -> bytes:
    """The courier's filter; see `learner.syscalls.filter_steps`."""
    steps = courier_judgements()
    by_number = {number: steps[name] for name, number in courier_judged(machine).items()}
    return syscalls.filter_steps(machine, courier_allowed(machine).values(), by_number)


def courier_allowed(machine: str) -> dict[str, int]:
    """The numbers of the calls that a courier's filter lets through, whatever their arguments."""
    return syscalls.allowed(machine) | numbers(_ALLOWED, machine)


def courier_judged(machine: str) -> dict[str, int]:
    """The numbers of the calls that a courier's filter judges by their arguments."""
    return syscalls.judged(machine) | numbers(_JUDGED, machine)


def own_calls(machine: str) -> dict[str, int]:
    """The numbers of the calls that a courier's filter knows beside the learner's."""
    return numbers(_ALLOWED, machine) | numbers(_JUDGED, machine)


def courier_judgements() -> dict[str, Program]:
    """The steps by which each judged call is let through or refused.

    A socket is one of TCP; what is sent goes where the socket is connected already; few things are set.
    """
    is_internet: Program = [*load(0), (IF_EQUAL, 2, 0, _INET), (IF_EQUAL, 1, 0, _INET6), *REFUSE]
    is_stream: Program = [*load(1), (AND, 0, 0, _KIND), (IF_EQUAL, 1, 0, _STREAM), *REFUSE]
    is_tcp: Program = [*load(2), *when(IF_EQUAL, 0, ALLOW), *when(IF_EQUAL, _TCP, ALLOW), *REFUSE]
    return syscalls.judgements() | {
        "socket": [*is_internet, *is_stream, *is_tcp],
        # with an address of its own it would open a connection past Landlock (TCP fast open)
        "sendto": [*unless_none(4), *PASS],
        "ioctl": only(1, (_NOT_BLOCKING, _CLOSE_ON_EXEC)),
        "fcntl": only(1, _OWN_DESCRIPTORS),
    }
