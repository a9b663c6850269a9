"""The lifetime privacy budget."""

from __future__ import annotations

import typer

from tui import wording
from tui.commands.options import AsJson
from tui.session import opened
from tui.terminal import say, show, show_json

WIDTH = 40


def add_to(app: typer.Typer) -> None:
    """Register `lockbox budget`."""
    app.command("budget")(budget)


def budget(context: typer.Context, as_json: AsJson = False) -> None:
    """How much of each lifetime privacy budget is used, by collection and by requester."""
    with opened(context, writable=False) as vault:
        found = vault.budget()
    if as_json:
        show_json(*found)
        return
    if not found:
        say("No collection yet, so no budget.")
    for line in found:
        whose = f"  {line.requester}, at most half of it" if line.requester else line.collection
        show(f"{whose}: {wording.percent(line.used_percent)} used, {wording.percent(line.left_percent)} left; "
             f"{wording.counted(line.jobs, 'job')}")  # fmt: skip
        show(f"  {wording.bar(line.used_percent, WIDTH)}")
    for line in found:
        if line.requester is None:
            say(
                f"\nLifetime cap of {line.collection}: ε {line.lifetime_epsilon} at δ {line.delta}. "
                "Spent budget never comes back; the cap is what is guaranteed."
            )
