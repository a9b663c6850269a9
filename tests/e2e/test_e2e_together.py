"""The demo of many vaults runs on real data, with real processes, and its card says what came of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tui.demo.card import WIDTH
from tui.demo.narrator import Narrator
from tui.demo.together import asker, card, outcome, story
from tui.demo.together.measures import auc
from tui.demo.together.scene import prepare
from tui.demo.together.table import HOUSES, everybody, split
from tui.demo.together.topics import BANKS, CLINICS, Topic

pytestmark = pytest.mark.usefixtures("real_learner")

SCORES = card.Scores(alone_private=0.71, alone=0.72, together=0.73, moments=0.729, pooled=0.732)
FOUND = card.Together(
    topic=CLINICS,
    people=6928,
    held_out=2078,
    approvals=102,
    sent_bytes=41_000,
    unlike=SCORES,
    alike=SCORES,
    mesh=card.Mesh(rounds=3, worst=0.70, mixed=0, offered=12),
    poisoned=0.29,
    poison=card.Poison(answers=12, left_out=12, honest_left_out=0),
    rounds=5,
    epsilon=Decimal(1),
    cosigned=90,
    planning_number=74.1,
    planned_loss="0.3",
)


@pytest.mark.parametrize(("topic", "count"), [(CLINICS, 10_391), (BANKS, 12_000)], ids=["clinics", "banks"])
def test_the_table_is_parted_unlike_and_alike_and_some_people_are_in_no_vault(
    topic: Topic, count: int
) -> None:
    people = everybody(topic)
    parts = split(people)
    by = list(topic.features).index(topic.by)

    assert len(people) == count
    for houses in (parts.unlike, parts.alike):
        assert len(houses) == HOUSES
        assert sum(map(len, houses)) + len(parts.held_out) == count
    values = [part.values[:, by] for part in parts.unlike]
    assert all(one.max() <= other.min() for one, other in pairwise(values))
    spread = np.ptp([part.values[:, by].mean() for part in parts.alike])
    assert spread < 0.1 * np.ptp([part.values[:, by].mean() for part in parts.unlike])
    rows = [
        sorted(map(tuple, np.concatenate([one.values for one in houses])))
        for houses in (parts.unlike, parts.alike)
    ]
    assert rows[0] == rows[1], "the same people, dealt out twice"


def test_an_area_is_the_share_of_pairs_in_their_order() -> None:
    people = split(everybody(CLINICS)).held_out

    assert auc(people.high.astype(float), people) == 1.0
    assert auc(-people.high.astype(float), people) == 0.0
    assert auc(0.0 * people.high, people) == 0.5


def test_the_card_fits_and_says_nothing_of_a_mesh_or_a_witness_that_was_not_there() -> None:
    without = replace(FOUND, mesh=None, cosigned=0, topic=BANKS)
    for found in (FOUND, without):
        assert all(len(line.plain) <= WIDTH - 4 for line in card.lines(found))
    said = "\n".join(line.plain for line in card.lines(without))
    assert "mesh" not in said
    assert "itness" not in said
    assert "bank" in said
    assert "clinic" not in said


@pytest.mark.slow
@pytest.mark.parametrize("topic", [CLINICS, BANKS], ids=["clinics", "banks"])
def test_six_vaults_learn_together_one_poisoned_and_one_silent(
    topic: Topic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rounds instead of five; the processes are those of the installed program."""
    for module in (asker, story, outcome):
        monkeypatch.setattr(module, "ROUNDS", 2)
    (tmp_path / "play").mkdir()
    found = outcome.measured(story.play(prepare(Narrator(folder=tmp_path / "play", is_scripted=True), topic)))
    said = capsys.readouterr().out

    assert found.approvals == 5 * (3 * 2 + 2 + asker.MESH_ROUNDS) + 2, (
        "five houses, their rounds, and two alone"
    )
    assert found.poison == card.Poison(answers=6, left_out=6, honest_left_out=0)
    for scores in (found.unlike, found.alike):
        assert scores.together > 0.65
        assert scores.moments > 0.65
        assert scores.alone_private > 0.55
        assert 0.68 < scores.pooled < 0.8
    assert found.poisoned < 0.5
    assert found.mesh is not None
    assert found.mesh.worst > 0.6
    assert found.mesh.offered == 4 * asker.MESH_ROUNDS
    assert found.cosigned > 0
    assert all(len(line.plain) <= WIDTH - 4 for line in card.lines(found))
    assert said.count("typed by a scripted person") == 1
