"""Judged by code of other people: the note and tlog packages of Go's x/mod, where Go is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from audit_corruptions import CORRUPTIONS
from audit_home import Exported, Trail
from test_audit_corruption import edited, lines_of, resign

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


def verdict(auditcheck: Path, bundle: Path, vkey: str, *kept: Path) -> str:
    """What Go says, first word first: verified or REFUSED."""
    done = subprocess.run(
        [auditcheck, "verify", bundle, vkey, *kept], capture_output=True, text=True, check=False
    )
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

    assert verdict(auditcheck, tmp_path / "bundle", trail.vkey).startswith("verified")


# A withheld entry is part of the format; whether it is allowed is for the reader to say. The file with keys is a
# convenience that this verifier does not read.
POLICY = {"an entry withheld silently", "no key"}


@pytest.mark.parametrize("name", sorted(CORRUPTIONS.keys() - POLICY))
def test_go_refuses_a_spoilt_bundle(auditcheck, exported, bundle, name):
    CORRUPTIONS[name](bundle, exported)

    assert verdict(auditcheck, bundle, exported.trail.vkey).startswith("REFUSED")


def test_go_catches_a_rewrite_by_the_holder_of_the_key_with_a_kept_checkpoint(
    auditcheck, exported, bundle, tmp_path
):
    lines = lines_of(bundle)
    resign(bundle, exported, [*lines[:9], edited(lines[9], consent="0" * 32), *lines[10:]])
    kept = kept_files(exported, tmp_path)

    assert verdict(auditcheck, bundle, exported.trail.vkey).startswith("verified")
    assert "FORK" in verdict(auditcheck, bundle, exported.trail.vkey, *kept)


def test_go_catches_an_older_copy_with_a_kept_checkpoint(auditcheck, exported, bundle, tmp_path):
    resign(bundle, exported, lines_of(bundle)[:10])
    kept = kept_files(exported, tmp_path)

    assert verdict(auditcheck, bundle, exported.trail.vkey).startswith("verified")
    assert "ROLLBACK" in verdict(auditcheck, bundle, exported.trail.vkey, *kept)
