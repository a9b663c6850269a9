"""docs/terminal-ui.md names every action of the screens with its key and its command, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tui.app.key_action import EVERYWHERE
from tui.app.keymap import ACTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "terminal-ui.md").read_text(encoding="utf-8")
SPELLED = {"question_mark": "?", "slash": "/", "comma": ","}


def tables() -> dict[str, list[tuple[str, str, str, str]]]:
    """Heading of a table of keys → its rows."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for block in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, rest = block.partition("\n")
        cells = [
            tuple(cell.strip() for cell in line.strip("|").split(" | "))
            for line in rest.splitlines()
            if line.startswith("| `")
        ]
        found[heading] = [(a, b, c, d) for a, b, c, d in cells]
    return found


def row(keys: str, label: str, sentence: str, command: str | None) -> tuple[str, str, str, str]:
    """One action as the page writes it."""
    pressed = ", ".join(f"`{SPELLED.get(key, key)}`" for key in keys.split(","))
    done_by = f"`lockbox {command}`" if command else "none: it only moves or hides"
    return pressed, label, sentence, done_by


def test_the_page_names_every_action_with_its_keys_and_its_command() -> None:
    wanted: dict[str, list[tuple[str, str, str, str]]] = {}
    for one in ACTIONS:
        heading = "Everywhere" if one.where == EVERYWHERE else one.where.capitalize()
        wanted.setdefault(heading, []).append(row(one.keys, one.label, one.sentence, one.command))
    assert wanted == tables()
