"""A key of the terminal UI and what it does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

EVERYWHERE: Final = "everywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAction:
    """A key of the terminal UI and what it does.

    `where` is the screen it belongs to; `command` the words after `lockbox` that do the same, or None for what only
    moves or hides on the screen and changes and shows nothing of its own.
    """

    name: str
    keys: str
    label: str
    sentence: str
    where: str
    command: str | None
    is_shown: bool = False

    @property
    def id(self) -> str:
        """What the file of a person's own keys calls it, such as `requests.run`."""
        name = "-".join(part for part in re.split(r"\W+", self.name) if part)
        return f"{self.where}.{name}"

    @property
    def is_urgent(self) -> bool:
        """Whether its key works in a dialog and in a field as well: locking and hiding never wait."""
        return self.where == EVERYWHERE and self.name in ("lock", "curtain", "suspend_process")


def key_action(
    where: str, name: str, keys: str, label: str, sentence: str, command: str | None, *, shown: bool = False
) -> KeyAction:
    """An action of one screen; `shown` says that it stands in the footer."""
    return KeyAction(
        name=name, keys=keys, label=label, sentence=sentence, where=where, command=command, is_shown=shown
    )
