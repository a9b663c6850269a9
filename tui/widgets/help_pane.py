"""What a screen is about and what its keys do, in our own words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tui.app.keymap import EVERYWHERE, KeyAction, actions
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain

MOVING = (
    ("arrows, j k", "move in a list; g and G go to its ends"),
    ("tab", "goes to the next pane or button"),
    ("enter", "opens; it approves nothing"),
    ("escape", "goes back, and decides nothing"),
)
_SIGNS = {"question_mark": "?", "slash": "/", "comma": ","}


class HelpPane(VerticalScroll):
    """Beside a page; escape or the key that opened it closes it."""

    can_focus = False

    def __init__(self, about: str, where: str) -> None:
        super().__init__(id="help-pane")
        self._about, self._where = about, where

    def compose(self) -> ComposeResult:
        """The words, then the keys of this page, then those of every page."""
        yield Markdown(self._about, open_links=False)
        yield Plain("Keys here", classes="heading")
        yield Facts(key_facts(actions(self._where)))
        yield Plain("Keys everywhere", classes="heading")
        yield Facts([*MOVING, *key_facts(actions(EVERYWHERE))])
        yield Plain("escape closes this", classes="muted")


def key_facts(found: Sequence[KeyAction]) -> list[tuple[str, str]]:
    """Every key with the sentence that says what it does."""
    return [(key_name(one.keys), one.sentence) for one in found]


def key_name(keys: str) -> str:
    """A key, or several, as a person reads them."""
    return " ".join(_SIGNS.get(key, key) for key in keys.split(","))
