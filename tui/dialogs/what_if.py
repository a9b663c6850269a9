"""The form and the verdict of "what if": what the consents would say to a job that nobody sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual import work
from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.dialogs.scope_form import Scope, ScopeForm
from tui.text import request_facts, wording
from tui.text.parse import parse_epsilon
from tui.text.screen_words import on_screen
from tui.widgets.facts import Facts
from tui.widgets.field import number_field
from tui.widgets.number_input import DECIMAL
from tui.widgets.plain import Plain
from vault.errors.families import Invalid, LockboxError

if TYPE_CHECKING:
    from decimal import Decimal

    from vault.views.consents import DecisionView

ONLY_CONSENTS: Final = (
    "Only what your consents say: the budget has a say in every job as well, "
    "and every run and release asks you."
)


class WhatIfForm(ScopeForm):
    """Who would ask for what; each try opens the verdict, and the form stays as it is."""

    def title_text(self) -> str:
        """The question."""
        return "What if somebody asked?"

    def consequence(self) -> str:
        """That it is only tried."""
        return (
            "Your consents decide as they would decide about a job that asks for these columns, all of them required. "
            "Nobody is asked and nothing is written."
        )

    def more_fields(self) -> Iterable[Widget]:
        """The price of the job."""
        hint = "an ε; empty: no cap is tried"
        yield number_field("It would cost", "epsilon", hint, form=DECIMAL, such_as="0.5")

    def choices(self) -> Iterable[tuple[str, str]]:
        """Try it."""
        return [("try", "Try it")]

    def safe_label(self) -> str:
        """Nothing was decided anyway."""
        return "Back"

    def chosen(self, name: str) -> None:
        """Ask the vault."""
        try:
            scope, epsilon = self.scope(), self.text("#epsilon")
            price = parse_epsilon(epsilon) if epsilon else None
        except Invalid as error:
            self.show_problem(str(error))
        else:
            self.show_problem("")
            self._try(scope, price)

    @work(exclusive=True, group="try")
    async def _try(self, scope: Scope, price: Decimal | None) -> None:
        try:
            found = await self.program.ask(
                lambda vault: vault.what_if(
                    requester=scope.requester,
                    collection=scope.collection,
                    fields=scope.fields,
                    purpose=scope.purpose,
                    epsilon=price,
                    window=scope.window,
                )
            )
        except LockboxError as error:
            self.show_problem(on_screen(error))
        else:
            self.app.push_screen(VerdictDialog(found, scope))


class VerdictDialog(Dialog[None]):
    """The verdict, every reason for every column, and the smallest change that would turn it."""

    AUTO_FOCUS = "#details"

    def __init__(self, found: DecisionView, scope: Scope) -> None:
        super().__init__()
        self._found, self._scope = found, scope

    def title_text(self) -> str:
        """The verdict."""
        return f"Such a job would be {'allowed' if self._found.permitted else 'refused'}"

    def consequence(self) -> str:
        """What turns it, or under which consent it is allowed."""
        found, scope = self._found, self._scope
        asked = (
            f"{wording.short(scope.requester, 24)} asks for {wording.counted(len(scope.fields), 'column')}"
        )
        return f"{asked} of {wording.short(scope.collection, 24)}. {turning(found)}"

    def details(self) -> Iterable[Widget]:
        """Column by column."""
        yield Facts(request_facts.columns_asked(self._found), classes="value")
        for sentence in request_facts.verdict(self._found):
            yield Plain(sentence, classes="block value")
        yield Plain(ONLY_CONSENTS, classes="muted block")

    def safe_label(self) -> str:
        """The form is still there."""
        return "Back"


def turning(found: DecisionView) -> str:
    """The smallest change that would turn a refusal, or the consent that allows it."""
    if found.permitted:
        return f"Consent {(found.grant or '')[:8]} covers it."
    first, rest = found.change[:1], len(found.change) - 1
    more = f", and {wording.counted(rest, 'thing')} more" if rest > 0 else ""
    return f"It would be allowed if {wording.short(first[0], 120)}{more}." if first else ""
