"""The process of a mesh that has the network is reached by its peers, is threads, and can do little else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from filters import (
    ALLOW,
    CLOSED,
    DATAGRAM,
    INET,
    INET6,
    KILL,
    NETLINK,
    NOT_BLOCKING,
    NOT_PERMITTED,
    STREAM,
    UNIX,
    verdict,
)

from learner.federation import courier_probes, mesh, mesh_probes, mesh_sandbox
from learner.federation.mesh_sandbox import is_number, network_filter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines a mesh here")

THREAD, NAMESPACES, CHILD = 0x3D0F00, 0x7E020000, 17

both = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def test_the_locked_in_process_of_a_mesh_is_refused_every_attempt(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a record")
    there = {"the vault": tmp_path, "the database": tmp_path / "records"}
    tried = {one.name: one.refused for one in mesh.probe(there)}
    assert {name for name, refused in tried.items() if not refused} == set()
    wanted = {name for name, _ in mesh_probes.attempts([])} | {
        "list folder: the vault",
        "write in folder: the vault",
        "read file: the database",
    }
    assert set(tried) >= {f"mesh: {name}" for name in wanted}
    assert [one.name for one in tmp_path.iterdir()] == ["records"]


def test_what_a_mesh_may_do_and_a_courier_may_not_is_to_be_threads_that_wait(tmp_path: Path) -> None:
    left = {name for name, _ in courier_probes.attempts([tmp_path])} - {
        name for name, _ in mesh_probes.attempts([tmp_path])
    }
    assert left == {"block signals", "wake who waits at a shared place", "counter", "list of events"}


AT_WORK = """
import json, socket, sys, threading
from pathlib import Path
from learner.federation import mesh_sandbox

folder, own, peer, other = Path(sys.argv[1]), *map(int, sys.argv[2:])
mesh_sandbox.harden_network()
missing = mesh_sandbox.confine_network(folder, [f"127.0.0.1:{own}", f"127.0.0.1:{peer}"]).missing
found = {"missing": list(missing)}
(folder / ".draft").write_text("kept")
(folder / ".draft").replace(folder / "file")
found["kept"] = (folder / "file").read_text()
server = socket.create_server(("127.0.0.1", own))
threading.Thread(target=lambda: socket.create_connection(("127.0.0.1", own), 5).sendall(b"hello")).start()
found["heard"] = server.accept()[0].recv(5).decode()
for name, to in (("peer", peer), ("other", other)):
    try:
        socket.create_connection(("127.0.0.1", to), 5).close()
        found[name] = "reached"
    except PermissionError:
        found[name] = "refused"
ready, closed = threading.Event(), threading.Event()

def in_a_thread():
    ready.set(), closed.wait()
    for name, attempt in (("bind", lambda line: line.bind(("127.0.0.1", peer))), ("listen", socket.socket.listen)):
        try:
            attempt(socket.socket())
            found[name] = "allowed"
        except PermissionError:
            found[name] = "refused"

