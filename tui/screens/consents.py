"""The consents page: who may learn from which columns, as a matrix where there is room, else as a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.dialogs.scope_form import Choices
from tui.dialogs.withdraw import open_withdraw
from tui.text import consent_facts, times, wording
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantView
    from vault.views.requesters import RequesterView

EMPTY: Final = (
    "You have allowed nobody anything.\n\n"
    "A consent is given with {give}, or drafted from a request that you approve under 4 Requests. {what_if} tries "
    "what your consents would say."
)
WIDE, NORMAL = 120, 80
GAP: Final = 2
LEAST_FIELD, MOST_FIELD = 3, 14
WIDTHS: Final = {
    "narrow": {"state": 14, "who": 14, "columns": 8, "until": 10},
    "normal": {"state": 14, "who": 16, "columns": 8, "for": 16, "left": 7, "until": 10},
    "wide": {"state": 14, "who": 16, "for": 18, "until": 10, "left": 8},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """Every consent, those in force first, and whom and what they are about."""

    grants: tuple[GrantView, ...]
    collections: tuple[CollectionView, ...]
    requesters: tuple[RequesterView, ...]

    @property
    def named(self) -> list[str]:
        """The collections that consents are about; one that was erased is among them."""
        return list(dict.fromkeys(one.collection for one in self.grants))

    def collection(self, name: str) -> CollectionView | None:
        """The collection of this name, if it is still there."""
        return next((one for one in self.collections if one.name == name), None)


class Consents(Page[ConsentFacts]):
    """Every consent ever given."""

    NAME = "consents"
    TITLE_TEXT = "Consents"
    HELP: ClassVar[str] = """\
# Consents
What you have allowed whom. In the matrix **●** is a column they may learn from, **·** one they may not.

