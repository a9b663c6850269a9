"""A locked-in courier reaches its folder, its coordinator's port and the line it was given, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from filters import (
    ALLOW,
    CLOSED,
    DATAGRAM,
    INET,
    INET6,
    NOT_BLOCKING,
    NOT_PERMITTED,
    STREAM,
    UNIX,
    verdict,
)

from learner import probes
from learner.federation import courier, courier_probes, courier_sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines a courier here")


both = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def test_a_locked_in_courier_is_refused_every_attempt(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a record")
    there = {"the vault": tmp_path, "the database": tmp_path / "records"}
    tried = {one.name: one.refused for one in courier.probe(there)}
    assert {name for name, refused in tried.items() if not refused} == set()
    wanted = {name for name, _ in courier_probes.attempts([])} | {
        "list folder: the vault",
        "read file: the database",
    }
    assert set(tried) >= {f"courier: {name}" for name in wanted}
    assert [one.name for one in tmp_path.iterdir()] == ["records"]


def test_what_a_courier_may_do_is_told_apart_from_what_it_may_not(tmp_path: Path) -> None:
    """Left out of the attempts is nothing but to look, its own code and the columns, which it does not have."""
    left = {name for name, _ in probes.attempts([tmp_path, Path(__file__)])} - {
        name for name, _ in courier_probes.attempts([tmp_path, Path(__file__)])
    }
    assert left == {"look at folder 1", "look at file 2", "read its own code", "write the columns"}


AT_WORK = """
import json, os, socket, sys
from pathlib import Path
from learner.federation import courier_sandbox

folder, port, other, line = Path(sys.argv[1]), *map(int, sys.argv[2:])
courier_sandbox.harden_courier()
missing = courier_sandbox.confine(folder, port).missing
found = {"missing": list(missing)}
(folder / ".draft").write_text("kept")
(folder / ".draft").replace(folder / "file")
found["kept"] = (folder / "file").read_text()
given = socket.socket(fileno=line)
given.sendall(b"hello")
found["heard"] = given.recv(5).decode()
for name, to in (("own", port), ("other", other)):
    try:
        socket.create_connection(("127.0.0.1", to), 5).close()
        found[name] = "reached"
    except PermissionError:
        found[name] = "refused"
print(json.dumps(found))
"""


def test_a_courier_keeps_its_folder_its_port_and_its_line(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        ours.sendall(b"there")
        ports = [str(one.getsockname()[1]) for one in (server, other)]
        command = [sys.executable, "-c", AT_WORK, str(tmp_path), *ports, str(theirs.fileno())]
        given = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, pass_fds=[theirs.fileno()], env=given, capture_output=True, check=True)
        assert ours.recv(5) == b"hello"
    wanted = {"missing": [], "kept": "kept", "heard": "there", "own": "reached", "other": "refused"}
    assert json.loads(done.stdout) == wanted


@both
@pytest.mark.parametrize(
    ("call", "lets_through", "refuses"),
    [
        (
            "socket",
            [(INET, STREAM, 0), (INET6, STREAM | CLOSED | NOT_BLOCKING, 6), (INET, STREAM | CLOSED, 6)],
            [
                *((UNIX, STREAM, 0), (UNIX, STREAM | CLOSED, 0), (INET, DATAGRAM, 0), (INET6, DATAGRAM, 17)),
                *(
                    (INET, STREAM, 132),
                    (INET, STREAM, 262),
                    (INET, 3, 6),
                    (16, 3, 0),
                    (38, 5, 0),
                    (40, STREAM, 0),
                ),
            ],
        ),
        ("sendto", [(3, 1, 1, 0, 0, 0)], [(3, 1, 1, 0, 1, 16), (3, 1, 1, 0, 1 << 32, 16)]),
        ("ioctl", [(3, 0x5421), (3, 0x5451)], [(0, 0x5412), (3, 0x8901), (3, 0x5401)]),
        ("fcntl", [(3, 1), (3, 4, 0x800), (3, 1030)], [(3, 6), (3, 8), (3, 10), (3, 1024), (3, 1026)]),
    ],
)
def test_a_couriers_filter_judges_calls_by_their_arguments(
    machine: str, call: str, lets_through: list[tuple[int, ...]], refuses: list[tuple[int, ...]]
) -> None:
    def answers(those: list[tuple[int, ...]]) -> set[int]:
        return {verdict(machine, call, *each, made_by=courier_sandbox.courier_filter) for each in those}

    assert answers(lets_through) == {ALLOW}
    assert answers(refuses) == {NOT_PERMITTED}


@both
def test_no_call_of_a_courier_listens_starts_passes_descriptors_or_reaches_other_processes(
    machine: str,
) -> None:
    words = (
        "bind",
        "listen",
        "accept",
        "msg",
        "exec",
        "fork",
        "clone",
        "kill",
        "ptrace",
        "link",
        "mkdir",
        "mount",
    )
    own = courier_sandbox.own_calls(machine)
    assert {name for name in own if any(word in name for word in words)} - {"unlink", "unlinkat"} == {
        name for name in ("readlink", "readlinkat") if name in own
    }
