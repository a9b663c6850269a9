"""No files, no network, no programs: what a learner gives up before it sees a weight or a record.

Landlock takes away files (and TCP, abstract sockets and signals where the kernel knows them), seccomp takes
away sockets of every kind, signals, programs and other processes. Both are for ever and pass to every thread
made later, but Landlock does not reach a thread that is there already: lock in while there is one. What
neither covers: whether a path exists, its size and its times (``stat``); never its content or the names in a
folder.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import sys
import sysconfig
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from learner import syscalls
from learner.protocol import SandboxFacts

_GIB = 1 << 30
_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 128,
    resource.RLIMIT_FSIZE: 1 << 20,
    resource.RLIMIT_AS: 64 * _GIB,
}
_PACKAGES = ("torch", "numpy", "safetensors", "cryptography")
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
# without the two about the processor torch falls back to its slowest kernels
_DEVICES = ("/dev/urandom", "/proc/cpuinfo", "/sys/devices/system/cpu")

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS, _SIGKILL = 1, 4, 38, 9

# the same numbers on every machine that has Landlock
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
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


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


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


def readable_paths() -> tuple[Path, ...]:
    """What a locked-in learner may still read: interpreter, its packages, this package, system libraries."""
    learner = Path(__file__).resolve().parent
    specs = [find_spec(name) for name in _PACKAGES]
    packages = [Path(spec.origin).parent.parent for spec in specs if spec is not None and spec.origin]
    named = [sysconfig.get_path("stdlib"), *map(sysconfig.get_config_var, ("DESTSHARED", "LIBDIR"))]
    interpreter = [Path(path) for path in named if path]
    known = {learner, *packages, *interpreter, *map(Path, _SYSTEM_LIBRARIES), *map(Path, _DEVICES)}
    return tuple(sorted(path for path in known if path.exists()))


def lock_in(*, readable: Sequence[Path]) -> SandboxFacts:
    """Confine this process for ever to reading below ``readable`` and using the descriptors it has.

    Never raises: the facts say what is missing, and the vault decides.
    """
    if sys.platform != "linux":
        return SandboxFacts(landlock_abi=0, seccomp=False, confined=False, missing=("landlock", "seccomp"))
    is_alone = _is_alone()
    abi = _landlock(readable)
    has_filter = _seccomp()
    layers = {
        "landlock": abi >= 1,
        "landlock-network": abi >= min(_TCP_RIGHTS),
        "landlock-scope": abi >= min(_SCOPES),
        "seccomp": has_filter,
        "single-thread": is_alone,
    }
    return SandboxFacts(
        landlock_abi=abi,
        seccomp=has_filter,
        confined=abi >= 1 and has_filter and is_alone,
        missing=tuple(name for name, there in layers.items() if not there),
    )


def _is_alone() -> bool:
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _landlock(readable: Sequence[Path]) -> int:
    """Restrict this thread by every right the kernel's Landlock knows; 0 when it has none."""
    libc = _libc()
    abi = int(libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION))
    if abi < 1:
        return 0
    ruleset = _Ruleset(_up_to(_FILE_RIGHTS, abi), _up_to(_TCP_RIGHTS, abi), _up_to(_SCOPES, abi))
    try:
        fd = _check(libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0))
        try:
            for path in readable:
                _allow_reading(libc, fd, path)
            _check(libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            _check(libc.syscall(_RESTRICT_SELF, fd, 0))
        finally:
            os.close(fd)
    except OSError:
        return 0
    return abi


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        rule = _PathRule(rights, folder)
        _check(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(folder)


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
        call = syscalls.numbers(machine)["seccomp"]
        # a positive answer is the id of a thread the filter could not reach
        return _check(libc.syscall(call, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program))) == 0
    except OSError:
        return False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, errno.errorcode.get(code, "unknown"))
    return result
