"""What is said and asked in a conversation: whole lines, numbered choices, typed words."""

from __future__ import annotations

import re
import select
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from tui.cli.terminal import ask_secret, forget_typed, say
from tui.text.layout import escaped, one_line
from tui.text.parse import parse_path
from vault.errors.families import Invalid
from vault.strict_number import NotPlain, strict_whole

T = TypeVar("T")

QUARTERS: Final = 4
MOST: Final = 30
"""Choices that are read out at once."""

_DRAWN: Final = re.compile("[\u2190-\u21ff\u2500-\u25ff\u2600-\u27bf\u2800-\u28ff\u203c]")
_SIGNS: Final = str.maketrans({"·": ",", "…": "..."})


def _number_of(typed: str) -> int | None:
    try:
        return strict_whole(typed)
    except NotPlain:
        return None


class InputEnded(Exception):
    """The person is not at the terminal any more: what they type has come to its end."""


def spoken(text: str) -> str:
    """A text without marks that draw: a screen reader would spell out each of them."""
    lines = (re.sub(r" {2,}", " ", _DRAWN.sub("", line)).rstrip() for line in text.split("\n"))
    return "\n".join(line.translate(_SIGNS).strip() for line in lines)


class Talk:
    """The two sides of the conversation."""

    def say(self, *texts: str) -> None:
        """Say these, a line or more each."""
        for text in texts:
            say(spoken(text))

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Say names and what they are, a line each."""
        for name, text in facts:
            parts = [part.strip() for part in text.split("\n") if part.strip()]
            self.say(f"{name}: {'; '.join(parts)}." if name else f"{'; '.join(parts)}.")

    def ask(self, question: str) -> str:
        """Ask for a line; raises `InputEnded`."""
        sys.stderr.write(f"{escaped(spoken(question))} ")
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed:
            self.say("")
            raise InputEnded
        return typed.strip()

    def ask_for(self, question: str, read: Callable[[str], T]) -> T | None:
        """Ask until the line can be read, or is empty; what cannot be is said."""
        while typed := self.ask(question):
            try:
                return read(typed)
            except Invalid as error:
                self.say(f"{error}")
        return None

    def ask_path(self, question: str) -> Path | None:
        """Ask for a path; None for nothing typed."""
        typed = self.ask(question)
        return parse_path(typed) if typed else None

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown."""
        return ask_secret(f"{spoken(question)} ")

    def choose(self, question: str, choices: Sequence[str], *, back: str = "Back.") -> int | None:
        """Which of these, by number; None for none of them, which is not asked where there is none."""
        if not choices:
            return None
        self.say(question)
        for number, text in enumerate(choices[:MOST], start=1):
            self.say(f"{number}. {one_line(text)}")
        if len(choices) > MOST:
            self.say(f"These are the first {MOST} of {len(choices):,}.")
        self.say(f"0. {back}")
        most = min(len(choices), MOST)
        while True:
            typed = self.ask("Number:")
            chosen = _number_of(typed)
            if chosen is not None and chosen <= most:
                return chosen - 1 if chosen else None
            self.say(f"Type a number from 0 to {most}, and then the enter key.")

    def agrees(self, verb: str, safe: str) -> bool:
        """Whether they want it, by a number; what was typed before the question counts for nothing."""
        self.forget_typed()
        return self.choose("What do you want?", (f"{verb}.",), back=f"{safe}.") is not None

    def types(self, word: str, safe: str) -> bool:
        """Whether they type this word, exactly, after the question; anything else leaves it."""
        self.forget_typed()
        self.say(f"To do it, type {word} in capital letters. Anything else means: {safe}.")
        is_typed = self.ask("Word:") == word
        if not is_typed:
            self.say(f"{safe}. Nothing was changed.")
        return is_typed

    def types_name(self, name: str, safe: str) -> bool:
        """Whether they type this name, exactly, after the question; anything else leaves it."""
        self.forget_typed()
        self.say(f"To do it, type its name, {one_line(name)}. Anything else means: {safe}.")
        is_typed = self.ask("Name:") == name
        if not is_typed:
            self.say(f"{safe}. Nothing was changed.")
        return is_typed

    def forget_typed(self) -> None:
        """What was typed ahead answers no question that it had not heard."""
        forget_typed()

    def is_quiet_for(self, seconds: float) -> bool:
        """Whether so many seconds pass in which nobody presses enter."""
        self.forget_typed()
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if ready and not sys.stdin.readline():
            raise InputEnded
        return not ready

    def progress(self, doing: str) -> Callable[[int, int], None]:
        """Says how far it is, at each quarter."""
        said = 0

        def tell(done: int, of: int) -> None:
            nonlocal said
            quarter = QUARTERS * done // of if of else 0
            if said < quarter < QUARTERS:
                said = quarter
                self.say(f"{doing}: {100 * quarter // QUARTERS} percent.")

        return tell
