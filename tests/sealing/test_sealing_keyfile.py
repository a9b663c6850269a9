from __future__ import annotations

import errno
import os
import stat
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_samples import STEADY_AND_FEW

from vault.errors.families import InternalError, Invalid, Unavailable
from vault.errors.keys import KeyFileInvalid, KeyOfOtherKind
from vault.errors.records import FileMissing
from vault.errors.storage import DiskFull
from vault.sealing.keyfile import KeyKind, key_line, read_key, read_secret_key, write_secret_key
from vault.sealing.secret import Secret

KEY = bytes(range(32))
LINE = "lockbox-requester-public-v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
KINDS: list[KeyKind] = ["requester-public", "requester-secret", "vault-public"]


@STEADY_AND_FEW
@given(st.sampled_from(KINDS), st.binary(min_size=32, max_size=32))
def test_a_line_reads_back(tmp_path_factory: pytest.TempPathFactory, kind: KeyKind, key: bytes) -> None:
    path = tmp_path_factory.mktemp("keys") / "key"
    path.write_text(key_line(kind, key) + "\n")

    assert key == read_key(path, kind)


def test_the_line_of_a_key_is_frozen() -> None:
    assert key_line("requester-public", KEY) == LINE


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "  \n\n"])
def test_the_line_end_does_not_matter(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "key"
    path.write_bytes((LINE + ending).encode())

    assert read_key(path, "requester-public") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        KEY.hex(),
        LINE[:-1],
        LINE[:-2] + "==",
        LINE[:-2] + "9=",  # another spelling of the same 32 bytes
        LINE + "=",
        LINE.replace(" ", ""),
        LINE.replace(" ", "  "),
        LINE.replace("-v1", "-v2"),
        LINE.replace("requester", "owner"),
        LINE.upper(),
        f"{LINE}\n{LINE}",
        f"# a comment\n{LINE}",
        LINE + " " * 5000,
        LINE.replace("A", "\u0410"),
        f"lockbox-requester-public-v1 {b64encode(bytes(31)).decode()}",
        f"lockbox-requester-public-v1 {b64encode(bytes(33)).decode()}",
    ],
)
def test_anything_but_one_exact_line_is_refused_without_echo(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(KeyFileInvalid) as caught:
        read_key(path, "requester-public")

    assert "AAECAw" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe\0" * 10)
    with pytest.raises(KeyFileInvalid):
        read_key(path, "requester-public")


@pytest.mark.parametrize("wanted", KINDS)
@pytest.mark.parametrize("found", KINDS)
def test_a_key_of_one_kind_is_not_taken_for_another(tmp_path: Path, wanted: KeyKind, found: KeyKind) -> None:
    path = tmp_path / "key"
    path.write_text(key_line(found, KEY))
    if wanted == found:
        assert read_key(path, wanted) == KEY
    else:
        whose = [f"{kind.split('-')[1]} key of a {kind.split('-')[0]}" for kind in (found, wanted)]
        with pytest.raises(KeyOfOtherKind, match=f"holds the {whose[0]}; here the {whose[1]} is wanted"):
            read_key(path, wanted)


def test_a_missing_file_and_a_folder_are_said_for_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_key(tmp_path / "key", "vault-public")
    with pytest.raises(Unavailable):
        read_key(tmp_path, "vault-public")


def test_a_secret_key_file_is_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "requester.key"
    write_secret_key(path, Secret(KEY))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret_key(path).reveal() == KEY
    assert key_line("requester-secret", KEY) + "\n" == path.read_text()


def test_a_secret_key_file_never_replaces_a_file_nor_follows_a_link(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("precious")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (there, link):
        with pytest.raises(Invalid, match="already"):
            write_secret_key(path, Secret(KEY))

    assert there.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_of_another_length_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        key_line("vault-public", bytes(31))
    with pytest.raises(InternalError):
        write_secret_key(tmp_path / "key", Secret(bytes(33)))

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_written_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        write_secret_key(tmp_path / "key", Secret(KEY))

    assert list(tmp_path.iterdir()) == []


def test_a_named_pipe_is_no_key_file_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key")

    with pytest.raises(KeyFileInvalid, match="it is not a file"):
        read_key(tmp_path / "key", "requester-public")
