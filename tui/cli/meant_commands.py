"""Words that people try for a command, and the command that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MEANT: Final[Mapping[str, str]] = {
    "release approve": "release send",
    "release release": "release send",
    "release allow": "release send",
    "release refuse": "release withhold",
    "release destroy": "release withhold",
    "request run": "train",
    "request train": "train",
    "request send": "release send",
    "request allow": "request approve",
    "request deny": "request refuse",
    "campaign approve": "campaign join",
    "campaign refuse": "campaign leave",
    "campaign run": "train",
    "consent revoke": "consent withdraw",
    "data import": "import",
    "data delete": "data erase",
    "audit log": "audit show",
    "create": "init",
    "delete": "data erase",
    "approve": "request approve",
    "tui": "",
    "ui": "",
    "open": "",
    "start": "",
}  # fmt: skip


def meant(words: str) -> str | None:
    """The command that is meant by these words, which is empty for the screens; or None."""
    return MEANT.get(words)
