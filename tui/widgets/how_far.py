"""How far something that takes long is, and how long the rest takes: a bar of text, for one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.message import Message

from tui.text.time_left import TimeLeft
from tui.widgets.plain import Plain

ROOM: Final = 20
DONE, OPEN = "█", "░"


class HowFar(Plain):
    """Out of sight until something is told; `begin` gives what an action in another thread tells its progress to."""

    class Told(Message):
        """So much of so much is done."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

        def can_replace(self, message: Message) -> bool:
            """The newest counts."""
            return isinstance(message, HowFar.Told)

    def on_mount(self) -> None:
        """Nothing is told yet."""
        self.display = False

    def begin(self, doing: str, *, at_once: str = "") -> Callable[[int, int], None]:
        """What the action is told from now on goes into this line; until then it says what is done ``at_once``."""
        left = TimeLeft()
        if at_once:
            self.set_text(at_once)
            self.display = True

        def tell(done: int, of: int) -> None:
            if done and of:
                self.post_message(self.Told(how_far(doing, done, of, left.words(done, of))))

        return tell

    def end(self) -> None:
        """It is done, or it failed."""
        self.display = False

    def on_how_far_told(self, event: HowFar.Told) -> None:
        """Draw it."""
        event.stop()
        self.set_text(event.words)
        self.display = True


def how_far(doing: str, done: int, of: int, left: str) -> str:
    """One line: what is done, how much of it, and how long the rest takes where that is known."""
    part = min(1.0, done / of)
    bar = DONE * int(part * ROOM)
    rest = f", {left}" if left else ""
    return f"{doing} {bar}{OPEN * (ROOM - len(bar))} {int(part * 100)} %{rest}"
