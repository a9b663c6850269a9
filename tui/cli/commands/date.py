"""The date of the vault: show and confirm."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import typer

from tui.cli.command_group import CommandGroup
from tui.cli.options import AsJson
from tui.cli.terminal import say, write_facts, write_json
from tui.cli.vault_access import open_vault
from tui.text.date_facts import confirming

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="date", help="What date it is for the vault, and your word on it.", cls=CommandGroup
    )


@group.command("show")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """What date the vault takes it for, and what the computer's clock says."""
    with open_vault(context, writable=False) as vault:
        found = vault.date()
    if as_json:
        write_json(found)
        return
    write_facts([("date of the vault", found.vault), ("the computer's clock", found.clock)])
    if found.question:
        say(f"\n{confirming(found)}\nIf the clock is right: lockbox date confirm {found.clock[:10]}")


def _written_out(today: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", today, re.ASCII):
        raise typer.BadParameter("a date is written YYYY-MM-DD")
    try:
        date.fromisoformat(today)
    except ValueError:
        raise typer.BadParameter(f"there is no {today}") from None
    return today


@group.command("confirm")
def confirm(
    context: typer.Context,
    today: Annotated[
        str, typer.Argument(metavar="YYYY-MM-DD", help="The date of today, in UTC.", callback=_written_out)
    ],
) -> None:
    """Say that the computer's clock is right, after a long pause or when it was wrong before."""
    with open_vault(context) as vault:
        say(confirming(vault.date()))
        found = vault.confirm_date(today)
    say(f"It is {found.vault}. Your word is on the trail.")
