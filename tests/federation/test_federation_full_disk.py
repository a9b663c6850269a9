"""A full disk where a requester writes: nothing is left, nobody is invited, and the same can be done again."""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from learner.federation import coordinator_backup
from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_backup import write_backup
from learner.federation.coordinator_folder import CoordinatorFolder, Settings, make_coordinator, open_folder
from learner.federation.invitations import write_invitations
from tests.worlds.answering import START, signed_campaign
from tests.worlds.disks import full_at
from tui.cli.entry_point import run
from vault.errors.federation import DatabaseUnusable
from vault.errors.release import DestinationUnusable
from vault.errors.storage import DiskFull


def full_in_turn(act: Callable[[], object], left: Callable[[], object], most: int = 99) -> None:
    """Do something with the disk full at each of its writes in turn, until it is done."""
    before = left()
    for nth in range(1, most + 1):
        with pytest.MonkeyPatch.context() as patch:
            full_at(patch, nth)
            try:
                act()
            except DiskFull:
                assert left() == before
            else:
                return


def test_who_cannot_be_handed_an_invitation_is_not_invited(folder: Path, tmp_path: Path) -> None:
    to = tmp_path / "invitations"

    def left() -> tuple[bool, int]:
        with closing(Coordinator(open_folder(folder))) as coordinator:
            return to.exists(), coordinator.state.counts()[0]

    # three files, each with the name of it; what follows puts the folder in its place
    full_in_turn(lambda: write_invitations(folder, 3, to=to), left, most=6)
    assert left() == (False, 0)
    write_invitations(folder, 3, to=to)
    assert left() == (True, 3)


def test_a_copy_of_a_coordinator_replaces_nothing_that_came_meanwhile_and_leaves_nothing_when_it_fails(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.tar"
    full_in_turn(lambda: write_backup(folder, copy), lambda: sorted(path.name for path in tmp_path.iterdir()))
    assert tarfile.is_tarfile(copy)

    def taken(path: Path) -> CoordinatorFolder:
        copy.write_text("mine")
        return open_folder(path)

    killed = tmp_path / ".lockbox-coordinator-12345678"
    killed.mkdir()
    copy.rename(killed / "backup.tar")
    monkeypatch.setattr(coordinator_backup, "open_folder", taken)
    with pytest.raises(DestinationUnusable):
        write_backup(folder, copy)
    assert copy.read_text() == "mine"
    assert not killed.exists()


def test_what_fails_while_a_coordinator_is_copied_is_said_of_its_database_or_of_the_new_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "taken").write_text("mine")
    with closing(Coordinator(open_folder(folder))) as coordinator, pytest.raises(DatabaseUnusable):
        coordinator.state.copy_to(tmp_path / "taken")
    monkeypatch.setattr(coordinator_backup, "_add", full)
    with pytest.raises(DiskFull):
        write_backup(folder, tmp_path / "copy.tar")
    assert not (tmp_path / "copy.tar").exists()


@pytest.mark.slow
def test_a_coordinator_that_could_not_be_written_can_be_made_again(tmp_path: Path) -> None:
    campaign = signed_campaign(tmp_path, START)

    def left() -> list[str]:
        return sorted(path.name for folder in (tmp_path, campaign) for path in folder.iterdir())

    full_in_turn(
        lambda: make_coordinator(tmp_path / "made", campaign, Settings(host="127.0.0.1"), now=START), left
    )

    assert open_folder(tmp_path / "made").path == tmp_path / "made"


@pytest.mark.parametrize("command", ["report", "model"])
def test_a_place_that_is_taken_is_refused_before_the_campaign_is_looked_at(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.onnx").write_text("mine")

    assert run(["campaign", command, str(tmp_path / "none"), "--to", str(tmp_path / "page.onnx")]) == 1

    assert "something is already there" in capsys.readouterr().err
