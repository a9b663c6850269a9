"""Programs that begin as forks of one process which has everything imported: the same code, without the start.

Run as a program it is that process. An order is one message on its stdin, which is a socket: what to be, the words,
the environment and the keys of passphrases that were derived meanwhile as JSON, with the descriptors for stdin, stdout,
stderr and the passphrase; it answers with the id of the fork. Asked for a fork by its id, it answers with the exit
code once that has ended.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from tests.worlds.derivations import derive, derived_since, learn
from vault.sealing import slots
from vault.training import process

ROOT = Path(__file__).parents[2]
LONGEST = 1 << 20
SECRET, HIGH = 3, 200
COMMAND = "tui.cli.entry_point:main"


class Forks:
    """The tests' side: one process that programs are forked from."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.worlds.forks"]
            self._process = subprocess.Popen(command, stdin=theirs, cwd=ROOT)
        self._socket, self._derived = ours, 0

    def start(
        self,
        words: Sequence[str],
        environment: dict[str, str],
        descriptors: list[int],
        *,
        is_terminal: bool,
        program: str = COMMAND,
        learner: Sequence[str] = (),
    ) -> int:
        """Begin a program, and give its process id; a function without arguments that reads `sys.argv`."""
        order = {
            "derived": (derived := derived_since(self._derived)),
            "program": program,
            "words": words,
            "environment": environment,
            "learner": learner or process.COMMAND,
            "cwd": str(Path.cwd()),
            "is_terminal": is_terminal,
        }
        self._derived += len(derived)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        self._socket.sendmsg([json.dumps(order).encode()], [rights])
        return int(self._socket.recv(64))

    def wait(self, pid: int) -> int:
        """The exit code of a program, once it has ended."""
        self._socket.send(json.dumps({"wait": pid}).encode())
        return int(self._socket.recv(64))

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait()


@cache
def forks() -> Forks:
    """The one process that programs are forked from; it ends with the tests."""
    return Forks()


def end_forks() -> None:
    """End that process, if any test began it."""
    if forks.cache_info().currsize:
        forks().close()
        forks.cache_clear()


@dataclass(slots=True)
class Fork:
    """A program that runs, as `subprocess.Popen` has one; `end` can be read once it has ended."""

    pid: int
    stdout: TextIOWrapper
    stderr: TextIOWrapper
    end: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self.returncode is None and select.select([self.end], [], [], 0)[0]:
            self.returncode = forks().wait(self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended; raises `TimeoutExpired`."""
        if self.returncode is None and not select.select([self.end], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        code = self.poll()
        assert code is not None
        return code

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """Everything it wrote that nobody has read yet, once it has ended."""
        self.wait(timeout)
        return self.stdout.read(), self.stderr.read()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Fork:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stdout.close()
        self.stderr.close()
        self.wait(60)
        os.close(self.end)


def fork(
    words: Sequence[str],
    environment: dict[str, str],
    *,
    secret: int | None = None,
    program: str = COMMAND,
    learner: Sequence[str] = (),
) -> Fork:
    """Begin a program whose words come through pipes."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    (out, out_end), (err, err_end), (end, alive) = os.pipe(), os.pipe(), os.pipe()
    given = [nothing, out_end, err_end, *([] if secret is None else [secret]), alive]
    pid = forks().start(words, environment, given, is_terminal=False, program=program, learner=learner)
    for descriptor in (nothing, out_end, err_end, alive):
        os.close(descriptor)
    return Fork(pid=pid, stdout=os.fdopen(out), stderr=os.fdopen(err), end=end)


# the other side -----------------------------------------------------------------------------------------------


def _serve(orders: socket.socket) -> None:
    while True:
        try:
            data, descriptors, _, _ = socket.recv_fds(orders, LONGEST, 8)
        except ConnectionResetError:
            return
        if not data:
            return
        order = json.loads(data)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            orders.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        learn(order["derived"])
        child = os.fork()
        if child == 0:
            orders.close()
            _become(order, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        orders.send(str(child).encode())


def _become(order: dict[str, Any], descriptors: list[int]) -> None:
    """Be the program of this order, from its descriptors to its exit."""
    process.COMMAND = tuple(order["learner"])
    if order["is_terminal"]:
        os.login_tty(descriptors[0])
    else:
        os.setsid()
        # High up first, so that none of them is overwritten before it is moved.
        for number, descriptor in enumerate([os.dup2(one, HIGH + one) for one in descriptors]):
            os.dup2(descriptor, number)
    os.closerange(SECRET if order["is_terminal"] else len(descriptors), HIGH * 2)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever ran the tests may have ignored it
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    module, name = order["program"].split(":")
    sys.argv = ["lockbox", *order["words"]]
    _end(_code_of(getattr(importlib.import_module(module), name)))


def _code_of(program: Callable[[], None]) -> int:
    try:
        program()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """What Python does at its end, but that it takes nothing apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # a reader that has gone is nobody to tell
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _serve_from_stdin() -> None:
    import pyarrow.dataset
    import rich._emoji_codes
    import rich.console
    import rich.table
    import typer.main

    import tui.cli.command_line
    import tui.cli.entry_point
    import tui.text.drawing
    import vault.client.launch
    import vault.client.login
    import vault.client.perform
    import vault.importers.plan
    import vault.records.browsing
    import vault.records.export
    import vault.records.overlapping
    import vault.records.summary
    import vault.requester.jobs
    import vault.requester.releases
    import vault.sample.make
    import vault.training.probe
    import vault.training.run
    import vault.vault
    from tests.worlds import prices, served, served_child, statements

    prices.keep()
    statements.keep()
    served.keep_routes()
    _derive_lightly()
    vars(tui.cli.silence)["PATIENCE"] *= 3600  # a busy machine adds no line to what a command says
    live_once()
    command = typer.main.get_command(tui.cli.command_line.app)
    typer.main.get_command = lambda _app: command
    assert all(command.commands.values())  # so that no fork loads them again
    loaded = (
        *(pyarrow.dataset, rich._emoji_codes, rich.console, rich.table, served_child),
        *(tui.cli.command_line, tui.cli.entry_point, tui.text.drawing),
        *(vault.client, vault.requester, vault.sample, vault.vault),
    )
    assert all(loaded)
    gc.freeze()  # so that forks share what is loaded
    orders = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _serve(orders)


def _derive_lightly() -> None:
    """Let the passphrases of new vaults, and new ones of old vaults, be derived at the cost of tests, and once."""
    from vault.daemon.server import serve
    from vault.sealing.slots import TEST_COST
    from vault.vault import Vault

    for function in (Vault.create, Vault.change_passphrase, serve):
        assert function.__kwdefaults__["cost"] is not TEST_COST
        function.__kwdefaults__["cost"] = TEST_COST
    slots.crypto_pwhash_alg = derive


def live_once() -> None:
    """Let a vault live here, so that forks find compiled what every vault is asked."""
    from tests.worlds.vaults import new_world

    with tempfile.TemporaryDirectory() as folder:
        world = new_world(Path(folder), now=datetime.now(UTC))
        with world.vault() as vault:
            world.imported(vault, rows=10)
            world.introduced(vault)
            vault.submit(world.job())
        with world.vault() as vault:
            assert all([vault.status(), vault.collections(), vault.requests(), vault.requesters()])


if __name__ == "__main__":
    _serve_from_stdin()
