"""A vault of the program that kept states and times as plain text: shown, written to and verified the same.

`vectors/r0002` was made by the program of commit 60af0fe, whose code knew no words and no times in these columns, and
is never made again: two collections (one erased), three requesters, consents in every state, one request each that was
released, withheld, refused, is held, is approved, waits. `shown.json` is what that program showed of it five minutes
later.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    PASSPHRASE,
    VECTORS,
    by_key,
    copy_of,
    database_key,
    migrate,
    misspelt,
    raw,
    rows,
    shown,
    within,
)

from vault.lifecycle.open import open_vault
from vault.requester.keys import keygen
from vault.requester.releases import verify_release
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret

THAT_DAY = datetime(2026, 11, 21, 12, 5, 30, 250_000, tzinfo=UTC)
SHOWN: dict[str, Any] = json.loads((VECTORS / "r0002" / "shown.json").read_text())


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault, brought to the newest schema and otherwise as it was."""
    paths = copy_of("r0002", tmp_path)
    migrate(paths, database_key("r0002"))
    return paths


@pytest.fixture(scope="module")
def key() -> bytes:
    """The database key of the frozen vault."""
    return database_key("r0002")


def opened(paths: Paths, *, writable: bool = True) -> Vault:
    return Vault.open(paths, passphrase_secret(PASSPHRASE), writable=writable, clock=lambda: THAT_DAY)


def test_everything_is_shown_as_before(old: Paths) -> None:
    # Brought to the newest schema, and nothing settled that became due since.
    open_vault(old, passphrase_secret(PASSPHRASE), writable=True).close()
    with opened(old, writable=False) as vault:
        now = shown(vault)

    assert within(SHOWN, now) == SHOWN


def test_it_is_written_to_and_every_other_row_stays_byte_by_byte(
    old: Paths, key: bytes, tmp_path: Path
) -> None:
    with raw(old, key) as connection:
        before = rows(connection)
    with opened(old) as vault:
        state = {one.state: one.id for one in vault.requests()}
        ends = {one.state: one.id for one in vault.grants()}
        digest = vault.request(state["waiting"]).manifest_digest
        vault.approve(state["waiting"], manifest_digest=digest, draft=True)
        vault.train(state["waiting"], progress=lambda _step, _of: None)
        vault.withhold(state["held"])
        vault.withdraw(ends["active"])
        vault.block_requester("Heart group")
        vault.add_requester("Night shift", keygen(tmp_path / "night").public)
        vault.issue_token("Night shift")
        vault.verify_audit()
    with raw(old, key) as connection:
        after = rows(connection)

    assert misspelt(before) == misspelt(after) == []
    names = {row["name"]: row["id"] for row in before["requester"]}
    changed = {
        ("request", state["waiting"]),
        ("request", state["held"]),
        ("held", state["held"]),
        ("grant", ends["active"]),
        ("grant", ends["expired"]),
        ("requester", names["Heart group"]),
        ("vault_fact", "audit.compact_range"),
        ("sqlite_sequence", "charge"),
        ("sqlite_sequence", "disclosure"),
    }
    was, became = by_key(before), by_key(after)
    assert ("row_digest", 1) in became.keys() - was.keys()
    assert ("vault_fact", "keys.header") in became.keys() - was.keys()
    # A later revision gives the rows of some tables more columns.
    there = {name: {one: became.get(name, {}).get(one) for one in row} for name, row in was.items()}
    assert changed == {name for name, row in was.items() if there[name] != row}
    assert {table for table, _ in became.keys() - was.keys()} == {
        *("access_token", "charge", "disclosure", "grant", "held", "log_entry"),
        *("requester", "row_digest", "vault_fact"),
    }
    with opened(old, writable=False) as vault:
        assert vault.verify_audit().size == len(after["log_entry"]) > SHOWN["verify_audit"]["size"]


def test_the_update_that_is_held_loses_the_minute_it_was_held(old: Paths, tmp_path: Path) -> None:
    """The first writing opening rewrites what that program said about it, once, and the trail says so."""
    open_vault(old, passphrase_secret(PASSPHRASE), writable=True).close()
    with opened(old, writable=False) as vault:
        (before,) = [one for one in vault.releases() if one.state == "held"]
        size = vault.verify_audit().size
    with opened(old) as vault:
        (after,) = [one for one in vault.releases() if one.state == "held"]
        lines = vault.audit_lines()
        vault.settle()
        assert vault.audit_lines() == lines
        (tmp_path / "vault.pub").write_text(vault.vault_key(after.recipient))
        vault.send(after.id, confirm_digest=after.digest, to=tmp_path / "out")
    release = json.loads((tmp_path / "out" / "release.json").read_bytes())

    assert before.digest != after.digest
    assert (before.update_sha256, before.epsilon, before.fields_used) == (
        *(after.update_sha256, after.epsilon, after.fields_used),
    )
    assert (release["v"], "held_at" in release, release["job"]) == (2, False, {"kind": "train"})
    said = [line for line in lines[size:] if f"run {after.id[:8]}: no time stands in it" in line.sentence]
    assert [line.type for line in said] == ["settings.change"]
    assert verify_release(tmp_path / "out", tmp_path / "vault.pub").digest == after.digest
