"""The manual page, from the very commands, options and exit codes there are (man(7), groff_man_style(7))."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

import click

from tui.cli.exit_codes import MEANING
from vault.settings import CONFIG_VARIABLE, RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE

VARIABLES: Final = {
    VAULT_VARIABLE: "The vault folder, where --vault does not name one.",
    STATE_VARIABLE: "Where what is remembered outside the vault is kept.",
    RUNTIME_VARIABLE: "Where the socket of the process that has a vault open is.",
    CONFIG_VARIABLE: "The file of preferences.",
    "LOCKBOX_SAMPLE": "Where the sample of lockbox demo --sample lies.",
    "ACCESSIBLE": "Where it is set: numbered questions, no pictures, nothing that moves.",
    "NO_COLOR": "Where it is set: no colours.",
}


def manual_page(root: click.Command) -> str:
    """The whole page as troff."""
    context = click.Context(root, info_name="lockbox")
    lines = [
        f'.TH LOCKBOX 1 "" "lockbox {version("lockbox-vault")}" "User Commands"',
        ".SH NAME",
        f"lockbox \\- {_text(_first(root))}",
        ".SH SYNOPSIS",
        *_usage(root, context),
        ".SH DESCRIPTION",
        _text(root.help or ""),
        ".SH OPTIONS",
        *_options(root, context),
        ".SH COMMANDS",
        *(line for command, inner in commands(root, context) for line in _command(command, inner)),
        ".SH EXIT STATUS",
        *(line for code, meaning in MEANING.items() for line in _entry(str(int(code)), f"{meaning}.")),
        ".SH ENVIRONMENT",
        *(line for name, about in VARIABLES.items() for line in _entry(name, about)),
    ]
    return "\n".join(lines) + "\n"


def commands(root: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command that does something, groups opened, in the order of the help."""
    assert isinstance(root, click.Group)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from commands(command, inner)
        else:
            yield command, inner


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f".SS {_text(context.command_path)}"
    yield _text(command.help or "")
    yield ".PP"
    yield from _usage(command, context)
    yield from _options(command, context)


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f".B {_text(context.command_path)}"
    yield _text(" ".join(command.collect_usage_pieces(context)))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[0] != "--help":
            yield from _entry(record[0], record[1].replace("\\[", "["))


def _entry(name: str, about: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_text(name)}"
    yield _text(about)


def _first(command: click.Command) -> str:
    return (command.help or "").split(":")[0].rstrip(".").lower().removeprefix("a ")


def _text(text: str) -> str:
    """A line of text in which nothing steers troff: escapes, hyphens of options, and dots where lines begin."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    plain = "".join(sign if sign.isascii() else f"\\[u{ord(sign):04X}]" for sign in plain)
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain
