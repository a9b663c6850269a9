"""All of one request: in a pane beside the inbox where there is room, else in a dialog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.text import request_facts, wording
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.price import PriceBox

if TYPE_CHECKING:
    from vault.views.requests import RequestView


def request_widgets(found: RequestView) -> Iterable[Widget]:
    """Everything about a request, the price first."""
    yield PriceBox(found.price)
    yield Facts(request_facts.how_it_stands(found), classes="block")
    yield Plain("Who asks, and what for", classes="heading")
    yield Facts(request_facts.who_and_why(found), classes="value")
    yield Plain(request_facts.THEIRS, classes="muted")
    if found.line.state in request_facts.OPEN_STATES:
        says = "cover it" if found.decision.permitted else "do not cover it"
        yield Plain(f"Columns; your consents {says} now", classes="heading")
        yield Facts(request_facts.columns_asked(found.decision), classes="value")
        for sentence in request_facts.verdict(found.decision):
            yield Plain(sentence, classes="value block")
    else:
        yield Plain("Columns it asks for", classes="heading")
        yield Facts(
            [
                (one.name, f"{request_facts.asked_as(one)}\n{one.transform}".rstrip())
                for one in found.decision.fields
            ],
            classes="value",
        )
    yield Plain("What is computed", classes="heading")
    yield Facts(request_facts.what_runs(found), classes="value")


class RequestPane(VerticalScroll):
    """The request under the cursor, beside the list."""

    can_focus = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: RequestView | None = None
        self._words = ""

    def show_request(self, found: RequestView | None, words: str = "") -> None:
        """Show another request from its beginning, or the same one where it was; without one these words."""
        if found == self._shown and words == self._words:
            return
        is_same = bool(found and self._shown and found.line.id == self._shown.line.id)
        place = self.scroll_offset.y if is_same else 0
        self._shown, self._words = found, words
        with self.app.batch_update():
            self.remove_children()
            if words:
                self.mount(Plain(words, classes="value"))
            if found is not None:
                self.mount(Plain(request_heading(found), classes="heading value"), *request_widgets(found))
        self.call_after_refresh(self.scroll_to, y=place, animate=False)


def request_heading(found: RequestView) -> str:
    """Whose request, and how far their key is known."""
    status = found.line.requester_status
    mark, words = wording.KEY_MARKS[status], wording.key_warning(status)
    return f"{wording.short(found.line.requester, 40)}  {mark} {words}"


class RequestDialog(Dialog[str]):
    """The same in front of the list, with what can be done about it; opening it decides nothing."""

    AUTO_FOCUS = "#details"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "numbers", "Show ε and δ", show=False)]

    def __init__(self, found: RequestView) -> None:
        super().__init__()
        self._found = found

    def title_text(self) -> str:
        """Whose request."""
        return request_heading(self._found)

    def consequence(self) -> str:
        """What it wants."""
        line = self._found.line
        return (
            f"Asks to learn from {wording.short(line.collection, 30)}, once, for {line.purpose_words}. "
            f"State: {request_facts.state(line)}."
        )

    def details(self) -> Iterable[Widget]:
        """Everything else."""
        return request_widgets(self._found)

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"

    def choices(self) -> Iterable[tuple[str, str]]:
        """What opens a dialog of its own."""
        if self._found.line.state not in request_facts.OPEN_STATES:
            return []
        return [("attack", "Attack…"), ("refuse", "Refuse…"), ("run", "Run…")]

    def chosen(self, name: str) -> None:
        """Leave with what is wanted next."""
        self.dismiss(name)

    def action_numbers(self) -> None:
        """Show or hide the numbers of the price."""
        for box in self.query(PriceBox):
            box.toggle_numbers()
