"""The dialog that narrows the trail to a requester, a collection or an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual.widget import Widget
from textual.widgets import Select

from tui.dialogs.dialog import Dialog
from tui.text import wording
from tui.text.audit_facts import OUTCOME_WORDS
from tui.widgets.field import menu_field
from vault.views.history import TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from tui.text.audit_facts import Known

NAME_ROOM: Final = 40


class TrailFilterDialog(Dialog[TrailFilter]):
    """Three menus; dismissed with the filter they make."""

    AUTO_FOCUS = "#trail-requester"

    def __init__(self, known: Known, only: TrailFilter) -> None:
        super().__init__()
        self._known, self._only = known, only

    def title_text(self) -> str:
        """What is done."""
        return "Show only some of the trail"

    def consequence(self) -> str:
        """That nothing is left out for good."""
        return "An entry is shown where all of what you choose fits it. The trail itself stays as it is."

    def details(self) -> Iterable[Widget]:
        """Whom, what and which outcome."""
        known, only = self._known, self._only
        yield menu_field("Who", "trail-requester", _names("anybody", known.requesters), only.requester)
        yield menu_field("Which data", "trail-collection", _names("any", known.collections), only.collection)
        outcomes = [("any", ""), *((OUTCOME_WORDS[one], one) for one in TRAIL_OUTCOMES)]
        yield menu_field("What came of it", "trail-outcome", outcomes, only.outcome)

    def safe_label(self) -> str:
        """Nothing changes."""
        return "Back"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Narrow it, or show all again."""
        yield "show", "Show these"
        if not self._only.is_all:
            yield "all", "Show all"

    def chosen(self, name: str) -> None:
        """Leave with what the menus say."""
        said = (
            str(self.query_one(f"#trail-{one}", Select).value)
            for one in ("requester", "collection", "outcome")
        )
        requester, collection, outcome = said
        chosen = TrailFilter(requester=requester, collection=collection, outcome=outcome)
        self.dismiss(TrailFilter() if name == "all" else chosen)


def _names(every: str, names: Sequence[str]) -> list[tuple[str, str]]:
    return [(every, ""), *((wording.short(name, NAME_ROOM), name) for name in names)]
