"""Power lost anywhere in a whole story: what was acknowledged is there, and nothing is half-done.

What a process wrote, synced and renamed is recorded, and played again up to a cut; of what was not synced by then, each
sector and each name may be there or be lost.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.worlds import learners
from tests.worlds.kills.nursery import ROOT
from tests.worlds.power.checks import Cut, broken, drawn, told
from tests.worlds.power.disk import Chance, Disk
from tests.worlds.power.events import Event
from tests.worlds.power.recording import can_record, record
from tests.worlds.power.story import HOME, SAID
from tests.worlds.world import World


@pytest.fixture(scope="session")
def story(known_template: World, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What the disk was told in a whole story."""
    if not can_record():
        pytest.skip("needs strace, and leave to follow a process")
    folder = tmp_path_factory.mktemp("power")
    for name in ("lab", "job"):
        shutil.copytree(known_template.folder / name, folder / name)
    (folder / HOME).mkdir()
    learner = learners.pretended(learners.zeros(folder / "job"))
    command = [sys.executable, "-m", "tests.worlds.power.story", str(folder), *learner]
    return record(command, below=folder / HOME, said=folder / SAID, cwd=ROOT)


@pytest.mark.parametrize(
    "cuts", [pytest.param(60, marks=pytest.mark.slow), pytest.param(2000, marks=pytest.mark.audit)]
)
def test_what_was_acknowledged_is_there_after_any_loss_of_power(
    story: list[Event], tmp_path: Path, cuts: int
) -> None:
    kinds = Counter(event.kind for event in story)
    assert min(kinds["write"], kinds["sync"], kinds["rename"]) > 10, kinds
    assert "\n".join(broken(story, drawn(story, cuts, seed=cuts), tmp_path)) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("since", "unsynced", "says"),
    [
        (
            "begin",
            r".*/vault\.db-wal",
            "what was acknowledged is not in the trail|its history is not|it records",
        ),
        ("begin", r"share(/lockbox)?", "the vault is gone"),
        ("begin", r"state(/lockbox)?", "the reminder outside the vault is gone or older"),
        ("train", r"", "the release is gone"),
    ],
)
def test_without_a_sync_the_same_check_finds_what_is_lost(
    story: list[Event], tmp_path: Path, since: str, unsynced: str, says: str
) -> None:
    begin = next(
        n for n, event in enumerate(story) if event.kind == "said" and json.loads(event.data)["act"] == since
    )
    left = [
        event
        for n, event in enumerate(story)
        if n < begin or event.kind != "sync" or not re.fullmatch(unsynced, event.path)
    ]
    cuts = [Cut(after=place, seed=1, share=0.0) for place in told(left)[2:9]]
    found = broken(left, cuts, tmp_path)
    assert any(re.search(says, one) for one in found), found


# the disk itself ----------------------------------------------------------------------------------------------


def disk(*events: Event) -> Disk:
    made = Disk()
    for event in events:
        made.apply(event)
    return made


def found(
    made: Disk, target: Path, *, share: float = 0.0, seed: int = 1, sector: int = 512
) -> dict[str, bytes]:
    """The files of a disk after the power went."""
    made.build(target, Chance(draw=random.Random(seed), share=share, sector=sector))
    files = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    shutil.rmtree(target)
    return files


A = Event(kind="file", path="a")
OLD, NEW = (Event(kind="write", path="a", data=letter * 1024) for letter in (b"o", b"n"))
SYNC_A, SYNC_NAMES = Event(kind="sync", path="a"), Event(kind="sync")
TO_B = Event(kind="rename", path="a", to="b")


def test_what_was_synced_stays_and_a_name_needs_a_sync_of_its_folder(tmp_path: Path) -> None:
    to = tmp_path / "disk"
    assert found(disk(A, OLD, SYNC_A, SYNC_NAMES), to) == {"a": b"o" * 1024}
    assert found(disk(A, OLD, SYNC_A), to) == {}
    assert found(disk(A, OLD, SYNC_NAMES), to) == {"a": b""}
    assert found(disk(A, OLD), to, share=1.0) == {"a": b"o" * 1024}


def test_each_sector_that_was_not_synced_is_old_or_new(tmp_path: Path) -> None:
    made = disk(A, OLD, SYNC_A, SYNC_NAMES, NEW)
    seen = {found(made, tmp_path / "disk", share=0.5, seed=seed)["a"] for seed in range(20)}
    assert seen == {one * 512 + other * 512 for one in (b"o", b"n") for other in (b"o", b"n")}
    seen = {found(made, tmp_path / "disk", share=0.5, seed=seed, sector=4096)["a"] for seed in range(20)}
    assert seen == {b"o" * 1024, b"n" * 1024}


def test_a_length_that_was_not_synced_may_be_the_old_one(tmp_path: Path) -> None:
    cut = Event(kind="truncate", path="a")
    seen = {
        found(disk(A, OLD, SYNC_A, SYNC_NAMES, cut), tmp_path / "disk", share=share)["a"] for share in (0, 1)
    }
    assert seen == {b"o" * 1024, b""}
    longer = disk(A, OLD, SYNC_A, SYNC_NAMES, Event(kind="write", path="a", at=1024, data=b"n" * 512))
    seen = {found(longer, tmp_path / "disk", share=0.5, seed=seed)["a"][1024:] for seed in range(20)}
    assert seen == {b"", bytes(512), b"n" * 512}


def test_a_rename_is_whole_or_not_at_all(tmp_path: Path) -> None:
    to = tmp_path / "disk"
    assert found(disk(A, SYNC_NAMES, TO_B), to) == {"a": b""}
    assert found(disk(A, SYNC_NAMES, TO_B), to, share=1.0) == {"b": b""}
    assert found(disk(A, SYNC_NAMES, TO_B, SYNC_NAMES), to) == {"b": b""}
    folders = (Event(kind="folder", path="f"), Event(kind="file", path="f/a"), Event(kind="sync", path="f"))
    assert found(disk(*folders, Event(kind="rename", path="f", to="g"), SYNC_NAMES), to) == {"g/a": b""}


def test_a_name_that_went_may_still_be_there(tmp_path: Path) -> None:
    gone = Event(kind="remove", path="a")
    assert found(disk(A, OLD, SYNC_A, SYNC_NAMES, gone), tmp_path / "disk") == {"a": b"o" * 1024}
    assert found(disk(A, OLD, SYNC_A, SYNC_NAMES, gone, SYNC_NAMES), tmp_path / "disk") == {}
