"""The pages name every command as the command line has it, and every command line on a page is one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from typer.main import get_command

from tui.cli.command_line import app
from tui.cli.exit_codes import MEANING

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def flat(text: str) -> str:
    return " ".join(text.split())


def commands() -> dict[str, click.Command]:
    """Every command by the words that call it."""

    def under(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            if isinstance(found, click.Group):
                yield from under(found, (*words, name))
            else:
                yield " ".join((*words, name)), found

    root = get_command(app)
    assert isinstance(root, click.Group)
    return dict(under(root, ()))


COMMANDS = commands()


def section(name: str) -> str:
    """What stands on the page about one command."""
    after = PAGE.split(f"\n### lockbox {name}\n", 1)
    assert len(after) == 2, f"docs/commands.md has no section for lockbox {name}"
    return after[1].split("\n#", 1)[0]


def described(command: click.Command) -> Iterator[tuple[str, str]]:
    """The name and the help of everything a command takes, without --json, which the page explains once."""
    context = click.Context(command)
    for parameter in command.params:
        if parameter.name == "as_json":
            continue
        record = parameter.get_help_record(context)
        assert record is not None
        metavar = parameter.make_metavar(context)
        name = parameter.opts[0] if isinstance(parameter, click.Option) else metavar
        takes_value = isinstance(parameter, click.Option) and not parameter.is_flag
        yield (
            f"{name} {metavar}" if takes_value else name,
            re.sub(r" *\\?\[(required|default: .*)\]$", "", record[1]),
        )


# the page of commands -----------------------------------------------------------------------------------------


def test_every_command_has_its_section_and_no_other_has_one() -> None:
    assert sorted(COMMANDS) == sorted(re.findall(r"^### lockbox (.+)$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_has_the_commands_own_sentence_and_every_option_with_its_help(name: str) -> None:
    text, command = flat(section(name)), COMMANDS[name]
    assert command.help
    assert flat(command.help) in text
    for option, about in described(command):
        assert about, f"{option} of lockbox {name} has no help"
        assert f"* `{option}`: {flat(about)}" in text
    said = re.findall(r"^\* `([^`]+)`:", section(name), re.MULTILINE)
    assert sorted(said) == sorted(option for option, _ in described(command))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_usage_on_the_page_has_every_option_and_json_where_there_is_one(name: str) -> None:
    usage = flat("\n".join(line for line in section(name).splitlines() if line.startswith("    ")))
    assert usage.startswith(f"lockbox {name}")
    for parameter in COMMANDS[name].params:
        shown = (
            parameter.opts[0]
            if isinstance(parameter, click.Option)
            else str(parameter.make_metavar(click.Context(COMMANDS[name])))
        )
        is_optional = isinstance(parameter, click.Option) and not parameter.required
        assert (f"[{shown}" if is_optional else shown) in usage


def test_the_options_before_the_command_stand_at_the_top() -> None:
    top, root = PAGE.split("\n## ", 1)[0], get_command(app)
    assert [f"* `{option}`: {about}" for option, about in described(root)] == [
        line for line in top.splitlines() if line.startswith("* ")
    ]


def test_every_argument_has_its_help_and_brackets_are_brackets() -> None:
    """Newer versions of click take away the help of arguments, and typer writes `\\[required]` without markup."""
    for name, command in COMMANDS.items():
        shown = command.get_help(command.context_class(command, info_name=f"lockbox {name}"))
        assert "\\[" not in shown
        assert "Positional" not in shown
        for parameter in command.params:
            if isinstance(parameter, click.Argument):
                assert parameter.help is not None
                assert parameter.help in flat(shown)


def test_the_help_cuts_no_sentence_off() -> None:
    root = get_command(app)
    shown = root.get_help(root.context_class(root, info_name="lockbox"))
    assert "..." not in shown.split("Commands:")[1]
    for name in COMMANDS:
        assert name.split()[0] in shown


# the README ---------------------------------------------------------------------------------------------------


def test_the_readme_names_every_exit_code_with_its_sentence() -> None:
    rows = [line.strip("|").split("|") for line in re.findall(r"^\| \d+ \|.*\|$", README, re.MULTILINE)]
    said = {int(cells[0]): cells[-1].strip() for cells in rows}
    assert said == {code.value: sentence for code, sentence in MEANING.items()}


@cache
def lines() -> list[tuple[str, str]]:
    """Every command line shown in a block of a page, or whole in a sentence, with the page."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
        shown = [line for block in fenced for line in block.splitlines()]
        shown += re.findall(r"^ {4,}(.*)$", text, re.MULTILINE)
        shown += re.findall(r'`(lockbox [^`]*"[^`]*)`', text)  # in a sentence, with a word as it is typed
        found += [
            (page.name, line.strip().removeprefix("$ "))
            for line in shown
            if line.strip().removeprefix("$ ").startswith("lockbox ")
        ]
    return found


def test_the_pages_show_commands_at_all() -> None:
    assert len(lines()) > len(COMMANDS)


@pytest.mark.parametrize("page", sorted({page for page, _ in lines()}))
def test_a_command_line_on_a_page_is_taken_by_the_command_line(page: str) -> None:
    """Only parsed, not run; what stands in capitals is somebody's own."""
    for shown_on, line in lines():
        if shown_on == page:
            take(page, line)


def take(page: str, line: str) -> None:
    """Parse a command line as the command line does."""
    said, *_ = re.split(r" {2,}| #", line)
    # Of a usage, what is not optional; and no file behind a <.
    words = shlex.split(re.sub(r"\[[^\]]*\](?:\.\.\.)?|\d?<\S+", "", said))[1:]
    root = get_command(app)
    with root.make_context("lockbox", list(words)) as context:
        command: click.Command = root
        rest = [*context._protected_args, *context.args]
        while isinstance(command, click.Group):
            assert rest, f"{line} on {page} names no command"
            found = command.get_command(context, rest[0])
            assert found is not None, f"{rest[0]} of {line} on {page} is no command"
            command, rest = found, rest[1:]
        command.make_context(line, [_plausible(word) for word in rest], parent=context)


def _plausible(word: str) -> str:
    """A number or a date where a placeholder stands for one; any other placeholder is a word like another."""
    return {"N": "1", "YYYY-MM-DD": "2026-11-28", "SHELL": "bash"}.get(word, word)
