"""Every action of the screens is a command as well, and the palette knows them all."""

from __future__ import annotations

import click
from typer.main import get_command

from tui.app.key_action import EVERYWHERE
from tui.app.keymap import ACTIONS
from tui.cli.command_line import app

# What only moves, hides or explains on the screen; nothing here changes or shows what a command would.
ONLY_MOVES = {
    "help": "it explains the screen; a command has --help",
    "command_palette": "it finds the others",
    "search": "it narrows the list on the screen",
    "curtain": "it hides values on the screen",
    "leave": "it leaves the screens",
    "jump": "it goes to a field or a button",
    "zone": "it turns the times on the screens; commands write UTC",
    "suspend_process": "it leaves them for a while",
}


def command_of(words: str) -> click.Command | None:
    """The command of these words, if there is one; what begins with dashes has to be an option of it."""
    found: click.Command | None = get_command(app)
    for word in words.split():
        if word.startswith("--"):
            options = [name for one in (found.params if found else []) for name in one.opts]
            found = found if word in options else None
        elif isinstance(found, click.Group):
            found = found.get_command(click.Context(found), word)
        else:
            return None
    return None if isinstance(found, click.Group) else found


def test_what_is_no_command_is_not_found() -> None:
    assert command_of("release nothing") is None
    assert command_of("release") is None
    assert command_of("budget --nothing") is None
    assert command_of("release send") is not None


def test_every_action_has_a_real_command_or_only_moves() -> None:
    without = [
        f"{one.where} {one.name}" for one in ACTIONS if one.command is None and one.name not in ONLY_MOVES
    ]
    assert without == []
    commands = {one.command for one in ACTIONS if one.command is not None}
    assert [one for one in sorted(commands) if command_of(one) is None] == []


def test_no_key_means_two_things_on_one_screen_and_few_are_shown() -> None:
    for where in {action.where for action in ACTIONS}:
        here = [action for action in ACTIONS if action.where in (where, EVERYWHERE)]
        keys = [key for action in here for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), where
        assert sum(action.is_shown for action in here) <= 6 + 2, where


def test_every_action_says_in_a_sentence_what_it_does() -> None:
    for action in ACTIONS:
        assert action.sentence.endswith("."), action
        assert action.label[:1].isupper() or not action.label[:1].isascii(), action
