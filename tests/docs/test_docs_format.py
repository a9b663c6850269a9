"""Whoever knows docs/file-format.md alone can read a vault: the reader of the page meets a real one."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
import stat
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vault_reader import (
    column,
    connect,
    digest,
    read_header,
    read_mark,
    recovery_bytes,
    root_by_passphrase,
    root_by_recovery_key,
    row_digest,
    subkey,
)

from tests.worlds.importing import import_file
from vault.errors.rollback import OlderVault
from vault.requester.keys import keygen
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

PAGE = (Path(__file__).parents[2] / "docs" / "file-format.md").read_text(encoding="utf-8")
PASSPHRASE = "Schlu\u0308ssel\u00a0und Bart"  # a decomposed letter and a space that is none
ROWS = 5000  # two stripes
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A vault that Lockbox made, and what was put into it."""

    paths: Paths
    recovery_key: str
    root: bytes
    file: Path
    rows: list[dict[str, Any]]
    vault_key: str
    audit_key: str


def some_rows(count: int, first: int) -> list[dict[str, Any]]:
    return [
        {
            "when": START + timedelta(minutes=number),
            "steps": number % 1000,
            "weight": 70 + number / 8 if number % 7 else None,
            "active": number % 3 == 0,
            "kind": ("walk", "run")[number % 2],
            "note": f"Nr. {number} · möglich",
        }
        for number in range(first, first + count)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow(
                [cell.isoformat() if isinstance(cell, datetime) else cell for cell in row.values()]
            )
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    paths = Paths(vault=folder / "vault", state=folder / "state")
    secret = passphrase_secret(PASSPHRASE)
    recovery_key = Vault.create(paths, secret, cost=TEST_COST)
    rows = some_rows(ROWS, 0)
    first, second = write(folder / "a.csv", rows[:4500]), write(folder / "b.csv", rows[4500:])
    with Vault.open(paths, secret) as vault:
        for file in (first, second):
            import_file(vault, FileChoice(path=file, name="days", unit="day", time_field="when"))
        vault.add_requester("Sleep lab", keygen(folder / "lab").public)
        keys = vault.vault_key("Sleep lab"), vault.audit_key()
    return Made(
        paths=paths,
        recovery_key=recovery_key,
        root=root_by_passphrase(read_header(paths.vault), PASSPHRASE),
        file=first,
        rows=rows,
        vault_key=keys[0],
        audit_key=keys[1],
    )


def public(seed: bytes) -> bytes:
    return (
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    )


def test_the_page_names_every_file_of_a_vault_and_its_mode(made: Made) -> None:
    files = {path.name for path in made.paths.vault.iterdir()}
    named = set(re.findall(r"`((?:keys|vault|writer)[\w.-]*)`", PAGE.split("## 2.")[0]))

    assert files == {"keys.lockbox", "keys.copy.lockbox", "vault.db", "writer.lock"}
    assert files <= named
    assert stat.S_IMODE(made.paths.vault.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.paths.vault.iterdir()} == {0o600}


def test_both_doors_give_one_root_key_and_a_wrong_one_is_told_from_damage(made: Made) -> None:
    header = read_header(made.paths.vault)

    assert root_by_recovery_key(header, made.recovery_key) == made.root
    with pytest.raises(ValueError, match="wrong"):
        root_by_passphrase(header, PASSPHRASE.upper())
    sealed = header["passphrase"]["sealed_root"]
    header["passphrase"]["sealed_root"] = sealed[:-2] + ("00" if sealed[-2:] != "00" else "01")
    with pytest.raises(ValueError, match="damaged"):
        root_by_passphrase(header, PASSPHRASE)


def test_the_header_has_the_keys_of_the_page_and_no_other(made: Made) -> None:
    header = read_header(made.paths.vault)
    section = PAGE.split("## 3.")[1].split("### ")[0]
    named = {
        key for cells in re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE) for key in cells.split(", ")
    }

    assert named == {f"`{key}`" for key in {*header, *header["passphrase"], *header["recovery"]}}


