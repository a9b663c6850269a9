"""Numbers of options and of the conversation have the one strict form, and an option with nothing in it is none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click
import pytest
import typer

from tui.by_ear.talk import Talk
from tui.cli.command_line import app
from tui.cli.entry_point import run
from tui.text.parse import parse_count, parse_epsilon
from vault.errors.families import Invalid

ODD = ("1_0", "8_0", "1e2", "+1", "-1", "1.", "1,5", "٥", "８", "²", "1 0", "NaN", "0x8")


def test_every_number_of_an_option_has_that_form_too() -> None:
    numbers = [param for param in params_of(typer.main.get_command(app)) if "INT" in repr(param.type).upper()]
    assert len(numbers) > 10
    for param in numbers:
        for typed in ODD:
            with pytest.raises(click.BadParameter, match="is not a whole number from 0 on, such as 5000"):
                param.type.convert(typed, param, None)
        assert param.type.convert("12", param, None) == 12


@pytest.mark.parametrize("typed", ["99999999999999999999", "1,000,000,000,000,000,000"])
def test_a_whole_number_that_is_too_large_is_told_the_bound(typed: str) -> None:
    with pytest.raises(Invalid, match="is too large: at most 18 digits are read"):
        parse_count(typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1e-9", "is written with an exponent, which is not read here; write its digits"),
        ("2.5E3", "is written with an exponent"),
        (f"0.{'0' * 18}1", "has more digits than are read here, 18 before the point and 18 behind it"),
        ("1001", "is not a number above 0 and at most 1000, such as 0.5"),
        ("e5", "is not a number above 0"),
    ],
)
def test_a_number_in_another_form_is_told_how_it_is_written(typed: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse_epsilon(typed)


def params_of(command: click.Command, parent: click.Context | None = None) -> list[click.Parameter]:
    """The options and arguments of a command and of all below it."""
    context = click.Context(command, parent=parent)
    below = []
    if isinstance(command, click.Group):
        found = (command.get_command(context, name) for name in command.list_commands(context))
        below = [param for one in found if one is not None for param in params_of(one, context)]
    return [*command.params, *below]


@pytest.mark.parametrize(
    "typed",
    [
        "import rows.csv --lifetime",
        "job new job.toml --to new --epsilon",
        "job new job.toml --to new --units-guess",
        "consent grant --to A --collection b --fields c --purpose d --until 2030-01-01 --epsilon",
        "consent grant --to A --collection b --fields c --purpose d --until 2030-01-01 --from",
    ],
)
def test_an_option_with_nothing_in_it_is_refused_and_takes_no_cap_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    """A script whose variable is unset would get the default, or a consent without a cap."""
    for name in ("LOCKBOX_VAULT", "LOCKBOX_STATE", "LOCKBOX_RUNTIME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("a,b\n1,2\n")
    assert run(["job", "new", "--template"]) == 0
    Path("job.toml").write_text(capsys.readouterr().out)

    assert run([*typed.split(), ""]) == 1
    said = "an empty text names nothing; an option is left out for its default"
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_choice_by_ear_is_made_with_ascii_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("٢\n0_2\n²\n+2\n2\n"))
    said: list[str] = []
    monkeypatch.setattr(Talk, "say", lambda _, *texts: said.extend(texts))
    assert Talk().choose("Which?", ("this", "that", "the other")) == 1
    assert said.count("Type a number from 0 to 3, and then the enter key.") == 4
