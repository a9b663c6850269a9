"""Letting a courier in by an invitation from the command line: everything is said before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.cli.terminal import ask, confirm, is_interactive, say
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.joining import (
    check_free,
    check_not_left,
    drafted,
    end_left_over,
    let_in,
    name_of,
    read_invitation,
    who_invites,
)
from tui.text import courier_facts
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from tui.couriers.joining import Invited
    from vault.owner.interface.owner import Owner
    from vault.views.campaigns import CourierAccess
    from vault.views.requesters import RequesterView


def join_by(
    context: typer.Context, file: Path, *, name: str | None, fingerprint: str | None
) -> CourierAccess:
    """Enrol this vault by an invitation, take its campaign in, and let a courier carry it.

    In the vault nothing is changed before the coordinator has done its part, and then all of it at once. Raises
    `InvitationInvalid`, `CampaignLeft`, `CarriedFromElsewhere`, `NotConfirmed`, and what the vault or coordinator says.
    """
    from learner.federation.exchange import parse_invitation

    data = read_invitation(file)
    home = global_options(context).paths.courier
    with open_vault(context) as vault:
        check_not_left(vault, parse_invitation(data).campaign)
        end_left_over(vault, home, data)
        with drafted(home, data) as draft:
            who = _requester(vault, who_invites(vault, data, draft.path), name, fingerprint)
            say("The coordinator is asked …")
            return let_in(vault, draft, who)


def _requester(vault: Owner, invited: Invited, name: str | None, told: str | None) -> str:
    """The owner's name for who invites, once the person says that the key is theirs; nothing is written yet."""
    known, chosen = invited.known, _name(invited.known, name)
    check_free(vault, invited, chosen)
    for sentence in courier_facts.invited(
        name=chosen, fingerprint=invited.fingerprint, known=known, tier=invited.tier
    ):
        say(sentence)
    for sentence in courier_facts.before_joining(name=chosen, is_known=known is not None, url=invited.url):
        say(f"• {sentence}")
    _confirm(invited.fingerprint, told, is_known=known is not None)
    return chosen


def _name(known: RequesterView | None, name: str | None) -> str:
    chosen = name_of(known, name)
    if chosen is None and is_interactive():
        chosen = ask("Your own name for whoever invites you:")
    if not chosen:
        raise Invalid(
            reason="the key of whoever invites you is not known here; name them with --requester NAME"
        )
    return chosen


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
