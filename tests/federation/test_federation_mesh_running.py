"""How a mesh runs: its process with the network is started again, and leaving ends it with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from learner.federation import confined_process, mesh
from learner.federation.confined_task import Exit
from learner.federation.mesh import PAUSES, Running, how_ended
from learner.federation.mesh_folder import NODE_FILE, MeshFolder, NodeFacts, made_folder
from learner.federation.mesh_forms import is_address
from tui.cli.mesh_addresses import check_addresses
from tui.text import mesh_facts
from vault.errors.families import Invalid
from vault.errors.meshes import MeshFailed


def running(folder: Path, told: list[Any], pauses: list[float]) -> Running:
    mesh_folder = made_folder(MeshFolder(folder))
    mesh_folder.keep(NodeFacts(key="a" * 64, places=()))
    return Running(
        folder=mesh_folder, connect=lambda: None, tell=told.append, wait=pauses.append, every=1000.0
    )


def test_a_network_process_that_ends_unasked_is_started_again_and_then_it_is_said_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mesh, "_PROGRAM", "import os; os.kill(os.getpid(), 9)")
    told: list[Any] = []
    pauses: list[float] = []

    with pytest.raises(MeshFailed, match="Killed"):
        running(tmp_path / "mesh", told, pauses).go_on()

    assert pauses == list(PAUSES)
    said = [mesh_facts.event(one, {}) for one in told]
    assert "was ended by the system or by somebody (Killed); it begins again in 1 s." in said[1]


def test_a_turned_network_process_does_not_choose_the_ports_of_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads from its folder to which addresses it may speak, and writes there; so it is written anew before."""
    reads = "at = pathlib.Path(sys.argv[2]); open(at / 'seen', 'ab').write((at / 'node.json').read_bytes() + b'\\n')"
    monkeypatch.setattr(mesh, "_PROGRAM", f"import pathlib; {reads}; (at / 'node.json').write_text('turned')")
    run = running(tmp_path / "mesh", [], [])
    with pytest.raises(MeshFailed):
        run.go_on()
    agreed = run.folder.read(NODE_FILE)
    assert run.folder.net.read("seen").splitlines() == [agreed] * (1 + len(PAUSES))
    assert run.folder.node() == NodeFacts(key="a" * 64, places=())


def test_a_network_process_that_tells_without_end_ends_its_mesh_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = b'{"v":1,"event":"told"}\n'
    monkeypatch.setattr(mesh, "_PROGRAM", f"import os; [os.write(1, {line!r} * 9) for _ in iter(int, 1)]")
    monkeypatch.setattr(mesh, "_MOST_HEARD", 100)
    monkeypatch.setattr(confined_process, "_MOST_EVENTS", 100)
    told: list[Any] = []
    with pytest.raises(MeshFailed, match="more than a mesh can"):
        running(tmp_path / "mesh", told, []).go_on()
    assert 100 < len(told) < 5_000


def test_a_mesh_that_was_left_runs_no_more_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mesh"
    monkeypatch.setattr(mesh, "_PROGRAM", "import shutil, sys; shutil.rmtree(sys.argv[2])")
    told: list[Any] = []
    run = running(folder, told, [])
    run.folder.net.path.rmdir()
    monkeypatch.setattr(MeshFolder, "net", run.folder)

    run.go_on()

    assert told[-1] == {"event": "left"}
    assert mesh_facts.event(told[-1], {}) == "You left this mesh, so it runs no more."


def test_of_a_process_that_ended_what_is_known_is_said() -> None:
    assert "Aborted" in how_ended(-6)
    assert "memory" in how_ended(Exit.BROKEN)
    assert "code 2" in how_ended(2)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "host:",
        "host:0",
        "host:99999",
        "[1:2:3]:5",
        "-.-:5",
        "a..b:5",
        "999.1.1.1:5",
        "::1:5",
        ":5",
        "h:5\n",
    ],
)
def test_what_is_no_address_is_refused_before_anything_starts(text: str) -> None:
    with pytest.raises(Invalid, match="not an address like host:port"):
        check_addresses("--listen", [text])


@pytest.mark.parametrize("text", ["anna.example.org:7447", "localhost:1", "127.0.0.1:65535", "[::1]:7447"])
def test_names_and_addresses_of_both_kinds_are_addresses(text: str) -> None:
    assert is_address(text)


def test_a_number_of_ipv6_is_listened_on_and_not_given_to_peers() -> None:
    """zenoh connects to none: it takes the number for an invalid name of a certificate."""
    check_addresses("--listen", ["[::]:7447"])
    with pytest.raises(Invalid, match="by a name alone"):
        check_addresses("--connect", ["[fd00::2]:7447"], is_reached=True)
