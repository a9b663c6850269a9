"""Releases: list, show, send, withhold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import wording
from tui.commands.options import AsJson
from tui.commands.request import show_price
from tui.commands.requester import STATUS
from tui.session import opened
from tui.terminal import say, show, show_json, show_table

if TYPE_CHECKING:
    from vault.views import ReleaseView

group = typer.Typer(no_args_is_help=True)

ReleaseId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a held update; its first characters are enough.")
]


@group.command("list")
def list_releases(context: typer.Context, as_json: AsJson = False) -> None:
    """Every update that was held, and what became of it."""
    with opened(context, writable=False) as vault:
        found = vault.releases()
    if as_json:
        show_json(*found)
        return
    if not found:
        say("Nothing is held. Held updates stay here until you decide.")
        return
    rows = [
        (one.id[:8], one.recipient, one.collection, one.digest[:8], one.expires_at, _state(one))
        for one in found
    ]
    show_table(("id", "for", "from", "digest", "until", "state"), rows)


def _state(one: ReleaseView) -> str:
    return wording.state(one.state)


@group.command("show")
def show_release(context: typer.Context, release_id: ReleaseId, as_json: AsJson = False) -> None:
    """What would leave, to whom, what it cost, and what cannot be taken back."""
    from tui.drawing import draw_curve

    with opened(context, writable=False) as vault:
        found = vault.release(release_id)
    if as_json:
        show_json(found)
        return
    _show(found)
    if found.for_you:
        show("\nFor you (private to you; this never leaves):")
        show(draw_curve(found.for_you))


def _show(one: ReleaseView) -> None:
    rows = [
        ("held update", one.id),
        ("state", _state(one)),
        ("to", f"{one.recipient} (key {one.fingerprint}, {STATUS[one.recipient_status]})"),
        ("for", one.purpose_words),
        ("learned from", f"{', '.join(one.fields_used)} of {one.collection}"),
        ("withheld columns", ", ".join(one.fields_withheld) or "none"),
        ("what leaves", f"one file of {wording.size(one.size)}, its manifest and its signature"),
        ("clip norm", f"{one.clip_norm:g}"),
        ("noise multiplier", f"{one.noise_multiplier:g}, {one.steps} steps"),
        ("charged", f"ε {one.epsilon} at δ {one.delta}, already spent"),
        ("held", f"since {one.held_at}, until {one.expires_at}"),
        ("digest", one.digest),
    ]
    show_table(("", ""), rows)
    show()
    show_price(one.price)
    if one.state in ("held", "sending"):
        show(
            "\nWhat leaves cannot be called back: withdrawing the consent later does not remove what it taught."
        )
        show(f"To let it leave: lockbox release send {one.id[:8]} --confirm-digest {one.digest[:8]} --to DIR")
        show(f"To keep it private for good: lockbox release withhold {one.id[:8]}")


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
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder for the requester.")],
    as_json: AsJson = False,
) -> None:
    """Let a held update leave: the only way anything goes to anyone but you."""
    with opened(context) as vault:
        sent = vault.send(release_id, confirm_digest=confirm_digest, to=to)
    if as_json:
        show_json(sent)
    say(f"{to} holds what leaves for {sent.recipient}: one update of {wording.size(sent.size)}, signed.")
    say("It cannot be called back.")


@group.command("withhold")
def withhold(context: typer.Context, release_id: ReleaseId) -> None:
    """Keep a held update private for good; its bytes are deleted, its budget stays spent."""
    with opened(context) as vault:
        vault.withhold(release_id)
    say("Kept private: the update is deleted, nothing left. The budget it cost stays spent.")
