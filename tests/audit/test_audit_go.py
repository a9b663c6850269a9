"""Judged by code of other people: the note and tlog packages of Go's x/mod, where Go is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from audit_corruptions import CORRUPTIONS, lines_of
from audit_format_checker import RefusedError, check
from audit_home import Exported, Trail
from audit_rules import OF_DISCLOSURES, RULES, but, disclosing, resign
from audit_samples import DECIDED, EXPIRED

from tests.worlds.commands import run
from tests.worlds.world import World
from vault.audit.entries import EntryType

HERE = Path(__file__).parent
PACKAGES = Path(os.environ.get("GOPATH", "/usr/share/gocode"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").exists(),
        reason="needs golang-go and golang-golang-x-mod-dev",
    ),
]


@pytest.fixture(scope="module")
def auditcheck(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    environment = {
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run(
        ["go", "build", "-o", folder / "auditcheck", "."],
        cwd=HERE / "go",
        env={**os.environ, **environment},
        check=True,
    )
    return folder / "auditcheck"


def verdict(auditcheck: Path, bundle: Path, vkey: str, *kept: Path, act: str = "verify") -> str:
    """What Go says, first word first: verified or REFUSED."""
    done = subprocess.run([auditcheck, act, bundle, vkey, *kept], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == done.stdout.startswith("verified"), done
    return done.stdout or done.stderr


@pytest.fixture
def bundle(exported: Exported, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported.folder, tmp_path / "bundle"))


def kept_files(exported: Exported, folder: Path) -> list[Path]:
    paths = [folder / f"kept-{index}" for index in range(len(exported.earlier))]
    for path, note in zip(paths, exported.earlier, strict=True):
        path.write_bytes(note)
    return paths


def test_the_frozen_vectors_are_what_go_says_today(auditcheck):
    done = subprocess.run([auditcheck, "vectors"], capture_output=True, check=True)

    assert (HERE / "vectors" / "tlog.json").read_bytes() == done.stdout


def test_go_verifies_a_bundle_with_everything(auditcheck, exported, bundle, tmp_path):
    kept = kept_files(exported, tmp_path)

    assert verdict(auditcheck, bundle, exported.trail.vkey, *kept).startswith("verified vault.invalid/5c5c")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, 130])
def test_go_verifies_bundles_of_many_sizes_with_every_proof(auditcheck, trail: Trail, tmp_path, size):
    earlier = []
    for index in range(size):
        trail.record(EntryType.ACCESS_VIEW if index else EntryType.LOG_GENESIS, minutes=index)
        earlier.append(trail.checkpoint())
    trail.export(tmp_path / "bundle", prove=range(size), earlier=earlier, disclose=range(size))

    assert verdict(auditcheck, tmp_path / "bundle", trail.vkey).startswith("verified")


def test_go_verifies_a_bundle_with_a_withheld_entry(auditcheck, trail: Trail, tmp_path):
    for index in range(6):
        trail.record(EntryType.ACCESS_VIEW if index else EntryType.LOG_GENESIS)
    trail.export(tmp_path / "bundle", redact=[2], prove=[1, 2, 3])

    assert verdict(auditcheck, tmp_path / "bundle", trail.vkey).startswith("REFUSED: entry 2 is withheld")
    agreed = verdict(auditcheck, tmp_path / "bundle", trail.vkey, act="withheld")
    assert agreed.startswith("verified")


def test_go_refuses_every_spoilt_bundle(auditcheck, exported, tmp_path):
    taken = []
    for index, (name, spoil) in enumerate(CORRUPTIONS.items()):
        bundle = Path(shutil.copytree(exported.folder, tmp_path / str(index)))
        spoil(bundle, exported)
        if not verdict(auditcheck, bundle, exported.trail.vkey).startswith("REFUSED"):
            taken.append(name)
    assert taken == []


def test_go_holds_every_rule_of_entries_even_against_the_holder_of_the_key(auditcheck, exported, tmp_path):
    taken = []
    for index, (name, change) in enumerate(RULES.items()):
        bundle = Path(shutil.copytree(exported.folder, tmp_path / str(index)))
        resign(bundle, exported, change(lines_of(bundle)))
        if not verdict(auditcheck, bundle, exported.trail.vkey).startswith("REFUSED: entries"):
            taken.append(name)
    assert taken == []


def test_go_holds_every_rule_of_disclosures(auditcheck, exported, tmp_path):
    judged = {}
    for index, (name, (_, opened)) in enumerate(OF_DISCLOSURES.items()):
        bundle = Path(shutil.copytree(exported.folder, tmp_path / str(index)))
        disclosing(bundle, exported, DECIDED, opened)
        judged[name] = verdict(auditcheck, bundle, exported.trail.vkey).startswith("verified")
    assert judged == {name: is_good for name, (is_good, _) in OF_DISCLOSURES.items()}


def test_go_catches_a_rewrite_by_the_holder_of_the_key_with_a_kept_checkpoint(
    auditcheck, exported, bundle, tmp_path
):
    lines = lines_of(bundle)
    resign(bundle, exported, but(EXPIRED, consent="0" * 32)(lines))
    kept = kept_files(exported, tmp_path)

    assert verdict(auditcheck, bundle, exported.trail.vkey).startswith("verified")
    assert "FORK" in verdict(auditcheck, bundle, exported.trail.vkey, *kept)


def test_go_catches_an_older_copy_with_a_kept_checkpoint(auditcheck, exported, bundle, tmp_path):
    resign(bundle, exported, lines_of(bundle)[:10])
    kept = kept_files(exported, tmp_path)

    assert verdict(auditcheck, bundle, exported.trail.vkey).startswith("verified")
    assert "ROLLBACK" in verdict(auditcheck, bundle, exported.trail.vkey, *kept)


def test_go_and_the_checker_verify_what_the_command_writes_when_asked(auditcheck, today: World):
    key = run(today.paths, "audit", "key").out.strip()
    first, second = today.folder / "first", today.folder / "second"
    assert run(today.paths, "audit", "export", first).code == 0
    size = (first / "checkpoint").read_text().split("\n")[1]
    asked = ("--since", size, "--prove", "2", "--disclose", "1:source", "--confirm", "1")
    assert run(today.paths, "audit", "export", second, *asked).code == 0

    assert verdict(auditcheck, second, key, first / "checkpoint").startswith("verified")
    assert check(second, key, ((first / "checkpoint").read_bytes(),)) > int(size)
    for name in (f"proofs/{size}.consistency", "proofs/2.tlog-proof", "disclosures.jsonl"):
        spoilt = Path(shutil.copytree(second, today.folder / name.replace("/", "-")))
        data = (spoilt / name).read_bytes()
        (spoilt / name).write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
        assert verdict(auditcheck, spoilt, key).startswith("REFUSED")
        with pytest.raises(RefusedError):
            check(spoilt, key)
