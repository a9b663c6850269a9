"""Files may have any name that the system allows: not UTF-8, with line ends, with signs that no terminal shows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import run, run_installed
from tests.worlds.daemon import serving
from tests.worlds.world import World
from vault.errors.release import DestinationUnusable
from vault.errors.storage import DiskFull
from vault.file_names import all_spelled, is_text, spelled
from vault.lifecycle.opened import OpenVault
from vault.views.audit import Opening

ODD = (os.fsdecode(b"caf\xe9"), "two\nlines", "right\u202eleft", "tabs\tand\x1b[2Jmore")


def named(world: World, name: str, content: bytes) -> Path:
    path = world.folder / name
    path.write_bytes(content)
    return path


def trail(world: World) -> str:
    with world.vault(writable=False) as vault:
        vault.verify_audit()
        return "\n".join(line.sentence for line in vault.audit_lines())


@pytest.mark.parametrize("name", sweep(ODD))
def test_a_file_of_any_name_is_imported_exported_and_backed_up_and_all_of_it_is_on_the_trail(
    known_world: World, name: str
) -> None:
    table = named(known_world, f"{name}.csv", b"day,steps\n2026-01-01,4\n2026-01-02,5\n")
    shown = run(known_world.paths, "import", table, "--dry-run", "--json")
    assert (shown.code, json.loads(shown.out.splitlines()[-1])["v"]) == (0, 1), shown.err
    for words in (
        ("import", table, "--collection", "steps", "--unit", "day"),
        ("data", "export", "steps", known_world.folder / f"{name}.out.csv"),
        ("audit", "export", known_world.folder / f"{name}.trail"),
        ("backup", known_world.folder / f"{name}.tar"),
    ):
        seen = run(known_world.paths, *words)
        assert seen.code == 0, f"{words[0]}: {seen.err}"
    with known_world.vault() as vault:
        opened = Opening(seq=vault.audit_lines()[-1].seq, name="target")
        vault.disclose_audit(known_world.folder / f"{name}.opened", disclose=[opened])
    said = trail(known_world)
    for ending in (".csv", ".out.csv", ".trail", ".opened", ".tar"):
        assert spelled(name + ending) in said, ending
    assert json.loads(run(known_world.paths, "audit", "show", "--json").out.splitlines()[-1])


def test_a_backup_is_on_the_trail_before_it_lies_in_its_place(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, sizes, note = known_world.folder / os.fsdecode(b"caf\xe9.tar"), list[int](), OpenVault.note

    def noted(vault: OpenVault, *facts: Any, **more: Any) -> None:
        sizes.append(target.stat().st_size)
        note(vault, *facts, **more)

    with known_world.vault() as vault:
        monkeypatch.setattr(OpenVault, "note", noted)
        vault.backup(target)
        assert spelled(target.name) in vault.audit_lines()[-1].sentence
    assert sizes == [0]
    assert target.stat().st_size


def test_what_takes_the_place_of_a_backup_meanwhile_stays_and_nothing_is_recorded(known_world: World) -> None:
    target = known_world.folder / "taken.tar"

    def take_its_place(done: int, of: int) -> None:
        target.write_text("mine")

    with known_world.vault() as vault:
        before = len(vault.audit_lines())
        with pytest.raises(DestinationUnusable):
            vault.backup(target, progress=take_its_place)
        assert len(vault.audit_lines()) == before
    assert target.read_text() == "mine"


def test_a_backup_that_cannot_be_recorded_leaves_nothing_in_its_place(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise DiskFull

    target = known_world.folder / "kept.tar"
    with known_world.vault() as vault:
        monkeypatch.setattr(OpenVault, "note", full)
        with pytest.raises(DiskFull):
            vault.backup(target)
    assert list(known_world.folder.glob("*kept*")) == []


def test_the_name_of_a_new_collection_is_that_of_its_file_in_signs_that_can_be_kept(
    known_world: World,
) -> None:
    table = named(known_world, os.fsdecode(b"caf\xe9.csv"), b"day,steps\n2026-01-01,4\n")
    seen = run(known_world.paths, "import", table, "--unit", "day")
    assert seen.code == 0, seen.err
    with known_world.vault(writable=False) as vault:
        assert [one.name for one in vault.collections()] == ["caf\\xe9"]


def test_an_update_is_sent_to_a_folder_of_any_name(held_world: World) -> None:
    out = held_world.folder / os.fsdecode(b"r\xe9sultat")
    with held_world.vault() as vault:
        held = vault.releases()[0]
        vault.send(held.id, confirm_digest=held.digest, to=out)
    assert len(list(out.iterdir())) == 3


@pytest.mark.parametrize(
    "words",
    sweep(
        [
            ("import", "FILE", "--collection", "ODD"),
            ("data", "show", "ODD"),
            ("requester", "trust", "ODD"),
            ("requester", "add", "ODD", "FILE"),
            ("consent", "show", "ODD"),
            ("request", "submit", "FILE"),
            ("job", "check", "FILE"),
            ("job", "new", "FILE", "FILE", "--epsilon", "1"),
            ("update", "verify", "FILE", "--vault-key", "ODD"),
            ("audit", "verify", "FILE"),
            ("passphrase", "change", "ODD"),
        ],
        default=4,
    ),
)
def test_a_word_that_is_not_utf8_is_no_mistake_of_the_program(
    known_world: World, words: tuple[str, ...]
) -> None:
    odd = os.fsdecode(b"caf\xe9")
    filled = [{"ODD": odd, "FILE": str(known_world.folder / odd)}.get(word, word) for word in words]
    seen = run(known_world.paths, *filled)
    assert seen.code not in (0, 130), seen.out
    assert "mistake of its own" not in seen.err


def test_a_vault_in_a_folder_of_any_name_opens_and_shows_itself(known_world: World) -> None:
    odd = known_world.folder / os.fsdecode(b"coffre \xe9")
    known_world.paths.vault.rename(odd)
    seen = run(known_world.paths, "--vault", str(odd), "status", "--json")
    assert seen.code == 0, seen.err
    assert json.loads(seen.out)["path"] == spelled(odd)


def test_an_unlocked_vault_takes_no_name_that_is_not_utf8_and_says_what_to_do(known_world: World) -> None:
    table = named(known_world, os.fsdecode(b"caf\xe9.csv"), b"day,steps\n2026-01-01,4\n")
    with serving(known_world):
        seen = run(known_world.paths, "import", table, "--unit", "day")
    assert (seen.code, "is not UTF-8 text" in " ".join(seen.err.split())) == (1, True), seen.err
    assert "lockbox lock" in seen.err


@pytest.mark.slow
def test_json_stays_json_where_the_terminal_knows_ascii_alone(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = named(known_world, "cafe.csv", "jour,caf\u00e9\U0001f600\n2026-01-01,4\n".encode())
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    seen = run_installed(known_world.paths, "import", table, "--dry-run", "--json")
    assert seen.code == 0, seen.err
    assert seen.out.isascii()
    columns = json.loads(seen.out.splitlines()[-1])["columns"]
    assert [one["name"] for one in columns] == ["jour", "caf\u00e9\U0001f600"]


def test_names_are_spelled_so_that_they_can_be_written_and_told_apart() -> None:
    assert spelled(os.fsdecode(b"caf\xe9")) == "caf\\xe9"
    assert spelled("two\nlines\x1b") == "two\\nlines\\x1b"
    assert spelled("caf\u00e9 \U0001f600") == "caf\u00e9 \U0001f600"
    assert all_spelled({"a\udcff": ["b\ud800", 1, None]}) == {"a\\xff": ["b\\ud800", 1, None]}
    assert (is_text("caf\u00e9"), is_text(os.fsdecode(b"\xff"))) == (True, False)
