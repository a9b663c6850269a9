"""The requester's side of a campaign that a coordinator serves: invite, status, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.commands.coordinator import show_status
from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_json
from tui.text.parse import parse_count
from tui.text.wording import counted

CoordinatorDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of its coordinator.")]


def add_coordinated_commands(group: typer.Typer) -> None:
    """Register these commands."""
    for name, command in (("invite", invite), ("status", status)):
        group.command(name)(command)


def invite(
    folder: CoordinatorDir,
    number: Annotated[str, typer.Option("--number", metavar="N", help="How many vaults are invited.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A new folder for their files.")],
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="Where vaults reach it: https://HOST:PORT; default: its own address."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write invitation files, one for each vault: give each to one person, over a way that they trust."""
    from learner.federation.invitations import write_invitations

    files = write_invitations(folder, parse_count(number), to=to, url=url)
    if as_json:
        write_json(*({"file": each} for each in files))
    else:
        write(str(to))
    say(
        f"{counted(len(files), 'invitation')}. Each enrols one vault, once. For owners: lockbox courier join FILE"
    )


def status(folder: CoordinatorDir, as_json: AsJson = False) -> None:
    """Say how a campaign stands at its coordinator: rounds, answers, what was left out or refused and why."""
    show_status(folder, as_json=as_json)