def test_every_column_reads_back_as_it_was(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    for name in made.rows[0]:
        assert column(ask, made.root, "days", name) == [row[name] for row in made.rows]
    days = [row["when"].date().isoformat() for row in made.rows]
    assert column(ask, made.root, "days", "_unit") == days
    assert column(ask, made.root, "days", "_time") == [row["when"] for row in made.rows]


def test_stripes_are_full_but_the_last_and_generations_count_how_often_one_was_written(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    found = ask("SELECT DISTINCT stripe, row_count, generation FROM segment ORDER BY stripe")

    assert found == [(0, 4096, 1), (1, ROWS - 4096, 2)]


def test_the_facts_types_and_digests_of_the_database(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    facts = dict(ask("SELECT key, value FROM vault_fact"))
    digests = [found for (found,) in ask("SELECT digest FROM imported_file ORDER BY id")]
    types = {kind for (kind,) in ask("SELECT DISTINCT type FROM field")}
    key = subkey(made.root, "import-digest")

    kept = json.loads(facts.pop("import.plan.1"))
    assert (kept["as_format"], kept["separator"], kept["zone"]) == ("csv", ",", "UTC")
    assert set(facts) == {
        *("format", "origin", "created_at", "audit.compact_range"),
        *("budget.orders", "budget.delta", "keys.header", "trail.moment"),
    }
    assert (
        facts["keys.header"] == hashlib.sha256((made.paths.vault / "keys.lockbox").read_bytes()).hexdigest()
    )
    assert facts["format"] == "1"
    assert json.loads(facts["budget.orders"]) == [3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64]
    assert facts["budget.delta"] == "0.000001"
    assert all(f"`{fact}`" in PAGE for fact in facts)
    assert types == {"timestamp", "int", "float", "bool", "category", "text"}
    assert digests[0] == digest(key, hashlib.sha256(made.file.read_bytes()).digest())


def test_the_database_and_its_tables_are_those_of_the_page(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    tables = {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## 5.")[1].split("## 6.")[0], re.MULTILINE))

    assert tables - {"alembic_version", "sqlite_sequence"} == named
    assert ask("SELECT version_num FROM alembic_version") == [("0011",)]
    assert ask("PRAGMA journal_mode") == [("wal",)]
    assert ask("PRAGMA page_size") == [("4096",)]


def test_foreign_keys_stand_only_within_a_room(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    rooms = [{"log_entry", "disclosure"}, {"collection", "field", "segment", "imported_file"}]
    pairs = {
        (table, row[2])
        for (table,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")
        for row in ask(f"PRAGMA foreign_key_list('{table}')")
    }

    assert pairs
    assert all(any({child, parent} <= room for room in rooms) for child, parent in pairs)


def test_the_seeds_give_the_keys_that_others_hold(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    ((lab,),) = ask("SELECT id FROM requester")
    signs_releases = public(subkey(made.root, "release-signing", lab.encode()))
    signs_checkpoints = public(subkey(made.root, "audit-signing"))

    assert base64.b64decode(made.vault_key.split()[1]) == signs_releases
    assert base64.b64decode(made.audit_key.split("+", 2)[2]) == b"\x01" + signs_checkpoints


def test_the_mark_is_where_and_what_the_page_says(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    facts = dict(ask("SELECT key, value FROM vault_fact"))
    mark = read_mark(made.paths.state, facts["origin"], made.root)
    ((entries,),) = ask("SELECT count(*) FROM log_entry")
    ((newest,),) = ask("SELECT seq FROM sqlite_sequence WHERE name = 'collection'")

    assert set(mark) == {"caps", "has_digest", "origin", "paid", "root", "shared", "size", "spent"}
    assert (mark["size"], set(mark["spent"])) == (entries, {str(newest)})
    assert set(mark["spent"][str(newest)]) == {0}
    assert mark["root"]
    assert all(f"`mark.{key}`" in PAGE for key in mark)


def test_the_digest_of_the_rows_is_what_the_page_says(made: Made) -> None:
    ask = connect(made.paths.vault, made.root)
    ((size, root, kept, mac),) = ask("SELECT size, root, digest, mac FROM row_digest")
    ((entries,),) = ask("SELECT count(*) FROM log_entry")

    assert (size, kept) == (entries, row_digest(ask, made.root))
    key = subkey(made.root, "row-digest", b"head")
    assert mac == digest(key, b"lockbox digest of rows v1", size.to_bytes(8, "big"), root, kept)


def test_a_backup_restores_by_the_steps_of_the_page(made: Made, tmp_path: Path) -> None:
    own = shutil.copytree(made.paths.vault.parent, tmp_path / "own")
    paths = Paths(vault=own / "vault", state=own / "state")
    with Vault.open(paths, passphrase_secret(PASSPHRASE)) as vault:
        vault.backup(tmp_path / "backup.tar")
        vault.trust_requester("Sleep lab")
    folder = tmp_path / "restored"
    folder.mkdir(mode=0o700)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        members = tar.getmembers()
        tar.extractall(folder, filter="data")
    restored = Paths(vault=folder, state=paths.state)

    assert [member.name for member in members] == ["keys.lockbox", "keys.copy.lockbox", "vault.db"]
    assert {(member.uid, member.gid, member.uname, member.mode) for member in members} == {(0, 0, "", 0o600)}
    with Vault.open(restored, passphrase_secret(PASSPHRASE)) as vault:
        assert "events" in vault.rollback_reason
        assert vault.show_collection("days")
        assert vault.export_collection("days", tmp_path / "days.csv", as_format="csv").rows == ROWS
        with pytest.raises(OlderVault):
            vault.block_requester("Sleep lab")
    elsewhere = Paths(vault=folder, state=tmp_path / "another computer")
    with Vault.open(elsewhere, passphrase_secret(PASSPHRASE)) as vault:
        assert vault.rollback_reason == ""


def test_the_reader_refuses_a_changed_header_and_a_mistyped_recovery_key(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.paths.vault, tmp_path / "vault")
    for name in ("keys.lockbox", "keys.copy.lockbox"):
        facts = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(facts | {"generation": 2}, indent=1, sort_keys=True) + "\n")
    with pytest.raises(AssertionError):
        read_header(folder)
    with pytest.raises(AssertionError):
        recovery_bytes(("1" if made.recovery_key[0] == "0" else "0") + made.recovery_key[1:])
