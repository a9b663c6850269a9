"""The dialog of a data card: what it tells is ticked, read as a whole, and only then written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual import work
from textual.widget import Widget
from textual.widgets import Input, Select

from tui.dialogs.new_file import NewFileDialog
from tui.text import wording
from tui.text.card_facts import card_words, handed_out, labels_of, types_of
from tui.text.screen_words import on_screen
from tui.widgets.field import menu_field, text_field
from tui.widgets.plain import Plain
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError
from vault.views.cards import CardChoice

if TYPE_CHECKING:
    from vault.views.cards import DataCard
    from vault.views.collections import CollectionView
    from vault.views.requesters import RequesterView

READ: Final = "Read it first: press “Show it”. What is written is what was shown."


class DataCardDialog(NewFileDialog):
    """What to tell, and to whom; dismissed with "written" once the file is there."""

    def __init__(self, collection: CollectionView, requesters: Sequence[RequesterView]) -> None:
        super().__init__()
        self._collection, self._requesters = collection, requesters
        self._shown: CardChoice | None = None

    def title_text(self) -> str:
        """Which collection."""
        return f"Describe {wording.short(self._collection.name, 40)} to who asks?"

    def consequence(self) -> str:
        """What such a card is."""
        return (
            "A data card is a file for requesters. Nothing on it is computed from your records: it tells what you tick "
            "and type, and what a known export always has. That you wrote one is recorded."
        )

    def details(self) -> Iterable[Widget]:
        """The columns, what else is told, for whom, the whole card, and the file."""
        yield Plain("Columns that it tells of", classes="heading")
        for place, one in enumerate(self._collection.fields):
            yield Toggle(one.name, f"{one.type}, {one.sensitivity}", id=f"tell-{place}")
        yield Plain("What else it tells", classes="heading")
        yield text_field("Types", "types", "as you type them: steps=int; mood=text", "")
        yield text_field("What counts", "unit", "as one: record, day, or its column", "")
        yield text_field("Words", "labels", "that can stand in it: mood=good, bad; well=yes, no", "")
        people = [("anybody, not signed", ""), *((one.name, one.name) for one in self._requesters)]
        yield menu_field("For", "to", people, "")
        yield Plain("", id="card", classes="value")
        yield from self.path_field("my-data.card")

    def choices(self) -> Iterable[tuple[str, str]]:
        """Look at all of it, or write it."""
        return [("show", "Show it"), ("write", "Write the file")]

    def _choice(self) -> CardChoice:
        """What is ticked and typed; raises `Invalid` for words without their column."""
        one = self._collection
        told = [
            field.name
            for place, field in enumerate(one.fields)
            if self.query_one(f"#tell-{place}", Toggle).is_on
        ]
        return CardChoice(
            collection=one.name,
            unit=self.query_one("#unit", Input).value.strip(),
            columns=dict.fromkeys(told, "") | types_of(self.query_one("#types", Input).value),
            labels=labels_of(self.query_one("#labels", Input).value),
            to=str(self.query_one("#to", Select).value),
        )

    def chosen(self, name: str) -> None:
        """Show the card, or write the one that was shown."""
        try:
            choice = self._choice()
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        if name == "show":
            self._show(choice)
        elif choice != self._shown:
            self.show_problem(READ)
        else:
            self._write(choice)

    @work(exclusive=True, group="act")
    async def _show(self, choice: CardChoice) -> None:
        try:
            card: DataCard = await self.program.ask(lambda vault: vault.data_card(choice))
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        self._shown = choice
        words = self.query_one("#card", Plain)
        words.set_text(card_words(card))
        words.scroll_visible(animate=False)
        self.show_problem("")

    def _write(self, choice: CardChoice) -> None:
        target = self.typed_path()
        if target is None:
            return
        self.carry_out(
            lambda vault: vault.hand_out_card(choice, target),
            lambda card: handed_out(card, target),
            "written",
        )
