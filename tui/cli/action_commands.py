"""The commands of the simple actions, made from their records."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tui.actions import ACTIONS
from tui.cli.terminal import say, write
from tui.cli.vault_access import open_vault
from tui.text.action import Action, Entry

TARGET = "target"


def add_actions(group: typer.Typer, name: str) -> None:
    """Register the command of every simple action whose words begin with the name of this group."""
    for action in ACTIONS:
        first, _, command = action.words.partition(" ")
        if first == name:
            group.command(command)(command_of(action))


def command_of(action: Action[Any]) -> Callable[..., None]:
    """The command of an action, with the signature that typer reads its arguments from."""

    def run(context: typer.Context, **given: str) -> None:
        target = given.pop(TARGET)
        with open_vault(context) as vault:
            result = action.call(vault, target, given)
        if action.data is not None:
            write(action.data(result))
        for line in action.reply(target, result):
            say(line)

    argument = typer.Argument(metavar=action.target.metavar, help=action.target.help)
    parameters = [
        _parameter("context", typer.Context),
        _parameter(TARGET, Annotated[str, argument]),
        *map(_entry, action.entries),
    ]
    run.__doc__ = action.help
    run.__name__ = action.name
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _entry(entry: Entry) -> inspect.Parameter:
    if entry.is_required:
        argument = typer.Argument(metavar=entry.name.upper(), help=entry.help)
        return _parameter(entry.name, Annotated[str, argument])
    option = typer.Option(f"--{entry.name}", help=entry.help)
    return _parameter(entry.name, Annotated[str, option], default="")


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, annotation=annotation, default=default)
