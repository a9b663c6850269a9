"""What a dialog or a card is about and what its keys do, in front of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Markdown

from tui.app.key_names import key_name, key_of, with_own_keys
from tui.dialogs.dialog import Dialog
from tui.widgets.facts import Facts
from tui.widgets.help_pane import MOVING
from tui.widgets.plain import Plain

DIALOG_KEYS = (
    ("tab, ← →", "go from field to button; no letter does"),
    ("ctrl+o", "shows a letter on each field and button; the one you press is gone to"),
    ("space", "ticks what can be ticked"),
    ("page up, page down", "scroll what does not fit; g and G go to its ends"),
    ("enter", "presses the button that is marked; in a field it decides nothing"),
    ("escape", "leaves, and nothing is decided"),
)


class HelpDialog(Dialog[None]):
    """The help of another screen; escape or F1 closes it."""

    AUTO_FOCUS = "#details"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "leave", show=False)]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._about = about

    def title_text(self) -> str:
        """What it is."""
        return "Help"

    def consequence(self) -> str:
        """That nothing happens by it."""
        return "Reading this changes nothing: what you were doing is behind it as it was."

    def details(self) -> Iterable[Widget]:
        """The words of that screen, and its keys."""
        if words := getattr(self._about, "HELP", ""):
            where = getattr(self._about, "KEYS_OF", getattr(self._about, "NAME", ""))
            yield Markdown(with_own_keys(words, where, self.program.own_keys), open_links=False)
        yield Plain("Keys", classes="heading")
        is_dialog = isinstance(self._about, Dialog)
        yield Facts([*_own_keys(self._about), *(DIALOG_KEYS if is_dialog else MOVING), self._urgent()])

    def _urgent(self) -> tuple[str, str]:
        own = self.program.own_keys
        keys = ", ".join(key_of(name, own) for name in ("everywhere.curtain", "everywhere.lock"))
        return keys, "hide every value; lock the vault"

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"


def _own_keys(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys that only this screen has, where they have a name."""
    ours = [kind for kind in type(screen).__mro__ if kind.__module__.startswith("tui.")]
    found = [one for kind in ours for one in kind.__dict__.get("BINDINGS", ())]
    return [(key_name(one.key), one.description) for one in found if one.description and one.key != "escape"]
