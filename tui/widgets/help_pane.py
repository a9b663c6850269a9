"""What a screen is about and what its keys do, in our own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tui.app.key_action import EVERYWHERE, KeyAction
from tui.app.key_names import key_name, keys_of, with_own_keys
from tui.app.keymap import actions
from tui.app.program import program_of
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain

MOVING = (
    ("arrows, j k", "move in a list; g and G go to its ends"),
    ("tab", "goes to the next pane or button"),
    ("enter", "opens; it approves nothing"),
    ("escape", "goes back, and decides nothing"),
)


class HelpPane(VerticalScroll):
    """Beside a page; escape or the key that opened it closes it, and tab leads into it."""

    def __init__(self, about: str, where: str) -> None:
        super().__init__(id="help-pane")
        self._about, self._where = about, where

    def compose(self) -> ComposeResult:
        """The words, then the keys of this page, then those of every page."""
        own = program_of(self).own_keys
        yield Markdown(with_own_keys(self._about, self._where, own), open_links=False)
        yield Plain("Keys here", classes="heading")
        yield Facts(key_facts(actions(self._where), own))
        yield Plain("Keys everywhere", classes="heading")
        yield Facts([*MOVING, *key_facts(actions(EVERYWHERE), own)])
        yield Plain("escape closes this", classes="muted")


def key_facts(found: Sequence[KeyAction], own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every key with what it does, and what the file of a person's own keys calls that."""
    return [(key_name(keys_of(one, own)), f"{one.sentence} ({one.id})") for one in found]
