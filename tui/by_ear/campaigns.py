"""Campaigns, by ear: what each asks and costs as a whole, joining it, leaving it, and who starts its rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.by_ear.acting import attempt, carry_out_by_name
from tui.text import campaign_facts, request_facts, wording
from tui.text.campaign_actions import ATTEND
from tui.text.parse import names_text

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.campaigns import CampaignJoining, CampaignView

LATER: Final = "Decide later"
JOIN, LEAVE, REFUSE, START = (
    "Join it, with all of its rounds.",
    "Leave it for good.",
    "Refuse it.",
    "Start its rounds yourself from now on.",
)


def hear_campaigns(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all campaigns, the newest first, again and again."""
    while found := vault.campaigns():
        lines = [
            f"{one.requester}, about {one.collection}, {one.purpose_words}: {campaign_facts.state(one)}, "
            f"{campaign_facts.progress(one)}."
            for one in found
        ]
        chosen = talk.choose("Campaigns, the newest first.", lines)
        if chosen is None:
            return
        hear_campaign(talk, vault, found[chosen].id)
    talk.say("No campaign came in. To take one in, take in its folder as you would that of a request.")


def hear_campaign(talk: Talk, vault: OwnerSession, campaign_id: str) -> None:
    """All about one campaign, and what can be done with it."""
    while True:
        found = vault.campaign(campaign_id)
        _say_campaign(talk, found)
        choices = _choices(found)
        chosen = talk.choose("What do you want to do?", choices)
        if chosen is None:
            return
        if choices[chosen] == JOIN:
            attempt(talk, lambda: _join(talk, vault, campaign_id))
        elif choices[chosen] == START:
            attempt(talk, lambda: carry_out_by_name(talk, vault, ATTEND, campaign_id))
        else:
            attempt(talk, lambda: leave(talk, vault, campaign_id))


def _choices(found: CampaignView) -> list[str]:
    if found.line.state == "waiting":
        return [*[JOIN] * found.line.waits, REFUSE]
    if found.line.state == "joined":
        return [*[START] * found.is_unattended, LEAVE]
    return []


def _say_campaign(talk: Talk, found: CampaignView) -> None:
    """Where it stands, who asks for what, what each round computes, and what all of them cost together."""
    line = found.line
    talk.say(f"This campaign: {campaign_facts.state(line)}, {campaign_facts.progress(line)}.")
    talk.facts([("because", found.reason)] if found.reason else [])
    talk.facts(campaign_facts.who_and_why(found))
    talk.say(request_facts.THEIRS, "The columns its rounds read:")
    talk.facts(request_facts.columns_asked(found.decision))
    talk.facts(campaign_facts.what_runs(found))
    is_open = line.state in campaign_facts.OPEN_STATES
    talk.say(*(campaign_facts.sentences(found) if is_open else campaign_facts.shown_alike(found)))
    talk.say(*filter(None, (found.obstacle, *found.misfits)))
    for number, ends, state, _request, checked in (
        campaign_facts.round_row(one, found.witness) for one in found.rounds
    ):
        talk.say(f"Round {number}: {state}, until {ends}{f'; checked {checked}' if checked else ''}.")
    talk.say(*([] if found.price is None else campaign_facts.price_sentences(found.price)))


# joining ----------------------------------------------------------------------------------------------------


def _join(talk: Talk, vault: OwnerSession, campaign_id: str) -> None:
    """Say the consent that joining writes, whole; then ask about each part of it that is asked by itself."""
    what = _with_chosen(talk, vault, vault.preview_join(campaign_id))
    _say_consent(talk, what)
    if what.draft.special:
        talk.say(wording.special_question(what.draft.special))
        if not talk.agrees("Yes, I consent explicitly", f"No. {LATER}"):
            return
    talk.say(campaign_facts.UNATTENDED)
    unattended = talk.agrees("Run its rounds without me", "I start each round")
    talk.say("Every release stays your decision.")
    if not talk.agrees("Join", LATER):
        return
    vault.join_campaign(
        what.campaign.line.id,
        digest=what.campaign.digest,
        tier=what.campaign.tier,
        optional=_optional_of(what),
        special_confirmed=bool(what.draft.special),
        unattended=unattended,
    )
    talk.say(campaign_facts.joined(unattended=unattended))


def _asked_besides(what: CampaignJoining) -> list[str]:
    return [one.name for one in what.campaign.decision.fields if one.necessity == "optional"]


def _optional_of(what: CampaignJoining) -> frozenset[str]:
    """The optional columns that the consent names."""
    return frozenset(_asked_besides(what)) & frozenset(what.draft.fields)


def _with_chosen(talk: Talk, vault: OwnerSession, what: CampaignJoining) -> CampaignJoining:
    """The same with the optional columns that are wanted, each asked about."""
    wanted = set()
    for name in _asked_besides(what):
        talk.say(f"{name} is optional. Its rounds run without it as well.")
        if talk.agrees(f"Allow {name} too", f"Not {name}"):
            wanted.add(name)
    return vault.preview_join(what.campaign.line.id, optional=frozenset(wanted)) if wanted else what


def _say_consent(talk: Talk, what: CampaignJoining) -> None:
    draft = what.draft
    talk.say("Joining writes one consent.", f"It may read: {names_text(draft.fields)}.")
    talk.facts(request_facts.draft_ends(draft))
    if draft.special:
        talk.say(wording.special_sentence(draft.special))
    talk.say("What you agree to, as its record will say:", draft.notice)


# leaving ----------------------------------------------------------------------------------------------------


def leave(talk: Talk, vault: OwnerSession, campaign_id: str) -> None:
    """Say what it ends and cannot reach; one that was joined takes a word, for nobody joins it twice."""
    planned = vault.preview_leave(campaign_id)
    talk.say(*campaign_facts.leaving(planned, is_done=False))
    reason = talk.ask("Your reason, for you alone, or nothing:")
    word = campaign_facts.word_to_leave(planned)
    if talk.types(word, LATER) if word else talk.agrees("Refuse it", LATER):
        talk.say(*campaign_facts.leaving(vault.leave_campaign(campaign_id, reason=reason), is_done=True))
