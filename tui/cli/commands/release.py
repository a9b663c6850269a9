"""Releases: list, show, send, withhold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.action_commands import add_actions
from tui.cli.command_group import CommandGroup
from tui.cli.options import AsJson
from tui.cli.show_request import show_price
from tui.cli.terminal import (
    confirm,
    is_interactive,
    say,
    width,
    write,
    write_facts,
    write_json,
    write_list,
    write_wrapped,
)
from tui.cli.vault_access import open_vault
from tui.text import times, update_facts, wording
from tui.text.layout import hanging
from tui.text.parse import names_text
from tui.text.release_facts import (
    after_sending,
    attack_on_run,
    beware_of_folder,
    in_round,
    is_carried,
    is_of_mesh,
    token_missing,
    ways_out,
)
from tui.text.wording import requester_with_key
from vault.errors.consent import NotConfirmed

if TYPE_CHECKING:
    from vault.views.releases import ReleaseView

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="release", help="Held updates, and the one way out.", cls=CommandGroup)


ReleaseId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a held update; its first four characters are enough.")
]


@group.command("list")
def list_releases(context: typer.Context, as_json: AsJson = False) -> None:
    """Every update that was held, and what became of it."""
    with open_vault(context, writable=False) as vault:
        found = vault.releases()
    write_list(
        found,
        as_json=as_json,
        nothing="Nothing is held. Held updates stay here until you decide.",
        headings=("id", "for", "from", "digest", "until (UTC)", "state"),
        row=lambda one: (
            one.id[:8],
            one.recipient,
            one.collection,
            one.digest[:8],
            times.short_time(one.expires_at),
            update_facts.state(one),
        ),
    )


@group.command("show")
def show_release(context: typer.Context, release_id: ReleaseId, as_json: AsJson = False) -> None:
    """What would leave, to whom, what it cost, and what cannot be taken back."""
    from tui.text.drawing import draw_curve

    with open_vault(context, writable=False) as vault:
        found = vault.release(release_id)
    if as_json:
        write_json(found)
        return
    _show(found)
    if found.for_you:
        write("\nFor you (private to you; this never leaves):")
        write(draw_curve(found.for_you, width()))
        if attacked := attack_on_run(found):
            write(hanging("  ", attacked, width()))


def _show(one: ReleaseView) -> None:
    noun = wording.unit_noun(one.price.unit, one.price.unit_field)
    write_facts(
        [
            ("update", one.id),
            ("state", update_facts.state(one)),
            ("to", requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
            *in_round(one.round),
            ("for", one.purpose_words),
            ("learned from", f"{names_text(one.fields_used)} of {one.collection}"),
            ("withheld", names_text(one.fields_withheld) or "none"),
            ("what leaves", wording.what_leaves(one.size)),
            ("hidden by", wording.mechanism(noun, one.clip_norm, one.steps, one.noise_multiplier)),
            ("held", f"since {one.held_at}, until {one.expires_at}"),
            *_fetched(one),
            ("digest", one.digest),
        ]
    )
    write()
    show_price(one.price)
    if one.can_be_sent:
        _show_ways(one)
    elif one.state in ("held", "sending"):
        write_wrapped(f"\n{update_facts.why_not_sent(one)}")
        if one.state == "sending":
            write_wrapped(wording.MAY_HAVE_LEFT)


def _fetched(one: ReleaseView) -> list[tuple[str, str]]:
    """Until when it can be fetched by token; what a courier or a mesh takes is wanted until its round ends."""
    is_theirs = one.fetch_until and not is_carried(one) and not is_of_mesh(one)
    return [("to be fetched", f"until {one.fetch_until}")] if is_theirs else []


def _show_ways(one: ReleaseView) -> None:
    """The two decisions a person can take, each with what it does."""
    short = one.id[:8]
    write_wrapped(f"\n{wording.CANNOT_BE_CALLED_BACK}")
    if one.state == "sending":
        write_wrapped(wording.MAY_HAVE_LEFT)
    for line in ways_out(one):
        write_wrapped(line)
    write("To keep it private for good:" if one.state == "held" else "To destroy what is still here of it:")
    write(f"  lockbox release withhold {short}")


@group.command("send")
def send(
    context: typer.Context,
    release_id: ReleaseId,
    confirm_digest: Annotated[
        str,
        typer.Option(
            "--confirm-digest", metavar="FIRST8", help="The first 8 digits of the digest, typed by you."
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="A new folder for the requester; default: they fetch it with their token.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a held update leave: the only way anything goes to anyone but you."""
    with open_vault(context) as vault:
        one = vault.release(release_id)
        _have_folder_meant(one, to)
        if one.can_be_sent and (missing := token_missing(one, to)):
            say(missing)
        sent = vault.send(release_id, confirm_digest=confirm_digest, to=to)
    if as_json:
        write_json(sent)
    for sentence in after_sending(sent, to):
        say(sentence)
    say("It cannot be called back.")


def _have_folder_meant(one: ReleaseView, to: Path | None) -> None:
    """Say what a folder means for the round of a courier, and ask; in a script whoever wrote it has meant it."""
    beware = beware_of_folder(one, to)
    if beware:
        say(beware)
    if beware and is_interactive() and not confirm("Put it there all the same?"):
        raise NotConfirmed()


add_actions(group, "release")
