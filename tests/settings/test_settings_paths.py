from __future__ import annotations

from pathlib import Path

import pytest

from vault.errors.families import Invalid
from vault.settings import Paths


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose folders are below tmp_path, on Linux and on a Mac."""
    for variable in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_defaults_lie_in_the_users_folders_and_nothing_is_made(home: Path) -> None:
    paths = Paths.from_environment({})

    assert paths.vault.is_relative_to(home)
    assert paths.state.is_relative_to(home)
    assert (paths.vault.name, paths.state.name) == ("vault", "state")
    assert (paths.vault.parent.name, paths.state.parent.name) == ("lockbox", "lockbox")
    assert list(home.iterdir()) == []


def test_the_variables_move_the_folders(tmp_path: Path) -> None:
    environ = {"LOCKBOX_VAULT": str(tmp_path / "v"), "LOCKBOX_STATE": str(tmp_path / "s")}

    paths = Paths.from_environment(environ)
    assert (tmp_path / "v", tmp_path / "s") == (paths.vault, paths.state)


def test_a_vault_named_by_hand_wins_over_the_variable(tmp_path: Path) -> None:
    environ = {"LOCKBOX_VAULT": str(tmp_path / "v"), "LOCKBOX_STATE": str(tmp_path / "s")}

    assert tmp_path / "w" == Paths.from_environment(environ, vault=tmp_path / "w").vault


def test_an_empty_variable_counts_as_not_set(home: Path) -> None:
    assert Paths.from_environment({}) == Paths.from_environment({"LOCKBOX_VAULT": "", "LOCKBOX_STATE": ""})


def test_a_relative_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = Paths.from_environment({"LOCKBOX_VAULT": "v", "LOCKBOX_STATE": "s"})

    assert (tmp_path / "v", tmp_path / "s") == (paths.vault, paths.state)


@pytest.mark.parametrize("state", ["v", "v/s", "v/../v/s", "link/s"])
def test_a_state_folder_inside_the_vault_is_refused(tmp_path: Path, state: str) -> None:
    """Who puts an old vault folder back would put the old mark back with it."""
    (tmp_path / "v").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "v")
    with pytest.raises(Invalid, match="must not lie inside"):
        Paths(vault=tmp_path / "v", state=tmp_path / state)


@pytest.mark.parametrize("name", ["vault", "state"])
def test_links_that_lead_in_a_circle_are_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / name)
    with pytest.raises(Invalid, match=f"the links at {tmp_path / name} lead in a circle"):
        Paths(vault=tmp_path / "vault", state=tmp_path / "state")


def test_a_vault_beside_or_inside_the_state_folder_is_fine(tmp_path: Path) -> None:
    assert tmp_path / "vs" == Paths(vault=tmp_path / "v", state=tmp_path / "vs").state
    assert tmp_path == Paths(vault=tmp_path / "v", state=tmp_path).state
