"""The columns of a file that is imported: each as it would be kept, and what is said of the marked one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from tui.app.leaving import while_here
from tui.dialogs import column_choices
from tui.text import import_facts
from tui.text.layout import escaped
from tui.widgets.column_form import ColumnForm
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.views.records import ColumnPreview, FileChoice, ImportPlan

LEFT_OUT: Final = "left out"
KEYS: Final = "Columns. Of the marked one s changes the class, t the kind, and space leaves it out."


class ImportColumns(Vertical):
    """The table with its examples, what is refused and to know, and the fields of the column under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "next_class", "Change the class of the marked column", show=False),
        Binding("t", "next_kind", "Change the kind of the marked column", show=False),
        Binding("space", "leave_out", "Leave the marked column out, or take it back", show=False),
    ]

    class Decided(Message):
        """Another thing is said of a column: the choice of the file is this one."""

        def __init__(self, choice: FileChoice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choice: FileChoice, plan: ImportPlan, *, id: str) -> None:
        super().__init__(id=id)
        self._choice, self._plan = choice, plan
        self._left_out: dict[str, ColumnPreview] = {}

    def compose(self) -> ComposeResult:
        """The list, what the class means, what is refused and to know, and the fields."""
        yield Plain(KEYS, classes="heading")
        yield ListTable("", "column", "kind", "class", "empty", "examples", id="columns")
        yield Plain("", id="class-words", classes="muted")
        yield Plain("", id="refused")
        yield Plain("", id="warnings", classes="muted")
        yield Plain("The marked column", classes="heading")
        yield ColumnForm(is_known=self._is_known, is_new=self._is_new, id="column")

    @property
    def _is_known(self) -> bool:
        return bool(self._plan.parts)

    @property
    def _is_new(self) -> bool:
        return self._plan.rows_before is None

    def show(self, choice: FileChoice, plan: ImportPlan) -> None:
        """Show the columns as they would be kept, and those that are left out behind them."""
        self._choice, self._plan = choice, plan
        self._left_out = {word: one for word, one in self._left_out.items() if word in choice.drop}
        self.query_one(ListTable).fill(_lines(plan.columns, self._left_out.values()))
        self._show_marked()

    def follow(self, choice: FileChoice) -> None:
        """What is said by now, though nobody has looked yet what it would be."""
        self._choice = choice

    def on_data_table_row_highlighted(self, event: ListTable.RowHighlighted) -> None:
        """Say what the class of the marked column means, and what was said of it."""
        event.stop()
        with while_here(self.screen):  # the fields of a dialog that is being left may be gone before its list
            self._show_marked()

    def _marked(self) -> ColumnPreview | None:
        """The column under the cursor, kept or left out."""
        name = self.query_one(ListTable).chosen
        return next(
            (one for one in (*self._plan.columns, *self._left_out.values()) if one.name == name), None
        )

    def _word_of(self, name: str) -> str:
        """How the file calls a column of this name that is left out; empty for one that is kept."""
        return next((word for word, one in self._left_out.items() if one.name == name), "")

    def _show_marked(self) -> None:
        column = self._marked()
        if column is None:
            return
        said = {
            "kept": "" if self._word_of(column.name) else "yes",
            "name": column.name,
            "dates": self._choice.dates.get(column.name, ""),
            "decimals": self._choice.decimals.get(column.name, ""),
            **{about: self._now(column, about) for about in ("types", "sensitivities")},
        }
        self.query_one(ColumnForm).show(column.name, said, column.vector)
        word = said["sensitivities"]
        words = f"{word}: {import_facts.CLASSES[word]}" if said["kept"] else "left out: it is not stored."
        self.query_one("#class-words", Plain).set_text(f"{escaped(column.name)} is {words}")

    def _now(self, column: ColumnPreview, about: str) -> str:
        """What is said of a column, or was found; what was said may not have been answered yet."""
        found = {"types": column.type, "sensitivities": column.sensitivity.value}[about]
        said: Mapping[str, str] = getattr(self._choice, about)
        return said.get(column.name, found)

    # changing

    def action_next_class(self) -> None:
        """Change the class of the marked column."""
        if self._is_new:
            self._turn_on("sensitivities", import_facts.SENSITIVITIES)

    def action_next_kind(self) -> None:
        """Change the kind of the marked column."""
        column = self._marked()
        if column is not None and not self._is_known:
            self._turn_on("types", [*import_facts.KINDS, *filter(None, (column.vector,))])

    def _turn_on(self, about: str, words: Sequence[str]) -> None:
        column = self._marked()
        if column is not None and isinstance(self.screen.focused, ListTable):
            now = self._now(column, about)
            place = words.index(now) if now in words else -1  # a vector is no word of the list
            self._say(column.name, about, words[(place + 1) % len(words)])

    def action_leave_out(self) -> None:
        """Leave the marked column out, or take it back."""
        column = self._marked()
        if column is not None and isinstance(self.screen.focused, ListTable):
            self._say(column.name, "kept", "yes" if self._word_of(column.name) else "")

    def on_column_form_said(self, event: ColumnForm.Said) -> None:
        """Something else is said of a column."""
        event.stop()
        self._say(event.column, event.about, event.word)

    def _say(self, column: str, about: str, word: str) -> None:
        choice = self._choice
        if left_out := self._word_of(column):
            if (about, word) == ("kept", "yes"):
                self._decide(column_choices.taken_back(choice, left_out, column))
        elif about == "kept":
            known = {
                column_choices.file_name(choice, column): one
                for one in self._plan.columns
                if one.name == column
            }
            self._left_out |= known
            self._decide(column_choices.left_out(choice, column))
        elif about == "name":
            self._decide(column_choices.renamed(choice, column, word))
        else:
            self._decide(column_choices.said_of(choice, column, about, word))

    def _decide(self, choice: FileChoice) -> None:
        self._choice = choice
        self.post_message(self.Decided(choice))


def _lines(kept: Iterable[ColumnPreview], left_out: Iterable[ColumnPreview]) -> Iterable[Line]:
    for one in kept:
        yield Line(
            key=one.name,
            cells=(
                import_facts.MARKS[one.sensitivity], one.name, one.type, one.sensitivity,
                f"{one.nulls:,}" if one.nulls else "", ", ".join(one.samples),
            ),
        )  # fmt: skip
    for one in left_out:
        yield Line(key=one.name, cells=("–", one.name, one.type, LEFT_OUT, "", ", ".join(one.samples)))
