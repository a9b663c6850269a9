"""The dialog that narrows the trail to a requester, a collection or an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.widget import Widget
from textual.widgets import Select

from tui.dialogs.dialog import Dialog
from tui.text import wording
from tui.widgets.field import menu_field
from vault.views.history import TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

NAME_ROOM: Final = 40
OUTCOME_WORDS: Final = {
    "allowed": "you or a consent allowed it",
    "refused": "it was refused, denied or blocked",
    "ran": "a run began or ended",
    "failed": "a run failed",
    "spent": "budget was spent",
    "left": "an update left",
    "kept": "an update was kept, or ended here",
    "ended": "a consent or a request ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that the trail can be narrowed to."""

    requesters: tuple[str, ...]
    collections: tuple[str, ...]


def known_in(vault: OwnerSession) -> Known:
    """Everybody who may ask, and every collection there is or was asked for."""
    asked = {one.collection for one in vault.requests()}
    return Known(
        requesters=tuple(sorted(one.name for one in vault.requesters())),
        collections=tuple(sorted(asked | {one.name for one in vault.collections()})),
    )


def only_words(only: TrailFilter) -> str:
    """What a filter leaves, in words."""
    parts = [
        f"about {wording.short(only.requester, NAME_ROOM)}" if only.requester else "",
        f"of {wording.short(only.collection, NAME_ROOM)}" if only.collection else "",
        OUTCOME_WORDS.get(only.outcome, only.outcome),
    ]
    return f"only {', '.join(part for part in parts if part)}"


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
