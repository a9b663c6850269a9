"""Keep the memory of this process out of core dumps and of other processes of the same user."""

from __future__ import annotations

import ctypes
import sys

# linux/prctl.h
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4


def harden_process() -> bool:
    """Forbid core dumps and same-user ptrace; True when both hold afterwards.

    Linux only (setrlimit(2) RLIMIT_CORE, prctl(2) PR_SET_DUMPABLE). Elsewhere it does nothing and answers
    False, by design: the vault works there with one layer less. A program started by exec is dumpable again.
    """
    if sys.platform != "linux":
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = ctypes.CDLL(None).prctl
    # prctl is variadic in C: without the widths a 32-bit int would leave half of a register undefined.
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return int(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) == 0
