"""A model of one's own by its commands: kept from a release, scored on one's own rows."""

from __future__ import annotations

import pytest

from tests.worlds.commands import run
from tests.worlds.learners import REAL
from tests.worlds.world import World
from vault.training import process


def test_the_model_of_a_release_is_kept_and_scored(today: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with today.vault() as vault:
        (held,) = vault.releases()
        vault.send(held.id, confirm_digest=held.digest[:8], to=today.folder / "out")
    monkeypatch.setattr(process, "COMMAND", REAL)

    added = run(today.paths, "model", "add", today.folder / "out", "--name", "nightly")
    scored = run(today.paths, "model", "score", "nightly", "nights")
    said = " ".join(scored.out.split())

    assert "who else has it  Sleep lab, and whoever they gave it to" in added.out
    assert scored.code == 0, scored.err
    assert "nightly on 100 rows of nights: right in " in said
    assert "without it: the commonest answer is right in 61.0 of 100." in said
    assert said.endswith("For you alone: it is not charged, it is in no release, and nobody else is told.")
