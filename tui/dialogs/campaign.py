"""The dialog of one campaign: what it asks, what all of its rounds cost, and the word on it as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.widget import Widget

from tui.dialogs.campaign_offer import Offer, join, leave, prepare
from tui.dialogs.carry import let_go
from tui.dialogs.read_to_end import SCROLL, ReadToEndDialog
from tui.text import campaign_facts, carrying_facts, mesh_standing, request_facts, wording
from tui.widgets.dots import NARROW, Dots
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.special_toggle import MISSING, SpecialToggle
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from tui.app.page import Page
    from tui.couriers.meshes import Meshed
    from vault.views.campaigns import CampaignJoining
    from vault.views.consents import FieldAskView

ASKING: Final = "Asking the vault…"


class CampaignDialog(ReadToEndDialog):
    """Join, leave, or decide later; dismissed with "joined", "attended", "left", "carry", or None."""

    ANSWER: ClassVar[str] = "join"

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self._offer = offer
        self.allowed_besides: frozenset[str] = frozenset()
        """The optional columns that the consent to be written names."""

    def title_text(self) -> str:
        """Whose campaign on what."""
        line = self._offer.campaign.line
        return f"Campaign of {wording.short(line.requester, 18)} on {wording.short(line.collection, 16)}"

    def before_consequence(self) -> Iterable[Widget]:
        """The one price of its rounds as dots."""
        if self._offer.campaign.price is not None:
            yield Dots(self._offer.campaign.price.guess_rate, columns=NARROW)

    def consequence(self) -> str:
        """What joining costs, of one that is joined what leaving ends and cannot reach, and after its end that."""
        line = self._offer.campaign.line
        stands = f"{line.state.capitalize()}: {campaign_facts.progress(line)}."
        if campaign_facts.is_split(self._offer.campaign):
            stands = f"{campaign_facts.SPLIT.format(id=line.id[:8])} {stands}"
        if line.state == "joined" and self._offer.leaving is not None:
            leaving = campaign_facts.leaving(self._offer.leaving, is_done=False)
            return " ".join([stands, campaign_facts.LEAVING_NOW, *leaving])
        if line.state in campaign_facts.AFTER_ITS_END:
            return f"{stands} {campaign_facts.AFTER_ITS_END[line.state]}"
        return " ".join([stands, *self._what_joining_means()])

    def _what_joining_means(self) -> Iterable[str]:
        """In which noise tier it asks and what it costs, that releases are decided later, and what is sent."""
        found = self._offer.campaign
        if tier := campaign_facts.tier_sentence(found):
            yield tier
        if found.price is not None:
            yield campaign_facts.price_sentences(found.price)[1]
        yield "Every release stays your decision."
        if self._by_invitation:
            yield carrying_facts.KEY_IS_SENT

    @property
    def _by_invitation(self) -> bool:
        """Whether joining lets a courier in."""
        courier, joining = self._offer.courier, self._offer.joining
        return courier is not None and not courier.is_let_in and joining is not None

    def details(self) -> Iterable[Widget]:
        """Everything that is asked, in the order of what matters: of a mesh that runs that is whom it accepts."""
        found = self._offer.campaign
        if self._offer.mesh is not None:
            yield from self._mesh(self._offer.mesh)
        if found.price is not None:
            for sentence in campaign_facts.price_sentences(found.price):
                yield Plain(sentence, classes="block")
        yield Plain("Who asks, and what for", classes="heading")
        signed = [("they sign as", wording.quoted(self._offer.signed_as))] if self._offer.signed_as else []
        yield Facts([*signed, *campaign_facts.who_and_why(found)], classes="value")
        for warning in self._offer.warnings:
            yield Plain(f"Note: the name {warning}.", classes="value bad")
        yield Plain(request_facts.THEIRS, classes="muted")
        yield Plain("Columns its rounds read", classes="heading")
        yield Facts(request_facts.columns_asked(found.decision), classes="value")
        yield Plain("What is computed", classes="heading")
        yield Facts(campaign_facts.what_runs(found), classes="value")
        is_open = found.line.state in campaign_facts.OPEN_STATES
        for sentence in campaign_facts.sentences(found) if is_open else campaign_facts.shown_alike(found):
            yield Plain(sentence, classes="block")
        yield from self._rounds()
        yield from self._courier()
        if self._offer.mesh is None and found.peers:
            yield Plain(mesh_standing.not_here(found.line.state), classes="block")
        yield from self._consent()

    def _rounds(self) -> Iterable[Widget]:
        yield Plain("Rounds", classes="heading")
        found = self._offer.campaign
        rows = [campaign_facts.round_row(one, found.witness) for one in found.rounds]
        yield Facts([(row[0], _where_it_stands(*row[1:])) for row in rows], classes="value")

    def _courier(self) -> Iterable[Widget]:
        one = self._offer.courier
        if one is None:
            return
        yield Plain("The courier", classes="heading")
        if not one.is_let_in:
            for sentence in carrying_facts.before_joining(one):
                yield Plain(sentence, classes="value block")
        if not self._by_invitation:
            yield Facts(carrying_facts.facts(one), classes="value block")
        for sentence in carrying_facts.confinement(one):
            yield Plain(sentence, classes="own block")

    def _mesh(self, one: Meshed) -> Iterable[Widget]:
        yield Plain("The mesh", classes="heading")
        yield Facts(mesh_standing.facts(one), classes="value")
        yield Plain(mesh_standing.WHOM, classes="heading")
        yield Facts(mesh_standing.whom(one), classes="value block")
        for sentence in mesh_standing.sentences(one):
            yield Plain(sentence, classes="own block")

    def _consent(self) -> Iterable[Widget]:
        if self._offer.joining is not None:
            draft = self._offer.joining.draft
            if asked := self._optional():
                yield Plain(campaign_facts.OPTIONAL, classes="heading")
                for one in asked:
                    about = f"{request_facts.asked_as(one)}; {one.transform}".rstrip("; ")
                    yield Toggle(one.name, about, classes="column value")
            yield Plain(
                "Joining writes one consent; what you agree to, as its record will say", classes="heading"
            )
            yield Facts(request_facts.draft_ends(draft), classes="value")
            yield Plain(draft.notice)

    def _optional(self) -> list[FieldAskView]:
        """The columns without which its rounds run as well."""
        return [one for one in self._offer.campaign.decision.fields if one.necessity == "optional"]

    # deciding

    def before_buttons(self) -> Iterable[Widget]:
        """The yes of its own for what belongs to a special category, and what is still missing."""
        joining = self._offer.joining
        yield SpecialToggle(() if joining is None else joining.draft.special)
        if joining is not None:
            yield Toggle(
                "Run its rounds without me",
                "while the vault is unlocked; you still decide what leaves",
                id="unattended",
            )
        yield from super().before_buttons()

    def safe_label(self) -> str:
        """The answer that changes nothing."""
        return "Decide later" if self._offer.joining is not None else "Back"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Leave where that can be done, join where that can be."""
        is_joined = self._offer.campaign.line.state == "joined"
        if self._offer.leaving is not None:
            yield "leave", "Leave" if is_joined else "Refuse"
        if is_joined and self._offer.campaign.is_unattended:
            yield "attend", "Start myself"
        if is_joined and self._offer.courier is not None and self._offer.courier.can_go:
            yield "carry", "Carry…"
        if self._offer.joining is not None:
            yield "join", "Join"

    def update_answer(self) -> None:
        """Say what is missing; where it cannot be joined, why."""
        if self.query("#join"):
            super().update_answer()
        if self._offer.joining is None:
            self.show_problem(self._offer.obstacle)

    def what_is_missing(self) -> str:
        """Reading comes first, then the yes to what is special."""
        if not self._has_read:
            return SCROLL
        if self.ticked() != self.allowed_besides:
            return ASKING
        special = self.query_one("#special", Toggle)
        return MISSING if special.display and not special.is_on else ""

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """The yes to what is special was given or taken back, or another column is wanted or not."""
        event.stop()
        if event.toggle.has_class("column"):
            self._prepare_again()
        self.update_answer()

    def ticked(self) -> frozenset[str]:
        """The optional columns that are ticked."""
        return frozenset(one.label for one in self.query(".column").results(Toggle) if one.is_on)

    @work(exclusive=True, group="look")
    async def _prepare_again(self) -> None:
        """Ask the vault what joining would write with the columns that are ticked."""
        found, wanted = self._offer.campaign.line.id, self.ticked()
        try:
            joining = await self.program.ask(lambda vault: vault.preview_join(found, optional=wanted))
        except LockboxError as error:
            for toggle in self.query(".column").results(Toggle):
                toggle.set_on(toggle.label in self.allowed_besides)
            self.program.tell_error(error)
        else:
            self._show_joining(joining, wanted)
        self.update_answer()

    def _show_joining(self, joining: CampaignJoining, wanted: frozenset[str]) -> None:
        """What would be written now; other columns of a special category take a yes of their own anew."""
        before, special = self._offer.joining, self.query_one(SpecialToggle)
        self._offer, self.allowed_besides = replace(self._offer, joining=joining), wanted
        if before is not None and joining.draft.special != before.draft.special:
            special.set_on(False)
            special.set_columns(joining.draft.special)

    def chosen(self, name: str) -> None:
        """Join it, or leave it."""
        if name == "leave":
            self._leave()
        elif name == "attend":
            self._attend()
        elif name == "carry":
            self.dismiss("carry")
        elif name == "join" and not self.what_is_missing():
            self._join()

    def _join(self) -> None:
        offer, paths, special = self._offer, self.program.paths, self.query_one("#special", Toggle).is_on
        optional = self.allowed_besides
        unattended = self.query_one("#unattended", Toggle).is_on
        self.show_note(carrying_facts.ASKED if offer.courier is not None else "")
        self.carry_out(
            lambda vault: join(
                vault, paths, offer, optional=optional, special=special, unattended=unattended
            ),
            " ".join,
            "joined",
        )

    def lock_buttons(self, is_locked: bool) -> None:
        """What was asked has ended with it."""
        super().lock_buttons(is_locked)
        if not is_locked:
            self.show_note("")

    def _attend(self) -> None:
        found = self._offer.campaign.line.id
        self.carry_out(
            lambda vault: vault.attend_campaign(found), lambda _: campaign_facts.ATTENDED, "attended"
        )

    @work(exclusive=True, group="decide")
    async def _leave(self) -> None:
        """Leave it, after a word once it is joined: nobody joins a campaign twice."""
        line, planned, paths = self._offer.campaign.line, self._offer.leaving, self.program.paths
        assert planned is not None  # else there is no such button
        word = campaign_facts.word_to_leave(planned)
        if await self.is_typed(word, " ".join(campaign_facts.leaving(planned, is_done=False))):
            self.carry_out(
                lambda vault: leave(vault, paths, line),
                lambda done: " ".join(campaign_facts.leaving(done, is_done=True)),
                "left",
            )


async def open_campaign(page: Page[Any], campaign_id: str) -> None:
    """Ask for a campaign, and open its dialog."""
    paths = page.program.paths
    offer = await page.ask(lambda vault: prepare(vault, campaign_id, paths))
    decided = None if offer is None else await page.app.push_screen_wait(CampaignDialog(offer))
    if decided:
        page.reload()
    if decided == "carry":
        await let_go(page, campaign_id)


def _where_it_stands(ends: str, state: str, _request: str, checked: str) -> str:
    """A round in one line."""
    return f"{state}, until {ends}" + (f"; checked {checked}" if checked else "")
