"""What would let a learner talk to another user of the computer: attempts to be heard where everybody listens.

A name, a lock, a timer, a scheduling class: each is shown to all in ``/proc`` or felt by whoever tries the same.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, PAGESIZE, PROT_READ, PROT_WRITE

from learner.probed_calls import call

Attempt = Callable[[], object]

_OPEN = 0  # standard input: /dev/null, which everybody may open and lock
_SET_NAME, _GET_NAME, _SET_MM, _SET_MM_MAP_SIZE = 15, 16, 35, 15
_SET_TIMERSLACK, _GET_TIMERSLACK, _SET_THP_DISABLE, _GET_THP_DISABLE = 29, 30, 41, 42
_SET_VMA, _SET_VMA_ANON_NAME = 0x53564D41, 0
_OFD_GETLK, _F_SETPIPE_SZ = 36, 1031
_SHARED, _LOCKED, _HUGE = 0x01, 0x2000, 0x40000
_MERGEABLE, _PAGEOUT, _WAKE = 12, 21, 1
_ASK_PERSONALITY = 0xFFFFFFFF
_THREAD_ALONE = 0x00010000
_GET_FLAGS = 0x80086601
_NAME_SIZE = 16


def on_the_neighbours() -> dict[str, Attempt]:
    """Every attempt with its name."""
    return {**_shown_in_proc(), **_felt_by_locks(), **_shared_memory(), **_counted_for_all()}


def _shown_in_proc() -> dict[str, Attempt]:
    return {
        "take another name": _take_its_own_name,
        "move its arguments": lambda: call(
            "prctl", _SET_MM, _SET_MM_MAP_SIZE, ctypes.byref(ctypes.c_uint()), 0, 0
        ),
        "mask of new files": lambda: call("umask", call("umask", 0o77)),
        "process group": lambda: os.setpgid(0, 0),
        "session": os.setsid,
        "priority": lambda: call("setpriority", os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0)),
        "priority of reading": lambda: call("ioprio_set", 1, 0, 0),
        "scheduling class": lambda: call("sched_setscheduler", 0, 0, ctypes.byref(ctypes.c_int(0))),
        "scheduling parameter": lambda: call("sched_setparam", 0, ctypes.byref(ctypes.c_int(0))),
        "scheduling attributes": lambda: call("sched_setattr", 0, None, 0),
        "its own processors": lambda: call("sched_setaffinity", 0, 0, None),
        "personality": lambda: call("personality", _ASK_PERSONALITY),
        "timer slack": lambda: call(
            "prctl", _SET_TIMERSLACK, call("prctl", _GET_TIMERSLACK, 0, 0, 0, 0), 0, 0, 0
        ),
        "no huge pages": lambda: call(
            "prctl", _SET_THP_DISABLE, call("prctl", _GET_THP_DISABLE, 0, 0, 0, 0), 0, 0, 0
        ),
        "name memory": lambda: call("prctl", _SET_VMA, _SET_VMA_ANON_NAME, 0, 0, None),
        "block signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "ignore a signal": _answer_a_signal_as_before,
        "interval timer": lambda: signal.setitimer(signal.ITIMER_REAL, 0),
        "timer": lambda: call("timer_create", 0, None, None),
        "another thread": lambda: call("clone", _THREAD_ALONE, None, None, None, None),
    }


def _answer_a_signal_as_before() -> None:
    # Python's own call is there in the first thread alone
    handler = (ctypes.c_uint64 * 4)()
    call("rt_sigaction", signal.SIGUSR1, None, ctypes.byref(handler), 8)
    call("rt_sigaction", signal.SIGUSR1, ctypes.byref(handler), None, 8)


def _felt_by_locks() -> dict[str, Attempt]:
    return {
        "lock a file": lambda: _lock_and_unlock(fcntl.flock),
        "lock a range": lambda: _lock_and_unlock(fcntl.lockf),
        "ask for locks": lambda: fcntl.fcntl(_OPEN, fcntl.F_GETLK, bytes(32)),
        "ask for locks of open files": lambda: fcntl.fcntl(_OPEN, _OFD_GETLK, bytes(32)),
        "lease a file": lambda: fcntl.fcntl(_OPEN, fcntl.F_SETLEASE, fcntl.F_UNLCK),
        "ask for a lease": lambda: fcntl.fcntl(_OPEN, fcntl.F_GETLEASE),
        "be told of a folder": lambda: fcntl.fcntl(_OPEN, fcntl.F_NOTIFY, 0),
        "mark a file": lambda: fcntl.ioctl(_OPEN, _GET_FLAGS, bytes(8)),
        "wake who waits at a shared place": _wake_nobody,
    }


def _shared_memory() -> dict[str, Attempt]:
    return {
        "keep memory in place": lambda: call("mlock2", None, 0, 0),
        "keep all memory in place": lambda: call("mlockall", 0),
        "shared memory of its own": lambda: _map(_SHARED | MAP_ANONYMOUS),
        "memory that stays in place": lambda: _map(MAP_PRIVATE | MAP_ANONYMOUS | _LOCKED),
        "huge pages": lambda: _map(MAP_PRIVATE | MAP_ANONYMOUS | _HUGE),
        "merge equal pages": lambda: call("madvise", None, 0, _MERGEABLE),
        "push pages out": lambda: call("madvise", None, 0, _PAGEOUT),
        "ask which pages are there": lambda: call("mincore", None, 0, None),
        "drop what was read": lambda: call("fadvise64", _OPEN, 0, 0, 4),
        "pages of its own in a pipe": lambda: call("vmsplice", -1, None, 0, 0),
        "keep a key": lambda: call("add_key", None, None, None, 0, 0),
        "queue of messages": lambda: call("mq_open", None, 0, 0, None),
    }


def _counted_for_all() -> dict[str, Attempt]:
    return {
        "pipe": lambda: _close_all(os.pipe()),
        "counter": lambda: os.close(call("eventfd2", 0, 0)),
        "memory file": lambda: os.close(call("memfd_create", b"probe", 0)),
        "list of events": lambda: os.close(call("epoll_create1", 0)),
        "timer to read": lambda: os.close(call("timerfd_create", 1, 0)),
        "size of a pipe": lambda: fcntl.fcntl(_OPEN, _F_SETPIPE_SZ, PAGESIZE),
        "higher descriptor": lambda: os.close(os.dup2(_OPEN, 63)),
        "write everything to disk": lambda: call("sync"),
        "another folder": lambda: os.chdir("/"),
    }


def _take_its_own_name() -> None:
    name = ctypes.create_string_buffer(_NAME_SIZE)
    call("prctl", _GET_NAME, name, 0, 0, 0)
    call("prctl", _SET_NAME, name, 0, 0, 0)


def _lock_and_unlock(lock: Callable[[int, int], object]) -> None:
    lock(_OPEN, fcntl.LOCK_SH | fcntl.LOCK_NB)
    lock(_OPEN, fcntl.LOCK_UN)


def _wake_nobody() -> None:
    call("futex", ctypes.byref(ctypes.c_uint32()), _WAKE, 1, None, None, 0)


def _map(flags: int) -> None:
    size = ctypes.c_size_t(PAGESIZE)
    libc = ctypes.CDLL(None, use_errno=True)
    at = call("mmap", None, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    libc.munmap(ctypes.c_void_p(at), size)


def _close_all(fds: tuple[int, ...]) -> None:
    for fd in fds:
        os.close(fd)
