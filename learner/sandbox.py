"""No files, no network, no programs, no neighbours: what a learner gives up before it sees a job or a record.

Landlock takes away files (and TCP, abstract sockets and signals where the kernel knows them), seccomp takes
away every call but those that compute: no file is opened or looked at, nothing is set that other processes can
read. Both are for ever and pass to every thread made later, but Landlock does not reach a thread that is there
already: lock in while there is one. The filter, which lets no thread be made, reaches all there are: one that is made
between the two has both. What other users of the computer still see of the process, its memory,
its time and its state, is measured in ``benchmarks/watched_learner.py``.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable

from learner import kernel_locks, syscalls
from learner.argument_window import empty_argument_window
from learner.kernel_locks import SCOPES, TCP_RIGHTS
from learner.protocol import SandboxFacts

_GIB = 1 << 30
MOST_OPEN = 64
_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: MOST_OPEN,
    resource.RLIMIT_FSIZE: 1 << 20,
    resource.RLIMIT_AS: 64 * _GIB,
}

_SET_PDEATHSIG, _SET_DUMPABLE, _SIGKILL = 1, 4, 9


def harden(*, most_written: int = _LIMITS[resource.RLIMIT_FSIZE], most_open: int = MOST_OPEN) -> None:
    """Die with the parent, leave no core, bound memory, descriptors and the bytes of a file that it writes.

    Raises OSError when the kernel refuses one of these; on other systems than Linux only limits are set.
    """
    own = {resource.RLIMIT_FSIZE: most_written, resource.RLIMIT_NOFILE: most_open}
    for limit, most in {**_LIMITS, **own}.items():
        _, hard = resource.getrlimit(limit)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if sys.platform == "linux" or limit == resource.RLIMIT_CORE:
            resource.setrlimit(limit, (bound, bound))
    if sys.platform == "linux":
        libc = kernel_locks.libc()
        kernel_locks.check(libc.prctl(_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))
        kernel_locks.check(libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0))
        # the way back from a handler can set any mask of signals, and the filter has no way back
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def lock_in(make_thread: Callable[[], None] = lambda: None) -> SandboxFacts:
    """Confine this process for ever to computing and to the descriptors it has; a thread is made now or never.

    Raises what ``make_thread`` does and nothing else: the facts say what is missing, and the vault decides.
    """
    if sys.platform != "linux":
        return SandboxFacts(landlock_abi=0, seccomp=False, confined=False, missing=("landlock", "seccomp"))
    is_alone, shows_nothing = _is_alone(), empty_argument_window()
    abi = _landlock()
    make_thread()
    has_filter = _seccomp()
    layers = {
        "landlock": abi >= 1,
        "landlock-network": abi >= min(TCP_RIGHTS),
        "landlock-scope": abi >= min(SCOPES),
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
    return kernel_locks.is_alone()


def _landlock() -> int:
    """Take every right the kernel's Landlock knows from this thread; 0 when the kernel has none."""
    return kernel_locks.landlock()


def _seccomp() -> bool:
    """Put the filter on every thread of this process; False when the kernel or the machine has none."""
    machine = os.uname().machine
    return syscalls.is_known(machine) and kernel_locks.seccomp(syscalls.filter_program(machine))
