"""The dialog that erases a collection, once its name is typed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label

from tui.dialogs.read_to_end import ReadToEndDialog
from tui.text import wording
from tui.text.erasure_facts import erase_sentences
from tui.text.layout import escaped
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain, content
from tui.widgets.text_input import TextInput
from tui.widgets.toggle import Toggle

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.records import Erasure

LONGEST_NAME = 40
FINGERPRINT: Final = (
    "Destroy the fingerprint too",
    "Rows with half of these columns, of whomever they are, then share the budget that is used.",
)


class EraseDialog(ReadToEndDialog):
    """Dismissed with "erased" once the keys are destroyed."""

    ANSWER: ClassVar[str] = "erase"

    def __init__(self, planned: Erasure) -> None:
        super().__init__()
        self._planned = planned

    def title_text(self) -> str:
        """Which collection."""
        return f"Erase {wording.short(self._planned.collection, LONGEST_NAME)} for good?"

    def consequence(self) -> str:
        """What is destroyed, and that this cannot be undone."""
        one = self._planned
        rows = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.columns), 'column')}"
        return f"This cannot be undone. The keys and the sealed bytes of {rows} are destroyed. {_what_stays(one)}"

    def details(self) -> Iterable[Widget]:
        """Every sentence that the command says, and the ids of what ends."""
        for sentence in erase_sentences(self._planned):
            yield Plain(f"• {sentence}", classes="value")
        if self._planned.name_reserved:
            yield Toggle(*FINGERPRINT, id="fingerprint")
        yield Facts(_ids(self._planned))

    def before_buttons(self) -> ComposeResult:
        """The name, to be typed."""
        with Horizontal(id="word-line"):
            yield Label(content("Type its name to erase it: "))
            yield TextInput(id="word", classes="value")
        yield from super().before_buttons()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Keep it"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The one other answer."""
        return [("erase", "Erase for good")]

    def missing_input(self) -> str:
        """The name."""
        return "" if self._typed == self._planned.collection else "Its name is not typed yet."

    @property
    def _typed(self) -> str:
        return self.query_one("#word", Input).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field erases nothing; it leads to the buttons."""
        event.stop()
        self.query_one("#safe").focus()

    def chosen(self, name: str) -> None:
        """Erase what was named."""
        if self.what_is_missing():
            return
        is_too = any(one.is_on for one in self.query("#fingerprint").results(Toggle))
        self.carry_out(partial(self._erase, fingerprint_too=is_too), str, "erased")

    def _erase(self, vault: OwnerSession, *, fingerprint_too: bool) -> str:
        done = vault.erase_collection(self._planned.collection, fingerprint_too=fingerprint_too)
        return (
            f"Erased: {wording.counted(done.rows, 'row')} of {escaped(done.collection)}. {_what_stays(done)}"
        )


def _what_stays(one: Erasure) -> str:
    """What erasing does not give back, or that it gives everything back."""
    if not one.name_reserved:
        return "Nothing was ever learned from it: its name and its files can be used again."
    used = wording.percent(one.budget_used_percent)
    return f"The {used} of its budget that is used never comes back, and its name stays taken."


def _ids(one: Erasure) -> list[tuple[str, str]]:
    named = (
        ("consents withdrawn", one.consents_ended),
        ("requests refused", one.requests_ended),
        ("updates destroyed", one.updates_destroyed),
        ("left before", one.already_left),
        ("may have left", one.may_have_left),
    )
    return [(name, ", ".join(each[:8] for each in ids)) for name, ids in named if ids]
