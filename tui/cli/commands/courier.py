"""The owner's side of a coordinator: join, run, status, leave, unit."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.courier_joining import join_by
from tui.cli.interruption import answered, say_stopping
from tui.cli.leaving import leave_with_access
from tui.cli.left_over import say_left_over
from tui.cli.number_types import WholeNumberIn
from tui.cli.one_by_one import one_by_one
from tui.cli.options import AsJson
from tui.cli.rounds_decided import decided_here, not_asked
from tui.cli.terminal import (
    say,
    write,
    write_facts,
    write_json,
    write_table,
    write_wrapped,
)
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.decided import UNKNOWN
from tui.couriers.ending import campaign_named, check_length
from tui.text import courier_facts
from vault.errors.families import Invalid
from vault.errors.federation import CourierFolderDamaged, NoneCarried, NothingCarried, VaultNotOpen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learner.federation.courier import Connect, Tell
    from learner.federation.courier_folder import CourierFolder, CourierState
    from tui.couriers.decided import Decided
    from vault.owner.interface.owner import Owner

group = typer.Typer(no_args_is_help=True)

Carried = Annotated[
    str, typer.Argument(metavar="ID", help="Of a campaign here; its first four characters are enough.")
]
MaybeCarried = Annotated[str | None, typer.Argument(metavar="[ID]", help="With --once: this campaign alone.")]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="courier", help="Take part through a requester's coordinator.", cls=CommandGroup
    )


@group.command("join")
def join(
    context: typer.Context,
    invitation: Annotated[
        Path, typer.Argument(metavar="INVITATION", help="The file that whoever asks gave you.")
    ],
    requester: Annotated[
        str | None, typer.Option("--requester", metavar="NAME", help="Your own name for them.")
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint",
            metavar="LETTERS",
            help="Without a terminal: the fingerprint of their key, as they told it to you.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a courier carry a campaign here, by the invitation to it. Taking part in it is decided later."""
    joined = join_by(context, invitation, name=requester, fingerprint=fingerprint)
    if as_json:
        write_json({"campaign": joined.campaign, "requester": joined.requester})
    for sentence in (
        *(courier_facts.added(joined.requester, joined.fingerprint) if joined.is_added else ()),
        *courier_facts.after_joining(joined.campaign, theirs=joined.theirs, state=joined.state),
    ):
        say(sentence)


@group.command("run")
def run(
    context: typer.Context,
    campaign: MaybeCarried = None,
    once: Annotated[bool, typer.Option("--once", help="Go once and end.")] = False,
    every: Annotated[
        int,
        typer.Option(
            "--every",
            metavar="MINUTES",
            click_type=WholeNumberIn(1, 1440),
            help="How long between two errands, about; default: 5.",
        ),
    ] = 5,
    as_json: AsJson = False,
) -> None:
    """Carry rounds to the vault and what you released to the coordinator, until it is ended."""
    from learner.federation.courier import Couriers
    from learner.federation.courier_folder import carried

    home = global_options(context).paths.courier
    tell, connect = _teller(as_json=as_json), _connecting(context)
    if campaign is not None and not once:
        raise click.UsageError("an ID goes with --once")
    if not once:
        say(courier_facts.going(len(carried(home)), every))
        with answered(say_stopping):
            Couriers(home=home, connect=connect, tell=tell, every=every * 60.0).go_on()
    known = cache(lambda: decided_here(context))  # its passphrase can be read once

    def go(folder: CourierFolder) -> None:
        if not _goes(folder, connect, tell):
            for sentence in courier_facts.went(_named(folder), _state(folder, known()), folder.ended()):
                say(sentence)

    one_by_one(_to_go_once(home, campaign), go)
    if not _is_open(connect):
        raise VaultNotOpen()


def _goes(folder: CourierFolder, connect: Connect, tell: Tell) -> bool:
    """Go one errand; whether anything happened, which is told."""
    from learner.federation.courier import errand

    told: list[Mapping[str, Any]] = []

    def noted(one: CourierFolder, event: Mapping[str, Any]) -> None:
        told.append(event)
        tell(one, event)

    errand(folder, connect=connect, tell=noted)
    _say_lacking(folder)
    return bool(told)


def _to_go_once(home: Path, campaign: str | None) -> list[CourierFolder]:
    """Whom to go for; raises `Invalid` where answers of several requesters would be sent together."""
    from learner.federation.courier_folder import carried

    if campaign is not None:
        return [_chosen(home, campaign)]
    found = carried(home)
    if not found:
        raise NoneCarried()
    if len({_requester(folder) for folder in found} - {None}) > 1:
        raise Invalid(
            reason="there are several requesters, whose answers are not sent together; name a campaign"
        )
    return found


def _requester(folder: CourierFolder) -> str | None:
    """For whom a courier goes; None where its folder is damaged, which its errand says."""
    try:
        return folder.access().requester
    except CourierFolderDamaged:
        return None