* **●** active  **◷** expires soon  **▷** not yet  **◍** in use  **◌** used up  **○** expired  **×** withdrawn
* **n** gives a new one: nothing is ticked, and you see the whole of it before you decide.
* **w** withdraws: no new run, what trains is stopped, what is held is destroyed. What left stays out.
* **x** tries what your consents would say to somebody, and what would turn it. Nothing is written.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = ConsentFacts(grants=(), collections=(), requesters=())
        self._collection = ""
        self._headings: tuple[str, ...] = ()
        self._receipts: dict[str, Mapping[str, Any]] = {}

    def body(self) -> ComposeResult:
        """Which collection, the matrix, and the consent under the cursor."""
        keys = {name: key_of(f"consents.{name}", self.program.own_keys) for name in ("give", "what_if")}
        yield Plain(EMPTY.format(**keys), classes="empty", id="consents-empty")
        with Container(id="consents-body"):
            yield Plain(id="consents-title", classes="muted value")
            yield ListTable(id="consents-list", classes="value")
            yield Plain(id="consents-legend", classes="muted value")
            with VerticalScroll(id="consents-details", can_focus=True):
                yield Plain(id="consent-state", classes="heading")
                yield Facts((), id="consent-facts", classes="value")
                yield Plain("What you were shown", classes="heading")
                yield Plain(id="consent-notice")

    def fetch(self, vault: OwnerSession) -> ConsentFacts:
        """Every consent, collection and requester."""
        return ConsentFacts(
            grants=tuple(vault.grants()),
            collections=tuple(vault.collections()),
            requesters=tuple(vault.requesters()),
        )

    async def draw(self, facts: ConsentFacts) -> None:
        """Fill the matrix or the list."""
        facts = replace(facts, grants=tuple(consent_facts.by_standing(facts.grants, self.program.now())))
        self._facts = facts
        self._receipts.clear()
        begin = next((one.collection for one in facts.grants if one.id == self.cursor_key), "")
        self._collection = begin or (self._collection if self._collection in facts.named else "")
        self._collection = self._collection or (facts.named or [""])[0]
        self.query_one("#consents-empty").display = not facts.grants
        self.query_one("#consents-body").display = bool(facts.grants)
        self._fill()
        self._show_chosen()

    # the matrix

    @property
    def _is_matrix(self) -> bool:
        return self.app.size.width >= WIDE

    def _shown(self) -> list[GrantView]:
        if not self._is_matrix:
            return list(self._facts.grants)
        return [one for one in self._facts.grants if one.collection == self._collection]

    def _fields(self) -> list[str]:
        """The columns of the matrix: those of the collection, or all that were named of one that is gone."""
        if not self._is_matrix:
            return []
        found = self._facts.collection(self._collection)
        if found is not None:
            return [field.name for field in found.fields]
        return sorted({name for one in self._shown() for name in one.fields})

    def _fill(self) -> None:
        table, fields = self.query_one("#consents-list", ListTable), self._fields()
        widths, labels, legend = self._widths(), *field_labels(fields, self._room())
        headings = (*widths, *labels)
        if headings != self._headings:
            table.set_headings(*headings)
            self._headings = headings
        table.fill(self._line(one, widths, fields) for one in self._shown())
        self.query_one("#consents-title", Plain).set_text(self._title())
        found = self.query_one("#consents-legend", Plain)
        found.display = bool(legend)
        found.set_text(legend)

    def _widths(self) -> dict[str, int]:
        width = self.app.size.width
        name = "wide" if width >= WIDE else "normal" if width >= NORMAL else "narrow"
        widths = dict(WIDTHS[name])
        if name != "wide":
            over = width - GAP - sum(widths.values()) - GAP * len(widths)
            growing = [one for one in ("who", "for") if one in widths]
            for one in growing:
                widths[one] += max(0, over) // len(growing)
        return widths

    def _room(self) -> int:
        widths = self._widths()
        return self.app.size.width - GAP - sum(widths.values()) - GAP * len(widths)

    def _line(self, one: GrantView, widths: dict[str, int], fields: list[str]) -> Line:
        now = self.program.now()
        is_in_force = consent_facts.standing(one, now) in consent_facts.IN_FORCE
        found = self._facts.collection(one.collection)
        facts = {
            "state": consent_facts.marked_in_short(one, now),
            "who": one.requester,
            "for": one.purpose_words,
            "columns": consent_facts.columns_in_words(one, len(found.fields) if found else None),
            "left": f"{consent_facts.uses_left(one)} of {one.uses}" if is_in_force else "–",
            "until": f"{times.day_of(one.not_after)}",
        }
        cells = [wording.short(facts[name], most) for name, most in widths.items()]
        marks = [
            consent_facts.ALLOWED if name in one.fields else consent_facts.NOT_ALLOWED for name in fields
        ]
        return Line(key=one.id, cells=(*cells, *marks), style="" if is_in_force else "dim")

    def _title(self) -> str:
        grants, names = self._facts.grants, self._facts.named
        if not self._is_matrix:
            return f"{wording.counted(len(grants), 'consent')}, those in force first"
        here = f"Columns of {wording.short(self._collection, 40)}: ● may be learned from, · may not"
        if len(names) < 2:
            return here
        place = names.index(self._collection) + 1
        return f"{here}  ({place} of {wording.counted(len(names), 'collection')}, c turns)"

    def on_resize(self, event: Resize) -> None:
        """Draw the matrix or the list for the new width."""
        if self._headings:
            self._fill()
            self._show_chosen()

    # the consent under the cursor

    @property
    def chosen(self) -> GrantView | None:
        """The consent under the cursor."""
        key = self.chosen_key()
        return next((one for one in self._facts.grants if one.id == key), None)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what the cursor is on."""
        event.stop()
        self._show_chosen()

    @work(exclusive=True, group="chosen")
    async def _show_chosen(self) -> None:
        one = self.chosen
        if one is None:
            return
        who = next((each for each in self._facts.requesters if each.name == one.requester), None)
        state = consent_facts.state_sentence(one, self.program.now())
        self.query_one("#consent-state", Plain).set_text(state)
        found = self._facts.collection(one.collection)
        facts = consent_facts.facts(one, found, who)
        self.query_one("#consent-facts", Facts).set_facts(facts)
        receipt = await self._receipt(one.id)
        if receipt is not None:
            self.query_one("#consent-facts", Facts).set_facts([*facts, *consent_facts.receipt_facts(receipt)])
            self.query_one("#consent-notice", Plain).set_text(consent_facts.notice_of(receipt))

    async def _receipt(self, grant_id: str) -> Mapping[str, Any] | None:
        if grant_id not in self._receipts:
            found = await self.ask(lambda vault: vault.receipt(grant_id))
            if found is None:
                return None
            self._receipts[grant_id] = found
        return self._receipts[grant_id]

    # actions

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open; they decide nothing."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Read the consent, in place of the list where there is no room for both."""
        self.query_one("#consents-body").add_class("-details")
        self.query_one("#consents-details").focus()

    def action_close(self) -> None:
        """Back to the list."""
        self.query_one("#consents-body").remove_class("-details")
        self.focus_first()

    async def leave_part(self) -> None:
        """The same."""
        if self.query_one("#consents-body").has_class("-details"):
            self.action_close()

    def action_turn(self) -> None:
        """Show the consents on the next collection."""
        names = self._facts.named
        if self._is_matrix and len(names) > 1:
            self._collection = names[(names.index(self._collection) + 1) % len(names)]
            self._fill()
            self._show_chosen()
        else:
            self.notify("All your consents are in this list.")

    def action_give(self) -> None:
        """Open the form for a new consent."""
        from tui.dialogs.grant import GrantForm

        if choices := self._choices():
            self.app.push_screen(GrantForm(choices, collection=self._collection), self._given)

    def action_what_if(self) -> None:
        """Open the form of the tester."""
        from tui.dialogs.what_if import WhatIfForm

        if choices := self._choices():
            self.app.push_screen(WhatIfForm(choices, collection=self._collection))

    def _choices(self) -> Choices | None:
        found = Choices(requesters=self._facts.requesters, collections=self._facts.collections)
        if found.fault:
            self.program.tell(found.fault)
            return None
        return found

    def _given(self, grant_id: str | None) -> None:
        if grant_id:
            self.cursor_key = grant_id
            self.reload()

    @work(exclusive=True, group="act")
    async def action_withdraw(self) -> None:
        """Open the decision to withdraw."""
        if self.chosen is not None:
            await open_withdraw(self, self.chosen.id)

    @work(exclusive=True, group="act")
    async def action_receipt(self) -> None:
        """Show the receipt whole."""
        from tui.dialogs.receipt import ReceiptDialog

        if self.chosen is not None and (found := await self._receipt(self.chosen.id)) is not None:
            self.app.push_screen(ReceiptDialog(found))


def field_labels(fields: list[str], room: int) -> tuple[list[str], str]:
    """The headings of the columns of a collection: their names where they fit, else numbers and what they stand for."""
    if sum(len(name) + GAP for name in fields) <= room and len(set(fields)) == len(fields):
        return fields, ""
    labels = [str(place) for place in range(1, len(fields) + 1)]
    return labels, "  ".join(f"{label} {name}" for label, name in zip(labels, fields, strict=True))
