"""Taking in what others handed over, by ear: a job or a campaign, or the key file of somebody new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.by_ear.campaigns import hear_campaign
from tui.by_ear.requests import hear_request
from tui.couriers.by_hand import take_in_by_hand
from tui.couriers.joining import is_invitation
from tui.text import campaign_facts, request_facts, wording
from tui.text.parse import parse_path
from vault.requester.file_kinds import check_kind

if TYPE_CHECKING:
    from pathlib import Path

    from tui.by_ear.beginning import Opened
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession


def take_in(talk: Talk, opened: Opened) -> None:
    """A job or a campaign, or the key file of somebody new."""
    vault = opened.vault
    talk.say(
        "Taking in the folder of a job or a campaign checks its signature, its limits and its price; then it waits for "
        "your decision. Of a key file you hear the fingerprint, and say who it is. Nothing of your data is read, and "
        "nothing is spent."
    )
    typed = talk.ask("Path of the folder or of the key file, or nothing to go back:")
    if not typed:
        return
    path = parse_path(typed).absolute()
    check_kind(path, "job", "campaign", "invitation", "requester-public")
    if path.is_file() and is_invitation(path):
        talk.say("This is an invitation: take it in under campaigns by invitation.")
    elif path.is_file():
        add_requester(talk, vault, path)
    elif (path / "campaign.json").is_file():
        _take_in_campaign(talk, opened, path)
    else:
        request = vault.submit(path)
        talk.say(f"The request {request_facts.taken_in(request.line)}.")
        hear_request(talk, vault, request.line.id)


def _take_in_campaign(talk: Talk, opened: Opened, folder: Path) -> None:
    """A campaign, in the noise tier that its owner was told where it has any."""
    from vault.requester.campaign_tiers import tiers_in

    asked, tier = tiers_in(folder), None
    if asked.has_tiers:
        noises, names, own = asked.noises, list(asked.noises), asked.noises[None]
        lines = [f"{campaign_facts.tier_with_noise(one, noises[one], own)}." for one in names]
        chosen = talk.choose(campaign_facts.TIER_ASKED, lines)
        if chosen is None:
            return
        tier = names[chosen]
    found = take_in_by_hand(opened.vault, opened.paths.courier, folder, tier)
    talk.say("The campaign waits for you.", *filter(None, [campaign_facts.moved(found)]))
    hear_campaign(talk, opened.vault, found.line.id)


def add_requester(talk: Talk, vault: OwnerSession, key_file: Path) -> None:
    """Add exactly the key whose fingerprint is said."""
    from vault.requester.keys import fingerprint_of

    fingerprint = fingerprint_of(key_file)
    talk.say(
        f"Fingerprint of their key: {fingerprint}",
        "They may then send requests, which wait for you; nothing of your data is read or allowed by it.",
    )
    name = talk.ask("Your own name for them, or nothing to go back:")
    if not name:
        return
    contact = talk.ask("How to reach them, or nothing:")
    if not talk.agrees(f"Let {name} ask", "Not now"):
        return
    added = vault.add_requester(name, key_file, fingerprint=fingerprint, contact=contact)
    warnings = wording.name_warnings(added.name, added.resembles, added.alphabets)
    talk.say(
        f"{added.name} may send requests now. Their key is not verified: compare the fingerprint with them in person.",
        *(f"Note: {sentence}." for sentence in warnings),
    )
