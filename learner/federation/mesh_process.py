"""The processes of a mesh: one with the network and no vault, one with the vault's door and no network.

    mesh_process net FOLDER LISTEN CONNECT   stay on the network; FOLDER is the part beneath ``net``, the addresses JSON
    mesh_process mix FOLDER LINE             one errand; LINE is the number of a connected descriptor to the vault
    mesh_process probe FOLDER PATH…          try from inside what the one with the network must not be able to do

It writes one JSON object a line on standard output, and nothing anywhere else: what an error quotes may be a token.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from learner.federation import courier_sandbox, mesh_folder, mesh_probes, mesh_sandbox
from learner.federation.confined_task import end_with, tell
from learner.federation.mesh_folder import Access, MeshFolder, MeshState
from vault.errors.families import LockboxError


def main(arguments: list[str]) -> NoReturn:
    """Do one task."""
    end_with(_go, arguments)


def _go(task: str, path: str, *rest: str) -> None:
    folder = MeshFolder(Path(path))
    mesh_folder.load_forms()
    if task == "net":
        _stay(folder, json.loads(rest[0]), json.loads(rest[1]))
    elif task == "probe":
        mesh_sandbox.harden_network()
        mesh_probes.run(folder.path, [Path(one) for one in rest], tell)
    else:
        _mix(folder, int(rest[0]))


def _stay(folder: MeshFolder, listen: list[str], connect: list[str]) -> None:
    from learner.federation.mesh_node import Node

    mesh_sandbox.harden_network()
    lock = folder.held_alone()
    confined = mesh_sandbox.confine_network(folder.path, (*listen, *connect, *_known(folder)))
    node = Node(
        folder=folder, tell=tell, listen=listen, connect=connect, missing=confined.missing,
        once_open=mesh_sandbox.close_listening,
    )  # fmt: skip
    node.run(time.monotonic)
    os.close(lock)


def _known(folder: MeshFolder) -> list[str]:
    return [one.address for one in folder.facts(mesh_folder.NodeFacts).places]


def _mix(folder: MeshFolder, line: int) -> None:
    from learner.federation.courier_door import Door
    from learner.federation.mesh_errand import MeshErrand
    from vault.client.given_line import GivenLine

    courier_sandbox.harden_courier()
    lock = folder.held_alone()
    access, confined = folder.facts(Access), courier_sandbox.confine_offline(folder.path)
    state = replace(folder.facts(MeshState), missing=confined.missing, trouble="")
    door = Door(line=GivenLine(socket.socket(fileno=line)), token=access.door)
    errand = MeshErrand(folder=folder, door=door, tell=tell, state=state)
    try:
        errand.run()
    except LockboxError as error:
        folder.keep(replace(errand.state, trouble=str(error)))
        raise
    folder.keep(errand.state)
    os.close(lock)


if __name__ == "__main__":
    main(sys.argv[1:])
