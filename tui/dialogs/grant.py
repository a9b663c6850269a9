"""The form of a new consent, and the dialog that shows it whole and gives it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.widget import Widget
from textual.widgets import Button

from tui.dialogs.read_to_end import ReadToEndDialog
from tui.dialogs.scope_form import ScopeForm, text_field
from tui.text import consent_facts, grant_facts, wording
from tui.text.parse import parse_count, parse_epsilon
from tui.text.screen_words import on_screen
from tui.widgets.facts import Facts
from tui.widgets.field import number_field
from tui.widgets.number_input import DECIMAL, GROUPED
from tui.widgets.plain import Plain
from tui.widgets.special_toggle import MISSING, SpecialToggle
from tui.widgets.toggle import Toggle
from vault.errors.families import Invalid, LockboxError

if TYPE_CHECKING:
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantDraft, GrantTerms


class GrantForm(ScopeForm):
    """What would be allowed; dismissed with the id of the consent once it is given."""

    def title_text(self) -> str:
        """The question behind it."""
        return "Let somebody learn from your data?"

    def consequence(self) -> str:
        """What comes next."""
        return (
            "Nothing is ticked and nothing is given here: next you see the whole consent, and then you decide. Whoever "
            "it is for still has to ask you for every run."
        )

    def more_fields(self) -> Iterable[Widget]:
        """The ends of a consent."""
        yield text_field("Until", "until", "a date like 2026-12-31, at most a year away")
        yield number_field("How many runs", "uses", "1 to 1000", "1", form=GROUPED, such_as="3")
        yield Plain("If you like", classes="heading")
        yield text_field("Not before", "from", "a date; empty: from now on")
        hint = "at most this ε; empty: what the budget allows"
        yield number_field("A run costs", "epsilon", hint, form=DECIMAL, such_as="0.5")

    def choices(self) -> Iterable[tuple[str, str]]:
        """The next dialog."""
        return [("look", "See it whole…")]

    def terms(self) -> GrantTerms:
        """What was filled in; raises `Invalid` with the first thing that is missing or cannot be read."""
        scope = self.scope()
        if (until := self.date("#until")) is None:
            raise Invalid(reason="say until when, at most a year from now")
        epsilon, uses = self.text("#epsilon"), self.text("#uses")
        return {
            "requester": scope.requester,
            "collection": scope.collection,
            "fields": scope.fields,
            "purpose": scope.purpose,
            "not_after": until,
            "not_before": self.date("#from"),
            "window": scope.window,
            "uses": parse_count(uses) if uses else 1,
            "epsilon_cap": parse_epsilon(epsilon) if epsilon else None,
        }

    def chosen(self, name: str) -> None:
        """Ask the vault what it would be, and show it whole."""
        try:
            terms = self.terms()
        except Invalid as error:
            self.show_problem(str(error))
        else:
            self.show_problem("")
            self._look(terms)

    @work(exclusive=True, group="look")
    async def _look(self, terms: GrantTerms) -> None:
        try:
            draft = await self.program.ask(lambda vault: vault.preview_grant(**terms))
        except LockboxError as error:
            self.show_problem(on_screen(error))
            return
        self.app.push_screen(
            GrantDialog(draft, terms, cast("CollectionView", self.collection)), self._answered
        )

    def _answered(self, given: str | None) -> None:
        if given:
            self.dismiss(given)


class GrantDialog(ReadToEndDialog):
    """The consent, whole; dismissed with its id once it is given, with None to go back to the form."""

    ANSWER: ClassVar[str] = "allow"

    def __init__(self, draft: GrantDraft, terms: GrantTerms, collection: CollectionView) -> None:
        super().__init__()
        self._draft, self._terms, self._collection = draft, terms, collection

    def title_text(self) -> str:
        """Whose consent."""
        return f"Let {wording.short(self._draft.requester, 24)} learn from your data?"

    def consequence(self) -> str:
        """What may be read, for what, until when, what happens now and what a withdrawal ends."""
        return consent_facts.granting(self._draft, self._collection)

    def details(self) -> Iterable[Widget]:
        """Everything that the record will hold, its notice word for word."""
        draft = self._draft
        yield Facts(grant_facts.draft_facts(draft, self._collection), classes="value")
        if draft.special:
            yield Plain(wording.special_sentence(draft.special), classes="block value")
        yield Plain("What you agree to, as its record will say", classes="heading")
        yield Plain(draft.notice)

    def before_buttons(self) -> Iterable[Widget]:
        """The yes of its own for what belongs to a special category."""
        if self._draft.special:
            yield SpecialToggle(self._draft.special)
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The answer that gives it."""
        count = len(self._draft.fields)
        return [("allow", "Allow this column" if count == 1 else f"Allow these {count} columns")]

    def missing_input(self) -> str:
        """The explicit yes, where there has to be one."""
        if self._draft.special and not self.query_one("#special", Toggle).is_on:
            return MISSING
        return ""

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """The yes was given or taken back."""
        event.stop()
        self.update_answer()

    def chosen(self, name: str) -> None:
        """Give exactly what stands here."""
        if self.what_is_missing() or self.query_one(f"#{self.ANSWER}", Button).disabled:
            return
        terms, confirmed = self._terms, bool(self._draft.special)
        self.carry_out(
            lambda vault: vault.grant(special_confirmed=confirmed, **terms),
            grant_facts.given,
            lambda given: given.id,
            title="Consent given",
        )
