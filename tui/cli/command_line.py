"""The command line: the options before every command. Commands import what they need themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import click
import typer
from click.exceptions import NoArgsIsHelpError

from tui.cli.loaded_commands import RootGroup
from tui.cli.number_types import WHOLE
from tui.cli.silence import end_silence
from tui.cli.vault_access import GlobalOptions, global_options

app = typer.Typer(
    name="lockbox",
    cls=RootGroup,
    help="A personal data vault that can learn: your records stay, noised updates leave when you say so.",
    invoke_without_command=True,
    suggest_commands=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"lockbox {version('lockbox-vault')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    vault: Annotated[
        Path | None, typer.Option("--vault", metavar="DIR", help="The vault folder (or LOCKBOX_VAULT).")
    ] = None,
    passphrase_fd: Annotated[
        int | None,
        typer.Option(
            "--passphrase-fd",
            metavar="N",
            click_type=WHOLE,
            help="Read the passphrase from open descriptor N.",
        ),
    ] = None,
    recovery_key: Annotated[
        bool, typer.Option("--recovery-key", help="Open with the recovery key instead of the passphrase.")
    ] = False,
    wait: Annotated[
        int,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            click_type=WHOLE,
            show_default=False,
            help="Wait so long for a vault that another process is writing to; default: not at all.",
        ),
    ] = 0,
    screen_reader: Annotated[
        bool,
        typer.Option("--screen-reader", help="Talk in lines with numbered choices; nothing is drawn."),
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    context.obj = GlobalOptions(
        vault=vault, passphrase_fd=passphrase_fd, recovery_key=recovery_key, wait=wait
    )
    if screen_reader and context.invoked_subcommand is not None:
        raise click.UsageError("--screen-reader is a conversation of its own; it goes with no command")
    if screen_reader or context.invoked_subcommand is None:
        end_silence()
    if screen_reader:
        raise typer.Exit(_converse(context))
    if context.invoked_subcommand is None:
        raise typer.Exit(_no_command(context))


def _converse(context: typer.Context) -> int:
    from tui.by_ear.conversation import converse
    from tui.cli.terminal import is_interactive

    if not is_interactive():
        raise click.UsageError("--screen-reader is a conversation; it needs a terminal")
    return converse(global_options(context).paths)


def _no_command(context: typer.Context) -> int:
    """Open the terminal UI, write what waits where ACCESSIBLE is set, or show the help where there is no terminal."""
    from tui.app import start

    if os.environ.get("ACCESSIBLE"):
        from tui.cli.accessible import write_what_waits

        return write_what_waits(context)
    if start.is_too_plain(os.environ):
        raise click.UsageError(
            "this terminal cannot draw the screens (TERM=dumb); lockbox --screen-reader says all of it in lines, "
            "ACCESSIBLE=1 lockbox writes what waits, and every act has a command"
        )
    if not start.has_terminal(os.environ):
        raise NoArgsIsHelpError(context)
    return start.run(global_options(context).paths)
