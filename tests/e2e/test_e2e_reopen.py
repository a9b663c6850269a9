"""Going on knowingly from a vault that is read-only: what was spent and withdrawn stays so, and the trail says it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps import sweep
from tests.worlds.approving import approve
from tests.worlds.campaigns import another, campaign, held, joined, round_of
from tests.worlds.commands import Outcome, run
from tests.worlds.importing import import_file
from tests.worlds.older_parts import PAGE, pages_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.text import request_facts, wording
from vault.errors.campaigns import CampaignOver
from vault.errors.rollback import MarkNotWritten, OlderVault, OtherCopyUsed
from vault.errors.storage import DiskFailing
from vault.lifecycle import opened
from vault.sealing.copies import FILE_NAMES
from vault.sealing.slots import TEST_COST
from vault.store.high_water import write_mark
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

NEW = "another horse battery staple"


def flat(text: str) -> str:
    return " ".join(text.split())


def reopened(world: World, *, secret: str = PASSPHRASE) -> Outcome:
    """Look at what it would mean, and then do it."""
    shown = json.loads(run(world.paths, "reopen", "--dry-run", "--json", secret=secret).out)
    return run(world.paths, "reopen", "--confirm", shown["confirm"], secret=secret)


def facts(world: World, *words: str) -> list[dict[str, object]]:
    found = run(world.paths, *words, "--json")
    assert found.code == 0, found.err
    return [json.loads(line) for line in found.out.splitlines()]


@pytest.fixture(scope="module")
def older_template(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Today's vault as it was before its consent was withdrawn, a job was paid for and a token was revoked."""
    today = copy_of(today_template, tmp_path_factory.mktemp("older") / "copy")
    kept = today.folder / "older.db"
    with today.vault() as vault:
        vault.issue_token(NAME)
    shutil.copy(today.paths.database, kept)
    with today.vault() as vault:
        waiting = next(one for one in vault.requests() if one.state == "waiting")
        digest = vault.request(waiting.id).manifest_digest
        vault.approve(waiting.id, manifest_digest=digest, draft=True)
        vault.train(waiting.id, progress=lambda _step, _of: None)
        for one in vault.grants():
            if one.state in ("active", "used up"):
                vault.withdraw(one.id)
        vault.revoke_tokens(NAME)
    shutil.copy(kept, today.paths.database)
    return today


