"""What a requester is told of a campaign before anybody is asked: the whole price, and how far a figure goes."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tui.cli.entry_point import run
from vault.budget.filter import caps, job_share
from vault.requester.aim import DELTA
from vault.requester.campaign_description import template
from vault.requester.campaign_plan import LIFETIME
from vault.requester.campaigns import campaign_price
from vault.requests.campaign import parse_campaign


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, as a signed campaign of three rounds."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "C.toml").write_text(template().replace("rounds = 10", "rounds = 3"))
    assert run(["job", "keygen", str(folder / "keys")]) == 0
    assert run(["campaign", "new", str(folder / "C.toml"), "--to", str(folder / "made")]) == 0
    key = str(folder / "keys" / "requester.key")
    assert run(["campaign", "sign", str(folder / "made"), "--key", key]) == 0
    return folder


def planned(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[str, str]:
    capsys.readouterr()
    assert run(["campaign", "plan", str(folder / "C.toml"), "--vaults", "20", *more]) == 0
    said = capsys.readouterr()
    return " ".join(said.out.split()), " ".join(said.err.split())


def test_a_share_of_a_lifetime_budget_is_never_told_smaller_than_it_is(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = parse_campaign((asked / "made" / "campaign.json").read_bytes())
    charge = campaign_price(document, DELTA).together.charge
    exact = job_share(charge, caps(LIFETIME, DELTA).budgets)
    told = json.loads(planned(asked, capsys, "--json")[0])["budget_share"]
    words = planned(asked, capsys)[0].partition("of a lifetime budget ")[2].partition(" %")[0]

    assert exact <= Fraction(Decimal(told)) < exact + Fraction(1, 10**6)
    assert 100 * exact <= Fraction(Decimal(words)) < 100 * exact + Fraction(1, 100)


@pytest.mark.slow
def test_what_is_more_than_a_whole_usual_budget_is_said(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "more than a whole lifetime budget of ε 8" in planned(asked, capsys, "--epsilon", "20")[1]
    assert "Beware: all rounds" not in planned(asked, capsys)[1]


def test_points_that_were_measured_with_gradient_sums_are_told_as_such_for_others(
    asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "C.toml").write_text(template().replace('protocol = "gradient_sum"', 'protocol = "fedavg"'))

    assert "what fedavg loses at such a number was not" in planned(tmp_path, capsys)[0]
    assert "Yours may differ." in planned(asked, capsys)[0]


@pytest.mark.parametrize(("length", "code"), [(None, 0), (40, 1), (0, 1)])
def test_first_weights_that_no_round_could_start_from_are_refused(
    length: int | None, code: int, asked: Path, tmp_path: Path
) -> None:
    made = shutil.copytree(asked / "made", tmp_path / "made")
    weights = (made / "weights.safetensors").read_bytes()
    (made / "weights.safetensors").write_bytes(weights[:length])

    assert run(["campaign", "check", str(made)]) == code
    (made / "weights.safetensors").unlink()
    assert run(["campaign", "check", str(made)]) == 0


@pytest.mark.parametrize("vaults", ["0", "1,000,000,001"])
def test_a_guess_out_of_bounds_is_refused_before_anything_is_computed(
    vaults: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "C.toml").write_text(template())

    assert run(["campaign", "plan", str(tmp_path / "C.toml"), "--vaults", vaults]) == 1

    said = capsys.readouterr().err
    assert "a guess of the vaults is a whole number from 1 to" in " ".join(said.split())
    assert "Computing" not in said
