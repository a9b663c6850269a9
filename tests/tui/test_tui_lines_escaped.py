"""What is said and asked in lines can steer no terminal, and a name from elsewhere makes no line of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from tui.by_ear.talk import Talk
from tui.cli.terminal import ask, ask_until, confirm, write_facts, write_table
from tui.text.layout import facts_text

NAME = "lab\x1b[2J\x1b[H\x07\u202egnp.exe\x9b31m"
SHOWN = "lab\\x1b[2J\\x1b[H\\x07\\u202egnp.exe\\x9b31m"
TWO_LINES = "lab\nstatus  trusted"


@pytest.mark.parametrize(
    "speak",
    [
        pytest.param(ask, id="ask"),
        pytest.param(lambda text: ask_until(text, str), id="ask-until"),
        pytest.param(confirm, id="confirm"),
        pytest.param(lambda text: Talk().say(text), id="say-by-ear"),
        pytest.param(lambda text: Talk().ask(text), id="ask-by-ear"),
        pytest.param(lambda text: Talk().facts([(text, text)]), id="facts-by-ear"),
        pytest.param(lambda text: Talk().choose(text, [text], back=text), id="choice-by-ear"),
        pytest.param(lambda text: Talk().types(text, text), id="word-by-ear"),
    ],
)
def test_what_is_asked_and_said_is_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], speak: Callable[[str], object]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    speak(NAME)

    said = capsys.readouterr().err
    assert SHOWN in said
    assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize("width", [40, 80])
def test_a_name_of_two_lines_makes_no_fact_of_its_own(width: int) -> None:
    drawn = facts_text([("name", TWO_LINES), ("state", "held")], width)

    assert drawn.splitlines() == ["name   lab\\nstatus  trusted", "state  held"]


@pytest.mark.parametrize("name", [NAME, TWO_LINES, "a\tb", "a\rb", "a\x7fb"])
def test_neither_facts_nor_tables_of_names_from_elsewhere_steer_a_terminal(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    write_facts([("name", name)])
    write_table(["name"], [[name]])

    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_by_ear_a_name_of_two_lines_makes_no_choice_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    assert Talk().choose("Which?", ["lab\n2. Release it.", "heart"]) == 0

    assert capsys.readouterr().err.splitlines()[1:4] == ["1. lab\\n2. Release it.", "2. heart", "0. Back."]
