"""A folder of new files is wholly there or not at all."""

from __future__ import annotations

import fcntl
import os
from itertools import count
from pathlib import Path

import pytest

from tests.worlds.disks import full_at
from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import DiskFull
from vault.sealing.durable import create_file
from vault.store import new_folder as new_folder_room
from vault.store.new_folder import check_free, new_folder


def fill(folder: Path) -> None:
    with new_folder(folder) as place:
        create_file(place / "one", b"1")
        (place / "below").mkdir()
        create_file(place / "below" / "two", b"2")


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("place", ["fresh", "above/fresh", "there"])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt()], ids=["full", "interrupted"])
def test_whichever_write_fails_nothing_is_left_and_the_same_is_possible_again(
    place: str, error: BaseException | None, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_text("kept")
    before = tree(tmp_path)
    for nth in count(1):
        with pytest.MonkeyPatch.context() as patch:
            waited = full_at(patch, nth, error)
            try:
                fill(tmp_path / place)
            except (DiskFull, KeyboardInterrupt):
                assert tree(tmp_path) == before
            else:
                break
    assert len(waited) < nth
    assert {"one", "below", "below/two"} <= set(tree(tmp_path / place))
    assert (tmp_path / "there" / "mine").read_text() == "kept"


def test_a_name_that_is_taken_keeps_what_it_has_and_nothing_is_put_beside_it(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("mine")

    with pytest.raises(DestinationUnusable, match="already there"):
        fill(tmp_path)

    assert tree(tmp_path) == ["one"]
    assert (tmp_path / "one").read_text() == "mine"


@pytest.mark.parametrize("place", ["fresh", "there"])
def test_what_a_kill_left_is_gone_after_the_next_and_what_a_process_fills_stays(
    place: str, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    beside = tmp_path / "there" if place == "there" else tmp_path
    killed, filled, other = (
        beside / f".lockbox-{name}" for name in ("12345678.new", "abcdefgh.new", "backup-0.new")
    )
    for draft in (killed, filled, other):
        draft.mkdir()
        create_file(draft / "requester.key", b"secret")
    held = os.open(filled, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    fill(tmp_path / place)
    os.close(held)
    assert set(beside.glob(".*")) == {filled, other}


def test_what_comes_to_the_place_at_the_last_moment_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def come(_draft: Path) -> None:
        (tmp_path / "fresh").mkdir()
        (tmp_path / "fresh" / "mine").touch()

    monkeypatch.setattr(new_folder_room, "sync", come)
    with pytest.raises(DestinationUnavailable):
        fill(tmp_path / "fresh")
    assert tree(tmp_path) == ["fresh", "fresh/mine"]


def test_a_place_below_a_file_or_of_no_name_that_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(DestinationUnusable):
        fill(tmp_path / "file" / "below")
    with pytest.raises(DestinationUnusable):
        fill(tmp_path / "file")
    with pytest.raises(DestinationUnusable):
        fill(tmp_path / ("x" * 256))
    with pytest.raises(DestinationUnusable, match="name too long"):
        check_free(tmp_path / ("x" * 256))
    assert tree(tmp_path) == ["file"]
