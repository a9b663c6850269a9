"""Command groups whose help shows every sentence whole, and the help of every argument."""

from __future__ import annotations

from contextlib import contextmanager
from inspect import unwrap
from typing import TYPE_CHECKING, Any

import click
from typer.core import TyperArgument, TyperGroup
from typer.utils import get_params_from_function

from tui.cli.file_arguments import check_argument
from tui.cli.meant_commands import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_SENTENCE = 200


class HelpFormatter(click.HelpFormatter):
    """Writes brackets as brackets, which typer escapes for markup that nobody reads here, and arguments once."""

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Write under a heading; typer has a heading of its own for what click calls positional arguments."""
        before = len(self.buffer)
        with super().section(name):
            yield
        if name == "Positional arguments":
            del self.buffer[before:]

    def write_dl(self, rows: Iterable[tuple[str, str]], *arguments: Any, **settings: Any) -> None:
        """Write names and what they are, one below the other."""
        super().write_dl([(name, about.replace("\\[", "[")) for name, about in rows], *arguments, **settings)


class HelpContext(click.Context):
    """A context whose help is written by `HelpFormatter`."""

    formatter_class = HelpFormatter


class NamedPath(click.Path):
    """A path that names something: an empty one would be the folder that one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path as it was typed; refused where it is empty, or names a file of ours that is for something else."""
        if not str(value).strip():
            self.fail("an empty name is no file or folder", param, ctx)
        if param is not None and ctx is not None and not ctx.resilient_parsing:
            check_argument(_words_of(ctx), param.name or "", str(value))
        return super().convert(value, param, ctx)


class Named(click.types.StringParamType):
    """A text that names something: an empty one names nothing, which no passphrase has to be asked for."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it was typed; refused where nothing of it can be seen."""
        if not str(value).strip():
            ways = "; an option is left out for its default" if isinstance(param, click.Option) else ""
            self.fail(f"an empty text names nothing{ways}", param, ctx)
        return super().convert(value, param, ctx)


class AnyText(click.types.StringParamType):
    """A text that names nothing and may be empty, as one that is searched for."""


class CommandGroup(TyperGroup):
    """A group that wraps the sentences of its commands where click would cut them off."""

    context_class = HelpContext
    # By click's own protocol, whose scripts `lockbox shell completion` writes; typer has one of its own.
    _main_shell_completion = click.Group._main_shell_completion

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, with its help made whole."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            found.context_class = HelpContext
            _restore_help(found)
            _have_all_named(found)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that these words name; where there is none, what is said names the one that was meant."""
        self.suggest_commands = False  # click does it too, and it would be said twice
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            found = meant(f"{_words_of(ctx)} {args[0]}".strip())
            if found is not None:
                said = f"No such command {args[0]!r}; that is: {f'lockbox {found}'.strip()}"
                raise click.UsageError(said, ctx) from None
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command; of an option of commands it is said where it belongs."""
        _have_all_named(self)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not _is_of_a_command(self, error.option_name):
                raise
            words = " ".join(["lockbox", *_words_of(ctx).split(), "COMMAND …", error.option_name])
            raise click.UsageError(f"{error.option_name} stands behind the command: {words}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command and its sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(LONGEST_SENTENCE)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _is_of_a_command(group: click.Group, option: str) -> bool:
    """Whether a command in this group, or in one of its groups, has an option of this name."""
    return any(
        _is_of_a_command(command, option)
        if isinstance(command, click.Group)
        else any(option in parameter.opts for parameter in command.params)
        for command in group.commands.values()
    )


def _words_of(context: click.Context) -> str:
    """The words of a command, without those of the program before it."""
    words: list[str] = []
    while context.parent is not None:
        words.insert(0, context.info_name or "")
        context = context.parent
    return " ".join(words)


def _have_all_named(command: click.Command) -> None:
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            parameter.type = NamedPath()
        elif parameter.type is click.STRING and parameter.default is None:
            parameter.type = Named()  # an option whose default is the empty text may be given as it


def _restore_help(command: click.Command) -> None:
    """Give arguments their help back: newer versions of click than typer knows overwrite it with nothing."""
    if command.callback is None:
        return
    written = get_params_from_function(unwrap(command.callback))
    for parameter in command.params:
        if isinstance(parameter, TyperArgument) and parameter.help is None and parameter.name in written:
            parameter.help = getattr(written[parameter.name].default, "help", None)
