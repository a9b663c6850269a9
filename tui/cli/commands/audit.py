"""The audit trail: show, verify, export, key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import say, write, write_after, write_json
from tui.cli.vault_access import open_vault
from tui.text import wording
from vault.errors.audit import LogBroken

if TYPE_CHECKING:
    from vault.views.audit import AuditCheck, AuditLine
    from vault.views.history import TimelineGroup

group = typer.Typer(no_args_is_help=True)


@group.command("show")
def show_trail(
    context: typer.Context,
    by_request: Annotated[
        bool, typer.Option("--by-request", help="Each request's whole life together, the newest first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Everything that happened, one sentence an entry."""
    groups: list[TimelineGroup] = []
    with open_vault(context, writable=False) as vault:
        if by_request:
            groups = vault.timeline()
        lines = [] if by_request else vault.audit_lines()
    if as_json:
        write_json(*groups, *lines)
        return
    say("Times are UTC.")
    for group in groups:
        write()
        write_after(f"{group.request[:8]}  " if group.request else "", group.title)
        _show_lines(group.lines)
    _show_lines(lines)


def _show_lines(lines: Sequence[AuditLine]) -> None:
    for line in lines:
        write_after(f"{line.seq:>5}  {wording.short_time(line.ts)}  ", line.sentence)


@group.command("verify")
def verify(
    context: typer.Context,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="DIR", help="Verify an exported bundle; opens no vault."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="VKEY", help="With --bundle: the verifier key you trust.")
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(
            "--since",
            metavar="CHECKPOINT",
            help="With --bundle: a checkpoint file you kept; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole trail and check every page of the database, or an exported bundle alone."""
    if since and bundle is None:
        raise click.UsageError("--since goes with --bundle; a vault is held against the reminder outside it")
    if bundle is not None:
        from vault.requester.trail import verify_trail

        if key is None:
            raise click.UsageError(
                "--bundle needs --key, which you got from the owner and not from the bundle"
            )
        _report(verify_trail(bundle, key, kept=since or ()), as_json=as_json)
        say("The bundle verifies under that key.")
        if since:
            say(
                f"It goes on from {wording.counted(len(since), 'checkpoint')} you kept; nothing was rewritten."
            )
        return
    with open_vault(context, writable=False) as vault:
        with progress_bar("checking entries") as progress:
            found = vault.verify_audit(progress=progress)
        older = vault.status().read_only_because
    _report(found, as_json=as_json)
    if older:
        raise LogBroken(reason=older)
    if found.seen_before:
        say("The trail is consistent with itself and with what this computer has seen of it before.")
    else:
        say("The trail is consistent with itself; this computer had not seen it before to compare it with.")


@group.command("export")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    as_json: AsJson = False,
) -> None:
    """Write the trail so that anybody can verify it; it names no column, requester, file or value."""
    with open_vault(context) as vault:
        found = vault.export_audit(folder)
    _report(found, as_json=as_json)
    say(f"{folder} can be verified with tools this program did not write: see docs/audit-format.md.")
    say("Give the verifier key to the auditor yourself: lockbox audit key")


@group.command("key")
def key(context: typer.Context, as_json: AsJson = False) -> None:
    """The verifier key of this trail, to hand to an auditor."""
    with open_vault(context, writable=False) as vault:
        found = vault.audit_key()
    if as_json:
        write_json({"vkey": found})
    else:
        write(found)


def _report(found: AuditCheck, *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write(f"{wording.counted(found.size, 'entry')}, every one recomputed; root {found.root[:16]}…")
