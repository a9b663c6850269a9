"""No files, no network, no programs, no neighbours: what a learner gives up before it sees a job or a record.

Landlock takes away files (and TCP, abstract sockets and signals where the kernel knows them), seccomp takes
away every call but those that compute: no file is opened or looked at, nothing is set that other processes can
read. Both are for ever and pass to every thread made later, but Landlock does not reach a thread that is there
already: lock in while there is one. What other users of the computer still see of the process, its memory,
its time and its state, is measured in ``benchmarks/watched_learner.py``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
from pathlib import Path

from learner import syscalls
from learner.argument_window import empty_argument_window
from learner.protocol import SandboxFacts

_GIB = 1 << 30
_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_FSIZE: 1 << 20,
    resource.RLIMIT_AS: 64 * _GIB,
}

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS, _SIGKILL = 1, 4, 38, 9

# the same numbers on every machine that has Landlock
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
# rights over files by Landlock version: all from "execute" to "make symlink", then one more each
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15, 9: 1 << 16}
_TCP_RIGHTS = {4: 0b11}
_SCOPES = {6: 0b11}

_SET_MODE_FILTER, _ALL_THREADS = 1, 1


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_files", ctypes.c_uint64),
        ("handled_network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def harden() -> None:
    """Die with the parent, leave no core, bound memory, files and descriptors.

    Raises OSError when the kernel refuses one of these; on other systems than Linux only limits are set.
    """
    for limit, most in _LIMITS.items():
        _, hard = resource.getrlimit(limit)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if sys.platform == "linux" or limit == resource.RLIMIT_CORE:
            resource.setrlimit(limit, (bound, bound))
    if sys.platform == "linux":
        libc = _libc()
        _check(libc.prctl(_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))
        _check(libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0))
        # the way back from a handler can set any mask of signals, and the filter has no way back
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def lock_in() -> SandboxFacts:
    """Confine this process for ever to computing and to the descriptors it has.

    Never raises: the facts say what is missing, and the vault decides.
    """
    if sys.platform != "linux":
        return SandboxFacts(landlock_abi=0, seccomp=False, confined=False, missing=("landlock", "seccomp"))
    is_alone, shows_nothing = _is_alone(), empty_argument_window()
    abi = _landlock()
    has_filter = _seccomp()
    layers = {
        "landlock": abi >= 1,
        "landlock-network": abi >= min(_TCP_RIGHTS),
        "landlock-scope": abi >= min(_SCOPES),
        "seccomp": has_filter,
        "single-thread": is_alone,
        "argument-window": shows_nothing,
    }
    return SandboxFacts(
        landlock_abi=abi,
        seccomp=has_filter,
        confined=abi >= 1 and has_filter and is_alone and shows_nothing,
        missing=tuple(name for name, there in layers.items() if not there),
    )


def _is_alone() -> bool:
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _landlock() -> int:
    """Take every right the kernel's Landlock knows from this thread; 0 when the kernel has none."""
    libc = _libc()
    abi = int(libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION))
    if abi < 1:
        return 0
    ruleset = _Ruleset(_up_to(_FILE_RIGHTS, abi), _up_to(_TCP_RIGHTS, abi), _up_to(_SCOPES, abi))
    try:
        fd = _check(libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0))
        try:
            _check(libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            _check(libc.syscall(_RESTRICT_SELF, fd, 0))
        finally:
            os.close(fd)
    except OSError:
        return 0
    return abi


def _up_to(rights: dict[int, int], abi: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= abi)


def _seccomp() -> bool:
    """Put the filter on every thread of this process; False when the kernel or the machine has none."""
    machine = os.uname().machine
    if not syscalls.is_known(machine):
        return False
    libc, steps = _libc(), syscalls.filter_program(machine)
    program = _Filter(len(steps) // 8, steps)
    try:
        _check(libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        # a positive answer is the id of a thread the filter could not reach
        return (
            _check(
                libc.syscall(syscalls.SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program))
            )
            == 0
        )
    except OSError:
        return False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, errno.errorcode.get(code, "unknown"))
    return result
