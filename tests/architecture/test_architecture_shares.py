"""What the default suite may take is one table, which a room can be given more of only by another."""

from __future__ import annotations

from pathlib import Path

from tests.cpu_seconds import START, shares

TESTS = Path(__file__).parents[1]
TOGETHER = 455


def test_the_shares_are_not_more_than_the_whole() -> None:
    assert sum(shares().values()) <= TOGETHER


def test_every_room_has_a_share() -> None:
    rooms = {file.parent.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    assert rooms | {START} == shares().keys()