@pytest.fixture
def older(older_template: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copy_of(older_template, tmp_path / "copy")


def remembered(world: World) -> dict[str, list[int]]:
    """What this computer remembers as spent."""
    found: dict[str, list[int]] = json.loads(next(world.paths.state.iterdir()).read_text())["mark"]["spent"]
    return found


def newest_number(world: World) -> int:
    return max(map(int, remembered(world)))


def used(world: World) -> float:
    return max(float(str(line["used_percent"])) for line in facts(world, "budget") if "used_percent" in line)


def test_a_backup_is_gone_on_from_and_nothing_spent_or_withdrawn_becomes_less(older: World) -> None:
    assert run(older.paths, "requester", "block", NAME).code == 7
    before = used(older)
    assert run(older.paths, "data", "erase", "nights", "--dry-run").code == 7
    shown = run(older.paths, "reopen", "--dry-run")
    assert (shown.code, "later events that this computer has seen, for good" in flat(shown.err)) == (0, True)
    assert "1 held update destroyed" in flat(shown.err)
    assert "of its lifetime budget counts as used" in flat(shown.err)
    assert "newer copy of this vault on this computer can only be read" in flat(shown.err)
    assert run(older.paths, "requester", "block", NAME).code == 7, "a dry run changes nothing"

    done = reopened(older)
    assert (done.code, "can be written to again" in done.err) == (0, True), done.err
    assert "this copy records nothing that left this computer; later" in flat(run(older.paths, "status").out)
    assert used(older) > before
    assert {one["state"] for one in facts(older, "consent", "list")} <= {"withdrawn", "expired"}
    assert {one["state"] for one in facts(older, "request", "list")} <= {"refused_person", "destroyed"}
    assert "You went on from here although an older copy was put back" in flat(
        run(older.paths, "audit", "show").out
    )
    with older.vault() as vault:
        assert vault.rollback_reason == ""
        refused = {request_facts.state(one) for one in vault.requests() if one.state == "refused_person"}
        assert refused == {request_facts.REOPENED}
        ended = next(one.id for one in vault.requests() if one.ended_with == "reopening")
        assert ("because", "the vault was reopened from an older copy") in request_facts.why_it_stands(
            vault.request(ended)
        )
        assert not [one for one in vault.releases() if one.state == "held"]
    assert run(older.paths, "requester", "block", NAME).code == 0
    assert "what this computer has seen of it before" in flat(run(older.paths, "audit", "verify").err)
    carried = "What this computer remembers as spent is carried over to the privacy budget of nights."
    assert carried in flat(run(older.paths, "audit", "show").out)
    (point,) = [one for one in facts(older, "budget", "--history") if not one["request"]]
    assert point["requester"] == ""
    assert "nights carried over none" in flat(run(older.paths, "budget", "--history").out)
    (line,) = [one for one in facts(older, "budget") if one.get("requester", "") is None]
    assert line["is_carried"]
    assert f"{wording.counted(line['jobs'], 'job')} and what was carried over" in flat(
        run(older.paths, "budget").out
    )


def test_what_was_remembered_as_spent_is_spent_for_the_next_job_too(older: World) -> None:
    before = remembered(older)
    reopened(older)
    after = json.loads(next(older.paths.state.iterdir()).read_text())["mark"]

    assert after["spent"] == before
    assert after["has_digest"] is True


def test_what_was_spent_of_a_shared_budget_is_spent_without_the_collection_that_it_was_for(
    known_world: World,
) -> None:
    """The copy has only the collection with which the one that was learned from was joined."""
    world, copy = known_world, known_world.folder / "older.db"
    more = world.folder / "more.csv"
    with world.vault() as vault:
        import_file(vault, FileChoice(path=world.table(), name="first", unit="day", time_field="day"))
    shutil.copy(world.paths.database, copy)
    more.write_bytes((world.folder / "nights.csv").read_bytes() + b"\n")
    choice = FileChoice(path=more, name="nights", unit="day", time_field="day", lifetime="3")
    with world.vault() as vault:
        import_file(vault, choice)
        request = vault.submit(world.folder / "job").line.id
        approve(vault, request, draft=True)
        vault.train(request)
        before = vault.budget()[0]
    shutil.copy(copy, world.paths.database)

    assert (before.members, before.lifetime_epsilon) == (("first", "nights"), "3")
    assert before.used_percent > 0
    with world.vault() as vault:
        vault.reopen(confirm=vault.preview_reopen().confirm)
        after = vault.budget()[0]
        assert (after.used_percent, after.lifetime_epsilon) == (before.used_percent, before.lifetime_epsilon)
        import_file(vault, FileChoice(path=world.table("s.csv", seed=9), name="strangers"))
        assert import_file(vault, choice).joined == ("first",)
        shown = {line.members: line.used_percent for line in vault.budget() if line.requester is None}
    assert shown == {("first", "nights"): before.used_percent, ("strangers",): 0}


@pytest.mark.slow
def test_campaigns_end_with_their_rounds_and_no_round_comes_any_more(known_world: World) -> None:
    """One is joined, with a held update and an approved round; one waits, and so does its round."""
    world, copy = known_world, known_world.folder / "older.db"
    world.clock.now = datetime.now(UTC)
    folder = campaign(world)
    other = another(world, folder, "other")
    with world.vault() as vault:
        world.imported(vault)
        left, first = joined(vault, folder), held(vault, folder, 1)
        second = vault.submit(round_of(folder, 2)).line.id
        waiting = vault.submit_campaign(other).line.id
        early = vault.submit(round_of(other, 1)).line.id
    shutil.copy(world.paths.database, copy)
    with world.vault() as vault:
        vault.trust_requester(NAME)
    shutil.copy(copy, world.paths.database)
    with world.vault() as vault:
        assert vault.preview_reopen().consents == vault.status().grants_active

    assert reopened(world).code == 0
    with world.vault() as vault:
        assert {one.id: one.state for one in vault.campaigns()} == {left: "left", waiting: "refused"}
        assert {one.id: one.state for one in vault.requests()} == {
            first: "destroyed",
            second: "refused_person",
            early: "refused_person",
        }
        assert [one.state for one in vault.grants()] == ["withdrawn"]
        with pytest.raises(CampaignOver):
            vault.submit(round_of(folder, 3))
        vault.verify_audit()


@pytest.mark.parametrize("given", sweep([("--confirm", "00000000"), ()]))
def test_without_what_was_shown_nothing_is_reopened(older: World, given: tuple[str, ...]) -> None:
    before = older.paths.database.read_bytes()
    refused = run(older.paths, "reopen", *given)
    assert (refused.code, "Nothing was reopened".lower() in flat(refused.err).lower()) == (4, True), (
        refused.err
    )
    assert "without a terminal: lockbox reopen --confirm LETTERS" in flat(refused.err)
    assert (
        older.paths.database.read_bytes()[PAGE:] == before[PAGE:]
    )  # opening alone seals the first page anew
    assert run(older.paths, "reopen", "--dry-run", secret="a wrong one").code == 3


@pytest.mark.slow
def test_a_damaged_mark_is_written_anew_and_everything_stays_as_it_is(today: World) -> None:
    before = facts(today, "consent", "list"), facts(today, "request", "list"), used(today)
    mark = next(today.paths.state.iterdir())
    mark.write_text("{}")
    shown = flat(run(today.paths, "reopen", "--dry-run").err)
    assert "nothing on this computer shows whether that is all of them" in shown
    assert "Consents, requests and tokens stay as they are." in shown
    assert reopened(today).code == 0
    assert before == (facts(today, "consent", "list"), facts(today, "request", "list"), used(today))
    shown = flat(run(today.paths, "audit", "show").out)
    assert "although the reminder of it on this computer was damaged" in shown
    assert str(today.folder) not in shown
    assert run(today.paths, "requester", "block", NAME).code == 0
    assert len(json.loads(mark.read_text())) == 3


def test_a_folder_in_the_place_of_the_mark_has_to_be_taken_away_first(today: World) -> None:
    mark = next(today.paths.state.iterdir())
    mark.unlink()
    mark.mkdir()
    assert run(today.paths, "status").code == 0
    found = reopened(today)
    assert (found.code, str(today.paths.state) in flat(found.err)) == (7, True), found.err


def test_a_mixture_is_gone_on_from_with_everything_ended(today: World) -> None:
    before = today.paths.database.read_bytes()
    with today.vault() as vault:
        vault.grant(
            requester=NAME, collection="nights", fields=["steps"], purpose="AcademicResearch",
            not_after=today.clock.now.replace(microsecond=0).replace(year=today.clock.now.year + 1),
        )  # fmt: skip
        numbers = pages_of(today, "requester")
        vault.trust_requester(NAME)
    now = bytearray(today.paths.database.read_bytes())
    for number in numbers:
        now[PAGE * number : PAGE * (number + 1)] = before[PAGE * number : PAGE * (number + 1)]
    today.paths.database.write_bytes(now)
    assert run(today.paths, "requester", "block", NAME).code == 6
    assert reopened(today).code == 0
    assert {one["state"] for one in facts(today, "consent", "list")} <= {"withdrawn", "expired"}
    assert run(today.paths, "requester", "block", NAME).code == 0


def test_a_key_header_that_the_owner_put_back_is_taken_as_the_vaults_own(today: World) -> None:
    before = {name: (today.paths.vault / name).read_bytes() for name in FILE_NAMES}
    Vault.change_passphrase(
        today.paths, passphrase_secret(PASSPHRASE), passphrase_secret(NEW), cost=TEST_COST
    )
    for name, data in before.items():
        (today.paths.vault / name).write_bytes(data)
    assert run(today.paths, "requester", "block", NAME).code == 6
    assert reopened(today).code == 0
    assert run(today.paths, "requester", "block", NAME).code == 0
    assert run(today.paths, "status", secret=NEW).code == 3


def test_what_is_damaged_is_not_gone_on_from(today: World) -> None:
    (page,) = pages_of(today, "charge")[:1]
    data = bytearray(today.paths.database.read_bytes())
    data[PAGE * page + 100] ^= 1
    today.paths.database.write_bytes(data)
    assert run(today.paths, "reopen", "--dry-run").code == 6
    assert run(today.paths, "requester", "block", NAME).code == 6


def test_a_vault_that_can_be_written_to_has_nothing_to_reopen(today: World) -> None:
    found = run(today.paths, "reopen", "--dry-run")
    assert (found.code, "there is nothing to reopen" in flat(found.err)) == (1, True)


def test_it_is_done_where_no_other_process_has_the_vault_open(today: World, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "nothing", ignore_errors=True)
    with today.vault():
        assert run(today.paths, "reopen", "--dry-run").code == 7


def test_the_number_of_a_collection_that_two_copies_lack_is_given_to_no_other(today: World) -> None:
    """Nothing was spent on it, so that only its number is remembered, over both of them."""
    copy = today.folder / "older.db"
    shutil.copy(today.paths.database, copy)
    with today.vault() as vault:
        import_file(vault, FileChoice(path=today.table("s.csv", seed=9), name="strangers"))
    newest = newest_number(today)
    for _ in range(2):
        shutil.copy(copy, today.paths.database)
        reopened(today)
    with today.vault() as vault:
        import_file(vault, FileChoice(path=today.table("t.csv", seed=10), name="others"))
    assert newest_number(today) == newest + 1


@pytest.mark.parametrize("passed", [1, 0])
def test_what_two_copies_spent_apart_is_spent_together_where_they_meet(
    approved_today: World, passed: int
) -> None:
    """One request run in both, in one on another computer, of which this one knows nothing; at one moment too."""
    here, copy = approved_today, approved_today.folder / "copy.db"
    there = replace(here, paths=replace(here.paths, state=here.folder / "state of another computer"))
    shutil.copy(here.paths.database, copy)
    for world in (here, there):
        shutil.copy(copy, here.paths.database)
        world.clock.forward(seconds=passed)
        with world.vault() as vault:
            vault.train(next(one.id for one in vault.requests() if one.state == "approved"))
    (once,) = remembered(there).values()
    assert once == next(iter(remembered(here).values()))

    for _ in range(2):
        reopened(here)
        assert remembered(here) == {"1": [2 * cost for cost in once]}
        shutil.copy(copy, here.paths.database)


def test_a_vault_that_is_open_while_a_copy_of_it_is_used_spends_nothing_more(approved_today: World) -> None:
    """Its own mark would forget what the copy spent; going on from it counts that."""
    copy = replace(
        approved_today, paths=replace(approved_today.paths, vault=approved_today.folder / "another folder")
    )
    shutil.copytree(approved_today.paths.vault, copy.paths.vault)
    with approved_today.vault() as vault:
        request = next(one.id for one in vault.requests() if one.state == "approved")
        with copy.vault() as other:
            other.train(request)
        spent = remembered(approved_today)
        with pytest.raises(OlderVault, match="another copy of it was used on this computer meanwhile"):
            vault.train(request)
        with pytest.raises(OlderVault):
            vault.trust_requester(NAME)
        assert remembered(approved_today) == spent
        vault.reopen(confirm=vault.preview_reopen().confirm)
        assert vault.trust_requester(NAME) is None
    assert remembered(approved_today) == spent
    with copy.vault() as other:
        assert "its history is not the one seen before" in other.rollback_reason


def test_an_act_beside_a_copy_that_is_used_is_said_to_be_stored(today: World) -> None:
    copy = replace(today, paths=replace(today.paths, vault=today.folder / "another folder"))
    with today.vault() as vault:
        shutil.copytree(today.paths.vault, copy.paths.vault)
        with copy.vault() as other:
            other.trust_requester(NAME)
        with pytest.raises(OtherCopyUsed, match="stored and recorded, but another copy"):
            vault.trust_requester(NAME)
        assert "another copy of it" in vault.rollback_reason


def test_a_mark_that_a_failing_disk_replaced_all_the_same_is_this_copys_own(
    today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder may be the only thing that could not be made durable."""

    def fail_afterwards(*of_it: Any) -> None:
        write_mark(*of_it)
        raise DiskFailing(path=today.paths.state)

    with today.vault() as vault:
        monkeypatch.setattr(opened, "write_mark", fail_afterwards)
        with pytest.raises(MarkNotWritten) as said:
            vault.trust_requester(NAME)
        assert type(said.value) is MarkNotWritten
        monkeypatch.undo()
        vault.trust_requester(NAME)
        assert vault.rollback_reason == ""
