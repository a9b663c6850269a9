"""Who waits for a command hears within a second or so that it is at work; one that speaks by itself says no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tui.cli import silence
from tui.cli.progress import progress_bar
from tui.cli.terminal import say, write


class Patience:
    """A timer whose time is over when a test says so."""

    last: Patience

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds > 0
        self._call, self._is_on, self.daemon, self.is_joined = call, False, False, False
        Patience.last = self

    def start(self) -> None:
        """Begin to wait."""
        self._is_on = True

    def cancel(self) -> None:
        """Wait no longer."""
        self._is_on = False

    def join(self, seconds: float) -> None:
        """Wait for the end of its thread."""
        assert not self._is_on
        self.is_joined = True

    def end(self) -> None:
        """The time is over."""
        if self._is_on:
            self._call()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.silence.threading.Timer", Patience)


def waited(capfd: pytest.CaptureFixture[str]) -> str:
    """What is said until patience has ended."""
    Patience.last.end()
    return capfd.readouterr().err


def test_silence_is_broken_once_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with silence.heard_from():
        assert waited(capfd) == "working …\n"
    with silence.heard_from(), progress_bar("training", before="the learner gets ready"):
        assert waited(capfd) == "the learner gets ready …\n"


def test_no_thread_of_it_is_left_when_a_command_ends() -> None:
    """An interpreter that ends takes memory to end a thread by force: where none was left, it aborted."""
    with pytest.raises(ValueError, match="an error"), silence.heard_from():
        raise ValueError("an error")
    assert Patience.last.is_joined


def test_what_is_said_of_a_silence_on_a_terminal_gives_way_to_what_follows(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for name, value in (("TERM", "xterm"), ("ACCESSIBLE", "")):
        monkeypatch.setenv(name, value)
    with silence.heard_from():
        assert waited(capfd) == "working …"
        say("here")
        assert capfd.readouterr().err == "\r\x1b[Khere\n"
    with silence.heard_from():
        assert waited(capfd) == "working …"
    assert capfd.readouterr().err == "\r\x1b[K"
    monkeypatch.setenv("ACCESSIBLE", "1")
    with silence.heard_from():
        assert waited(capfd) == "working …\n"
    assert capfd.readouterr().err == ""


def test_what_speaks_by_itself_or_has_ended_is_not_spoken_for(capfd: pytest.CaptureFixture[str]) -> None:
    for speak, said in ((say, "here\n"), (write, "")):
        with silence.heard_from():
            speak("here")
            assert waited(capfd) == said
    with silence.heard_from():
        pass
    assert waited(capfd) == ""


def test_whoever_answered_waits_again_and_hears_what_for(capfd: pytest.CaptureFixture[str]) -> None:
    with silence.heard_from():
        say("here")
        silence.answered("trying the passphrase")
        assert waited(capfd) == "here\ntrying the passphrase …\n"
        silence.answered()
        say("there")
        assert waited(capfd) == "there\n"
    silence.answered()
    assert waited(capfd) == ""
