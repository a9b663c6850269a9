"""How fast a locked-in learner can still talk to another user of the computer: `python benchmarks/watched_learner.py`.

A process that is confined as a learner is sends random symbols by what everybody may read of it in `/proc`; a second
process, which is another user's when root runs this, reads them. Both go by the clock. Printed is the best rate of
symbols that arrived, in bits a second, and how many of a hundred were wrong.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random

from learner import sandbox

SECONDS = 0.25
NOBODY = 65534
LOADING, LEAD = 1_500_000_000, 20_000_000
# the channel, bits in a symbol, and slots to try in nanoseconds
CHANNELS = {
    "memory size": (22, (50_000, 100_000, 200_000)),
    "page faults": (6, (50_000, 100_000, 200_000)),
    "time on a processor": (1, (1_000_000, 5_000_000, 10_000_000)),
    "waiting or not": (1, (100_000, 200_000, 500_000)),
}
NO_RESERVE = 0x4000


def symbols(bits: int, slot: int) -> list[int]:
    """What is sent, known to both sides."""
    chance = Random(0)
    return [chance.getrandbits(bits) for _ in range(int(SECONDS * 1e9 / slot))]


def slots(start: int, slot: int, count: int) -> Iterator[int]:
    """Each slot's number as it begins, by the clock."""
    time.sleep(max(0, start - time.monotonic_ns() - LEAD) / 1e9)
    for number in range(count):
        while time.monotonic_ns() < start + number * slot:
            pass
        yield number


# the learner ----------------------------------------------------------------------------------------------


def send(channel: str, slot: int, start: int) -> None:
    """Lock in and send."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 4]
    libc.munmap.argtypes = libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    shout = {
        "memory size": _by_size,
        "page faults": _by_faults,
        "time on a processor": _by_waiting,
        "waiting or not": _by_waiting,
    }[channel](libc, slot)
    wanted = symbols(CHANNELS[channel][0], slot)
    sandbox.harden()
    if not sandbox.lock_in().confined:
        sys.exit("this computer does not confine a learner")
    for number in slots(start, slot, len(wanted)):
        shout(wanted[number])
    time.sleep(1)


def _by_size(libc: ctypes.CDLL, _slot: int) -> Callable[[int], None]:
    last: list[tuple[int, int]] = []

    def shout(symbol: int) -> None:
        size = (symbol + 1) * mmap.PAGESIZE
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE
        if last:
            libc.munmap(*last.pop())
        last.append((libc.mmap(None, size, 0, private, -1, 0), size))

    return shout


def _by_faults(_libc: ctypes.CDLL, _slot: int) -> Callable[[int], None]:
    memory = mmap.mmap(-1, 64 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def shout(symbol: int) -> None:
        memory.madvise(mmap.MADV_DONTNEED)
        for page in range(symbol):
            memory[page * mmap.PAGESIZE] = 1

    return shout


def _by_waiting(_libc: ctypes.CDLL, slot: int) -> Callable[[int], None]:
    def shout(symbol: int) -> None:
        if symbol == 0:
            time.sleep(slot * 0.7 / 1e9)

    return shout


# the other user -------------------------------------------------------------------------------------------


def receive(channel: str, pid: int, slot: int, start: int) -> tuple[float, float]:
    """Read what is sent: bits a second that arrived, and the share of wrong symbols."""
    bits, _ = CHANNELS[channel]
    wanted = symbols(bits, slot)
    name = {"memory size": "statm", "time on a processor": "schedstat"}.get(channel, "stat")
    # what has been is read at the end of a slot, what is in its middle
    phase = slot if channel == "time on a processor" else slot // 2
    with Path(f"/proc/{pid}/{name}").open("rb", buffering=0) as file:
        next(slots(start - LEAD, slot, 1))
        seen = [_reading(channel, os.pread(file.fileno(), 4096, 0))]
        for _ in slots(start + phase, slot, len(wanted)):
            seen.append(_reading(channel, os.pread(file.fileno(), 4096, 0)))
    heard = _decoded(channel, slot, seen)
    right = sum(one == other for one, other in zip(heard, wanted, strict=True))
    arrived = 2 * right - len(wanted) if bits == 1 else right  # half of what is guessed is right
    return max(0.0, bits * arrived / SECONDS), 1 - right / len(wanted)


def _reading(channel: str, text: bytes) -> int:
    fields = text.rpartition(b")")[2].split()
    return {
        "memory size": lambda: int(fields[0]),
        "page faults": lambda: int(fields[7]),
        "time on a processor": lambda: int(fields[0]),
        "waiting or not": lambda: int(fields[0] == b"R"),
    }[channel]()


def _decoded(channel: str, slot: int, seen: list[int]) -> list[int]:
    changes = [after - before for before, after in pairwise(seen)]
    return {
        "memory size": [one - seen[0] - 1 for one in seen[1:]],
        "page faults": changes,
        "time on a processor": [int(one > slot * 0.6) for one in changes],
        "waiting or not": seen[1:],
    }[channel]


def measured(channel: str, slot: int) -> tuple[float, float]:
    """One run of a channel."""
    start = time.monotonic_ns() + LOADING
    code = (sys.executable, __file__, channel, str(slot), str(start))
    with subprocess.Popen(code) as sender, ProcessPoolExecutor(1, initializer=_become_another) as other:
        try:
            return other.submit(receive, channel, sender.pid, slot, start).result()
        finally:
            sender.kill()


def _become_another() -> None:
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def main() -> None:
    """Measure every channel, in a child that is another user where that is possible."""
    for channel, (_, tries) in CHANNELS.items():
        rate, wrong = max(measured(channel, slot) for slot in tries)
        print(f"{channel:<22}{rate:>12,.0f} bits/s{100 * wrong:>8.1f} % wrong")


if __name__ == "__main__":
    if sys.argv[1:]:
        send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
