"""What the process of a mesh that has the network gives up before it loads zenoh: all files but its folder, Python and
the names of computers, all programs, every port but those of the peers, and every socket but those of TCP.

A courier's filter with what zenoh's threads need besides: to wait for many connections, to accept them, and to be
threads. Found by following a mesh whose peers come, leave and come again; every other call is refused. Once zenoh
listens, no socket is bound and none listens any more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from learner import kernel_locks, syscalls
from learner.federation import courier_sandbox
from learner.federation.courier_sandbox import Confinement
from learner.kernel_locks import CHANGE, READ, TCP_RIGHTS
from learner.syscalls import ALLOW, AND, IF_EQUAL, REFUSE, Program, load, numbers, only, when

MOST_OPEN: Final = 512
"""Descriptors: two for each of the largest number of peers, while connections meet, and some of zenoh's own."""

# by what names become addresses
_NAMES: Final = tuple(map(Path, ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf")))

# name, number on x86-64, number on aarch64; beside what a courier may
_ALLOWED: Final = """
# to be reached
bind                       49   200
listen                     50   201
accept4                   288   242
# to wait for many connections
epoll_create1             291    20
epoll_ctl                 233    21
epoll_wait                232     -
epoll_pwait               281    22
eventfd2                  290    19
# threads, which share all with this one
futex                     202    98
rt_sigprocmask             14   135
set_robust_list           273    99
rseq                      334   293
"""
_JUDGED: Final = """
clone                      56   220
setsockopt                 54   208
sendmmsg                  307   269
seccomp                   317   277
"""
_ONCE_IT_LISTENS: Final = ("bind", "listen", "seccomp")
"""What is taken away once zenoh has opened: a socket that listens without an address gets a port that no rule names."""
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
# all that a thread of glibc, and of musl, is made by; nothing else is
_THREADS: Final = (0x3D0F00, 0x7D0F00)
_INET, _INET6, _DATAGRAM, _KIND, _UDP = 2, 10, 2, 0x0F, 17
_NO_SIGNAL: Final = 0x4000
# what may be set of a connection by level: to use an address again, to linger; no delay and asking whether it is there;
# IPv6 alone; and of who asks for names, to hear of errors
_OPTIONS: Final = {1: (2, 9, 13), 6: (1, 4, 5, 6), 41: (26,)}
_OPTIONS_OF_NAMES: Final = {0: (11,), 41: (25, 26)}


def harden_network() -> None:
    """Die with whoever started it, leave no core, bound memory, descriptors and files; raises OSError."""
    courier_sandbox.harden_courier(most_open=MOST_OPEN)


def confine_network(folder: Path, addresses: Iterable[str]) -> Confinement:
    """Confine this process for ever to its folder and to TCP to and from the ports of these addresses (host:port).

    Where one of them is a name, names are asked for as this computer asks, which is UDP. Never raises: the facts say
    what is missing.
    """
    if sys.platform != "linux":
        return Confinement(landlock_abi=0, missing=("landlock", "landlock-network", "seccomp"))
    is_alone, hosts = kernel_locks.is_alone(), [one.rpartition(":")[::2] for one in addresses]
    asks_names = any(not is_number(host) for host, _ in hosts)
    ports = tuple(int(port) for _, port in hosts)
    kept = dict.fromkeys((*courier_sandbox.python_folders(), *_NAMES), READ) | {folder: CHANGE}
    abi = kernel_locks.landlock(beneath=kept, ports=ports, bound=ports)
    layers = {
        "landlock": abi >= 1,
        "landlock-network": abi >= min(TCP_RIGHTS),
        "seccomp": _put_filter(asks_names=asks_names),
        "single-thread": is_alone,
    }
    return Confinement(landlock_abi=abi, missing=tuple(name for name, there in layers.items() if not there))


def close_listening() -> bool:
    """Take it from every thread of this process, for ever, to bind a socket and to listen on one anew; False where the
    kernel does not."""
    if sys.platform != "linux":
        return False
    machine = os.uname().machine
    return syscalls.is_known(machine) and kernel_locks.seccomp_besides(closing_filter(machine))


def closing_filter(machine: str) -> bytes:
    """The filter that is put beside the first one once zenoh has opened."""
    known = own_calls(machine)
    return syscalls.refusing_steps(machine, [known[name] for name in _ONCE_IT_LISTENS])


def is_number(host: str) -> bool:
    """Whether a host is an address by itself, and no name that has to be asked for."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _put_filter(*, asks_names: bool) -> bool:
    machine = os.uname().machine
    return syscalls.is_known(machine) and kernel_locks.seccomp(network_filter(machine, asks_names=asks_names))


def network_filter(machine: str, *, asks_names: bool = False) -> bytes:
    """The filter of a mesh's process with the network; see `learner.syscalls.filter_steps`."""
    own = numbers(_ALLOWED, machine)
    let_through = {**courier_sandbox.courier_allowed(machine), **own}
    judged = {**courier_sandbox.courier_judged(machine), **numbers(_JUDGED, machine)}
    steps = courier_sandbox.courier_judgements() | _judgements(asks_names=asks_names)
    by_number = {number: steps[name] for name, number in judged.items() if name not in own}
    return syscalls.filter_steps(machine, let_through.values(), by_number)


def own_calls(machine: str) -> dict[str, int]:
    """The numbers of the calls that this filter knows beside a courier's."""
    return numbers(_ALLOWED, machine) | numbers(_JUDGED, machine)


def _judgements(*, asks_names: bool) -> dict[str, Program]:
    """A clone is a thread; few things are set of a connection; who asks for names sends on a connected socket."""
    options = {**_OPTIONS, **_OPTIONS_OF_NAMES} if asks_names else _OPTIONS
    found: dict[str, Program] = {
        "clone": only(0, _THREADS),
        "setsockopt": _by_level(options),
        "sendmmsg": only(3, (_NO_SIGNAL,)) if asks_names else REFUSE,
        # another filter, of all threads: it can only take more away
        "seccomp": [*load(0), (IF_EQUAL, 1, 0, _SET_MODE_FILTER), *REFUSE, *only(1, (_ALL_THREADS,))],
    }
    if asks_names:
        found["socket"] = _tcp_or_udp()
    return found


def _tcp_or_udp() -> Program:
    """A socket over the internet: of TCP, or of UDP, by which computers are asked for names."""
    is_internet: Program = [*load(0), (IF_EQUAL, 2, 0, _INET), (IF_EQUAL, 1, 0, _INET6), *REFUSE]
    udp: Program = [*load(2), *when(IF_EQUAL, 0, ALLOW), *when(IF_EQUAL, _UDP, ALLOW), *REFUSE]
    is_udp: Program = [*load(1), (AND, 0, 0, _KIND), (IF_EQUAL, 0, len(udp), _DATAGRAM), *udp]
    return [*is_internet, *is_udp, *courier_sandbox.courier_judgements()["socket"]]


def _by_level(options: dict[int, tuple[int, ...]]) -> Program:
    steps: Program = load(1)
    for level, names in options.items():
        body = only(2, names)
        steps += [(IF_EQUAL, 0, len(body), level), *body]
    return [*steps, *REFUSE]
