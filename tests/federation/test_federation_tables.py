"""The tables of a coordinator stay as the first ones were: a database goes on under a newer Lockbox."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from tests.worlds.answering import START, MadeVault, signed_campaign
from tests.worlds.coordinators import Moving, answered, enrolled, made_coordinator

TABLES = Path(__file__).with_name("coordinator_tables.sql").read_text(encoding="utf-8")
"""As SQLite tells what a coordinator made; a table that is there is never changed, so a new one has to be alike."""
TIERS = [{"name": "loud", "noise_multiplier": 29.2696}]


def said(path: Path) -> set[str]:
    """The statements that made the tables of a database, each on a line."""
    with closing(sqlite3.connect(path)) as opened:
        rows = opened.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    lines = (" ".join(statement.split()) for (statement,) in rows)
    return {line.replace("( ", "(").replace(" )", ")") + ";" for line in lines}


def test_a_database_of_the_first_tables_goes_on_and_a_new_one_has_the_same(
    tmp_path: Path, clock: Moving
) -> None:
    campaign = signed_campaign(tmp_path, START, v=2, tiers=TIERS)
    folder = made_coordinator(tmp_path / "c", campaign, quorum=2, now=START).path
    database = folder / "coordinator.sqlite"
    with closing(Coordinator(open_folder(folder), clock=clock)):
        assert said(database) == set(TABLES.splitlines())

    for each in folder.glob("coordinator.sqlite*"):
        each.unlink()
    with closing(sqlite3.connect(database)) as opened:
        opened.executescript(TABLES)
    with closing(Coordinator(open_folder(folder), clock=clock)) as found:
        found.tick()
        for tier in ("loud", None):
            enrolled(found, vault := MadeVault(), tier)
            answered(found, vault, 1, np.zeros(6))
        found.tick()
        assert [each.number for each in found.state.round_facts()] == [1, 2]
        assert [*found.state.tier_counts().items()] == [("loud", (1, 1))]
        assert {tier for _, tier in found.state.answers(1)} == {"loud", None}
    assert said(database) == set(TABLES.splitlines())
