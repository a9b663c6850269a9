"""A filter over system calls, run by hand: the kernel here has only one of the two machines."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator

import pytest

from learner import syscalls
from learner.federation import courier_sandbox, mesh_sandbox

ALLOW, KILL = 0x7FFF0000, 0x80000000
NOT_PERMITTED, NO_SUCH_CALL = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
INET, INET6, UNIX, NETLINK, STREAM, DATAGRAM = 2, 10, 1, 16, 1, 2
CLOSED, NOT_BLOCKING = 0x80000, 0x800  # SOCK_CLOEXEC, SOCK_NONBLOCK
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NAMED = {
    one: syscalls.judged(one) | courier_sandbox.own_calls(one) | mesh_sandbox.own_calls(one) for one in ARCHES
}


def verdict(
    machine: str,
    call: str | int,
    *arguments: int,
    arch: int | None = None,
    made_by: Callable[[str], bytes] = syscalls.filter_program,
) -> int:
    """What a filter answers to a call, by interpreting its program (bpf(4), the six instructions it uses)."""
    number = NAMED[machine][call] if isinstance(call, str) else call
    words = [number, ARCHES[machine] if arch is None else arch, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    accumulator, at = 0, 0
    program = list(steps(made_by(machine)))
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:
                accumulator = words[value // 4]
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case 0x15 | 0x25 | 0x45:
                holds = {0x15: accumulator == value, 0x25: accumulator > value, 0x45: accumulator & value}
                at += if_true if holds[code] else if_false
            case _:
                pytest.fail("an instruction of another kind")


def steps(program: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The program's instructions."""
    for start in range(0, len(program), 8):
        yield (
            int.from_bytes(program[start : start + 2], sys.byteorder),
            program[start + 2],
            program[start + 3],
            int.from_bytes(program[start + 4 : start + 8], sys.byteorder),
        )
