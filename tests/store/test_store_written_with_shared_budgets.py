"""A vault with shared budgets, noes that hold and updates to be fetched: shown, written to and verified the same.

`vectors/r0005` was made by the program of commit 250184f and is never made again: two collections of the same days
under one budget and an erased one; three requesters, one with a token that was revoked, one with a token that opens;
consents that are in force, used up, expired and withdrawn; a request each that was withheld, refused, refused by that
no, refused and let in again, is held, is approved, waits, and two that were released, one into a folder and one to be
fetched. `shown.json` is what that program showed of it five minutes later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_vaults import (
    WITH_SHARED_BUDGETS,
    by_key,
    database_key,
    misspelt,
    raw,
    rows,
)

from vault.requester.keys import keygen
from vault.settings import Paths

TOKEN = "wclZnX2ppH67RcPhWJ53OKy6vnF2VJbZwtj1NIuDm6Q"
SHOWN: dict[str, Any] = WITH_SHARED_BUDGETS.shown_then()


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    """A copy of the frozen vault."""
    return WITH_SHARED_BUDGETS.copied(tmp_path)


@pytest.fixture(scope="module")
def key() -> bytes:
    """The database key of the frozen vault."""
    return database_key("r0005")


def test_its_budget_its_noes_and_what_can_be_fetched_go_on(old: Paths, key: bytes) -> None:
    with raw(old, key) as connection:
        before = rows(connection)
    names = {row["name"]: str(row["id"]) for row in before["requester"]}
    jobs = {(row["requester_id"], row["state"]): str(row["job_id"]) for row in before["request"]}
    with WITH_SHARED_BUDGETS.opened(old) as vault:
        lab, heart = names["Sleep lab"], names["Heart group"]
        (until,) = {row["until"] for row in before["refusal"] if row["lifted_at"] is None}
        refused = vault.job_state(heart, jobs[heart, "refused_policy"])
        assert (refused.word.value, refused.until) == ("refused", str(until)[:10])
        ends = {row["request_id"]: row["fetch_until"] for row in before["held"]}
        for row in before["request"]:
            if row["state"] == "released" and ends[row["id"]]:
                assert len(vault.released_files(lab, str(row["job_id"]))) == 3
        assert {line.members for line in vault.budget() if line.collection == "nights"} == {
            ("nights", "nights again")
        }


def test_it_is_written_to_and_every_other_row_stays_byte_by_byte(
    old: Paths, key: bytes, tmp_path: Path
) -> None:
    with raw(old, key) as connection:
        before = rows(connection)
    with WITH_SHARED_BUDGETS.opened(old) as vault:
        state = {one.state: one.id for one in vault.requests()}
        names = {row["name"]: row["id"] for row in before["requester"]}
        (grant,) = {row["grant_id"] for row in before["request"] if row["id"] == state["approved"]}
        (no,) = [row["id"] for row in before["refusal"] if row["lifted_at"] is None]
        assert vault.token_holder(TOKEN) == names["Sleep lab"]
        vault.train(state["approved"], progress=lambda _step, _of: None)
        vault.withhold(state["held"])
        vault.refuse(state["waiting"])
        vault.lift_refusal(state["refused_policy"])
        vault.revoke_tokens("Sleep lab")
        vault.add_requester("Night shift", keygen(tmp_path / "night").public)
        vault.erase_collection("nights again")
        vault.verify_audit()
    with raw(old, key) as connection:
        after = rows(connection)
    was, became = by_key(before), by_key(after)
    there = {name: {one: became.get(name, {}).get(one) for one in row} for name, row in was.items()}
    changed = {name for name, row in was.items() if there[name] != row}
    again = next(row["id"] for row in before["collection"] if row["name"] == "nights again")
    erased = {name for name, row in was.items() if row.get("collection_id") == again}
    forgotten = {name for name in changed if name[0] == "disclosure" and name not in became}
    assert misspelt(after) == []
    assert erased | forgotten < changed
    assert changed - erased - forgotten == {
        *(("request", state[each]) for each in ("approved", "held", "waiting")),
        *(("held", state["held"]), ("grant", grant), ("refusal", no), ("collection", again)),
        *(("access_token", row["id"]) for row in before["access_token"] if row["revoked_at"] is None),
        *(("alembic_version", "0005"), ("row_digest", 1), ("vault_fact", "audit.compact_range")),
        *(("sqlite_sequence", "charge"), ("sqlite_sequence", "disclosure")),
    }
    assert {table for table, _ in became.keys() - was.keys()} == {
        *(
            "alembic_version",
            "charge",
            "disclosure",
            "held",
            "log_entry",
            "refusal",
            "requester",
            "vault_fact",
        ),
    }
    assert ("vault_fact", "trail.moment") in became.keys() - was.keys()
    with WITH_SHARED_BUDGETS.opened(old, writable=False) as vault:
        assert vault.verify_audit().size == len(after["log_entry"]) > SHOWN["verify_audit"]["size"]
        assert vault.rollback_reason == ""
