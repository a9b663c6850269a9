from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors.storage import Damaged, NewerVault
from vault.store import files
from vault.store.high_water import Mark, clear_drafts, read_mark, write_mark

ORIGIN = "lockbox.example/vault/7"
MARK = Mark(
    origin=ORIGIN,
    size=12,
    root="ab" * 32,
    spent={"1": [3, 0, 10**15], "2": []},
    shared={"2": 1},
    caps={"2": "8"},
    paid=["0f" * 16],
    has_digest=True,
)


def keyed(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.blake2b(data, key=secret, digest_size=32).digest()


MAC = keyed(b"state mark key")


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_a_mark_comes_back_as_it_was(tmp_path: Path) -> None:
    write_mark(tmp_path / "state", MARK, MAC)

    assert read_mark(tmp_path / "state", ORIGIN, MAC) == MARK
    name = hashlib.sha256(ORIGIN.encode()).hexdigest()[:32]
    assert f"{name}.json" == only_file(tmp_path / "state").name
    assert stat.S_IMODE(only_file(tmp_path / "state").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_no_mark_was_ever_written(tmp_path: Path) -> None:
    assert read_mark(tmp_path, ORIGIN, MAC) is None
    assert read_mark(tmp_path / "no folder", ORIGIN, MAC) is None


def test_the_newest_mark_stands_and_two_vaults_do_not_meet(tmp_path: Path) -> None:
    newer = Mark(
        origin=ORIGIN, size=13, root="cd" * 32, spent={}, shared={}, caps={}, paid=[], has_digest=True
    )
    other = Mark(origin="another", size=1, root="", spent={}, shared={}, caps={}, paid=[], has_digest=True)
    for mark in (MARK, other, newer):
        write_mark(tmp_path, mark, MAC)

    assert newer == read_mark(tmp_path, ORIGIN, MAC)
    assert other == read_mark(tmp_path, "another", MAC)


def test_a_mark_under_another_key_is_refused(tmp_path: Path) -> None:
    write_mark(tmp_path, MARK, keyed(b"forged"))

    with pytest.raises(Damaged):
        read_mark(tmp_path, ORIGIN, MAC)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 11},
        {"root": "00" * 32},
        {"spent": {"1": [0, 0, 0], "2": []}},
        {"spent": {}},
        {"more": 1},
        {"has_digest": False},
    ],
)
def test_a_changed_fact_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write_mark(tmp_path, MARK, MAC)
    file = only_file(tmp_path)
    content = json.loads(file.read_text())
    content["mark"] |= change
    file.write_text(json.dumps(content))

    with pytest.raises(Damaged):
        read_mark(tmp_path, ORIGIN, MAC)


def test_the_mark_of_another_vault_is_refused(tmp_path: Path) -> None:
    write_mark(
        tmp_path,
        Mark(origin="another", size=1, root="", spent={}, shared={}, caps={}, paid=[], has_digest=True),
        MAC,
    )
    here = tmp_path / f"{hashlib.sha256(ORIGIN.encode()).hexdigest()[:32]}.json"
    only_file(tmp_path).rename(here)

    with pytest.raises(Damaged):
        read_mark(tmp_path, ORIGIN, MAC)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"v":1,"mark":{},"mac":"zz"}',
        b'{"v":1,"mark":{}}',
        b'{"v":[1],"mark":{},"mac":""}',
    ],
)
def test_what_is_no_mark_is_damaged(tmp_path: Path, content: bytes) -> None:
    write_mark(tmp_path, MARK, MAC)
    only_file(tmp_path).write_bytes(content)

    with pytest.raises(Damaged):
        read_mark(tmp_path, ORIGIN, MAC)


@pytest.mark.parametrize(
    ("version", "known"),
    [
        (1, {}),
        (2, {"has_digest": True}),
        (3, {"has_digest": True, "shared": {"2": 1}}),
        (4, {"has_digest": True, "shared": {"2": 1}, "caps": {"2": "8"}}),
    ],
)
def test_a_mark_of_an_earlier_version_says_less(
    tmp_path: Path, version: int, known: dict[str, object]
) -> None:
    body = {"origin": ORIGIN, "size": 12, "root": "ab" * 32, "spent": {"1": [3]}, **known}
    line = f"lockbox high-water mark v{version}\n".encode()
    message = line + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    write_mark(tmp_path, MARK, MAC)
    only_file(tmp_path).write_text(json.dumps({"v": version, "mark": body, "mac": MAC(message).hex()}))

    assert read_mark(tmp_path, ORIGIN, MAC) == Mark(
        **{"has_digest": False, "shared": {}, "caps": {}, "paid": None, **body}
    )


def test_a_draft_that_a_kill_left_is_taken_away_and_no_other_file(tmp_path: Path) -> None:
    write_mark(tmp_path, MARK, MAC)
    file, others = only_file(tmp_path), tmp_path / ".another.json.abc.new"
    (tmp_path / f".{file.name}.k3j2h1.new").write_bytes(b"half")
    others.write_bytes(b"of another vault")
    clear_drafts(tmp_path, ORIGIN)

    assert sorted(tmp_path.iterdir()) == sorted([file, others])


def test_a_mark_of_a_newer_program_is_said_to_be_newer(tmp_path: Path) -> None:
    write_mark(tmp_path, MARK, MAC)
    file = only_file(tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"v": 6}))

    with pytest.raises(NewerVault):
        read_mark(tmp_path, ORIGIN, MAC)


@given(st.data())
def test_one_flipped_bit_never_gives_another_mark(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("marks")
    write_mark(folder, MARK, MAC)
    content = bytearray(only_file(folder).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    only_file(folder).write_bytes(content)

    try:
        found = read_mark(folder, ORIGIN, MAC)
    except (Damaged, NewerVault):
        return
    assert found == MARK


def test_a_write_that_fails_keeps_the_old_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mark(tmp_path, MARK, MAC)

    def stop(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "sync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_mark(
            tmp_path,
            Mark(origin=ORIGIN, size=99, root="", spent={}, shared={}, caps={}, paid=[], has_digest=True),
            MAC,
        )

    assert read_mark(tmp_path, ORIGIN, MAC) == MARK
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("what", ["a pipe", "a link", "a folder"])
def test_what_is_no_file_in_the_place_of_a_mark_is_damage_and_holds_up_nobody(
    tmp_path: Path, what: str
) -> None:
    write_mark(tmp_path, MARK, MAC)
    file = only_file(tmp_path)
    file.rename(tmp_path / "elsewhere")
    match what:
        case "a pipe":
            os.mkfifo(file)
        case "a link":
            file.symlink_to(tmp_path / "elsewhere")
        case _:
            file.mkdir()

    with pytest.raises(Damaged):
        read_mark(tmp_path, ORIGIN, MAC)
