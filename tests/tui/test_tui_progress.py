"""The bar of a command that takes long: on a terminal that can draw it, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

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
