"""The explicit yes to having columns of a special category read, which no other yes includes."""

from __future__ import annotations

from collections.abc import Sequence

from tui.text import wording
from tui.widgets.toggle import Toggle

MISSING = "What is of a special category takes a yes of its own: tick it above."


class SpecialToggle(Toggle):
    """Shown only where such columns would be read."""

    def __init__(self, special: Sequence[str]) -> None:
        super().__init__("I consent explicitly", _about(special), id="special")
        self.display = bool(special)

    def set_columns(self, special: Sequence[str]) -> None:
        """Stand for other columns; the yes is taken back by whoever changes them."""
        self.display = bool(special)
        self.set_label("I consent explicitly", _about(special))


def _about(special: Sequence[str]) -> str:
    return f"to jobs reading {wording.special_columns(special)}, for this purpose"
