"""A coordinator by commands alone: made, asked, copied; what is wrong has its sentence."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from learner.federation.coordinator import Coordinator, pseudonym
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import parse_invitation
from learner.federation.overview import overview
from learner.federation.report import campaign_report
from tests.worlds.answering import START, WEEK, MadeVault, signed_campaign
from tests.worlds.commands import at_once
from tests.worlds.coordinators import answered, enrol, enrolled, made_coordinator, replicas
from tui.cli.entry_point import run
from vault.errors.federation import AnswerInvalid
from vault.requests.encodings import UPDATE_STEP
from vault.sealing.keyfile import write_secret_key
from vault.sealing.signing import SigningKey


def test_a_coordinator_is_made_invites_tells_and_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign, folder = signed_campaign(tmp_path, datetime.now(UTC)), tmp_path / "coordinator"
    assert (
        run(
            [
                "coordinator",
                "init",
                str(folder),
                "--campaign",
                str(campaign),
                "--port",
                "9999",
                "--quorum",
                "1",
            ]
        )
        == 0
    )
    digest = capsys.readouterr().out.strip()

    assert run(["campaign", "invite", str(folder), "--number", "2", "--to", str(tmp_path / "inv")]) == 0
    assert run(["campaign", "invite", str(folder), "--number", "1", "--to", str(tmp_path / "inv")]) == 1
    assert run(
        ["campaign", "invite", str(folder), "--number", "1", "--to", str(tmp_path / "x"), "--url", "http://a:1"]
    ) == 1  # fmt: skip
    files = sorted((tmp_path / "inv").iterdir())
    invitations = [parse_invitation(file.read_bytes()) for file in files]
    assert [file.name for file in files] == ["1.invitation", "2.invitation"]
    assert {(each.campaign, each.url) for each in invitations} == {(digest, "https://127.0.0.1:9999")}
    assert invitations[0].code != invitations[1].code
    capsys.readouterr()

    vault = MadeVault()
    with closing(Coordinator(open_folder(folder))) as coordinator:
        coordinator.tick()
        enrol(coordinator, invitations[0].code, vault)
        answered(coordinator, vault, 1)
        coordinator.tick()
        before = overview(coordinator)
    assert run(["coordinator", "status", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "1 enrolled of 2 invited" in said
    assert run(["campaign", "status", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["state"], each["answers"]) for each in told["rounds"]] == [
        ("done", 1),
        ("open", 0),
        ("to come", 0),
    ]

    assert run(["coordinator", "backup", str(folder), str(tmp_path / "copy.tar")]) == 0
    assert (tmp_path / "copy.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "copy.tar") as tar:
        tar.extractall(tmp_path / "again", filter="data")
    with closing(Coordinator(open_folder(tmp_path / "again"))) as coordinator:
        assert overview(coordinator) == before
        assert enrol(coordinator, invitations[0].code, vault)[1] is False


def test_a_coordinator_without_the_key_of_the_rounds_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = signed_campaign(tmp_path, datetime.now(UTC))
    (campaign / "round.key").unlink()
    write_secret_key(campaign / "round.key", SigningKey.generate().seed())

    assert run(["coordinator", "init", str(tmp_path / "c"), "--campaign", str(campaign)]) == 1
    assert "is not the key of its rounds" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--database", "postgresql://me:secret@localhost/x"], "without a password"),
        (["--database", "mysql://me@localhost/x"], "a database is postgresql://USER@HOST/NAME"),
        (["--database", "postgresql://me@example.org/x"], "sslmode=verify-full"),
        (["--host", "a b"], "a host is a name or an address"),
        (["--port", "70000"], "70000 is not in the range 0<=x<=65535"),
    ],
)
def test_settings_that_would_not_do_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    campaign = signed_campaign(tmp_path, datetime.now(UTC))

    assert run(["coordinator", "init", str(tmp_path / "c"), "--campaign", str(campaign), *more]) == 1
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_campaign_has_one_coordinator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two would show its vaults two logs."""
    campaign, first, second = signed_campaign(tmp_path, datetime.now(UTC)), tmp_path / "c", tmp_path / "d"
    assert run(["coordinator", "init", str(first), "--campaign", str(campaign)]) == 0
    assert run(["coordinator", "init", str(second), "--campaign", str(campaign)]) == 4
    said = " ".join(capsys.readouterr().err.split())
    assert f"has its coordinator, made at {first}" in said
    assert "coordinator.toml" in said
    assert not second.exists()


