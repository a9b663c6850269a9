"""The bar of a command that takes long: on a terminal that can draw it, and nowhere else."""

from __future__ import annotations

import io
import signal
import sys

import pytest

from tui.cli.interruption import STOPPING
from tui.cli.progress import progress_bar


class Terminal(io.StringIO):
    """A screen that keeps what was written on it."""

    def isatty(self) -> bool:
        return True


def watch() -> None:
    with progress_bar("writing rows", before="looking") as progress:
        progress(0, 5)
        progress(3, 5)
        progress(5, 5)


def test_a_terminal_shows_what_is_done_and_of_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("ACCESSIBLE", raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    watch()

    assert "5 of 5" in screen.getvalue()
    assert "writing rows" in screen.getvalue()


def test_a_log_and_a_screen_that_is_read_aloud_get_no_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watch()
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("ACCESSIBLE", "1")
    watch()

    assert screen.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_is_answered_before_what_it_stops_has_ended(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a terminal in the place of the bar, in a log as a line."""
    said: list[str] = []

    def interrupted() -> None:
        with progress_bar("attacking"):
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                said.append("it comes to its end")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (capfd.readouterr().err, said) == (f"{STOPPING}\n", ["it comes to its end"])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("ACCESSIBLE", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert STOPPING in screen.getvalue()
