"""The dialog of one campaign: what it asks, what all of its rounds cost, and the word on it as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.widget import Widget

from tui.dialogs.read_to_end import SCROLL, ReadToEndDialog
from tui.text import campaign_facts, request_facts, wording
from tui.widgets.dots import NARROW, Dots
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.special_toggle import MISSING, SpecialToggle
from tui.widgets.toggle import Toggle
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from tui.app.page import Page
    from vault.owner.interface.session import OwnerSession
    from vault.views.campaigns import CampaignJoining, CampaignLeaving, CampaignView


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A campaign with what joining it would write and what leaving it would end, each where it can be done."""

    campaign: CampaignView
    joining: CampaignJoining | None
    leaving: CampaignLeaving | None
    obstacle: str


def prepare(vault: OwnerSession, campaign_id: str) -> Offer:
    """Ask for all of it; why it cannot be joined now is said in the dialog."""
    found, joining, obstacle = vault.campaign(campaign_id), None, ""
    if found.line.state == "waiting":
        try:
            joining = vault.preview_join(campaign_id)
        except LockboxError as error:
            obstacle = found.obstacle or str(error)
    can_leave = found.line.state in campaign_facts.OPEN_STATES
    leaving = vault.preview_leave(campaign_id) if can_leave else None
    return Offer(campaign=found, joining=joining, leaving=leaving, obstacle=obstacle)


class CampaignDialog(ReadToEndDialog):
    """Join, leave, or decide later; dismissed with "joined", "attended", "left", or None."""

    ANSWER: ClassVar[str] = "join"

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self._offer = offer

    def title_text(self) -> str:
        """Whose campaign on what."""
        line = self._offer.campaign.line
        return f"Campaign of {wording.short(line.requester, 18)} on {wording.short(line.collection, 16)}"

    def before_consequence(self) -> Iterable[Widget]:
        """The one price of its rounds as dots."""
        if self._offer.campaign.price is not None:
            yield Dots(self._offer.campaign.price.guess_rate, columns=NARROW)

    def consequence(self) -> str:
        """What joining costs, or of one that is joined what leaving ends and cannot reach."""
        price, line = self._offer.campaign.price, self._offer.campaign.line
        stands = f"{line.state.capitalize()}: {campaign_facts.progress(line)}."
        if campaign_facts.is_split(self._offer.campaign):
            stands = f"{campaign_facts.SPLIT.format(id=line.id[:8])} {stands}"
        if line.state == "joined" and self._offer.leaving is not None:
            return " ".join([stands, *campaign_facts.leaving(self._offer.leaving, is_done=False)])
        cost = "" if price is None else f" {campaign_facts.price_sentences(price)[1]}"
        return f"{stands}{cost} Every release stays your decision."

    def details(self) -> Iterable[Widget]:
        """Everything that is asked, in the order of what matters."""
        found = self._offer.campaign
        if found.price is not None:
            for sentence in campaign_facts.price_sentences(found.price):
                yield Plain(sentence, classes="block")
        yield Plain("Who asks, and what for", classes="heading")
        yield Facts(campaign_facts.who_and_why(found), classes="value")
        yield Plain(request_facts.THEIRS, classes="muted")
        yield Plain("Columns its rounds read", classes="heading")
        yield Facts(request_facts.columns_asked(found.decision), classes="value")
        yield Plain("What is computed", classes="heading")
        yield Facts(campaign_facts.what_runs(found), classes="value")
        for sentence in campaign_facts.sentences(found):
            yield Plain(sentence, classes="block")
        yield from self._rounds()
        yield from self._consent()

    def _rounds(self) -> Iterable[Widget]:
        yield Plain("Rounds", classes="heading")
        found = self._offer.campaign
        rows = [campaign_facts.round_row(one, found.witness) for one in found.rounds]
        yield Facts([(row[0], _where_it_stands(*row[1:])) for row in rows], classes="value")

    def _consent(self) -> Iterable[Widget]:
        if self._offer.joining is not None:
            draft = self._offer.joining.draft
            yield Plain(
                "Joining writes one consent; what you agree to, as its record will say", classes="heading"
            )
            yield Facts(request_facts.draft_ends(draft), classes="value")
            yield Plain(draft.notice)

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
        return "Decide later"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Leave where that can be done, join where that can be."""
        is_joined = self._offer.campaign.line.state == "joined"
        if self._offer.leaving is not None:
            yield "leave", "Leave" if is_joined else "Refuse"
        if is_joined and self._offer.campaign.is_unattended:
            yield "attend", "Start rounds myself"
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
        special = self.query_one("#special", Toggle)
        return MISSING if special.display and not special.is_on else ""

    def on_toggle_turned(self, event: Toggle.Turned) -> None:
        """The yes to what is special was given or taken back."""
        event.stop()
        self.update_answer()

    def chosen(self, name: str) -> None:
        """Join it, or leave it."""
        if name == "leave":
            self._leave()
        elif name == "attend":
            self._attend()
        elif name == "join" and not self.what_is_missing():
            self._join()

    def _join(self) -> None:
        found, confirmed = self._offer.campaign, self.query_one("#special", Toggle).is_on
        unattended = self.query_one("#unattended", Toggle).is_on
        self.carry_out(
            lambda vault: vault.join_campaign(
                found.line.id, digest=found.digest, special_confirmed=confirmed, unattended=unattended
            ),
            lambda _: campaign_facts.joined(unattended=unattended),
            "joined",
        )

    def _attend(self) -> None:
        found = self._offer.campaign.line.id
        self.carry_out(
            lambda vault: vault.attend_campaign(found), lambda _: campaign_facts.ATTENDED, "attended"
        )

    @work(exclusive=True, group="decide")
    async def _leave(self) -> None:
        """Leave it, after a word once it is joined: nobody joins a campaign twice."""
        found, planned = self._offer.campaign.line.id, self._offer.leaving
        assert planned is not None  # else there is no such button
        word = campaign_facts.word_to_leave(planned)
        if await self.is_typed(word, " ".join(campaign_facts.leaving(planned, is_done=False))):
            self.carry_out(
                lambda vault: vault.leave_campaign(found),
                lambda done: " ".join(campaign_facts.leaving(done, is_done=True)),
                "left",
            )


async def open_campaign(page: Page[Any], campaign_id: str) -> None:
    """Ask for a campaign, and open its dialog."""
    offer = await page.ask(lambda vault: prepare(vault, campaign_id))
    if offer is not None and await page.app.push_screen_wait(CampaignDialog(offer)):
        page.reload()


def _where_it_stands(ends: str, state: str, _request: str, checked: str) -> str:
    """A round in one line."""
    return f"{state}, until {ends}" + (f"; checked {checked}" if checked else "")
