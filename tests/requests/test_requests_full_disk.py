"""A requester's command on a disk that is full leaves nothing, so that it can be given again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worlds.disks import full_at
from vault.errors.families import Invalid
from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import DiskFull
from vault.requester.keys import keygen
from vault.requester.new_file import check_new, write_all_new, write_new
from vault.requester.witness import new_witness


@pytest.mark.parametrize(
    "make",
    [
        keygen,
        lambda folder: new_witness(folder, "archive"),
        lambda folder: write_new(folder, b"rows"),
        lambda folder: write_all_new([(folder, b"weights"), (folder.with_suffix(".onnx"), b"model")]),
    ],
    ids=["keys", "witness", "file", "files"],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_what_a_full_disk_ended_leaves_nothing(
    make: Callable[[Path], object], nth: int, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        waited = full_at(patch, nth)
        try:
            make(tmp_path / "new")
        except DiskFull:
            assert list(tmp_path.iterdir()) == []
        else:
            assert len(waited) < nth
            return
    make(tmp_path / "new")
    assert (tmp_path / "new").exists()


def test_a_key_is_made_beside_other_files_and_never_over_another_key(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    first = keygen(tmp_path).secret.read_bytes()

    with pytest.raises(Invalid, match="already a file"):
        keygen(tmp_path)

    assert (tmp_path / "requester.key").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes", "requester.key", "requester.pub"]


def test_a_place_for_a_file_is_refused_before_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    with pytest.raises(DestinationUnusable, match="already there"):
        check_new(tmp_path / "there")
    with pytest.raises(DestinationUnavailable, match="no such file"):
        check_new(tmp_path / "none" / "file")
    check_new(tmp_path / "file")
