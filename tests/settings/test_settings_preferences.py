"""What a person may set, and where the socket and the token lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.disks import full_at
from vault.errors.families import Invalid, Unavailable
from vault.errors.storage import DiskFull
from vault.settings import Paths, Preferences, read_preferences, write_preferences


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(
        vault=tmp_path / "v",
        state=tmp_path / "s",
        runtime=tmp_path / "r",
        config=tmp_path / "c" / "config.toml",
    )


def test_without_a_file_the_defaults_hold(paths: Paths) -> None:
    assert Preferences(lock_minutes=15, calm=False) == read_preferences(paths)
    assert not paths.config.parent.exists()


def test_what_is_written_is_read_again(paths: Paths) -> None:
    wanted = Preferences(lock_minutes=3, calm=True)
    write_preferences(paths, wanted)

    assert wanted == read_preferences(paths)
    assert [paths.config] == list(paths.config.parent.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lock_minutes = 0", "lock_minutes"),
        ("lock_minutes = 1441", "lock_minutes"),
        ('lock_minutes = "15"', "lock_minutes"),
        ("lock_minutes = true", "lock_minutes"),
        ("lock_minutes = 1.5", "lock_minutes"),
        ("calm = 1", "calm"),
        ("colour = 'red'", "'colour'"),
        ("lock_minutes =", "not TOML"),
        ("\udcff", "not TOML"),
    ],
)
def test_an_unknown_key_or_a_bad_value_is_one_clear_error(paths: Paths, text: str, words: str) -> None:
    paths.config.parent.mkdir()
    paths.config.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(Invalid, match=words) as caught:
        read_preferences(paths)
    assert str(paths.config) in str(caught.value)


def test_on_a_full_disk_what_was_set_before_stands(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    write_preferences(paths, Preferences(lock_minutes=3))
    full_at(monkeypatch, 1)
    with pytest.raises(DiskFull):
        write_preferences(paths, Preferences())
    assert read_preferences(paths).lock_minutes == 3
    assert [paths.config] == list(paths.config.parent.iterdir())


def test_a_file_that_cannot_be_written_or_read_is_said(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    with pytest.raises(Unavailable):
        read_preferences(paths)
    with pytest.raises(Unavailable):
        write_preferences(paths, Preferences())


def test_the_socket_lies_in_the_users_runtime_folder_or_one_named_after_the_user(tmp_path: Path) -> None:
    given = {"LOCKBOX_VAULT": str(tmp_path / "v"), "LOCKBOX_STATE": str(tmp_path / "s")}
    session = Paths.from_environment({**given, "XDG_RUNTIME_DIR": "/run/user/7"})
    chosen = Paths.from_environment({**given, "LOCKBOX_RUNTIME": "/r", "XDG_RUNTIME_DIR": "/run/user/7"})
    bare = Paths.from_environment(given)

    assert Path("/run/user/7/lockbox") == session.runtime
    assert Path("/r") == chosen.runtime
    assert bare.runtime.name.startswith("lockbox-")
    assert (session.socket.stem, ".sock", ".token") == (
        session.session.stem,
        session.socket.suffix,
        session.session.suffix,
    )
    assert len(session.socket.stem) == 16


def test_the_same_vault_by_another_way_has_the_same_socket(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "v")
    straight, around = (Paths(vault=tmp_path / name, state=tmp_path / "s") for name in ("v", "link"))

    assert straight.socket == around.socket


def test_the_config_file_and_the_outbox(tmp_path: Path) -> None:
    given = {"LOCKBOX_VAULT": str(tmp_path / "v"), "LOCKBOX_STATE": str(tmp_path / "s")}

    assert (
        tmp_path / "x.toml"
        == Paths.from_environment({**given, "LOCKBOX_CONFIG": str(tmp_path / "x.toml")}).config
    )
    assert tmp_path / "s" / "outbox" == Paths.from_environment(given).outbox
