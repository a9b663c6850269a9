"""For the shell: completion by the tab key, and the manual page."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from tui.cli.command_group import CommandGroup

COMPLETED_BY: Final = "_LOCKBOX_COMPLETE"
"""The variable in which a shell asks the command what could stand next."""

group = typer.Typer(no_args_is_help=True)


class Shell(StrEnum):
    """The shells that can be told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="shell", help="Completion by the tab key, and the manual page.", cls=CommandGroup
    )


@group.command()
def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Write what makes this shell complete lockbox's commands and options by the tab key."""
    from click.shell_completion import get_completion_class

    asked = get_completion_class(shell.value)
    assert asked is not None
    print(asked(context.find_root().command, {}, "lockbox", COMPLETED_BY).source())


@group.command()
def manual(context: typer.Context) -> None:
    """Write the manual page, for man."""
    from tui.cli.manual_page import manual_page

    print(manual_page(context.find_root().command), end="")
