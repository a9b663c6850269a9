"""Requests: submit, list, show, approve, refuse; and train, which runs what was approved."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import wording
from tui.commands.consent import show_decision
from tui.commands.options import AsJson
from tui.commands.requester import STATUS
from tui.session import opened
from tui.terminal import confirm, is_interactive, say, show, show_json, show_table
from vault.errors import Invalid

if TYPE_CHECKING:
    from vault.vault import Vault
    from vault.views import Approval, GrantDraft, PriceView, RequestView

group = typer.Typer(no_args_is_help=True)

RequestId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a request; its first characters are enough.")
]


def add_to(app: typer.Typer) -> None:
    """Register `lockbox train`."""
    app.command("train")(train)


@group.command("submit")
def submit(
    context: typer.Context,
    job: Annotated[Path, typer.Argument(metavar="JOBDIR")],
    as_json: AsJson = False,
) -> None:
    """Take a signed job folder into the inbox; nothing is read and nothing is charged by it."""
    with opened(context) as vault:
        found = vault.submit(job)
    if as_json:
        show_json(found)
    else:
        show(found.line.id)
    say(f"Request {found.line.id[:8]} of {found.line.requester} waits for you.")
    say(f"Look at it: lockbox request show {found.line.id[:8]}")


@group.command("list")
def list_requests(context: typer.Context, as_json: AsJson = False) -> None:
    """What others asked, the newest first."""
    with opened(context, writable=False) as vault:
        found = vault.requests()
    if as_json:
        show_json(*found)
        return
    if not found:
        say("No one has asked.")
        return
    rows = [
        (
            one.id[:8],
            one.requester,
            one.collection,
            one.purpose_words,
            one.expires_at,
            wording.state(one.state),
        )
        for one in found
    ]
    show_table(("id", "requester", "collection", "purpose", "expires", "state"), rows)


@group.command("show")
def show_request(context: typer.Context, request_id: RequestId, as_json: AsJson = False) -> None:
    """One request: who, what for, which columns, what it costs, and what your consents say."""
    with opened(context, writable=False) as vault:
        found = vault.request(request_id)
    if as_json:
        show_json(found)
    else:
        _show(found)


def _show(found: RequestView) -> None:
    line = found.line
    window = f"{found.window_from or 'the first record'} to {found.window_to or 'the last'}"
    rows = [
        ("request", line.id),
        ("requester", f"{line.requester} (key {found.fingerprint}, {STATUS[line.requester_status]})"),
        ("for", f"{line.purpose_words}: {found.purpose_text}"),
        ("who gets it", ", ".join(found.recipients) or line.requester),
        ("kept by them", found.retention),
        ("records", f"{line.collection}, {window}"),
        ("model", f"{found.model}, {found.steps} steps, clip norm {found.clip_norm:g}, "
                  f"noise multiplier {found.noise_multiplier:g}"),
        ("expires", line.expires_at),
        ("state", wording.state(line.state)),
    ]  # fmt: skip
    show_table(("", ""), rows)
    show()
    show_price(found.price)
    show("\nWhat your consents say now:")
    show_decision(found.decision)


def show_price(price: PriceView) -> None:
    """Draw what a job costs: the sentence first, as dots, then the numbers."""
    for row in wording.dots(price.guess_rate):
        show(f"  {row}")
    show(wording.guess_sentence(price.unit, price.unit_field, price.guess_rate))
    show(
        f"It costs {wording.percent(price.job_percent)} of this collection's lifetime privacy budget when it runs, "
        f"whether or not you release the result ({wording.percent(price.used_percent_before)} used before, "
        f"{wording.percent(price.used_percent_after)} after)."
    )
    noun = wording.unit_noun(price.unit, price.unit_field)
    show(
        f"ε {price.epsilon} at δ {price.delta} per {noun}; the number ε alone would allow "
        f"{wording.times_in_hundred(price.worst_case)} right guesses in 100."
    )
    if price.numerical_assumption:
        show("The noise of so large a model rests on a numerical assumption (A2, see docs/privacy.md).")


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
    run: Annotated[bool, typer.Option("--run", help="Run it now.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
) -> None:
    """Approve one run on this computer. The release is a decision of its own, later."""
    optional = frozenset(also or [])
    with opened(context, writable=not dry_run) as vault:
        what = vault.preview_approval(request_id, draft=draft_grant, optional=optional)
        _show_approval(what)
        if dry_run:
            say("\nnothing was changed (dry run)")
            return
        vault.approve(what.request.line.id, draft=draft_grant, optional=optional)
        say(f"\nRequest {what.request.line.id[:8]} is approved for one run.")
        if run or (
            is_interactive() and confirm("run it now, on this computer? the budget is spent from then on")
        ):
            _train(vault, what.request.line.id)
        else:
            say(f"Run it: lockbox train {what.request.line.id[:8]}")


def _show_approval(what: Approval) -> None:
    line = what.request.line
    show(f"{line.requester} asks to learn from {line.collection}, for {line.purpose_words}.\n")
    if what.draft:
        _show_draft(what.draft)
    show_price(what.request.price)
    show(
        "It runs on this computer in a process without network and without your files; nothing leaves by it."
    )


def _show_draft(draft: GrantDraft) -> None:
    asked = len(draft.fields) + len(draft.withheld)
    rows = [
        ("columns", f"{wording.squares(len(draft.fields), asked)}  allowed {len(draft.fields)} of {asked}"),
        ("allowed", ", ".join(draft.fields) + ", and each row's unit and time"),
        ("withheld", ", ".join(draft.withheld) or "none"),
        ("for", draft.purpose_words),
        ("records", f"{draft.window_from or 'the first'} to {draft.window_to or 'the last'}"),
        ("until", f"{draft.not_after}, for {draft.uses} run"),
    ]
    show("Approving writes this consent:")
    show_table(("", ""), rows)
    show()


@group.command("refuse")
def refuse(
    context: typer.Context,
    request_id: RequestId,
    reason: Annotated[str, typer.Option("--reason", help="For your own record; it stays in the vault.")] = "",
) -> None:
    """Say no. They learn nothing but no."""
    with opened(context) as vault:
        vault.refuse(request_id, reason=reason)
    say("Refused.")


def train(
    context: typer.Context,
    request_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    as_json: AsJson = False,
) -> None:
    """Run what was approved; every result is held in the vault until you decide."""
    with opened(context) as vault:
        chosen = request_ids or [one.id for one in vault.requests() if one.state == "approved"]
        if not chosen:
            raise Invalid(reason="nothing is approved and waiting to run")
        for one in chosen:
            _train(vault, one, as_json=as_json)


def _train(vault: Vault, request_id: str, *, as_json: bool = False) -> None:
    with _progress_bar() as progress:
        held = vault.train(request_id, progress=progress)
    if as_json:
        show_json(held)
    say(f"The result is held in the vault. Look at it: lockbox release show {held.id[:8]}")


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Steps as they pass on a terminal; nothing in a log."""
    if not sys.stderr.isatty():
        yield lambda _step, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=None)
        yield lambda step, of: bar.update(task, completed=step, total=of)
