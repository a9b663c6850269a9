"""A drill is no request: whatever is decided about it, nothing is approved, paid or sent, and the trail says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.worlds.approving import approve
from tests.worlds.campaigns import campaign, joined, round_of
from tests.worlds.drilled import DRAWN_BY, LONGEST, the_drill, until_one_comes
from tests.worlds.world import NAME, World
from vault.audit.entries import EntryType, parse_entry
from vault.errors.families import LockboxError
from vault.errors.release import UnknownRelease
from vault.errors.requests import UnknownRefusal, UnknownRequest, WasDrill
from vault.records.collections import find_collection
from vault.records.schema import FieldSpec
from vault.requests import drills
from vault.requests.drill_changes import PLANTED, changed_manifests
from vault.requests.parse import parse_manifest
from vault.store.tables import ChargeRow, GrantRow, HeldRow, LogEntry, RefusalRow, RequestRow
from vault.vault import Vault
from vault.views.field_types import FieldType, Sensitivity
from vault.views.requests import RequestLine

TABLES = (RequestRow, GrantRow, ChargeRow, HeldRow, RefusalRow)


DECISIONS: dict[str, Callable[[Vault, str], object]] = {
    "approve": lambda vault, one: approve(vault, one, draft=True),
    "refuse": lambda vault, one: vault.refuse(one),
}


ENDED = {"approve": "approved", "refuse": "refused"}


@pytest.fixture
def drilled(drilled_world: World) -> Iterator[tuple[World, Vault]]:
    with drilled_world.vault() as vault:
        yield drilled_world, vault


def stored(vault: Vault) -> list[Any]:
    """Every row that a decision about a request could write or change."""
    with vault._opened.read() as uow:
        return [sorted(map(str, uow.find(table))) for table in TABLES]


def new_types(vault: Vault, since: int) -> list[str]:
    with vault._opened.read() as uow:
        rows = [uow.get(LogEntry, seq) for seq in range(since, uow.count(LogEntry))]
        return [parse_entry(row.body, what="an entry").kind.value for row in rows if row is not None]


def decided(vault: Vault, how: str) -> str:
    one = the_drill(vault)
    with pytest.raises(WasDrill) as raised:
        DECISIONS[how](vault, one.id)
    return str(raised.value)


def test_none_comes_unless_they_are_switched_on(held_world: World) -> None:
    with held_world.vault() as vault:
        assert not vault.status().are_drills_on
        for _ in range(3):
            held_world.days_pass(vault, 14)
            assert len(vault.requests()) == 1


def test_it_looks_like_a_request_of_theirs_with_something_otherwise(drilled: tuple[World, Vault]) -> None:
    _, vault = drilled
    drill, real = the_drill(vault), next(one for one in vault.requests() if one.state != "waiting")
    assert (drill.requester, drill.collection, drill.requester_status) == (NAME, "nights", "new")
    assert len(drill.id) == len(real.id)
    shown = vault.preview_approval(drill.id[:8], draft=True, optional=frozenset())
    assert (shown.compared_to, bool(shown.changes), shown.request.obstacle) == (real.id, True, "")
    assert vault.explain_request(drill.id).fields
    assert vault.status().requests_waiting == 1
    digest = vault.digest()
    assert ([one.id for one in digest.waiting], digest.asked, digest.drills) == ([drill.id], (), ())
    assert "drill" not in repr((drill, shown))


@pytest.mark.parametrize("how", ["approve", "refuse"])
def test_a_decision_about_it_changes_nothing_and_stands_on_the_trail_as_a_look(
    drilled: tuple[World, Vault], how: str
) -> None:
    _, vault = drilled
    drill, before, since = the_drill(vault), stored(vault), vault.status().audit_entries
    changes = vault.preview_approval(drill.id, draft=True, optional=frozenset()).changes
    said = decided(vault, how)
    assert said.startswith("This was a drill: nobody sent it, and nothing was approved, paid or run.")
    assert ("went unnoticed" if how == "approve" else "was noticed") in said
    assert all(one.words in said for one in changes)
    assert stored(vault) == before
    assert new_types(vault, since) == ["access.view"]
    (line,) = vault.audit_lines(newest=1)
    assert line.sentence == f"You looked at {drills.LOOK}; you {ENDED[how]} it."
    hidden = {one.name: one.value for one in vault.hidden_fields(line.seq)}
    assert hidden["like"] == f"{NAME}, nights"
    assert all(one.words in hidden["change"] for one in changes)
    assert [one.state for one in vault.requests()] == ["expired"]
    (told,) = vault.digest().drills
    assert told.startswith(f"A drill, which nobody sent; you {ENDED[how]} it.")
    assert hidden["change"] in told
    with pytest.raises(UnknownRequest):
        vault.request(drill.id)


ACTS: dict[str, tuple[type[LockboxError], Callable[[Vault, RequestLine], object]]] = {
    "train": (UnknownRequest, lambda vault, one: vault.train(one.id)),
    "stop_training": (UnknownRequest, lambda vault, one: vault.stop_training(one.id)),
    "lift_refusal": (UnknownRequest, lambda vault, one: vault.lift_refusal(one.id)),
    "release": (UnknownRelease, lambda vault, one: vault.release(one.id)),
    "withhold": (UnknownRelease, lambda vault, one: vault.withhold(one.id)),
    "send": (UnknownRelease, lambda vault, one: vault.send(one.id, confirm_digest="0" * 64)),
}


@pytest.mark.parametrize("is_approved", [False, True])
def test_nothing_runs_or_sends_it_before_or_after_it_was_approved(
    drilled: tuple[World, Vault], is_approved: bool
) -> None:
    _, vault = drilled
    one = the_drill(vault)
    if is_approved:
        decided(vault, "approve")
    before = stored(vault)
    for error, call in ACTS.values():
        with pytest.raises(error):
            call(vault, one)
    assert stored(vault) == before


def test_its_requester_hears_nothing_of_it_and_a_no_to_it_holds_against_nobody(
    drilled: tuple[World, Vault],
) -> None:
    world, vault = drilled
    drill = vault.request(the_drill(vault).id)
    (who,) = vault.requesters()
    for how in ("", "refuse"):
        if how:
            decided(vault, how)
        with pytest.raises(UnknownRequest):
            vault.job_state(who.id, drill.job_id)
    asked = vault.submit(world.job("another", epsilon="0.5"))
    assert (asked.line.state, asked.no_until) == ("waiting", "")
    with pytest.raises(UnknownRefusal):
        vault.lift_refusal(asked.line.id)


def test_outsiders_see_no_request_in_it_and_no_approval(drilled: tuple[World, Vault]) -> None:
    world, vault = drilled
    since = vault.status().audit_entries
    decided(vault, "approve")
    vault.export_audit(world.folder / "trail")
    entries = (world.folder / "trail" / "entries.jsonl").read_text().splitlines()[since:]
    assert [parse_entry(line.encode(), what="an entry").kind.value for line in entries] == [
        "access.view",
        "export",
    ]
    assert parse_entry(entries[0].encode(), what="an entry").clear == {}
    assert all("drill" not in file.read_text() for file in (world.folder / "trail").rglob("*.jsonl"))


def test_another_one_comes_after_it_and_none_when_they_are_switched_off(
    drilled: tuple[World, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, vault = drilled
    monkeypatch.setattr(drills, "random_id", lambda: DRAWN_BY)
    decided(vault, "refuse")
    until_one_comes(world, vault)
    vault.set_drills(False)
    assert [one.state for one in vault.requests()] == ["expired"]
    (line,) = vault.audit_lines(newest=1)
    assert line.sentence == "You changed drills, to off."


def test_one_that_nobody_decides_passes_and_leaves_no_entry(drilled: tuple[World, Vault]) -> None:
    world, vault = drilled
    since = vault.status().audit_entries
    world.clock.forward(days=7)
    assert [one.state for one in vault.requests()] == ["expired"]
    assert vault.status().audit_entries == since


def test_to_block_whom_it_looks_like_blocks_them_and_ends_it_on_record(drilled: tuple[World, Vault]) -> None:
    _, vault = drilled
    since = vault.status().audit_entries
    vault.block_requester(NAME)
    assert new_types(vault, since)[:2] == ["access.view", "requester.block"]
    assert "you blocked them while it waited" in vault.audit_lines()[since].sentence
    assert [one.state for one in vault.requests()] == ["expired"]


def test_a_round_of_a_campaign_is_nothing_that_a_drill_looks_like(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_world.vault() as vault:
        monkeypatch.setattr(drills, "random_id", lambda: DRAWN_BY)
        vault.set_drills(True)
        with vault._opened.act() as act:
            (row,) = act.uow.find(RequestRow)
            row.campaign_id = "0" * 32
            act.record(EntryType.SETTINGS_CHANGE, hidden={})
        for _ in range(LONGEST.days + 1):
            assert len(vault.requests()) == 1
            held_world.clock.forward(days=1)


@pytest.mark.slow
def test_a_true_round_of_a_campaign_is_nothing_that_a_drill_looks_like(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        folder = campaign(world)
        joined(vault, folder)
        vault.submit(round_of(folder, 1))
        vault.set_drills(True)
        for _ in range(LONGEST.days + 1):
            assert len(vault.requests()) == 1
            world.clock.forward(days=1)


def test_jobs_on_records_that_were_erased_keep_no_drill_away(drilled: tuple[World, Vault]) -> None:
    _, vault = drilled
    before = the_drill(vault)
    with vault._opened.act() as act:
        (row,) = act.uow.find(RequestRow)
        known = {name: getattr(row, name) for name in RequestRow.model_fields}
        for number in range(20):
            one = {"id": f"{number:032x}", "job_id": f"{number:032x}", "collection": f"gone {number}"}
            act.uow.add(RequestRow(**(known | one)))
        act.record(EntryType.SETTINGS_CHANGE, hidden={})

    assert the_drill(vault) == before


def test_each_planted_change_is_one_that_a_job_can_have(held_world: World) -> None:
    with held_world.vault() as vault, vault._opened.read() as uow:
        manifest = parse_manifest(uow.find(RequestRow)[0].manifest)
        facts = find_collection(uow, "nights")
    more = FieldSpec(name="pulse", type=FieldType.INT, sensitivity=next(iter(Sensitivity)))
    wider = replace(facts, fields=(*facts.fields, more))
    found = list(changed_manifests(manifest, wider, first=0, renewed={}))
    assert (
        len(found)
        == len({one.model_dump_json() for one in found} - {manifest.model_dump_json()})
        == len(PLANTED)
    )
    assert {name for one in found for name in one.required - manifest.required} == {"pulse"}
