"""The window through which every user of a computer reads a process's arguments, made empty (Linux).

``/proc/PID/cmdline`` and ``/proc/PID/environ`` show bytes of the process's own memory, whatever it writes there.
The kernel is told that both places have no length; after the lock-in nothing can tell it otherwise.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_SET_MM, _SET_MM_MAP = 35, 14
_ADDRESSES = (
    "start_code",
    "end_code",
    "start_data",
    "end_data",
    "start_brk",
    "brk",
    "start_stack",
    "arg_start",
    "arg_end",
    "env_start",
    "env_end",
    "auxv",
)
# where /proc/self/stat has them, counted from 1 as in proc(5)
_IN_STAT = {
    "start_code": 26,
    "end_code": 27,
    "start_stack": 28,
    "start_data": 45,
    "end_data": 46,
    "start_brk": 47,
    "arg_start": 48,
}
_WINDOW = ("arg_end", "env_start", "env_end")
_NO_FILE = 0xFFFFFFFF


class _MemoryMap(ctypes.Structure):
    """``struct prctl_mm_map``: without ``auxv`` and with no file, those two stay what they are."""

    _fields_ = (
        *((name, ctypes.c_uint64) for name in _ADDRESSES),
        ("auxv_size", ctypes.c_uint32),
        ("exe_fd", ctypes.c_uint32),
    )


def empty_argument_window() -> bool:
    """Show no arguments and no environment from now on; False where the kernel has no way to say so."""
    facts = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    known = {name: int(facts[field - 3]) for name, field in _IN_STAT.items()}
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sbrk.restype = ctypes.c_void_p
    known |= dict.fromkeys(_WINDOW, known["arg_start"]) | {"brk": libc.sbrk(0)}
    layout = _MemoryMap(**known, auxv_size=0, exe_fd=_NO_FILE)
    size = ctypes.c_ulong(ctypes.sizeof(layout))
    libc.prctl(_SET_MM, ctypes.c_ulong(_SET_MM_MAP), ctypes.byref(layout), size, ctypes.c_ulong(0))
    return Path("/proc/self/cmdline").read_bytes() == b""
