"""The demo of many vaults runs on real data, with real processes, and its card says what came of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tui.demo.card import WIDTH
from tui.demo.narrator import Narrator
from tui.demo.together import asker, card, story
from tui.demo.together.measures import auc
from tui.demo.together.table import CLINICS, everybody, split

pytestmark = pytest.mark.usefixtures("real_learner")


def test_the_table_is_parted_into_clinics_that_are_unlike_and_people_who_are_in_none() -> None:
    people = everybody()
    parts, held_out = split(people)

    assert (len(people), len(parts), len(held_out)) == (10_391, CLINICS, 2078)
    assert sum(map(len, parts)) + len(held_out) == len(people)
    incomes = [part.values[:, 6] for part in parts]
    assert all(one.max() <= other.min() for one, other in pairwise(incomes))


def test_an_area_is_the_share_of_pairs_in_their_order() -> None:
    people = split(everybody())[1]

    assert auc(people.high.astype(float), people) == 1.0
    assert auc(-people.high.astype(float), people) == 0.0
    assert auc(0.0 * people.high, people) == 0.5


@pytest.mark.slow
def test_six_vaults_learn_together_one_poisoned_and_one_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rounds instead of five; the processes are those of the installed program."""
    monkeypatch.setattr(asker, "ROUNDS", 2)
    monkeypatch.setattr(story, "ROUNDS", 2)
    (tmp_path / "play").mkdir()
    found = story.play(story.prepare(Narrator(folder=tmp_path / "play", is_scripted=True)))
    said = capsys.readouterr().out

    assert found.files == 5 * 5 + 1, "five clinics, five campaigns' rounds, and one that answers alone"
    assert found.left_out == found.rounds == 2
    assert found.together > 0.68
    assert found.moments > 0.68
    assert found.alone_private > 0.6
    assert found.poisoned < 0.5
    assert 0.7 < found.pooled < 0.8
    assert all(len(line.plain) <= WIDTH - 4 for line in card.lines(found))
    assert said.count("typed by a scripted person") == 1
