"""What is said of the marked column of a file: its name, kind, class and the form of its dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input, Select

from tui.widgets.field import Fields, menu_field, text_field
from tui.widgets.file_form import DECIMALS
from tui.widgets.plain import content
from tui.widgets.toggle import Toggle

KINDS: Final = (
    ("whole numbers", "int"), ("numbers", "float"), ("yes or no", "bool"), ("text", "text"),
    ("times", "timestamp"), ("a few words", "category"),
)  # fmt: skip
_WORDS: Final = [word for _, word in KINDS]
CLASSES: Final = tuple((one, one) for one in ("ordinary", "sensitive", "special", "identifying"))
DATES: Final = (
    ("as they are found", ""), ("day, month, year", "dmy"), ("month, day, year", "mdy"), ("year, month, day", "ymd"),
    ("as ISO 8601 says", "iso"),
    ("seconds since 1970", "epoch"), ("milliseconds since 1970", "epoch-ms"), ("microseconds since 1970", "epoch-us"),
)  # fmt: skip
LEFT_OUT: Final = "left out"


class ColumnForm(Fields):
    """The fields of one column; what was said is told at once, and by the name that the column had before."""

    class Said(Message):
        """One thing is said otherwise: `about` is name, kept or what a choice says column by column."""

        def __init__(self, column: str, about: str, word: str) -> None:
            super().__init__()
            self.column, self.about, self.word = column, about, word

    def __init__(self, *, is_known: bool, is_new: bool, id: str) -> None:
        super().__init__(id=id)
        self._is_known, self._is_new = is_known, is_new
        self._column, self._shown = "", dict[str, str]()

    def compose(self) -> ComposeResult:
        """A tick, and one field under the other."""
        yield Toggle("Keep this column", "unticked, it is left out and never stored.", id="kept", is_on=True)
        yield text_field("Name", "name-of", most=80)
        if not self._is_known:
            yield menu_field("Kind", "types", KINDS, "")
            yield menu_field("Dates", "dates", DATES, "")
            yield menu_field("Decimal sign", "decimals", DECIMALS, "")
        if self._is_new:
            yield menu_field("Class", "sensitivities", CLASSES, "")

    def show(self, column: str, said: Mapping[str, str], vector: str) -> None:
        """Show what is said of a column by now: kept, name, and by its menu; a `vector` is a kind that it may have."""
        self._column, self._shown = column, {name: said[name] for name in self._now()}
        self.query_one("#kept", Toggle).set_on(bool(said["kept"]))
        self.query_one("#name-of", Input).value = said["name"]
        for kinds in self.query("#types").results(Select):
            others = dict.fromkeys(filter(None, (vector, said["types"])))
            known = [*KINDS, *((one, one) for one in others if one not in _WORDS)]
            kinds.set_options([(content(words), word) for words, word in known])
        for menu in self.query(Select):
            menu.value = said[str(menu.id)]

    def _now(self) -> dict[str, str]:
        name = self.query_one("#name-of", Input).value.strip()
        menus = {str(menu.id): str(menu.value) for menu in self.query(Select)}
        return {"kept": "yes" if self.query_one("#kept", Toggle).is_on else "", "name": name, **menus}

    def tell(self) -> None:
        """Say what is said otherwise than was shown."""
        for about, word in self._now().items():
            if word != self._shown.get(about, word) and (word or about != "name"):
                self._shown[about] = word
                self.post_message(self.Said(self._column, about, word))
