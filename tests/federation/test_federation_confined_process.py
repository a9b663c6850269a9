"""A process that confines itself ends with its block, and where it goes on too long."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from learner.federation import confined_process, courier, mesh
from learner.federation.confined_process import Event, Lines, error_in, started
from learner.federation.courier_folder import CourierFolder, CourierState, RoundState
from learner.federation.mesh_folder import Access as MeshAccess
from learner.federation.mesh_folder import MeshFolder
from tui.text import courier_facts, mesh_facts
from vault.errors.families import InternalError
from vault.errors.federation import CourierFailed, CourierFolderDamaged
from vault.errors.meshes import MeshFolderDamaged


def test_what_goes_on_too_long_is_killed() -> None:
    with started("import signal; signal.pause()", within=0.1) as process:
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.wait() == -signal.SIGKILL


def test_what_is_not_over_ends_with_its_block() -> None:
    with started("import signal; print(1, flush=True); signal.pause()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"[" * 60_000, id="deep"),
        pytest.param(b'{"event":"trouble","v":1}', id="half an error"),
        pytest.param(b'{"event":"tried","name":"a file","v":1}', id="half a try"),
        pytest.param(b'{"bytes":"many","event":"sent","v":1}', id="a word for a number"),
        pytest.param(b'{"bytes":-1,"event":"sent","v":1}', id="a number that counts nothing"),
        pytest.param(b'{"event":"locked","v":1}', id="what is said outside alone"),
        pytest.param(b'{"event":"sent","more":1,"v":1}', id="more"),
        pytest.param(b'{"event":"sent","note":"\\ud800","v":1}', id="no text"),
        pytest.param(b'{"event":"sent"}', id="no version"),
        pytest.param(b'"sent"', id="no object"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_line_that_no_process_of_ours_tells_is_one_error_of_that_process(line: bytes) -> None:
    """A turned courier must not end the couriers of other campaigns by what it says."""
    with pytest.raises(CourierFailed, match="nobody understands"):
        parsed(line)


def parsed(line: bytes) -> Event:
    """What a process is understood to tell by this line."""
    lines: Lines = object.__new__(Lines)
    lines._failed, lines._events = CourierFailed, frozenset({"sent", "trouble", "tried"})
    return lines._parsed(line)


def test_an_error_that_a_process_tells_is_made_again_or_said_to_be_unknown() -> None:
    body = b'"facts":{"reason":"it ended"},"hint":"","sentence":"","v":1}'
    known = parsed(b'{"error":"CourierFailed","event":"trouble",' + body)
    other = parsed(b'{"error":"NoSuchThing","event":"trouble",' + body)
    assert str(error_in(known)) == str(CourierFailed(reason="it ended"))
    assert isinstance(error_in(other), InternalError)


@pytest.mark.parametrize(
    "state",
    [
        b'{"failures":-1000000}',
        b'{"contact":"soon"}',
        b'{"contact":"0001-01-01T00:00:00+23:59"}',
        b'{"contact":"9999-12-31T23:59:59Z"}',
        b'{"rounds":[{"at":"soon","job":"a","number":1,"word":"sent"}]}',
        b'{"rounds":[{"job":"a","number":1,"size":' + b"9" * 400 + b',"word":"sent"}]}',
    ],
)
def test_what_no_courier_of_ours_writes_down_is_a_damaged_folder(tmp_path: Path, state: bytes) -> None:
    """And its next errand is waited for as after one that failed."""
    folder = CourierFolder(tmp_path)
    folder.keep(
        CourierState(contact="2026-11-21T12:00:30Z", rounds=(RoundState(number=1, job="a", word="sent"),))
    )
    assert folder.state().rounds[0].number == 1
    folder.write("state.json", state)
    with pytest.raises(CourierFolderDamaged):
        folder.state()


def turned(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let every courier from now on be one that does this instead."""
    monkeypatch.setattr(courier, "_PROGRAM", f"import os, signal; {program}")


def goes(folder: Path) -> None:
    """Let the courier of this folder go once."""
    courier.errand(CourierFolder(folder), connect=lambda: None, tell=lambda _one, _event: None)


def test_a_courier_that_stops_talking_and_goes_on_ends_its_own_errand_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is an error of that courier, which the couriers of other campaigns go on after."""
    turned(monkeypatch, "os.close(1); signal.pause()")
    monkeypatch.setattr(confined_process, "_TO_END", 0.1)
    with pytest.raises(CourierFailed, match="did not end"):
        goes(tmp_path)


def test_a_courier_that_tells_without_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = b'{"v":1,"event":"sent"}\n'
    turned(monkeypatch, f"[os.write(1, {line!r} * 9) for _ in iter(int, 1)]")
    monkeypatch.setattr(confined_process, "_MOST_EVENTS", 1_000)
    monkeypatch.setattr(courier, "PATIENCE", 5.0)
    with pytest.raises(CourierFailed, match="more than an errand can"):
        goes(tmp_path)


@pytest.mark.parametrize("event", ["looked", "enrolled", "tried"])
def test_a_courier_tells_on_an_errand_nothing_that_belongs_to_another_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, event: str
) -> None:
    line = f'{{"v":1,"event":"{event}","name":"","refused":true,"how":""}}\n'.encode()
    turned(monkeypatch, f"os.write(1, {line!r})")
    with pytest.raises(CourierFailed, match="nobody understands"):
        goes(tmp_path)


def test_there_is_a_sentence_for_whatever_a_turned_process_may_tell() -> None:
    assert all(courier_facts.event("", {"event": one}) for one in courier._TELLS["carry"])
    told = (mesh._TELLS["net"] | mesh._TELLS["mix"]) - {"trouble"}  # which is raised as an error
    assert all(mesh_facts.event({"event": one}, {}) for one in told)


@pytest.mark.parametrize(
    "turned",
    [
        pytest.param({"campaign": 'c"\nExecStartPre="/bin/sh'}, id="a line of a unit"),
        pytest.param({"campaign": "c" * 32 + "\n"}, id="the end of a line"),
        pytest.param({"campaign": "../" * 10}, id="a path"),
        pytest.param({"key": "\0"}, id="no name of a file"),
    ],
)
def test_what_is_no_id_and_no_key_is_no_access(tmp_path: Path, turned: dict[str, str]) -> None:
    """Commands make paths of it, and units that systemd starts outside of every sandbox."""
    kept = {"campaign": "c" * 32, "door": "", "key": "a" * 64, "requester": "Lab"}
    of_courier = {name: one for name, one in (kept | turned | {"token": ""}).items() if name != "key"}
    mesh_folder, folder = MeshFolder(tmp_path), CourierFolder(tmp_path)
    mesh_folder.write("access.json", json.dumps(kept).encode())
    assert mesh_folder.facts(MeshAccess).campaign == "c" * 32
    mesh_folder.write("access.json", json.dumps(kept | turned).encode())
    with pytest.raises(MeshFolderDamaged):
        mesh_folder.facts(MeshAccess)
    if "campaign" in turned:
        folder.write("access.json", json.dumps(of_courier).encode())
        with pytest.raises(CourierFolderDamaged):
            folder.access()


def test_a_courier_that_cannot_hold_its_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(CourierFolderDamaged, match="lock: Is a directory"):
        goes(tmp_path)
