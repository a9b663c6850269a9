"""The audit trail: show, verify, export, key."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.number_types import WHOLE
from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import ask, is_interactive, say, write, write_after, write_json
from tui.cli.vault_access import ask_beforehand, check_new_file, open_vault
from tui.text import times, wording
from tui.text.audit_facts import bundle_sentences, opening_sentences
from vault.errors.audit import LogBroken
from vault.errors.consent import NotConfirmed, OtherCountConfirmed
from vault.errors.families import Invalid
from vault.strict_number import NotPlain, strict_whole
from vault.views.audit import Opening
from vault.views.history import TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from vault.owner.interface.kinds import Progress
    from vault.owner.interface.owner import Owner
    from vault.views.audit import AuditCheck, AuditLine, HiddenField
    from vault.views.history import TimelineGroup

NOTHING_SEEN: Final = "when it was opened, this computer had nothing of it to compare it with."

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="audit", help="The trail of everything, for you and for outsiders.", cls=CommandGroup
    )


@group.command("show")
def show_trail(
    context: typer.Context,
    by_request: Annotated[
        bool, typer.Option("--by-request", help="Each request's whole life together, the newest first.")
    ] = False,
    entry: Annotated[
        int | None,
        typer.Option(
            "--entry", metavar="SEQ", click_type=WHOLE, help="What one entry hides from others, by name."
        ),
    ] = None,
    requester: Annotated[
        str | None,
        typer.Option(
            "--requester", metavar="NAME", help="Only what is about them; may stand with the others."
        ),
    ] = None,
    collection: Annotated[
        str | None, typer.Option("--collection", metavar="NAME", help="Only what is about this collection.")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="WORD", help=f"Only what ended so: {', '.join(TRAIL_OUTCOMES)}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Everything that happened, one sentence an entry."""
    groups: list[TimelineGroup] = []
    only = _filter_of(requester=requester, collection=collection, outcome=outcome)
    if entry is not None and not only.is_all:
        raise click.UsageError("--entry is one entry; it goes with no filter")
    with open_vault(context, writable=False) as vault:
        if entry is not None:
            _show_hidden(vault.hidden_fields(entry), as_json=as_json)
            return
        if by_request or not only.is_all:
            groups = vault.timeline(about=only)
        lines = vault.audit_lines() if only.is_all and not by_request else []
    if not by_request and groups:
        lines, groups = sorted(chain(*(one.lines for one in groups)), key=lambda line: line.seq), []
    if as_json:
        write_json(*groups, *lines)
        return
    say("Times are UTC." if groups or lines else "No entry of the trail is about that.")
    for group in groups:
        write()
        write_after(f"{group.request[:8]}  " if group.request else "", group.title)
        _show_lines(group.lines)
    _show_lines(lines)


def _filter_of(**said: str | None) -> TrailFilter:
    """What was said of each."""
    return TrailFilter(**{option: word or "" for option, word in said.items()})


def _show_lines(lines: Sequence[AuditLine]) -> None:
    for line in lines:
        write_after(f"{line.seq:>5}  {times.short_time(line.ts)}  ", line.sentence)


def _show_hidden(fields: Sequence[HiddenField], *, as_json: bool) -> None:
    if as_json:
        write_json(*fields)
        return
    for field in fields:
        write_after(f"{field.name}  ", field.value)
    if not fields:
        say("It hides nothing that can still be opened.")


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
    if key is not None and bundle is None:
        raise click.UsageError("--key goes with --bundle; a vault is verified under its own key")
    if bundle is not None:
        from vault.requester.trail import verify_trail

        if key is None:
            raise click.UsageError(
                "--bundle needs --key, which you got from the owner and not from the bundle"
            )
        _report(judged := verify_trail(bundle, key, kept=since or ()), as_json=as_json)
        say("The bundle verifies under that key.")
        for sentence in bundle_sentences(judged):
            say(sentence)
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
        say(f"The trail is consistent with itself; {NOTHING_SEEN}")


@group.command("export")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    since: Annotated[
        list[int] | None,
        typer.Option(
            "--since",
            metavar="SIZE",
            click_type=WHOLE,
            help="Prove that it goes on from the trail of so many entries; may be repeated.",
        ),
    ] = None,
    prove: Annotated[
        list[int] | None,
        typer.Option(
            "--prove", metavar="SEQ", click_type=WHOLE, help="Prove one entry by itself; may be repeated."
        ),
    ] = None,
    disclose: Annotated[
        list[str] | None,
        typer.Option(
            "--disclose",
            metavar="SEQ[:NAME]",
            help="Open what an entry hides, all of it or one field (audit show --entry); may be repeated.",
        ),
    ] = None,
    confirmed: Annotated[
        int | None,
        typer.Option(
            "--confirm",
            metavar="COUNT",
            click_type=WHOLE,
            help="Without a terminal: how many fields are opened.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the trail so that anybody can verify it; it names no column, requester, file or value unless asked to."""
    check_new_file(context, folder)
    with open_vault(context) as vault:
        fields = [field for text in disclose or () for field in _hidden_by(vault, text)]
        if fields:
            _ask_to_open(fields, confirmed)
            ask_beforehand(vault)
        with progress_bar("writing and checking entries") as progress:
            found = _export(vault, folder, fields, since or (), prove or (), progress)
    _report(found, as_json=as_json)
    for sentence in bundle_sentences(found):
        say(sentence)
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


def _export(
    vault: Owner,
    folder: Path,
    fields: Sequence[HiddenField],
    since: Sequence[int],
    prove: Sequence[int],
    progress: Progress,
) -> AuditCheck:
    """Write the bundle, with the passphrase behind it where it opens something."""
    if not fields:
        return vault.export_audit(folder, since=since, prove=prove, progress=progress)
    chosen = [Opening(seq=field.seq, name=field.name) for field in fields]
    return vault.disclose_audit(folder, disclose=chosen, since=since, prove=prove, progress=progress)


def _hidden_by(vault: Owner, text: str) -> list[HiddenField]:
    """The fields that `SEQ` or `SEQ:NAME` means."""
    number, _, name = text.partition(":")
    if (entry := _count(number)) < 0:
        raise click.UsageError("--disclose takes the number of an entry, or SEQ:NAME")
    found = [each for each in vault.hidden_fields(entry) if name in ("", each.name)]
    if not found:
        raise Invalid(reason=f"entry {number} hides nothing like that which can be opened")
    return found


def _count(typed: str) -> int:
    """The number that was typed; -1 for what is none."""
    try:
        return strict_whole(typed)
    except NotPlain:
        return -1


def _ask_to_open(fields: Sequence[HiddenField], confirmed: int | None) -> None:
    """Say what becomes readable, and have its number typed, here or in the command."""
    for sentence in opening_sentences(fields):
        say(sentence)
    if confirmed is None and not is_interactive():
        raise Invalid(reason="without a terminal, say how many fields are opened: --confirm COUNT")
    if confirmed is None:
        typed = ask(f"\nType how many fields are opened ({len(fields)}) to open them:")
        confirmed = _count(typed)
    if confirmed < 0:
        raise NotConfirmed()
    if confirmed != len(fields):
        raise OtherCountConfirmed(count=wording.counted(len(fields), "field"), typed=confirmed)


def _report(found: AuditCheck, *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write(f"{wording.counted(found.size, 'entry')}, every one recomputed; root {found.root[:16]}…")
