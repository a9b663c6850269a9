"""The commands of the simple actions, made from their records."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import typer

from tui.actions import ACTIONS
from tui.cli.options import DryRun
from tui.cli.terminal import confirm, is_interactive, say, write, write_wrapped
from tui.cli.vault_access import global_options, open_vault
from tui.text.action import Action, Entry
from vault.errors.consent import NotConfirmed
from vault.owner.interface.owner import Owner
from vault.settings import Paths

TARGET, DRY_RUN = "target", "dry_run"


Afterwards = Callable[[Owner, Paths, Any], Sequence[str]]
"""What is left to do outside the vault with what came of an action, and what is said of it."""


def add_actions(
    group: typer.Typer, name: str, afterwards: Mapping[str, Afterwards] = MappingProxyType({})
) -> None:
    """Register the command of every simple action whose words begin with the name of this group."""
    for action in ACTIONS:
        first, _, command = action.words.partition(" ")
        if first == name:
            group.command(command)(
                command_of(action, afterwards.get(command, lambda _vault, _paths, _result: ()))
            )


def command_of(action: Action[Any], afterwards: Afterwards) -> Callable[..., None]:
    """The command of an action, with the signature that typer reads its arguments from."""

    def run(context: typer.Context, **given: Any) -> None:
        target, is_look = given.pop(TARGET), given.pop(DRY_RUN, False)
        for entry in action.entries:
            entry.check(given[entry.name])
        with open_vault(context, writable=not is_look) as vault:
            foretold = action.foretold(vault, target) if action.foretold else ()
            if is_look:
                _show(foretold)
                return
            _have_meant(foretold)
            result = action.call(vault, target, given)
            ended = afterwards(vault, global_options(context).paths, result)
        if action.data is not None:
            write(action.data(result))
        for line in (*action.reply(target, result), *ended):
            say(line)

    argument = typer.Argument(metavar=action.target.metavar, help=action.target.help)
    parameters = [
        _parameter("context", typer.Context),
        _parameter(TARGET, Annotated[str, argument]),
        *map(_entry, action.entries),
        *([_parameter(DRY_RUN, DryRun, default=False)] if action.foretold else []),
    ]
    run.__doc__ = action.help
    run.__name__ = action.name
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _show(foretold: Sequence[str]) -> None:
    for sentence in foretold:
        write_wrapped(sentence)
    say("Nothing was changed (dry run).")


def _have_meant(foretold: Sequence[str]) -> None:
    """Say what is for good and ask; where there is nobody to ask, who named the target in a script has meant it."""
    for sentence in foretold:
        say(sentence)
    if foretold and is_interactive() and not confirm("\nThis cannot be undone. Do it?"):
        raise NotConfirmed()


def _entry(entry: Entry) -> inspect.Parameter:
    if entry.is_required:
        argument = typer.Argument(metavar=entry.name.upper(), help=entry.help)
        return _parameter(entry.name, Annotated[str, argument])
    option = typer.Option(f"--{entry.name}", help=entry.help)
    return _parameter(entry.name, Annotated[str, option], default="")


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, annotation=annotation, default=default)
