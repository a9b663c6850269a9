"""The commands there are, each loaded when it is asked for: one command needs the file of no other."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.main import get_group

from tui.cli.command_group import CommandGroup

if TYPE_CHECKING:
    import click

# Where each is, in the order of the help.
HOMES: Final = {
    **dict.fromkeys(("init", "status", "doctor", "paths", "backup", "recover", "reopen"), "vault"),
    **dict.fromkeys(("serve", "unlock", "lock", "settings"), "daemon"),
    "import": "import_file",
    "formats": "formats",
    "train": "request",
    "budget": "budget",
    "digest": "digest",
    "demo": "demo",
    "passphrase": "vault",
    "data": "data",
    "requester": "requester",
    "consent": "consent",
    "request": "request",
    "release": "release",
    "model": "model",
    "date": "date",
    "audit": "audit",
    "job": "job",
    "campaign": "campaign",
    "coordinator": "coordinator",
    "witness": "witness",
    "update": "update",
    "courier": "courier",
    "mesh": "mesh",
    "shell": "shell",
}


class LoadedCommands(MutableMapping[str, "click.Command"]):
    """Every command by its name, loaded when it is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """The command; raises KeyError."""
        if name not in self._loaded:
            self._loaded |= commands_in(HOMES[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Take another command, as click does when it adds one."""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        """Forget a command that was loaded."""
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """The names, loading nothing."""
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)


class RootGroup(CommandGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = LoadedCommands()

    def list_commands(self, _context: click.Context) -> list[str]:
        """Their names, loading nothing."""
        return list(self.commands)


def commands_in(home: str) -> dict[str, click.Command]:
    """What the file of this name has."""
    found = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    import_module(f"tui.cli.commands.{home}").add_to(found)
    return dict(get_group(found).commands)
