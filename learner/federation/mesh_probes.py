"""What the locked-in process of a mesh that has the network must not be able to do, tried from inside.

A courier's attempts but for what zenoh's threads need, and what a connection could be made to carry.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from learner import probes
from learner.federation import courier_probes, mesh_sandbox
from learner.federation.courier_sandbox import Confinement

Attempt = Callable[[], object]

ADDRESS: Final = "127.0.0.1:443"
"""Of the one peer that such a mesh would have."""
MAY: Final = ("block signals", "wake who waits at a shared place", "counter", "list of events")
"""What a courier may not: threads block signals and wait for each other, and for many connections at once."""
_ATTACH_FILTER: Final = 26


def run(folder: Path, paths: Sequence[Path], tell: Callable[[dict[str, object]], None]) -> Confinement:
    """Lock this process in as one of a mesh with this folder, and tell of each attempt on the paths and on the rest."""
    tried = attempts(paths)
    confinement = mesh_sandbox.confine_network(folder, [ADDRESS])
    mesh_sandbox.close_listening()  # as once zenoh listens; where it is not closed, an attempt shows that
    for name, attempt in tried:
        refused, how = probes.outcome(attempt)
        tell({"event": "tried", "name": name, "refused": refused, "how": how})
    return confinement


def attempts(paths: Sequence[Path]) -> list[tuple[str, Attempt]]:
    """Every attempt with its name; those on the first path end in " 1" and so on."""
    shared = [(name, attempt) for name, attempt in courier_probes.attempts(paths) if name not in MAY]
    return [*shared, *_of_its_own().items()]


def _of_its_own() -> dict[str, Attempt]:
    return {
        "filter of a connection": lambda: _with_tcp(
            lambda line: line.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, bytes(16))
        ),
        "listen without an address": lambda: _with_tcp(lambda line: line.listen()),
        "UDP over IPv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close(),
    }


def _with_tcp(use: Callable[[socket.socket], object]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        use(line)
