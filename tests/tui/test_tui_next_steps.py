"""Every command that makes something says what to do with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.worlds.commands import run
from tests.worlds.world import World
from tui.text import card_facts, model_facts
from vault.views.cards import DataCard


def test_a_signed_job_is_for_the_owners_of_vaults(today: World) -> None:
    job = today.job("again")
    done = run(today.paths, "job", "sign", job, "--key", today.folder / "lab" / "requester.key", secret=None)
    assert done.code == 0, done.err
    assert f"lockbox request submit {job}" in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("my model.onnx", "lockbox update predict 'my model.onnx' FILE.csv"),
        ("w.safetensors", "FILE.csv --job JOBDIR"),
    ],
)
def test_a_model_in_a_file_names_what_predicts_with_it(name: str, says: str) -> None:
    assert says in model_facts.use_of_file(Path(name), job="JOBDIR")[0]


def test_a_card_names_what_takes_it() -> None:
    card = DataCard(collection="nights", unit="", format="", columns=(), vault_key="", to="", text="")
    assert "lockbox job new" in card_facts.handed_out(card, Path("nights.card"))


def test_a_card_without_its_unit_says_that_they_have_to_ask_for_it() -> None:
    card = DataCard(collection="nights", unit="", format="", columns=(), vault_key="", to="", text="")
    assert card_facts.card_words(card).endswith("which the card does not tell: they have to ask you.")
    assert "they have to ask you" not in card_facts.card_words(replace(card, unit="day"))
