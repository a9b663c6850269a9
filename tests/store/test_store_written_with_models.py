"""A vault with models of the owner's own and a table of a known export: shown, written to and verified the same.

`vectors/r0007` was made by the program of commit 3695c50 and is never made again: the frozen vault of revision 0005,
brought to this one by its migrations, in which the released model `nightly` was kept, scored and fitted at home to the
nights, and a file of body weights was imported as the part `body` of an export of Fitbit. `shown.json` is what that
program showed of it five minutes later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    WITH_MODELS,
)

from tests.worlds.learners import REAL
from vault.settings import Paths
from vault.training import process

SHOWN: dict[str, Any] = WITH_MODELS.shown_then()


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return WITH_MODELS.copied(tmp_path)


def test_its_table_of_an_export_is_known_as_that_part(old: Paths) -> None:
    assert "fitbit/body" in {row["known_as"] for row in WITH_MODELS.rows(old)["collection"]}


def test_its_models_are_used_kept_and_go_with_their_rows(old: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", REAL)
    with WITH_MODELS.opened(old) as vault:
        scores = [vault.score_model(name, "nights") for name in ("nightly", "nightly at home")]
        vault.fit_model("nightly at home", "nights", new_name="again")
        assert vault.erase_collection("nights").models_deleted == ("again", "nightly at home")
        vault.verify_audit()
    with WITH_MODELS.opened(old, writable=False) as vault:
        assert vault.verify_audit().size > SHOWN["verify_audit"]["size"]
        assert [one.name for one in vault.models()] == ["nightly"]

    assert [score.metric for score in scores] == pytest.approx([0.55, 0.99], abs=0.02)
