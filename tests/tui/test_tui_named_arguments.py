"""What no vault can know under a name is refused before a passphrase is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from typer.main import get_command

from tui.cli import vault_access
from tui.cli.command_group import Named
from tui.cli.command_line import app
from tui.cli.entry_point import run
from vault.requester.keys import keygen

COMMANDS = (
    *("requester add '' KEY", "requester block ''", "requester rename Lab ''", "consent withdraw ' '"),
    *("data show ''", "data browse ''", "train ''", "release show ''", "model show ''"),
    *("audit show --requester ''", "data erase d --confirm ''", "request approve abcd --also ''"),
)


@pytest.fixture
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_arguments: object, **_more: object) -> None:
        raise AssertionError("a passphrase was asked for")

    monkeypatch.setattr(vault_access, "ask_secret", asked)
    monkeypatch.setattr(vault_access, "read_secret", asked)


def words_of(line: str, key: Path) -> list[str]:
    found = re.findall(r"'[^']*'|\S+", line)
    return [str(key) if word == "KEY" else word.strip("'") for word in found]


@pytest.mark.usefixtures("_nobody_is_asked")
@pytest.mark.parametrize("line", COMMANDS)
def test_an_empty_name_is_refused(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = keygen(tmp_path / "lab").public
    assert run(["--vault", str(tmp_path / "none"), *words_of(line, key)]) == 1
    assert "an empty text names nothing" in capsys.readouterr().err


@pytest.mark.usefixtures("_nobody_is_asked")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["requester", "add", " Lab", "KEY"], "the name begins or ends with a space"),
        (["requester", "add", "Lab", "KEY", "--contact", "a\u200bb"], "the contact has a control, bidi"),
        (["requester", "rename", "Lab", "n" * 81], "the name is longer than 80 characters"),
        (["request", "refuse", "abcd", "--reason", "n" * 501], "the reason is longer than 500 characters"),
    ],
)
def test_what_nobody_can_be_called_is_refused(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = keygen(tmp_path / "lab").public
    assert (
        run(["--vault", str(tmp_path / "none"), *[str(key) if one == "KEY" else one for one in words]]) == 1
    )
    assert says in " ".join(capsys.readouterr().err.split())


def every_command(group: click.Group) -> list[click.Command]:
    context = click.Context(group)
    found = [one for name in group.list_commands(context) if (one := group.get_command(context, name))]
    return [each for one in found for each in (every_command(one) if isinstance(one, click.Group) else [one])]


def test_no_command_takes_an_empty_argument_or_option() -> None:
    """But where the empty text is what an option is without being given."""
    group = get_command(app)
    assert isinstance(group, click.Group)
    given = [one for command in every_command(group) for one in command.params if one.default in (None, ())]
    assert len(given) > 110
    assert not [one.name for one in given if one.type is click.STRING]
    assert any(isinstance(one.type, Named) for one in given)
