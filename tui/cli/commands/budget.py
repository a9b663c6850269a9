"""The lifetime privacy budget."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import AsJson
from tui.cli.show_request import show_price
from tui.cli.terminal import say, write, write_json, write_list
from tui.cli.vault_access import open_vault
from tui.text import times, wording
from tui.text.budget_facts import SPENT_STAYS, by_what
from tui.text.reopening_facts import CARRIED_OVER
from tui.text.request_facts import OPEN_STATES

if TYPE_CHECKING:
    from vault.views.budget import BudgetLine

WIDTH = 40


def add_to(app: typer.Typer) -> None:
    """Register `lockbox budget`."""
    app.command("budget")(budget)


def budget(
    context: typer.Context,
    history: Annotated[
        bool, typer.Option("--history", help="Every charge ever made instead, the oldest first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """How much of each lifetime privacy budget is used, and what each open request would cost."""
    if history:
        _history(context, as_json=as_json)
        return
    with open_vault(context, writable=False) as vault:
        found = vault.budget()
        asked = [vault.request(one.id) for one in vault.requests() if one.state in OPEN_STATES]
    if as_json:
        write_json(*found, *({"request": one.line.id, "price": asdict(one.price)} for one in asked))
        return
    if not found:
        say("No collection yet, so no budget.")
    for line in found:
        whose = f"  {line.requester}, at most half of it" if line.requester else _members(line)
        write(f"{whose}: {wording.percent(line.used_percent)} used; {by_what(line)}")
        write(f"  {wording.bar(line.used_percent, WIDTH)}")
    for line in found:
        if line.requester is None:
            say(f"\nLifetime cap of {_members(line)}: ε {line.lifetime_epsilon} at δ {line.delta}.")
    if found:
        say(SPENT_STAYS)
    for one in asked:
        write(f"\nWhat request {one.line.id[:8]} of {one.line.requester} would cost:")
        show_price(one.price)


def _members(line: BudgetLine) -> str:
    """The collections that have this budget, or share it."""
    return " + ".join(line.members)


def _history(context: typer.Context, *, as_json: bool) -> None:
    with open_vault(context, writable=False) as vault:
        found = vault.budget_history()
    write_list(
        found,
        as_json=as_json,
        nothing="Nothing was spent yet.",
        headings=("when (UTC)", "collection", "for", "request", "cost", "used after it"),
        row=lambda one: (
            times.short_time(one.at),
            one.collection,
            one.requester or CARRIED_OVER,
            one.request[:8] or "none",
            wording.percent(one.job_percent),
            wording.percent(one.used_percent),
        ),
    )
