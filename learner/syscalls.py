"""The filter over system calls, as a classic BPF program for seccomp (Linux, x86-64 and aarch64).

An allow list: what computes on memory it has and on descriptors it was given, some calls by their arguments
alone. All else is answered with "not permitted", and a call newer than the list with "no such call". Numbers
are those of the kernel's uapi headers; the format and the return values are those of seccomp(2).
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Mapping

# name, number on x86-64, number on aarch64 ("-": that machine does not have the call)
_ALLOWED = """
# memory of its own
brk                        12   214
munmap                     11   215
mprotect                   10   226
mremap                     25   216
# the descriptors it was given
read                        0    63
readv                      19    65
pread64                    17    67
write                       1    64
writev                     20    66
lseek                       8    62
close                       3    57
poll                        7     -
# time, chance and its end
clock_gettime             228   113
clock_getres              229   114
gettimeofday               96   169
time                      201     -
nanosleep                  35   101
clock_nanosleep           230   115
sched_yield                24   124
restart_syscall           219   128
getrandom                 318   278
exit                       60    93
exit_group                231    94
# what it is and has, to be asked
getpid                     39   172
gettid                    186   178
getppid                   110   173
getuid                    102   174
geteuid                   107   175
getgid                    104   176
getegid                   108   177
getrusage                  98   165
times                     100   153
getrlimit                  97   163
sched_getaffinity         204   123
getcpu                    309   168
uname                      63   160
sysinfo                    99   179
"""
# these are judged by an argument
_JUDGED = """
mmap                        9   222
madvise                    28   233
futex                     202    98
fcntl                      72    25
prctl                     157   167
prlimit64                 302   261
rt_sigaction               13   134
rt_sigprocmask             14   135
ppoll                     271    73
clone3                    435   435
"""
SECCOMP = {"x86_64": 317, "aarch64": 277}
LAST_KNOWN = 450

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000

_LOAD_WORD, AND, _RETURN = 0x20, 0x54, 0x06
IF_EQUAL, _IF_OVER, _IF_ANY_BIT = 0x15, 0x25, 0x45
ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

# MAP_TYPE and MAP_PRIVATE; MAP_GROWSDOWN, MAP_LOCKED and MAP_HUGETLB are counted where everybody reads
_MAP_KIND, _MAP_PRIVATE, _COUNTED_MAPS = 0x0F, 0x02, 0x42100
# MADV_NORMAL, MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP
_OWN_ADVICE = (0, 4, 8, 14, 15, 16)
_FUTEX_PRIVATE = 128
_DUPFD_CLOEXEC = 1030
# PR_GET_DUMPABLE, PR_GET_NAME, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SVE_GET_VL
_ASKING_PRCTL = (3, 16, 23, 39, 51)

Program = list[tuple[int, int, int, int]]


def numbers(table: str, machine: str) -> dict[str, int]:
    """A table's numbers on a machine; raises KeyError unless it is a known one."""
    column = {"x86_64": 1, "aarch64": 2}[machine]
    rows = (line.split() for line in table.splitlines() if line and not line.startswith("#"))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def allowed(machine: str) -> dict[str, int]:
    """The numbers of the calls that the filter lets through, whatever their arguments."""
    return numbers(_ALLOWED, machine)


def judged(machine: str) -> dict[str, int]:
    """The numbers of the calls that the filter judges by an argument."""
    return numbers(_JUDGED, machine)


def is_known(machine: str) -> bool:
    """Whether there is a table for this machine (as ``os.uname().machine`` names it)."""
    return machine in _AUDIT_ARCH


def filter_program(machine: str) -> bytes:
    """The learner's filter; see `filter_steps`."""
    by_number = {number: judgements()[name] for name, number in judged(machine).items()}
    return filter_steps(machine, allowed(machine).values(), by_number)


def filter_steps(machine: str, let_through: Iterable[int], by_number: Mapping[int, Program]) -> bytes:
    """A filter as an array of ``struct sock_filter``, 8 bytes each; the machine must be a known one.

    These calls are let through, those of ``by_number`` are judged by their steps, and all others are refused.
    """
    program: Program = [
        (_LOAD_WORD, 0, 0, _ARCH_AT),
        (IF_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        program += when(_IF_ANY_BIT, _X32_CALLS, _KILL)
    program += when(_IF_OVER, LAST_KNOWN, _ERROR | errno.ENOSYS)
    for number in let_through:
        program += when(IF_EQUAL, number, ALLOW)
    for number, body in by_number.items():
        program += [(IF_EQUAL, 0, len(body), number), *body]
    return b"".join(struct.pack("=HBBI", *step) for step in (*program, *REFUSE))


def refusing_steps(machine: str, refused: Iterable[int]) -> bytes:
    """A filter that refuses these calls and no others; it is put beside one that lets few through."""
    program: Program = [
        (_LOAD_WORD, 0, 0, _ARCH_AT),
        (IF_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
    ]
    for number in refused:
        program += when(IF_EQUAL, number, _ERROR | errno.EPERM)
    return b"".join(struct.pack("=HBBI", *step) for step in (*program, *PASS))


def when(test: int, value: int, answer: int) -> Program:
    """Give this answer where what was loaded passes the test against a value."""
    return [(test, 0, 1, value), (_RETURN, 0, 0, answer)]


REFUSE: Program = [(_RETURN, 0, 0, _ERROR | errno.EPERM)]


def judgements() -> dict[str, Program]:
    """The steps by which each judged call of the learner is let through or refused."""
    is_private: Program = [*load(3), (AND, 0, 0, _MAP_KIND), (IF_EQUAL, 1, 0, _MAP_PRIVATE), *REFUSE]
    return {
        "mmap": [*is_private, *load(3), *when(_IF_ANY_BIT, _COUNTED_MAPS, _ERROR | errno.EPERM), *PASS],
        "madvise": only(2, _OWN_ADVICE),
        # a futex that is not private may lie in a page of a library, where any process can wait and wake
        "futex": [*load(1), *when(_IF_ANY_BIT, _FUTEX_PRIVATE, ALLOW), *REFUSE],
        "fcntl": only(1, (_DUPFD_CLOEXEC,)),
        "prctl": only(0, _ASKING_PRCTL),
        "prlimit64": [*_unless_zero(0), *unless_none(2), *PASS],
        "rt_sigaction": [*unless_none(1), *PASS],
        "rt_sigprocmask": [*unless_none(1), *PASS],
        "ppoll": [*unless_none(3), *PASS],
        # what asks for it must believe that there is none, to go on without
        "clone3": [(_RETURN, 0, 0, _ERROR | errno.ENOSYS)],
    }


PASS: Program = [(_RETURN, 0, 0, ALLOW)]


def only(argument: int, values: Iterable[int]) -> Program:
    """Refuse unless an argument, in its low 32 bits, is one of these values."""
    passes = [step for value in values for step in when(IF_EQUAL, value, ALLOW)]
    return [*load(argument), *passes, *REFUSE]


def _unless_zero(argument: int, *, high: bool = False) -> Program:
    return [*load(argument, high=high), (IF_EQUAL, 1, 0, 0), *REFUSE]


def unless_none(argument: int) -> Program:
    """Refuse unless a pointer is the null pointer, which only asks."""
    return [*_unless_zero(argument), *_unless_zero(argument, high=True)]


def load(argument: int, *, high: bool = False) -> Program:
    """Load the low or the high half of an argument."""
    # a 64-bit argument is two little-endian words; the kernel takes pids, flags and commands from the low one
    return [(_LOAD_WORD, 0, 0, _ARGUMENTS_AT + 8 * argument + 4 * high)]
