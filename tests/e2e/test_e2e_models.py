"""A model of one's own by its commands, of a vault that is here and of one that another process has open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worlds.commands import run
from tests.worlds.learners import REAL
from tests.worlds.served import serving
from tests.worlds.world import World
from vault.training import process


@pytest.fixture
def released(today: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Today's vault with its update released into the folder `out`, and the real learner."""
    with today.vault() as vault:
        (held,) = vault.releases()
        vault.send(held.id, confirm_digest=held.digest[:8], to=today.folder / "out")
    monkeypatch.setattr(process, "COMMAND", REAL)
    return today


def said(world: World, *words: str | Path) -> str:
    """What a command says, on one line."""
    outcome = run(world.paths, "model", *words)
    assert outcome.code == 0, outcome.err
    return " ".join(outcome.out.split())


@pytest.mark.slow
def test_a_model_is_kept_fitted_used_and_deleted_while_another_process_has_the_vault_open(
    released: World,
) -> None:
    told = released.folder / "told.csv"
    with serving(released):
        added = said(released, "add", released.folder / "out", "--name", "nightly")
        fitted = said(released, "fit", "nightly", "nights", "--name", "home")
        predicted = said(released, "predict", "home", "nights", "--to", told)
        said(released, "delete", "nightly")
        (left,) = [json.loads(line) for line in said(released, "list", "--json").splitlines()]

    assert "who else has it Sleep lab, and whoever they gave it to" in added
    assert "This copy is not private" in fitted
    assert predicted.startswith("good is predicted for 100 rows by home: ")
    assert len(told.read_text().splitlines()) == 101
    assert (left["name"], left["fitted_on"], left["began_from"]) == ("home", "nights", "nightly")


@pytest.mark.slow
def test_the_model_of_a_release_is_kept_scored_and_exported_where_the_vault_is(released: World) -> None:
    added = said(released, "add", released.folder / "out", "--name", "nightly")
    scored = said(released, "score", "nightly", "nights")
    said(released, "export", "nightly", released.folder / "nightly.onnx")

    assert "who else has it Sleep lab, and whoever they gave it to" in added
    assert "nightly on 100 rows of nights: right in " in scored
    assert "without it: the commonest answer is right in 61.0 of 100." in scored
    assert scored.endswith("For you alone: it is not charged, it is in no release, and nobody else is told.")
    assert (released.folder / "nightly.onnx").stat().st_size > 100