def _connecting(context: typer.Context) -> Connect:
    from vault.client.attach import line_to

    paths = global_options(context).paths
    return lambda: line_to(paths)


def _is_open(connect: Connect) -> bool:
    line = connect()
    if line is not None:
        line.close()
    return line is not None


def _teller(*, as_json: bool) -> Tell:
    def tell(folder: CourierFolder, event: Mapping[str, Any]) -> None:
        campaign = _named(folder)
        if as_json:
            write_json({"campaign": campaign, **event})
        else:
            write_wrapped(courier_facts.event(campaign, event))

    return tell


def _named(folder: CourierFolder) -> str:
    """The campaign of a folder, or the name of the folder where nothing else can be read of it."""
    try:
        return folder.access().campaign
    except CourierFolderDamaged:
        return folder.path.name


def _say_lacking(folder: CourierFolder) -> None:
    for sentence in courier_facts.lacking(folder.state().missing):
        say(f"Note: {sentence}")


@group.command("status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """What the courier carried, what waits, what was sent, and what others can know by it."""
    from learner.federation.courier_folder import carried

    found = carried(global_options(context).paths.courier)
    if not found and not as_json:
        say("No campaign is carried here: lockbox courier join INVITATION")
    known = decided_here(context) if found else UNKNOWN

    def show(folder: CourierFolder) -> None:
        if as_json:
            write_json(_as_json(folder, known))
        else:
            if folder is not found[0]:
                write()
            _draw(folder, known)

    say_left_over(context)
    one_by_one(found, show)


def _state(folder: CourierFolder, known: Decided) -> CourierState:
    """What a courier keeps of a campaign, with what the vault knows of its rounds."""
    state = folder.state()
    return replace(state, rounds=known.told(_named(folder), state.rounds))


def _as_json(folder: CourierFolder, known: Decided) -> dict[str, Any]:
    access, state = folder.access(), _state(folder, known)
    about = {"campaign": access.campaign, "requester": access.requester, "url": folder.invitation().url}
    about["ended"] = folder.ended()
    return {**about, **{name: value for name, value in asdict(state).items() if name not in ("etag", "v")}}


def _draw(folder: CourierFolder, known: Decided) -> None:
    access, state, url, word = folder.access(), _state(folder, known), folder.invitation().url, folder.ended()
    write_facts(courier_facts.facts(access, state, url, word))
    if state.rounds:
        headings = ("round", "what became of it", "release", "bytes", "when (UTC)", "because")
        write_table(headings, [courier_facts.round_row(one, word) for one in state.rounds])
    for sentence in (
        *courier_facts.next_steps(access.campaign, state, word),
        *courier_facts.known_to_others(access, state, url),
        *courier_facts.lacking(state.missing),
        *not_asked(state.rounds, known),
    ):
        write_wrapped(sentence)


@group.command("leave")
def leave(
    context: typer.Context,
    campaign: Carried,
    reason: Annotated[str, typer.Option("--reason", help="For your own record; it stays in the vault.")] = "",
) -> None:
    """Leave a campaign for good, and destroy the courier's access and folder for it."""
    from learner.federation.courier_folder import carried

    check_length(campaign)
    paths = global_options(context).paths
    if not carried(paths.courier):
        raise NothingCarried(campaign=campaign)
    with open_vault(context) as vault:
        left, requester = _to_leave(vault, paths.courier, campaign)
        leave_with_access(vault, paths, left, reason=reason)
    say(f"To end every other access of theirs too: lockbox requester revoke {shlex.quote(requester)}")


@group.command("unit")
def unit(
    context: typer.Context,
    install: Annotated[
        bool, typer.Option("--install", help="Put it where systemd looks for units of this user.")
    ] = False,
) -> None:
    """Write a systemd user unit that keeps the courier going, on standard output or where systemd looks for it."""
    from tui.cli.user_unit import COURIER

    paths = global_options(context).paths
    if not install:
        write(COURIER.text(paths))
        return
    say(f"{COURIER.install(paths)} is there. To start it, now and at every login:")
    say(f"  {COURIER.start}")


def _to_leave(vault: Owner, home: Path, beginning: str) -> tuple[str, str]:
    """The campaign whose id begins so and its requester: by the vault, and else by what its courier keeps.

    Raises `NothingCarried`.
    """
    from learner.federation.courier_folder import folders_of

    known = campaign_named(vault, beginning)
    if known is not None and folders_of(home, known.line.id, known.digest):
        return known.line.id, known.line.requester
    access = _chosen(home, beginning).access()
    return access.campaign, access.requester


def _chosen(home: Path, beginning: str) -> CourierFolder:
    """The campaign whose id begins so; raises `NothingCarried` and `IdTooShort`."""
    from learner.federation.courier_folder import carried

    check_length(beginning)
    found = [one for one in carried(home) if one.campaign_id().startswith(beginning)]
    if len(found) != 1:
        raise NothingCarried(campaign=beginning)
    return found[0]
