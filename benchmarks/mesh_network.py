"""How long the peers of a mesh take to give everybody everything: `python benchmarks/mesh_network.py`.

Real zenoh sessions with the configuration of a mesh, TLS with a certificate on both ends and its access rules, each
connected to all others on this computer. Each puts one model of so many bytes; the time ends when all have all.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zenoh
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_csr

sys.path.insert(0, str(Path(__file__).parents[1]))

from learner.federation.mesh_access import node_config
from learner.federation.mesh_folder import (
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    MeshFolder,
)
from learner.federation.mesh_forms import parse_introduction
from learner.federation.mesh_founding import (
    Authority,
    make_authority,
    make_introduction,
    signed_certificate,
)
from learner.federation.mesh_node import put_whole

PLACE = "lockbox/mesh/benchmark"
PATIENCE = 120.0


def member(folder: Path, authority: Authority, key: str) -> MeshFolder:
    """The folder of a peer with a certificate of this authority."""
    made = make_introduction(name="Peer", key=bytes.fromhex(key), requester="x", address="127.0.0.1:1")
    said, found = parse_introduction(made.introduction), MeshFolder(folder)
    certificate = signed_certificate(authority, said, load_pem_x509_csr(said.request.encode()))
    folder.mkdir(mode=0o700)
    found.write(AUTHORITY_FILE, authority.certificate.public_bytes(Encoding.PEM))
    found.write(CERTIFICATE_FILE, certificate)
    found.write(KEY_FILE, made.key)
    return found


def free_ports(count: int) -> list[int]:
    """So many ports that nobody has now."""
    with ExitStack() as stack:
        return [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)
        ]


@contextmanager
def connected(folder: Path, keys: list[str], size: int) -> Iterator[list[Any]]:
    """A session for each key, all connected to all."""
    now, ports = datetime.now(UTC), free_ports(len(keys))
    authority = make_authority(now - timedelta(1), now + timedelta(1))
    with ExitStack() as stack:
        sessions = []
        for number, key in enumerate(keys):
            config = node_config(
                member(folder / str(number), authority, key),
                place=PLACE,
                keys=keys,
                listen=[f"127.0.0.1:{ports[number]}"],
                connect=[f"127.0.0.1:{port}" for port in ports[:number]],
                largest=size,
            )
            sessions.append(stack.enter_context(zenoh.open(zenoh.Config.from_json5(json.dumps(config)))))
        wait_for(lambda: all(len(one.info.peers_zid()) == len(keys) - 1 for one in sessions))
        yield sessions


def wait_for(holds: Any) -> None:
    """Wait until it holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise SystemExit("the peers did not come together")
        time.sleep(0.05)


def all_to_all(sessions: list[Any], keys: list[str], size: int, number: int) -> tuple[float, float]:
    """Seconds until each has the model of every other, and those that the processors were at work for it."""
    wanted, came, lock = len(keys) * (len(keys) - 1), [0], threading.Lock()
    is_done = threading.Event()

    def take(own: str, sample: Any) -> None:
        key = str(sample.key_expr).rpartition("/")[2]
        if key == own:
            return
        with lock:
            if len(sample.payload.to_bytes()) != size:
                heard.add((own, key))
                return
            came[0] += 1
            if came[0] == wanted:
                is_done.set()

    def call_out() -> int:
        for one, key in zip(sessions, keys, strict=True):
            one.put(f"{PLACE}/{number}/{key}", b"")
        return len(heard)

    data, heard = os.urandom(size), set[tuple[str, str]]()
    with ExitStack() as stack:
        for one, key in zip(sessions, keys, strict=True):
            hear = zenoh.handlers.Callback(partial(take, key), indirect=False)
            stack.enter_context(one.declare_subscriber(f"{PLACE}/{number}/*", hear))
        wait_for(lambda: call_out() == wanted)  # declarations reach everybody before the clock begins
        begun, worked = time.monotonic(), time.process_time()
        for one, key in zip(sessions, keys, strict=True):
            put_whole(one, f"{PLACE}/{number}/{key}", data)
        if not is_done.wait(PATIENCE):
            raise SystemExit(f"{came[0]} of {wanted} models came")
        return time.monotonic() - begun, time.process_time() - worked


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--peers", type=int, default=32)
    given.add_argument("--megabytes", type=float, default=1.0)
    given.add_argument("--times", type=int, default=5)
    asked = given.parse_args()
    keys, size = [os.urandom(32).hex() for _ in range(asked.peers)], int(asked.megabytes * 1e6)
    with TemporaryDirectory() as folder, connected(Path(folder), keys, size) as sessions:
        took = [all_to_all(sessions, keys, size, number) for number in range(1, asked.times + 1)]
    said = ", ".join(f"{one:.2f} s ({cpu:.2f} s of processors)" for one, cpu in took)
    print(f"{asked.peers} peers × {asked.megabytes:g} MB, all to all, on {os.cpu_count()} processors: {said}")


if __name__ == "__main__":
    main()
