"""Without a full screen (ACCESSIBLE=1): what waits, as numbered sentences with the command for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui.cli.exit_codes import ExitCode
from tui.cli.terminal import say, write, write_after
from tui.cli.vault_access import global_options, open_vault
from tui.text import wording
from tui.text.reopening_facts import nothing_left

if TYPE_CHECKING:
    import typer

    from vault.views.status import VaultStatus

NO_VAULT = (
    ("There is no vault yet. Your own begins with a passphrase.", "lockbox init"),
    ("A sample of made-up data, with a practice request, can be tried first.", "lockbox demo --sample"),
)


def write_what_waits(context: typer.Context) -> int:
    """Write what waits, numbered, and the command for each line; nothing is drawn."""
    say("Lockbox in plain sentences, because ACCESSIBLE is set.")
    if not global_options(context).paths.database.exists():
        _number(NO_VAULT)
        return ExitCode.OK
    with open_vault(context, writable=False) as vault:
        status = vault.status()
    _number([*waiting_lines(status), (left_line(status), "lockbox release list")])
    say("Every command: lockbox --help")
    return ExitCode.OK


def waiting_lines(status: VaultStatus) -> Iterator[tuple[str, str]]:
    """What waits for the owner, and the command that shows it."""
    if status.date_question:
        yield f"The date is in question: {status.date_question}.", "lockbox date show"
    found = (
        (status.requests_waiting, "request", "for your answer", "lockbox request list"),
        (status.campaigns_waiting, "campaign", "for your answer", "lockbox campaign list"),
        (status.held, "held update", "for your decision", "lockbox release list"),
    )
    for count, noun, what_for, command in found:
        if count:
            waits = "waits" if count == 1 else "wait"
            yield f"{wording.counted(count, noun)} {waits} {what_for}.", command
    if status.expiring:
        ends = "ends" if status.expiring == 1 else "end"
        yield f"{wording.counted(status.expiring, 'consent')} {ends} within a week.", "lockbox consent list"
    if status.running:
        runs = "runs" if status.running == 1 else "run"
        yield f"{wording.counted(status.running, 'training')} {runs} now.", "lockbox status"
    if status.is_digest_due:
        yield "A week has passed; the digest says what happened in it.", "lockbox digest"
    if not status.rows:
        yield "There is no data yet.", "lockbox import FILE --dry-run"
    if not (status.requests_waiting or status.campaigns_waiting or status.held):
        yield "Nothing waits for you.", "lockbox status"


def left_line(status: VaultStatus) -> str:
    """Whether anything ever left this computer."""
    if not status.released and not status.may_have_left:
        return nothing_left(status)
    unsure = f", and {status.may_have_left} more may have left" if status.may_have_left else ""
    have = "has" if status.released == 1 else "have"
    return f"{wording.counted(status.released, 'update')} {have} left this computer{unsure}."


def _number(lines: Iterable[tuple[str, str]]) -> None:
    for number, (sentence, command) in enumerate(lines, start=1):
        write_after(f"{number}. ", sentence)
        write(f"   {command}")
