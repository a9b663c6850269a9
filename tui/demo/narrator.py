"""The output of the demo: chapters, the command of every step, and the questions to the viewer."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tui.cli.terminal import ask, width, write
from tui.text.layout import WIDEST, hanging
from vault.errors.families import LockboxError


@dataclass(kw_only=True)
class Narrator:
    """Writes what the demo does; `is_scripted` answers its questions by itself."""

    folder: Path
    is_scripted: bool
    commands: list[str] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def chapter(self, title: str, *lines: str) -> None:
        """A heading and what is about to happen."""
        write(f"\n── {title} {'─' * max(0, 74 - len(title))}")
        for line in lines:
            write(line)

    def command(self, *words: object) -> None:
        """Print the command that does what the demo does next."""
        text = " ".join(shlex.quote(str(word)) for word in ("lockbox", *words))
        self.commands.append(text)
        write(f"  $ {text}")

    def note(self, text: str) -> None:
        """What came of it."""
        self._write("    ", text)

    def ask_for_word(self, question: str, word: str) -> bool:
        """Stop until the viewer types the word; a scripted person types it aloud. False for anything else."""
        if self.is_scripted:
            write(f"  {question} {word}   ← typed by a scripted person (--auto)")
            return True
        return ask(f"  {question} ").strip() == word

    def refused(self, attack: str, attempt: Callable[[], object]) -> None:
        """Make an attack for real; it has to be refused, and the refusal is shown."""
        try:
            attempt()
        except LockboxError as error:
            self.note_refusal(attack, str(error))
        else:
            raise AttackSucceeded(attack=attack)

    def note_refusal(self, attack: str, sentence: str) -> None:
        """Note how an attack was refused."""
        self.refusals.append((attack, sentence))
        self._write("    ✗ refused: ", sentence)

    def _write(self, mark: str, text: str) -> None:
        write(hanging(mark, text, min(width(), WIDEST), indent=4))


class AttackSucceeded(LockboxError):
    """The demo's attack was not refused: {attack}."""

    hint = "do not trust this build with your data"
