"""What a locked-in courier must not be able to do, tried from inside: the learner's attempts and some of its own.

An attempt counts as refused only when the kernel answers "not permitted" or "access denied".
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from learner import probes
from learner.federation import courier_sandbox
from learner.federation.courier_sandbox import Confinement

Attempt = Callable[[], object]

PORT: Final = 443
"""Of the coordinator that such a courier would have."""
# it loads its own code, and to find it looks which files are there; columns it has none
MAY: Final = ("look at ", "read its own code", "write the columns")
_FAST_OPEN, _MULTIPATH = 0x20000000, 262
_NOBODY: Final = ("127.0.0.1", 9)


def run(folder: Path, paths: Sequence[Path], tell: Callable[[dict[str, object]], None]) -> Confinement:
    """Lock this process in as a courier with this folder, and tell of each attempt on the paths and on the rest."""
    tried = attempts(paths)
    confinement = courier_sandbox.confine(folder, PORT)
    for name, attempt in tried:
        refused, how = probes.outcome(attempt)
        tell({"event": "tried", "name": name, "refused": refused, "how": how})
    return confinement


def attempts(paths: Sequence[Path]) -> list[tuple[str, Attempt]]:
    """Every attempt with its name; those on the first path end in " 1" and so on."""
    shared = [(name, attempt) for name, attempt in probes.attempts(paths) if not name.startswith(MAY)]
    return [*shared, *_of_its_own().items()]


def _of_its_own() -> dict[str, Attempt]:
    return {
        "TCP past the rules": lambda: _with_tcp(lambda line: line.sendto(b"", _FAST_OPEN, _NOBODY)),
        "multipath TCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, _MULTIPATH).close(),
        "pass a descriptor on": lambda: _with_tcp(lambda line: line.sendmsg([b""])),
        "take a descriptor": lambda: _with_tcp(lambda line: line.recvmsg(1)),
    }


def _with_tcp(use: Callable[[socket.socket], object]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.setblocking(False)
        use(line)