def test_who_asked_gets_the_final_model_once_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where owners get nothing back."""
    folder, file = tmp_path / "c", tmp_path / "model.safetensors"
    made = made_coordinator(folder, signed_campaign(tmp_path, START, rounds=1), now=START)
    assert run(["campaign", "model", str(folder), "--to", str(file)]) == 7
    assert "there is no final model yet here" in capsys.readouterr().err
    assert run(["campaign", "model", str(folder), "--to", str(tmp_path / "model.txt")]) == 1

    with closing(Coordinator(made, clock=lambda: START + 3 * WEEK)) as coordinator:
        coordinator.tick()
        found = coordinator.state.model()
        facts = dict(campaign_report(coordinator, now=START).facts)
    assert facts["protocol"].endswith(", 1 round")
    assert found is not None
    assert run(["campaign", "model", str(folder), "--to", str(file)]) == 0
    assert file.read_bytes() == found.weights
    assert run(["campaign", "model", str(folder), "--to", str(tmp_path / "model.onnx")]) == 0
    assert run(["campaign", "model", str(folder), "--to", str(file)]) == 1, "something is there"


def test_where_there_is_none_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("serve", "status"):
        assert run(["coordinator", command, str(tmp_path)]) == 7
        assert "there is no coordinator at" in capsys.readouterr().err


@pytest.mark.slow
def test_it_is_served_in_the_place_of_the_command_until_that_is_told_to_end(tmp_path: Path) -> None:
    folder = made_coordinator(tmp_path / "c", signed_campaign(tmp_path, datetime.now(UTC)))
    (replica,) = replicas(folder.path, 1)
    command = [sys.executable, "-m", "tui.cli", "coordinator", "serve", str(replica.folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline()) for _ in range(2)]
        is_command = b"tui.cli\0coordinator\0serve" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.terminate()
        _, said = process.communicate()
    assert [each["event"] for each in told] == ["opened", "serving"]
    assert told[1]["address"] == replica.url
    assert (is_command, process.returncode, at_once(said)) == (False, 0, "")


def test_the_live_page_shows_rounds_answers_and_refusals(tmp_path: Path) -> None:
    from rich.console import Console

    from tui.cli.coordinator_page import page

    folder = made_coordinator(tmp_path / "c", signed_campaign(tmp_path, datetime.now(UTC)))
    vault = MadeVault()
    with closing(Coordinator(folder)) as coordinator:
        coordinator.tick()
        enrolled(coordinator, vault)
        answered(coordinator, vault, 1)
        with pytest.raises(AnswerInvalid):
            coordinator.answer(1, "0" * 32, key=vault.public, body=b"{}")
        drawn = page(overview(coordinator), "https://h:1")
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(drawn)
    said = console.export_text()

    assert "1 enrolled of 1 invited" in said
    assert "Rounds to come: 2" in said
    assert "v is missing" in said


@pytest.mark.slow
def test_a_report_is_one_page_with_scores_on_public_rows_and_what_was_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made_coordinator(tmp_path / "c", signed_campaign(tmp_path, datetime.now(UTC)), quorum=3)
    vaults = [MadeVault() for _ in range(3)]
    uphill = np.round(
        np.array([60, 0, -60, 0, 0, 0]) / UPDATE_STEP
    )  # towards "true" where there are many steps
    with closing(Coordinator(folder)) as coordinator:
        coordinator.tick()
        for vault, times in zip(vaults, (1, 1, -100), strict=True):
            enrolled(coordinator, vault)
            answered(coordinator, vault, 1, times * uphill)
        with pytest.raises(AnswerInvalid):
            coordinator.answer(1, "0" * 32, key=vaults[0].public, body=b"<script>")
        coordinator.tick()
    rows = [f"{steps},2,{'yes' if steps > 7000 else 'no'}" for steps in range(1000, 15000, 500)]
    (tmp_path / "rows.csv").write_text("\n".join(["steps,coffee,good", *rows]))
    page = tmp_path / "report.html"
    command = ["campaign", "report", str(tmp_path / "c"), "--to", str(page)]

    assert run([*command, "--rows", str(tmp_path / "rows.csv")]) == 0
    said = page.read_text()
    assert "area under the ROC curve × 100" in said
    assert "<td>before</td><td>50.0</td>" in said
    assert "<td>1</td><td>100.0</td>" in said
    assert f"<td>1</td><td>{pseudonym(vaults[2].public)}</td>" in said
    assert "it is not in canonical form" in said or "it is not JSON" in said
    assert "the planning number is" in said
    assert not re.search(r"<script|https?://|src=|@import|url\(", said)
    assert run(command) == 1  # it is there already
    (tmp_path / "none.csv").write_text("steps,coffee\n1,2\n")
    assert run([*command[:-1], str(tmp_path / "other.html"), "--rows", str(tmp_path / "none.csv")]) == 1
    assert "no column good" in capsys.readouterr().err
