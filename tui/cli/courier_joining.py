"""Letting a courier in by an invitation: everything is said first, and nothing is kept unless all of it was done."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.cli.terminal import ask, confirm, is_interactive, say
from tui.cli.vault_access import global_options, open_vault
from tui.text import courier_facts
from vault.errors.campaigns import CampaignReplayed
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid
from vault.errors.federation import InvitationInvalid
from vault.errors.requests import RequesterBlocked, RequesterExists

if TYPE_CHECKING:
    from learner.federation.courier_folder import Access, CourierFolder
    from learner.federation.exchange import Invitation
    from vault.owner.interface.owner import Owner
    from vault.views.requesters import RequesterView


def join_by(context: typer.Context, file: Path, *, name: str | None, fingerprint: str | None) -> Access:
    """Enrol this vault by an invitation, take its campaign in, and let a courier carry it.

    Raises `InvitationInvalid`, `CarriedFromElsewhere`, `NotConfirmed`, and what the vault or the coordinator says.
    """
    from learner.federation.courier_folder import (
        INVITATION_FILE,
        check_same_coordinator,
        draft_folder,
        settled,
    )
    from learner.federation.exchange import parse_invitation

    data = _read(file)
    invitation = parse_invitation(data)
    draft = draft_folder(global_options(context).paths.courier, invitation.campaign)
    try:
        draft.write(INVITATION_FILE, data)
        check_same_coordinator(draft)
        with open_vault(context) as vault:
            who = _requester(vault, draft, invitation, name, fingerprint)
            access = _enrolled(vault, draft, who)
        settled(draft)
    except BaseException:
        if draft.path.exists():
            draft.destroy()
        raise
    return access


def _read(file: Path) -> bytes:
    """The bytes of an invitation; raises `InvitationInvalid` for what is no file of that size."""
    from learner.federation.exchange import INVITATION_LIMIT
    from vault.regular_file import read_regular

    try:
        return read_regular(file, INVITATION_LIMIT + 1)
    except OSError as error:
        raise InvitationInvalid(reason=f"{file} cannot be read ({error.strerror})") from None


def _requester(
    vault: Owner, draft: CourierFolder, invitation: Invitation, name: str | None, told: str | None
) -> str:
    """The owner's name for who invites, who is added once the person says that the key is theirs."""
    from vault.requester.keys import fingerprint_of, write_public_key

    key_file = write_public_key(draft.path, bytes.fromhex(invitation.requester))
    fingerprint = fingerprint_of(key_file)
    known = next((one for one in vault.requesters() if one.fingerprint == fingerprint), None)
    chosen = _name(known, name)
    for sentence in courier_facts.invited(name=chosen, fingerprint=fingerprint, known=known):
        say(sentence)
    for sentence in courier_facts.before_joining(name=chosen, is_known=known is not None, url=invitation.url):
        say(f"• {sentence}")
    _confirm(fingerprint, told, is_known=known is not None)
    if known is None:
        vault.add_requester(chosen, key_file, fingerprint=fingerprint)
    return chosen


def _name(known: RequesterView | None, name: str | None) -> str:
    if known is not None:
        if known.status == "blocked":
            raise RequesterBlocked(name=known.name)
        if name not in (None, known.name):
            raise RequesterExists(what="key", name=known.name)
        return known.name
    if name is None and is_interactive():
        name = ask("Your own name for whoever invites you:")
    if not name:
        raise Invalid(
            reason="the key of whoever invites you is not known here; name them with --requester NAME"
        )
    return name


def _confirm(fingerprint: str, told: str | None, *, is_known: bool) -> None:
    """Have it said that the key is that of who is meant; raises `NotConfirmed`."""
    if told is not None:
        if _letters(told) != _letters(fingerprint):
            raise Invalid(
                reason=f"the fingerprint of the key in the invitation is another one, {fingerprint}"
            )
    elif is_interactive():
        question = (
            "Go on?" if is_known else "Is this the fingerprint that they told you, and do you want all this?"
        )
        if not confirm(question):
            raise NotConfirmed()
    elif not is_known:
        raise Invalid(reason="without a terminal, their fingerprint is given with --fingerprint LETTERS")


def _letters(fingerprint: str) -> str:
    return "".join(fingerprint.split()).lower()


def _enrolled(vault: Owner, draft: CourierFolder, requester: str) -> Access:
    """Enrol the vault's key for this requester, take the campaign in, and make the courier's access."""
    from learner.federation.courier import enrol
    from learner.federation.courier_folder import Access

    draft.keep(Access(campaign="", requester=requester, token="", door=""))
    say("The coordinator is asked …")
    enrol(draft, b64decode(vault.vault_key(requester).split()[-1]))
    campaign = _taken_in(vault, draft)
    access = replace(draft.access(), campaign=campaign, door=vault.issue_token(requester))
    draft.keep(access)
    return access


def _taken_in(vault: Owner, draft: CourierFolder) -> str:
    """The vault's id of the campaign, which is in the inbox then."""
    try:
        return vault.submit_campaign(draft.path).line.id
    except CampaignReplayed:
        digest = draft.invitation().campaign
        ids = (line.id for line in vault.campaigns())
        return next(one for one in ids if vault.campaign(one).digest == digest)
