"""What is not there is said alike by every command: one sentence, and the exit code of what is not available."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from typer.main import get_command

from tests.worlds.answering import signed_campaign
from tests.worlds.commands import run
from tests.worlds.world import World
from tui.cli import entry_point
from tui.cli.command_line import app
from tui.cli.exit_codes import ExitCode

VERIFIER_KEY = (
    "vault.invalid/fa5a3eb20814d9ec58d7efcde21018a5+84ebe5e0+AWsWxj9CCj9Gr1K93RucXfSGNFrcTZnvnXuuvVHMnlZc"
)
OUTSIDE = (
    f"audit verify --bundle nope --key {VERIFIER_KEY}",
    "job new nope --to new",
    "job sign nope --key nope",
    "job check nope",
    "campaign plan nope --vaults 3",
    "campaign new nope --to new",
    "campaign sign nope --key nope",
    "campaign check nope",
    "campaign round nope 1 --to new",
    "campaign round campaign 1 --to new --weights nope",
    "campaign invite nope --number 1 --to new",
    "campaign access nope --to new",
    "campaign status nope",
    "campaign report nope --to new",
    "campaign model nope --to new.onnx",
    "campaign split nope nope",
    "campaign split campaign nope",
    "coordinator init new --campaign nope",
    "coordinator init new --campaign campaign --certificate nope --key nope",
    "coordinator serve nope",
    "coordinator status nope",
    "coordinator backup nope new",
    "mesh new nope nope nope --key nope --to new",
    "witness key nope",
    "witness watch nope campaign",
    "witness cosign nope nope nope",
    "witness serve nope",
    "update verify nope --vault-key nope",
    "update predict nope.safetensors nope.csv --job nope",
)
IN_A_VAULT = (
    "import nope.csv",
    "requester add club nope",
    "request submit nope",
    "consent explain nope/job",
    "model add nope",
    "campaign submit nope",
    "courier join nope.invitation",
    "mesh join nope",
)
NEW = (
    "new",
    "write",
    "where the",
    "play",
    "with --job: write",
    "of a gradient_sum",
    "the folder of the witness",
)
"""How the help of a path begins that is not there yet, or may be."""


def commands(found: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command by its words."""
    if isinstance(found, click.Group):
        context = click.Context(found)
        for name in found.list_commands(context):
            one = found.get_command(context, name)  # it is loaded by that
            assert one is not None
            yield from commands(one, (*words, name))
    else:
        yield " ".join(words), found


def reads(one: click.Parameter) -> bool:
    """Whether it is a path at which something has to be."""
    said = str(getattr(one, "help", "")).lower().removeprefix("a ")
    return isinstance(one.type, click.Path) and not said.startswith(NEW)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a signed campaign in it, where commands are typed."""
    signed_campaign(tmp_path, datetime.now(UTC))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_that_reads_a_file_is_tried() -> None:
    tried = {*OUTSIDE, *IN_A_VAULT}
    for words, one in commands(get_command(app)):
        if any(map(reads, one.params)):
            assert [line for line in tried if line.startswith(f"{words} ")], words


def test_what_is_not_there_ends_every_command_alike(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in OUTSIDE:
        code = entry_point.run(line.split())
        said = capsys.readouterr().err
        assert code == ExitCode.UNAVAILABLE, (line, said)
        assert "there is no" in said, (line, said)
    assert not list(place.glob("new*"))


@pytest.mark.slow
@pytest.mark.parametrize("line", IN_A_VAULT)
def test_what_is_not_there_is_not_there_for_a_vault_either(today: World, line: str) -> None:
    found = run(today.paths, *line.split())
    assert found.code == ExitCode.UNAVAILABLE, found.err
    assert "there is no" in found.err
