"""Write what the pages of docs say about actions from their records: `python -m tests.docs.make_pages`.

The tables of keys in docs/terminal-ui.md are written whole. In docs/commands.md the section of a simple action begins
with its sentence, its usage and its arguments; what stands behind them is written by hand and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from tui.actions import ACTIONS as SIMPLE
from tui.app.key_action import EVERYWHERE, KeyAction
from tui.app.keymap import ACTIONS
from tui.text.action import Action, Entry

DOCS = Path(__file__).parents[2] / "docs"
KEYS, COMMANDS = DOCS / "terminal-ui.md", DOCS / "commands.md"
SPELLED = {"question_mark": "?", "slash": "/", "comma": ","}
HEAD = "| key | | what it does | command |\n| --- | --- | --- | --- |\n"


# the tables of keys ---------------------------------------------------------------------------------------


def key_row(one: KeyAction) -> str:
    """One action as the page writes it."""
    pressed = ", ".join(f"`{SPELLED.get(key, key)}`" for key in one.keys.split(","))
    done_by = f"`lockbox {one.command}`" if one.command else "none: it only moves or hides"
    return f"| {pressed} | {one.label} | {one.sentence} | {done_by} |"


def key_tables() -> Iterator[str]:
    """The table of every page of the screens under its heading."""
    for where, group in groupby(ACTIONS, key=lambda one: one.where):
        heading = "Everywhere" if where == EVERYWHERE else where.capitalize()
        yield f"### {heading}\n\n{HEAD}" + "\n".join(map(key_row, group)) + "\n"


def with_key_tables(page: str) -> str:
    """The page with its tables written anew."""
    before, rest = page.split("### Everywhere\n", 1)
    after = rest.split("\n## ", 1)[1]
    tables = "\n".join(key_tables())
    return f"{before}{tables}\n## {after}"


# the sections of commands ---------------------------------------------------------------------------------


def argument(entry: Entry) -> tuple[str, str]:
    """How an entry stands in the usage, and how it is listed."""
    if entry.is_required:
        return entry.name.upper(), entry.name.upper()
    return f"[--{entry.name} TEXT]", f"--{entry.name} TEXT"


def beginning(action: Action[Any]) -> str:
    """How the section of a simple action begins."""
    arguments = [(*argument(one), one.help) for one in action.entries]
    if action.foretold is not None:
        arguments.append(("[--dry-run]", "--dry-run", "Show what would change, and change nothing."))
    listed = [(action.target.metavar, action.target.help), *((name, about) for _, name, about in arguments)]
    usage = " ".join(("lockbox", action.words, action.target.metavar, *(shown for shown, _, _ in arguments)))
    lines = "\n".join(f"* `{name}`: {about}" for name, about in listed)
    return f"### lockbox {action.words}\n\n{action.help}\n\n    {usage}\n\n{lines}\n"


def with_command_sections(page: str) -> str:
    """The page with the beginnings of those sections written anew, and those that are missing put in."""
    for action in SIMPLE:
        section = _section(page, action)
        if section is None:
            before = _section(page, _before(action))
            assert before is not None
            page = f"{page[: before.end()]}{beginning(action)}\n{page[before.end() :]}"
        else:
            by_hand = re.split(r"(?:^\* .*\n(?:  .*\n)*)+", section[0], maxsplit=1, flags=re.MULTILINE)[-1]
            page = page[: section.start()] + beginning(action) + by_hand + page[section.end() :]
    return page


def _section(page: str, action: Action[Any]) -> re.Match[str] | None:
    """All that stands on the page about this command."""
    head = rf"^### lockbox {action.words}\n\n.*?(?=^### |^## )"
    return re.search(head, page, re.MULTILINE | re.DOTALL)


def _before(action: Action[Any]) -> Action[Any]:
    """The simple action before this one in its group of commands."""
    group = action.words.split()[0]
    here = [one for one in SIMPLE if one.words.split()[0] == group]
    return here[here.index(action) - 1]


def main() -> None:
    """Write both pages."""
    for path, written in ((KEYS, with_key_tables), (COMMANDS, with_command_sections)):
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
