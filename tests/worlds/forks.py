"""Commands that begin as forks of one process which has everything imported: the same code, without the start.

Run as a program it is that process. An order is one message on its stdin, which is a socket: the words of the command
and its environment as JSON, with the descriptors for stdin, stdout, stderr and the passphrase. It answers with the id
of the fork, and with its exit code once that has ended.
"""

from __future__ import annotations

import array
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LONGEST = 1 << 20
SECRET, HIGH = 3, 200


class Forks:
    """The tests' side: one process that commands are forked from."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.worlds.forks"]
            self._process = subprocess.Popen(command, stdin=theirs, cwd=ROOT)
        self._socket = ours

    def start(
        self, words: list[str], environment: dict[str, str], descriptors: list[int], *, is_terminal: bool
    ) -> int:
        """Begin a command, and give its process id."""
        order = {
            "words": words,
            "environment": environment,
            "cwd": str(Path.cwd()),
            "is_terminal": is_terminal,
        }
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        self._socket.sendmsg([json.dumps(order).encode()], [rights])
        return int(self._socket.recv(64))

    def wait(self) -> int:
        """The exit code of the command that was begun last."""
        return int(self._socket.recv(64))

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait()


def _serve(orders: socket.socket) -> None:
    while True:
        try:
            data, descriptors, _, _ = socket.recv_fds(orders, LONGEST, 8)
        except ConnectionResetError:
            return
        if not data:
            return
        child = os.fork()
        if child == 0:
            orders.close()
            _become(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        orders.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: dict[str, Any], descriptors: list[int]) -> None:
    """Be the command of this order, from its descriptors to its exit."""
    from tui.cli import main

    if order["is_terminal"]:
        os.login_tty(descriptors[0])
    else:
        os.setsid()
        # High up first, so that none of them is overwritten before it is moved.
        for number, descriptor in enumerate([os.dup2(one, HIGH + one) for one in descriptors]):
            os.dup2(descriptor, number)
    os.closerange(SECRET if order["is_terminal"] else SECRET + 1, HIGH * 2)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    sys.argv = ["lockbox", *order["words"]]
    main()


def _serve_from_stdin() -> None:
    import rich.console
    import rich.table

    import tui.cli.command_line
    import vault.requester.jobs
    import vault.requester.releases
    import vault.vault

    loaded = (rich.console, rich.table, tui.cli.command_line, vault.requester, vault.vault)
    assert all(loaded)
    gc.freeze()  # so that forks share what is loaded
    orders = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _serve(orders)


if __name__ == "__main__":
    _serve_from_stdin()
