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
        filled = min(WIDTH, int(line.used_percent * WIDTH / 100))
        label = f"  {line.requester} (of at most half)" if line.requester else line.collection
        show(f"{label}\n  {'█' * filled}{'░' * (WIDTH - filled)} {wording.percent(line.used_percent)} used, "
             f"{wording.percent(line.left_percent)} left; {line.jobs} jobs")  # fmt: skip
    for line in found:
        if line.requester is None:
            say(
                f"\nLifetime cap of {line.collection}: ε {line.lifetime_epsilon} at δ {line.delta}. "
                "Spent budget never comes back; the cap is what is guaranteed."
            )
