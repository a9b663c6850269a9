"""A process that confines itself ends with its block, and where it goes on too long."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from learner.federation.confined_process import Event, Lines, error_in, started
from learner.federation.courier_folder import CourierFolder, CourierState, RoundState
from vault.errors.families import InternalError
from vault.errors.federation import CourierFailed, CourierFolderDamaged


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
