"""Dialogs of the budget page: how to read its numbers, and the price of one job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.text import request_facts, wording
from tui.text.budget_facts import JOBS_ADD_UP
from tui.widgets.plain import Plain
from tui.widgets.price import PriceBox

if TYPE_CHECKING:
    from vault.views.requests import RequestView

NAME_ROOM: Final = 30
PARAGRAPHS: Final = (
    "Percent: of that limit. Used is rounded up and left is rounded down, so that what you see is never too good.",
    "A job pays before it reads the first record. What it cost stays spent when it fails, when you stop it, when you "
    "keep its result private and when you erase the collection.",
    "Jobs are counted together and not one by one, so what is used is not exactly the sum of what the jobs cost.",
    "What is left is no promise to a next job: whether one fits depends on its kind. Each request says if it does.",
    "One requester can use at most half of a collection's budget, and one job at most a quarter of it.",
    "For one job there is a guess: how often somebody who sees its result, and knows everything else, would at best be "
    "right about one unit. It is worked out for that job alone. Open a job to read it.",
    f"{JOBS_ADD_UP} That is computed for jobs like those of the demonstration; which jobs will come here is not "
    "known. For whatever comes, only the worst case of the cap is proven:",
)
LAST: Final = (
    "What holds for many units is hidden from nobody: it is what a model learns. A budget belongs to the people in the "
    "data: collections that were joined at their import, as being of the same people, share one. Where you said "
    "otherwise, or nothing showed it, what is learned from two collections about one person adds up."
)


class BudgetHelpDialog(Dialog[None]):
    """The numbers of the budget explained; `caps` are collection, ε, δ and what one unit is called."""

    AUTO_FOCUS = "#details"

    def __init__(self, caps: Sequence[tuple[str, str, str, str]]) -> None:
        super().__init__()
        self._caps = caps

    def title_text(self) -> str:
        """What is explained."""
        return "How to read this"

    def consequence(self) -> str:
        """What the budget is."""
        return (
            "The lifetime privacy budget of a collection limits how much all jobs together may ever tell about any one "
            "unit of it, such as one day. Spent budget never comes back; what does not fit any more cannot run."
        )

    def details(self) -> Iterable[Widget]:
        """The rest, and the cap of each collection."""
        for paragraph in PARAGRAPHS:
            yield Plain(paragraph, classes="paragraph")
        for collection, epsilon, delta, noun in self._caps:
            cap = wording.cap_sentence(epsilon, delta, wording.short(noun, NAME_ROOM))
            yield Plain(f"{wording.short(collection, NAME_ROOM)}: {cap}", classes="paragraph value")
        yield Plain(LAST, classes="paragraph")

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"


class JobPriceDialog(Dialog[None]):
    """The price of one job in front of the list."""

    AUTO_FOCUS = "#details"

    def __init__(self, found: RequestView) -> None:
        super().__init__()
        self._found = found

    def title_text(self) -> str:
        """Which job."""
        return job_heading(self._found)

    def consequence(self) -> str:
        """What is told below."""
        line = self._found.line
        return (
            f"For {line.purpose_words}. State: {request_facts.state(line)}. "
            "What follows is about this job alone, and about one unit of your records."
        )

    def details(self) -> Iterable[Widget]:
        """The guess, the cost and the numbers."""
        box = PriceBox(self._found.price)
        box.toggle_numbers()
        yield box

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"


def job_heading(found: RequestView) -> str:
    """Whose job on what."""
    line = found.line
    who, what = wording.short(line.requester, NAME_ROOM), wording.short(line.collection, NAME_ROOM)
    return f"Request {line.id[:8]} of {who}, on {what}"