thread = threading.Thread(target=in_a_thread)
thread.start(), ready.wait()
found["closed"] = mesh_sandbox.close_listening()
closed.set(), thread.join()
socket.create_connection(("127.0.0.1", own), 5).sendall(b"hello")
found["heard then"] = server.accept()[0].recv(5).decode()
print(json.dumps(found))
"""


def test_a_mesh_keeps_its_folder_the_ports_of_its_peers_and_its_threads(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as peer, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(own), *(str(one.getsockname()[1]) for one in (peer, other))]
        command = [sys.executable, "-c", AT_WORK, str(tmp_path), *ports]
        given = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, env=given, capture_output=True, check=True)
    assert json.loads(done.stdout) == {
        "missing": [],
        "kept": "kept",
        "heard": "hello",
        "peer": "reached",
        "other": "refused",
        "closed": True,
        "bind": "refused",
        "listen": "refused",
        "heard then": "hello",
    }


@both
@pytest.mark.parametrize(
    ("call", "lets_through", "refuses"),
    [
        (
            "socket",
            [(INET, STREAM, 0), (INET6, STREAM | CLOSED | NOT_BLOCKING, 6)],
            [
                *((UNIX, STREAM, 0), (UNIX, DATAGRAM | CLOSED, 0), (NETLINK, 3, 0), (INET, DATAGRAM, 0)),
                *((INET6, DATAGRAM, 17), (INET, STREAM, 262), (INET, 3, 6), (40, STREAM, 0)),
            ],
        ),
        (
            "clone",
            [(THREAD,), (THREAD | 0x400000,)],
            [(CHILD,), (THREAD | CHILD,), (0x4111,), (NAMESPACES,), (0,)],
        ),
        (
            "setsockopt",
            [(3, 1, 2), (3, 1, 13), (3, 6, 1), (3, 41, 26)],
            [
                (3, 1, 26),
                (3, 1, 50),
                (3, 1, 25),
                (3, 6, 31),
                (3, 6, 19),
                (3, 0, 11),
                (3, 41, 25),
                (3, 263, 1),
            ],
        ),
        ("sendmmsg", [], [(3, 1, 1, 0), (3, 1, 1, 0x4000), (3, 1, 1, 0x20000000)]),
        ("seccomp", [(1, 1, 0)], [(0, 0, 0), (1, 0, 0), (1, 9, 0), (2, 1, 0)]),
        ("sendto", [(3, 1, 1, 0, 0, 0)], [(3, 1, 1, 0x20000000, 1, 16)]),
    ],
)
def test_the_filter_of_a_mesh_judges_calls_by_their_arguments(
    machine: str, call: str, lets_through: list[tuple[int, ...]], refuses: list[tuple[int, ...]]
) -> None:
    def answers(those: list[tuple[int, ...]]) -> set[int]:
        return {verdict(machine, call, *each, made_by=network_filter) for each in those}

    assert answers(lets_through) <= {ALLOW}
    assert answers(refuses) == {NOT_PERMITTED}


@both
def test_once_a_mesh_listens_no_socket_is_bound_and_no_filter_is_put(machine: str) -> None:
    for call in ("bind", "listen", "seccomp"):
        assert verdict(machine, call, 1, 1, made_by=mesh_sandbox.closing_filter) == NOT_PERMITTED
    for call in ("accept4", "connect", "socket", "clone"):
        assert verdict(machine, call, made_by=mesh_sandbox.closing_filter) == ALLOW
    assert verdict(machine, 0, arch=1, made_by=mesh_sandbox.closing_filter) == KILL


@both
def test_only_who_asks_for_names_may_use_udp_and_sends_to_nobody_but_whom_it_is_connected_to(
    machine: str,
) -> None:
    asks = partial(network_filter, asks_names=True)
    assert verdict(machine, "socket", INET, DATAGRAM | CLOSED, 0, made_by=asks) == ALLOW
    assert verdict(machine, "socket", INET6, STREAM, 6, made_by=asks) == ALLOW
    assert verdict(machine, "sendmmsg", 3, 1, 2, 0x4000, made_by=asks) == ALLOW
    for call, *given in (
        ("socket", UNIX, DATAGRAM, 0),
        ("socket", NETLINK, DATAGRAM, 0),
        ("socket", INET, DATAGRAM, 136),
        ("sendmmsg", 3, 1, 2, 0x20000000),
        ("sendto", 3, 1, 1, 0, 1, 16),
    ):
        assert verdict(machine, call, *given, made_by=asks) == NOT_PERMITTED
    assert [is_number(host) for host in ("127.0.0.1", "[::1]", "localhost", "anna.example.org")] == [
        *[True] * 2,
        *[False] * 2,
    ]


@both
def test_no_call_of_a_mesh_starts_a_program_passes_descriptors_or_reaches_other_processes(
    machine: str,
) -> None:
    own = mesh_sandbox.own_calls(machine)
    words = (
        "exec",
        "fork",
        "vfork",
        "kill",
        "ptrace",
        "link",
        "mkdir",
        "mount",
        "open",
        "clone3",
        "recvm",
        "io_",
    )
    assert not {name for name in own if any(word in name for word in words)}
    assert {name for name in own if "msg" in name or "clone" in name} == {"sendmmsg", "clone"}
