"""Every path that a command reads has its kinds, and what it writes has none."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from typer.main import get_command

from tui.cli import entry_point
from tui.cli.command_line import app
from tui.cli.exit_codes import ExitCode
from tui.cli.file_arguments import TAKES
from tui.cli.meant_commands import MEANT
from vault.requester.file_kinds import KINDS

# What others make, and what a person may have anywhere: no kind of ours is wrong there by itself.
_JUDGED_ELSEWHERE = {
    "audit verify since", "campaign round weights", "campaign report rows", "campaign split proof",
    "coordinator init certificate", "coordinator init key", "witness cosign checkpoint", "witness cosign leaves",
    "witness serve certificate", "witness serve key", "update predict model", "update predict file",
}  # fmt: skip
_WRITTEN = {
    "file", "folder", "to", "save_to", "keep", "svg", "html", "model", "sum_file", "onnx",
}  # fmt: skip


def options_of(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Option]]:
    """Every option below a command."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from options_of(found, (*words, name))
    for one in command.params:
        if isinstance(one, click.Option):
            yield " ".join((*words, one.opts[0])), one


def test_an_option_that_counts_when_it_is_not_given_says_how() -> None:
    silent = [
        name
        for name, one in options_of(get_command(app))
        if isinstance(one.default, int | str)
        and one.default not in (0, "")
        and "default: " not in (one.help or "")
    ]
    assert silent == []


def commands_of(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command below a command."""
    if not isinstance(command, click.Group):
        yield " ".join(words)
        return
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        assert found is not None
        yield from commands_of(found, (*words, name))


def test_words_that_people_try_lead_to_commands_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    found = set(commands_of(get_command(app)))
    assert set(MEANT.values()) <= {"", *found}
    assert not set(MEANT) & found
    assert entry_point.run(["release", "approve", "abcd"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith("lockbox: error: no such command 'approve'; that is: lockbox release send")
    assert entry_point.run(["tui"]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("lockbox: error: no such command 'tui'; that is: lockbox\n")


def paths_of(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every path argument below a command."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from paths_of(found, (*words, name))
        return
    for one in command.params:
        if isinstance(one.type, click.Path):
            yield " ".join((*words, one.name or ""))


def test_every_path_that_is_read_has_its_kinds() -> None:
    found = set(paths_of(get_command(app)))
    assert set(TAKES) <= found
    left = found - set(TAKES) - _JUDGED_ELSEWHERE
    assert {one.rpartition(" ")[2] for one in left} <= _WRITTEN
    assert {kind for kinds in TAKES.values() for kind in kinds} <= set(KINDS)
