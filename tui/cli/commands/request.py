"""Requests: submit, list, show, approve, refuse, stop; and train, which runs what was approved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from tui.cli.action_commands import add_actions
from tui.cli.command_group import CommandGroup
from tui.cli.options import AsJson, DryRun, Special
from tui.cli.progress import progress_bar
from tui.cli.show_request import confirm_special, show_approval, show_price
from tui.cli.show_request import show_request as draw
from tui.cli.terminal import confirm, is_interactive, say, write, write_json, write_list, write_wrapped
from tui.cli.vault_access import ask_beforehand, open_vault
from tui.text import attack_facts, request_facts, times, wording
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.requests import Approval

__all__ = ["add_to", "group", "show_price", "train"]

group = typer.Typer(no_args_is_help=True)

RequestId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a request; its first four characters are enough.")
]


def add_to(app: typer.Typer) -> None:
    """Register `lockbox train`."""
    app.command("train")(train)
    app.add_typer(group, name="request", help="What others ask, and your word on it.", cls=CommandGroup)


@group.command("submit")
def submit(
    context: typer.Context,
    job: Annotated[Path, typer.Argument(metavar="JOBDIR", help="The folder of a job.")],
    as_json: AsJson = False,
) -> None:
    """Take a signed job folder into the inbox; nothing is read and nothing is charged by it."""
    with open_vault(context) as vault:
        found = vault.submit(job)
    if as_json:
        write_json(found)
    else:
        write(found.line.id)
    short = found.line.id[:8]
    is_approved = found.line.state == "approved"
    say(f"Request {short} of {found.line.requester} {request_facts.taken_in(found.line)}.")
    if found.obstacle:
        say(f"It cannot run here as it is. {found.obstacle}")
    say(f"Run it: lockbox train {short}" if is_approved else f"Look at it: lockbox request show {short}")


@group.command("list")
def list_requests(context: typer.Context, as_json: AsJson = False) -> None:
    """What others asked, the newest first."""
    with open_vault(context, writable=False) as vault:
        found = vault.requests()
    write_list(
        found,
        as_json=as_json,
        nothing="No one has asked.",
        headings=("id", "requester", "collection", "purpose", "expires (UTC)", "state"),
        row=lambda one: (
            one.id[:8],
            one.requester,
            one.collection,
            one.purpose_words,
            times.short_time(one.expires_at),
            request_facts.state(one),
        ),
    )


@group.command("show")
def show_request(context: typer.Context, request_id: RequestId, as_json: AsJson = False) -> None:
    """One request: who, what for, which columns, what it costs, and what your consents say."""
    with open_vault(context, writable=False) as vault:
        found = vault.request(request_id)
    if as_json:
        write_json(found)
    else:
        draw(found)


@group.command("approve")
def approve(
    context: typer.Context,
    request_id: RequestId,
    draft_grant: Annotated[
        bool, typer.Option("--draft-grant", help="Write the consent this request needs, for one run.")
    ] = False,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="COLUMN", help="Allow this optional column as well.")
    ] = None,
    special: Special = False,
    run: Annotated[bool, typer.Option("--run", help="Run it now.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Approve one run on this computer. The release is a decision of its own, later."""
    optional = frozenset(also or [])
    if optional and not draft_grant:
        raise click.UsageError("--also needs --draft-grant: it adds a column to the consent that is written")
    if special and not draft_grant:
        raise click.UsageError("--special needs --draft-grant: it belongs to the consent that is written")
    with open_vault(context, writable=not dry_run) as vault:
        what = vault.preview_approval(request_id, draft=draft_grant, optional=optional)
        show_approval(what)
        _refuse_idle_columns(what, optional)
        if dry_run:
            say("\nNothing was changed (dry run).")
            return
        _approve(vault, what, optional=optional, special=special, run=run)


def _refuse_idle_columns(what: Approval, optional: frozenset[str]) -> None:
    """A consent that covers the job already is not widened by approving it."""
    if optional and what.draft is None:
        raise Invalid(reason="a consent covers this request already, so --also would change nothing")


def _approve(vault: Owner, what: Approval, *, optional: frozenset[str], special: bool, run: bool) -> None:
    """Approve, on a terminal after a yes (and one more for special columns), and run it at once if that is wanted."""
    full, short = what.request.line.id, what.request.line.id[:8]
    is_possible = what.draft is not None or what.request.decision.permitted
    if is_possible and is_interactive() and not confirm("\nApprove this one run?"):
        raise NotConfirmed()
    confirmed = confirm_special(what.draft, said=special)
    vault.approve(
        full,
        manifest_digest=what.request.manifest_digest,
        consent=what.consent,
        draft=what.draft is not None,
        optional=optional,
        special_confirmed=confirmed,
    )
    say(f"\nRequest {short} is approved for one run.")
    if run or (
        is_interactive() and confirm("Run it now, on this computer? The budget is spent from then on.")
    ):
        _train(vault, full)
    else:
        say(f"Run it: lockbox train {short}")


@group.command("attack")
def attack(context: typer.Context, request_id: RequestId, as_json: AsJson = False) -> None:
    """Attack the job on made-up data and say how often guesses were right; no record is read, nothing is charged."""
    with open_vault(context) as vault, progress_bar("attacking", before="the learner gets ready") as progress:
        found = vault.attack_stand_in(request_id, progress=progress)
    if as_json:
        write_json(found)
    else:
        write_wrapped(attack_facts.sentence(found))


add_actions(group, "request")


def train(
    context: typer.Context,
    request_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Of requests; default: every one that is approved."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run what was approved; every result is held in the vault until you decide."""
    with open_vault(context) as vault:
        chosen = request_ids or [one.id for one in vault.requests() if one.state == "approved"]
        if not chosen:
            raise Invalid(reason="nothing is approved and waiting to run")
        for one in chosen:
            _train(vault, one, as_json=as_json)


def _train(vault: Owner, request_id: str, *, as_json: bool = False) -> None:
    ask_beforehand(vault)
    try:
        with progress_bar("training", before="the learner gets ready") as progress:
            held = vault.train(request_id, progress=progress)
    except KeyboardInterrupt:
        say("\n" + wording.after_a_stop(vault.request(request_id).line.state))
        raise
    if as_json:
        write_json(held)
    say("The result is held in the vault. Look at it:")
    say(f"  lockbox release show {held.id[:8]}")
