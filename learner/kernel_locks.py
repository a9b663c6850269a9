"""What the kernel offers to a process that gives up rights for ever: Landlock for files and TCP, seccomp for calls.

Landlock takes them from the calling thread and those made later, seccomp from every thread there is.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from learner import syscalls

# the same numbers on every machine that has Landlock
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_BENEATH_PATH, _NET_PORT = 1, 2
# rights over files by Landlock version: all from "execute" to "make symlink", then one more each
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15, 9: 1 << 16}
TCP_RIGHTS: Final = {4: 0b11}
SCOPES: Final = {6: 0b11}
_BIND, _CONNECT = 0b01, 0b10

READ: Final = 1 << 2 | 1 << 3
"""Rights on what lies beneath a path: to read files and to list folders."""
CHANGE: Final = READ | 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14
"""The same, and to write, make, cut off and remove files."""
_OF_A_FILE = 1 << 1 | 1 << 2 | 1 << 14

_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_files", ctypes.c_uint64),
        ("handled_network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def is_alone() -> bool:
    """Whether this process has one thread: Landlock does not reach another."""
    return len(list(Path("/proc/self/task").iterdir())) == 1


def landlock_version() -> int:
    """Which version of Landlock the kernel has; 0 or less where it has none."""
    return int(libc().syscall(_CREATE_RULESET, None, 0, _ASK_VERSION))


def landlock(
    *, beneath: Mapping[Path, int] | None = None, ports: Iterable[int] = (), bound: Iterable[int] = ()
) -> int:
    """Take every right the kernel's Landlock knows from this thread, but those on these paths and to these TCP ports.

    It may listen on the ports that are ``bound``. A path that is not there keeps no right. Returns the version of
    Landlock, 0 when the kernel has none.
    """
    abi = landlock_version()
    if abi < 1:
        return 0
    ruleset = _Ruleset(_up_to(_FILE_RIGHTS, abi), _up_to(TCP_RIGHTS, abi), _up_to(SCOPES, abi))
    try:
        fd = check(libc().syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0))
        try:
            for path, rights in (beneath or {}).items():
                _keep_beneath(fd, path, rights & ruleset.handled_files)
            for port in ports if ruleset.handled_network else ():
                _add(fd, _NET_PORT, _Port(_CONNECT, port))
            for port in bound if ruleset.handled_network else ():
                _add(fd, _NET_PORT, _Port(_BIND, port))
            check(libc().prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            check(libc().syscall(_RESTRICT_SELF, fd, 0))
        finally:
            os.close(fd)
    except OSError:
        return 0
    return abi


def _keep_beneath(ruleset: int, path: Path, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _add(ruleset, _BENEATH_PATH, _Beneath(rights if path.is_dir() else rights & _OF_A_FILE, parent))
    finally:
        os.close(parent)


def _add(ruleset: int, kind: int, rule: ctypes.Structure) -> None:
    check(libc().syscall(_ADD_RULE, ruleset, kind, ctypes.byref(rule), 0))


def _up_to(rights: dict[int, int], abi: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= abi)


def seccomp(steps: bytes) -> bool:
    """Put this filter on every thread of this process; False when the kernel or the machine has none."""
    try:
        check(libc().prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    except OSError:
        return False
    return seccomp_besides(steps)


def seccomp_besides(steps: bytes) -> bool:
    """The same where there is a filter already, with which no privilege is gained: both judge from then on."""
    machine = os.uname().machine
    if not syscalls.is_known(machine):
        return False
    program = _Filter(len(steps) // 8, steps)
    try:
        number = syscalls.SECCOMP[machine]
        # a positive answer is the id of a thread the filter could not reach
        return check(libc().syscall(number, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program))) == 0
    except OSError:
        return False


def libc() -> ctypes.CDLL:
    """The C library, which keeps errno for `check`."""
    return ctypes.CDLL(None, use_errno=True)


def check(result: int) -> int:
    """What a call of the C library gave back; raises OSError when it failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, errno.errorcode.get(code, "unknown"))
    return result
