"""Where files for somebody can go: a place that is free, outside of the vault, with a parent that can be written to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import DiskFull, OutOfResources
from vault.store.destination import check_destination, is_free, writing_to


def refused(target: Path, vault: Path, **how: bool) -> str:
    with pytest.raises(DestinationUnusable) as raised:
        check_destination(target, vault_folder=vault, **how)
    return str(raised.value.facts["reason"])


def test_a_new_name_in_a_folder_is_free(tmp_path: Path) -> None:
    check_destination(tmp_path / "new", vault_folder=tmp_path / "vault")


def test_what_is_there_is_taken_and_so_is_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "full").write_text("x")
    found = {refused(tmp_path / name, tmp_path / "vault") for name in ("full", "link", "folder")}
    assert found == {"something is already there"}
    assert refused(tmp_path / "file", tmp_path / "vault") == "an empty file is already there"


def test_an_empty_folder_is_free_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    check_destination(tmp_path / "empty", vault_folder=tmp_path / "vault", empty_folder=True)
    assert refused(tmp_path / "full", tmp_path / "vault", empty_folder=True) == "something is already there"
    assert [is_free(tmp_path / name) for name in ("empty", "full", "none")] == [True, False, True]


@pytest.mark.parametrize(("number", "kind"), [(errno.EMFILE, OutOfResources), (errno.ENOSPC, DiskFull)])
def test_what_runs_out_is_said_of_the_computer_and_not_of_the_place(
    number: int, kind: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(kind), writing_to(tmp_path / "new"):
        raise OSError(number, os.strerror(number))


def test_nothing_is_written_into_the_vault_or_into_no_folder(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    assert refused(tmp_path / "vault" / "x", tmp_path / "vault") == "it lies inside the vault"
    for taken in (False, True):
        with pytest.raises(
            DestinationUnavailable, match="its parent folder is not there or cannot be written to"
        ):
            check_destination(tmp_path / "none" / "x", vault_folder=tmp_path / "vault", taken=taken)
