"""Who waits for a command hears within a second or so that it is at work; one that speaks by itself says no more."""

from __future__ import annotations

import threading

import pytest

from tui.cli import silence
from tui.cli.progress import progress_bar
from tui.cli.terminal import say, write


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is patient."""
    monkeypatch.setattr(silence, "PATIENCE", 0.01)


def waited(capfd: pytest.CaptureFixture[str]) -> str:
    """What is said until the one who watches has looked."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    return capfd.readouterr().err


def test_silence_is_broken_once_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with silence.heard_from():
        assert waited(capfd) == "working …\n"
    with silence.heard_from(), progress_bar("training", before="the learner gets ready"):
        assert waited(capfd) == "the learner gets ready …\n"


def test_what_speaks_by_itself_or_has_ended_is_not_spoken_for(capfd: pytest.CaptureFixture[str]) -> None:
    for speak, said in ((say, "here\n"), (write, "")):
        with silence.heard_from():
            speak("here")
            assert waited(capfd) == said
    with silence.heard_from():
        pass
    assert waited(capfd) == ""
