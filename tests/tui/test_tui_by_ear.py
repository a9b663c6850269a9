"""A conversation decides by what was typed after its question, on a real terminal."""

from __future__ import annotations

import io
import os
import pty
import select
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tui.by_ear.talk import Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a terminal, by its other end."""

    hand: int
    ear: int

    def type(self, line: str) -> None:
        """Type a line, and go on when the terminal has it."""
        os.write(self.hand, f"{line}\n".encode())
        select.select([self.ear], [], [])


class Heard(io.StringIO):
    """What is said; the person answers as soon as they are asked."""

    def __init__(self, person: Person, question: str, answer: str) -> None:
        super().__init__()
        self._person, self._question, self._answer = person, question, answer

    def write(self, text: str) -> int:
        """Hear it, and answer the question."""
        if text.startswith(self._question):
            self._person.type(self._answer)
        return super().write(text)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Somebody at the terminal that the conversation reads from."""
    hand, ear = pty.openpty()
    with os.fdopen(ear, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield Person(hand=hand, ear=ear)
    os.close(hand)


@pytest.mark.parametrize(
    ("ask", "ahead", "question", "safe"),
    [
        pytest.param(lambda talk: talk.types("RUN", "Decide later"), "RUN", "Word:", "no", id="word"),
        pytest.param(lambda talk: talk.agrees("Withdraw it", "Keep it"), "1", "Number:", "0", id="number"),
    ],
)
def test_what_was_typed_before_the_question_decides_nothing(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Talk], bool],
    ahead: str,
    question: str,
    safe: str,
) -> None:
    person.type(ahead)
    monkeypatch.setattr(sys, "stderr", Heard(person, question, safe))
    assert not ask(Talk())


@pytest.mark.parametrize(
    ("ask", "question", "answer"),
    [
        pytest.param(lambda talk: talk.types("RUN", "Decide later"), "Word:", "RUN", id="word"),
        pytest.param(lambda talk: talk.agrees("Withdraw it", "Keep it"), "Number:", "1", id="number"),
    ],
)
def test_what_is_typed_after_the_question_decides(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Talk], bool],
    question: str,
    answer: str,
) -> None:
    monkeypatch.setattr(sys, "stderr", Heard(person, question, answer))
    assert ask(Talk())
