"""A vault with models of the owner's own and a table of a known export: shown, written to and verified the same.

`vectors/r0007` was made by the program of commit 3695c50 and is never made again: the frozen vault of revision 0005,
brought to this one by its migrations, in which the released model `nightly` was kept, scored and fitted at home to the
nights, and a file of body weights was imported as the part `body` of an export of Fitbit. `shown.json` is what that
program showed of it five minutes later.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    PASSPHRASE,
    VECTORS,
    copy_of,
    database_key,
    definitions,
    made_by_migrations,
    misspelt,
    raw,
    rows,
    shown,
    within,
)

from tests.worlds.learners import REAL
from vault.settings import Paths
from vault.training import process
from vault.vault import Vault, passphrase_secret

THAT_DAY = datetime(2026, 11, 28, 9, 47, tzinfo=UTC)
SHOWN: dict[str, Any] = json.loads((VECTORS / "r0007" / "shown.json").read_text())


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return copy_of("r0007", tmp_path)


def opened(paths: Paths, *, writable: bool = True) -> Vault:
    return Vault.open(paths, passphrase_secret(PASSPHRASE), writable=writable, clock=lambda: THAT_DAY)


def test_it_has_the_schema_of_its_migration_and_rows_in_every_table(old: Paths) -> None:
    with raw(old, database_key("r0007")) as connection:
        assert made_by_migrations("0007") == definitions(connection)
        filled = rows(connection)

    assert filled["alembic_version"] == [{"version_num": "0007"}]
    assert [table for table, found in filled.items() if not found] == []
    assert "fitbit/body" in {row["known_as"] for row in filled["collection"]}
    assert misspelt(filled) == []


def test_everything_is_shown_as_before(old: Paths) -> None:
    opened(old).close()  # brought to the newest schema
    with opened(old, writable=False) as vault:
        assert within(SHOWN, shown(vault)) == SHOWN


def test_its_models_are_used_kept_and_go_with_their_rows(old: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", REAL)
    with opened(old) as vault:
        scores = [vault.score_model(name, "nights") for name in ("nightly", "nightly at home")]
        vault.fit_model("nightly at home", "nights", new_name="again")
        assert vault.erase_collection("nights").models_deleted == ("again", "nightly at home")
        vault.verify_audit()
    with opened(old, writable=False) as vault:
        assert vault.verify_audit().size > SHOWN["verify_audit"]["size"]
        assert [one.name for one in vault.models()] == ["nightly"]

    assert [score.metric for score in scores] == pytest.approx([0.55, 0.99], abs=0.02)
