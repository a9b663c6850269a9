"""An older vault put back is noticed, wholly or page by page, and takes back no withdrawal and no spent budget."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.sweeps import sweep
from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, World
from tui.cli.exit_codes import exit_code
from vault.audit.log import log_root
from vault.errors.families import Broken, LockboxError
from vault.errors.rollback import MarkDamaged, MarkNotWritten, MarkUnwritable, MixedVault, OlderVault
from vault.errors.training import RunLost
from vault.lifecycle import open as opening
from vault.lifecycle import opened as open_module
from vault.lifecycle.folder import database_file
from vault.lifecycle.opened import mark_mac
from vault.requester.keys import keygen
from vault.settings import Paths
from vault.store.high_water import Mark, read_mark, write_mark
from vault.store.tables import ChargeRow
from vault.training import process
from vault.vault import Vault
from vault.views.records import FileChoice

Quiet = Callable[[int, int], None]
COMPANIONS = ("vault.db", "vault.db-wal", "vault.db-shm")


@pytest.fixture
def approved_world(approved_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A vault with one approved request, and a learner that takes no time."""
    world = copy_of(approved_template, tmp_path / "copy")
    command = learners.pretended(learners.zeros(world.folder / "job"), pause=0)
    monkeypatch.setattr(process, "COMMAND", command)
    return world


def kept(world: World, name: str) -> Path:
    """A copy of the database as it lies there now."""
    folder = world.folder / name
    folder.mkdir()
    for file in COMPANIONS:
        if (world.paths.vault / file).exists():
            shutil.copy2(world.paths.vault / file, folder / file)
    return folder


def put_back(world: World, **sources: Path) -> None:
    """Replace the database by what was kept: `db` from one folder, `wal` from another or from none."""
    for file in COMPANIONS:
        (world.paths.vault / file).unlink(missing_ok=True)
    shutil.copy2(sources["db"] / "vault.db", world.paths.vault)
    if "wal" in sources:
        shutil.copy2(sources["wal"] / "vault.db-wal", world.paths.vault)


def pages(folder: Path) -> list[bytes]:
    """The pages of a database that nobody has open."""
    data = (folder / "vault.db").read_bytes()
    return [data[at : at + 4096] for at in range(0, len(data), 4096)]


def request_of(vault: Vault) -> str:
    return vault.requests()[0].id


def spend_and_withdraw(vault: Vault, quiet: Quiet) -> None:
    vault.train(request_of(vault), progress=quiet)
    vault.withdraw(vault.grants()[0].id)


def mark_file(world: World) -> Path:
    (path,) = world.paths.state.iterdir()
    return path


# an older copy ------------------------------------------------------------------------------------------------


def test_an_older_copy_opens_read_only_and_says_why(approved_world: World, quiet: Quiet) -> None:
    older = kept(approved_world, "older")
    with approved_world.vault() as vault:
        before = len(vault.audit_lines())
        spend_and_withdraw(vault, quiet)
        now = len(vault.audit_lines())
    put_back(approved_world, db=older)
    reason = f"it records {before} events, and {now} were seen before on this computer"
    for writable in (True, False):
        with approved_world.vault(writable=writable) as vault:
            assert reason == vault.rollback_reason
            assert reason == vault.status().read_only_because


ACTS: dict[str, Callable[[Vault, World], object]] = {
    "import": lambda vault, world: import_file(
        vault,
        FileChoice(path=world.table("more.csv", seed=2), name="more", unit="day", time_field="day"),
    ),
    "add requester": lambda vault, world: vault.add_requester("Other", keygen(world.folder / "other").public),
    "trust": lambda vault, _world: vault.trust_requester(NAME),
    "block": lambda vault, _world: vault.block_requester(NAME),
    "rename": lambda vault, _world: vault.rename_requester(NAME, "Night lab"),
    "grant": lambda vault, world: vault.grant(
        requester=NAME,
        collection="nights",
        fields=["steps"],
        purpose="AcademicResearch",
        not_after=world.clock.now + timedelta(days=3),
    ),
    "withdraw": lambda vault, _world: vault.withdraw(vault.grants()[0].id),
    "submit": lambda vault, world: vault.submit(world.folder / "job"),
    "approve": lambda vault, _world: approve(vault, request_of(vault)),
    "refuse": lambda vault, _world: vault.refuse(request_of(vault)),
    "train": lambda vault, _world: vault.train(request_of(vault), progress=lambda _step, _of: None),
}


def test_every_act_on_an_older_copy_is_refused_and_changes_nothing(
    approved_world: World, quiet: Quiet
) -> None:
    """Above all: what was withdrawn is not granted again, and what was spent is not spent twice."""
    older = kept(approved_world, "older")
    with approved_world.vault() as vault:
        spend_and_withdraw(vault, quiet)
    put_back(approved_world, db=older)
    with approved_world.vault() as vault:
        assert vault.grants()[0].state == "active", "this copy is not older than the withdrawal"
        for name, act in ACTS.items():
            with pytest.raises(OlderVault) as refusal:
                act(vault, approved_world)
            assert exit_code(refusal.value) == 7, name
        vault.settle()
    assert pages(approved_world.paths.vault)[1:] == pages(older)[1:]  # opening alone seals the first one anew


def test_nothing_is_sent_from_or_withheld_in_an_older_copy(held_world: World) -> None:
    older = kept(held_world, "older")
    with held_world.vault() as vault:
        one = vault.releases()[0]
        vault.withhold(one.id)
    put_back(held_world, db=older)
    with held_world.vault() as vault:
        assert vault.release(one.id).state == "held"
        with pytest.raises(OlderVault):
            vault.send(one.id, confirm_digest=one.digest, to=held_world.folder / "out")
        with pytest.raises(OlderVault):
            vault.withhold(one.id)
    assert not (held_world.folder / "out").exists()


def test_the_owner_can_look_at_an_older_copy_and_take_everything_out(
    approved_world: World, quiet: Quiet
) -> None:
    older = kept(approved_world, "older")
    with approved_world.vault() as vault:
        spend_and_withdraw(vault, quiet)
    put_back(approved_world, db=older)
    out = approved_world.folder
    with approved_world.vault() as vault:
        assert {"steps", "coffee", "good", "day"} == {one.name for one in vault.show_collection("nights")}
        assert vault.export_collection("nights", out / "nights.jsonl", as_format="jsonl").rows == 100
        vault.backup(out / "backup.tar")
        assert vault.verify_audit().size > 0
        with pytest.raises(OlderVault):  # signed, it would pass for the whole trail
            vault.export_audit(out / "trail")


def test_a_fork_is_noticed_even_when_it_is_longer(approved_world: World, quiet: Quiet) -> None:
    older = kept(approved_world, "older")
    with approved_world.vault() as vault:
        vault.withdraw(vault.grants()[0].id)
    elsewhere = Paths(vault=approved_world.paths.vault, state=approved_world.folder / "another-computer")
    put_back(approved_world, db=older)
    fork = replace(approved_world, paths=elsewhere)
    with fork.vault() as vault:
        assert vault.rollback_reason == "", "a fresh computer has seen nothing of it"
        vault.train(request_of(vault), progress=quiet)
        for _ in range(5):
            vault.show_collection("nights")
    with approved_world.vault() as vault:
        assert vault.rollback_reason == "its history is not the one seen before on this computer"
        with pytest.raises(OlderVault):
            vault.block_requester(NAME)


@pytest.mark.parametrize(
    "mixture", sweep(["old db, new wal", "new db, old wal", "old db, old wal"], default=2)
)
def test_a_log_file_of_another_time_is_never_taken_for_the_truth(
    approved_world: World, quiet: Quiet, mixture: str
) -> None:
    """SQLite would replay it: the vault is then the newest one, or read-only, or damaged, and never a mixture."""
    with approved_world.vault() as vault:
        vault.show_collection("nights")
        old = kept(approved_world, "old")  # while it is open, with what is not yet in the main file
    closed = kept(approved_world, "closed")
    with approved_world.vault() as vault:
        spend_and_withdraw(vault, quiet)
        new = kept(approved_world, "new")
    newest = kept(approved_world, "newest")
    assert all((folder / "vault.db-wal").stat().st_size for folder in (old, new))
    sources = {
        "old db, new wal": {"db": closed, "wal": new},
        "new db, old wal": {"db": newest, "wal": old},
        "old db, old wal": {"db": old, "wal": old},
    }
    put_back(approved_world, **sources[mixture])
    assert verdict(approved_world) in {"newest", "older", "damaged"}


def verdict(world: World) -> str:
    """What a vault is taken for when it is opened; `rearmed` when it takes back a withdrawal or a charge."""
    try:
        with world.vault() as vault:
            if vault.rollback_reason:
                return "older"
            is_true = vault.grants()[0].state == "withdrawn" and vault.budget()[0].used_percent > 0
            return "newest" if is_true else "rearmed"
    except Broken:
        return "damaged"


def test_no_single_page_put_back_takes_back_a_withdrawal_or_a_charge(
    approved_world: World, quiet: Quiet
) -> None:
    """Every page has its own MAC but no version: the trail and the mark say what the rows must be."""
    older = pages(kept(approved_world, "older"))
    with approved_world.vault() as vault:
        spend_and_withdraw(vault, quiet)
    newest = pages(approved_world.paths.vault)
    found = {}
    for number, page in enumerate(older):
        if page != newest[number]:
            mixed = [*newest[:number], page, *newest[number + 1 :]]
            put_back(approved_world, db=approved_world.folder / "older")
            database_file(approved_world.paths.vault).write_bytes(b"".join(mixed))
            found[number] = verdict(approved_world)
    assert len(found) > 5
    assert {"older", "newest"} <= set(found.values()) <= {"older", "damaged", "newest"}, found


# the mark -----------------------------------------------------------------------------------------------------


def test_a_charge_that_became_smaller_is_noticed_although_the_trail_is_whole(held_world: World) -> None:
    with held_world.vault() as vault, vault._opened.store.write() as uow:
        (charge,) = uow.find(ChargeRow)
        charge.vector = json.dumps([cost // 2 for cost in json.loads(charge.vector)])
        uow.commit()
    with held_world.vault() as vault:
        assert vault.status().read_only_because == "some of its rows are not those that were written last"
        with pytest.raises(MixedVault):
            vault.block_requester(NAME)


def test_a_vault_that_comes_to_a_fresh_computer_opens_and_is_remembered_from_then_on(
    approved_world: World, tmp_path: Path
) -> None:
    here = replace(
        approved_world, paths=Paths(vault=approved_world.paths.vault, state=tmp_path / "fresh" / "state")
    )
    with here.vault() as vault:
        assert vault.rollback_reason == ""
    older = kept(here, "older")
    with here.vault() as vault:
        vault.trust_requester(NAME)
    put_back(here, db=older)
    with here.vault() as vault:
        assert vault.rollback_reason != ""


@pytest.mark.parametrize(
    "damage", sweep(["less spent", "a smaller size", "half", "another root", "empty", "no json"], default=3)
)
def test_a_forged_or_damaged_mark_opens_to_read_and_names_its_file(held_world: World, damage: str) -> None:
    path = mark_file(held_world)
    good = path.read_bytes()
    path.write_bytes(_damaged(good, damage))
    assert_reads_only(held_world, f"{path} is damaged or was changed")
    path.write_bytes(good)
    with held_world.vault() as vault:
        assert vault.rollback_reason == ""


def assert_reads_only(world: World, reason: str) -> None:
    """It opens to look, says why no more, and every act is refused as broken."""
    for writable in (True, False):
        with world.vault(writable=writable) as vault:
            assert vault.status().read_only_because == reason
            assert vault.mark_missing == ""
            with pytest.raises(MarkDamaged) as error:
                vault.block_requester(NAME)
            assert exit_code(error.value) == 6


def _damaged(good: bytes, damage: str) -> bytes:
    sealed = json.loads(good)
    match damage:
        case "a smaller size":
            sealed["mark"]["size"] -= 1
        case "another root":
            sealed["mark"]["root"] = "0" * 64
        case "less spent":
            sealed["mark"]["spent"] = {}
        case "half":
            return good[: len(good) // 2]
        case "empty":
            return b""
        case _:
            return b"\x00\xff"
    return json.dumps(sealed).encode()


def test_the_mark_of_another_vault_opens_to_read(held_world: World, tmp_path: Path) -> None:
    other = new_world(tmp_path / "other")
    other.vault().close()
    shutil.copy(mark_file(other), mark_file(held_world))
    assert_reads_only(held_world, f"{mark_file(held_world)} is damaged or was changed")


def test_two_vaults_with_one_state_folder_do_not_disturb_each_other(
    held_world: World, tmp_path: Path
) -> None:
    other = new_world(tmp_path / "other")
    shared = replace(other, paths=Paths(vault=other.paths.vault, state=held_world.paths.state))
    older = kept(held_world, "older")
    with shared.vault() as theirs, held_world.vault() as vault:
        theirs.add_requester(NAME, held_world.folder / "lab" / "requester.pub")
        vault.trust_requester(NAME)
        theirs.block_requester(NAME)
    assert len(list(held_world.paths.state.iterdir())) == 2
    with shared.vault() as theirs, held_world.vault() as vault:
        assert theirs.rollback_reason == vault.rollback_reason == ""
    put_back(held_world, db=older)
    with shared.vault() as theirs, held_world.vault() as vault:
        assert theirs.rollback_reason == ""
        assert vault.rollback_reason != ""


def test_the_mark_lags_after_a_kill_and_an_honest_vault_opens(held_world: World) -> None:
    old_mark = mark_file(held_world).read_bytes()
    with held_world.vault() as vault:
        vault.trust_requester(NAME)
        new_mark = mark_file(held_world).read_bytes()
    mark_file(held_world).write_bytes(old_mark)
    with held_world.vault() as vault:
        assert vault.rollback_reason == ""
    assert mark_file(held_world).read_bytes() == new_mark


def test_a_reader_beside_a_writer_never_takes_the_vault_for_older(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act that falls between the reader's two looks is in the log before it is in the mark."""
    original = opening.read_mark
    with held_world.vault() as writer:

        def read_after_an_act(folder: Path, origin: str, mac: Callable[[bytes], bytes]) -> Mark | None:
            monkeypatch.setattr(opening, "read_mark", original)
            writer.trust_requester(NAME)
            return original(folder, origin, mac)

        monkeypatch.setattr(opening, "read_mark", read_after_an_act)
        with held_world.vault(writable=False) as reader:
            assert reader.rollback_reason == ""


def test_of_two_threads_the_later_act_makes_the_mark(
    held_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, is_writing, go_on = open_module.write_mark, Event(), Event()

    def slow_once(folder: Path, mark: Mark, mac: Callable[[bytes], bytes]) -> None:
        monkeypatch.setattr(open_module, "write_mark", original)
        is_writing.set()
        assert go_on.wait(60)
        original(folder, mark, mac)

    with held_world.vault() as vault:
        monkeypatch.setattr(open_module, "write_mark", slow_once)
        first = Thread(target=vault.trust_requester, args=(NAME,))
        second = Thread(target=vault.block_requester, args=(NAME,))
        first.start()
        assert is_writing.wait(60)
        second.start()
        while not any(line.type == "requester.block" for line in vault.audit_lines()):
            pass
        second.join(0.2)
        go_on.set()
        first.join()
        second.join()
        opened = vault._opened
        mark = read_mark(held_world.paths.state, opened.origin, mark_mac(opened.keys))
        with opened.read() as uow:
            head = log_root(uow)[0]
    assert mark is not None
    assert mark.size == head


# a mark that cannot be written --------------------------------------------------------------------------------


@pytest.fixture
def unmarkable(approved_world: World) -> World:
    """The state folder is a file: nobody, not even root, can write a mark there."""
    shutil.move(approved_world.paths.state, approved_world.folder / "real-state")
    approved_world.paths.state.write_text("")
    return approved_world


def repair(world: World) -> None:
    world.paths.state.unlink()
    shutil.move(world.folder / "real-state", world.paths.state)


def test_without_a_mark_an_act_is_stored_and_says_so(unmarkable: World) -> None:
    """Withdrawing must work whatever lies outside the vault."""
    with unmarkable.vault() as vault, pytest.raises(MarkNotWritten) as error:
        vault.withdraw(vault.grants()[0].id)
    assert exit_code(error.value) == 7
    with unmarkable.vault() as vault:
        assert vault.grants()[0].state == "withdrawn"
        assert vault.verify_audit().size == len(vault.audit_lines())
    repair(unmarkable)
    with unmarkable.vault() as vault:
        assert vault.rollback_reason == ""


def test_without_a_mark_nothing_is_spent_and_no_learner_is_started(
    unmarkable: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", ("a program that is not there",))
    with unmarkable.vault() as vault:
        request = request_of(vault)
        with pytest.raises(MarkUnwritable):
            vault.train(request, progress=quiet)
        assert vault.request(request).line.state == "approved"
        assert vault.budget()[0].used_percent == 0


def test_without_a_mark_nothing_leaves(held_world: World) -> None:
    shutil.rmtree(held_world.paths.state)
    held_world.paths.state.write_text("")
    with held_world.vault() as vault:
        one = vault.releases()[0]
        with pytest.raises(MarkUnwritable):
            vault.send(one.id, confirm_digest=one.digest, to=held_world.folder / "out")
        assert (vault.release(one.id).state, vault.release(one.id).may_have_left) == ("held", False)
    assert not (held_world.folder / "out").exists()


def test_without_a_mark_the_owner_can_look_and_take_everything_out(unmarkable: World) -> None:
    with unmarkable.vault() as vault:
        assert vault.show_collection("nights")
        assert vault.export_collection("nights", unmarkable.folder / "out.csv", as_format="csv").rows == 100
        assert [line.type for line in vault.audit_lines()][-2:] == ["access.view", "export"]


MARKS = {
    2: ("approved", False, MarkNotWritten),
    3: ("failed", True, RunLost),
    4: ("failed", True, RunLost),
    5: ("held", True, MarkNotWritten),
}
"""What follows when the nth mark of a run fails: those before it, of ready, charged, training and held."""


@pytest.mark.parametrize("written", sweep([3, 5, 2, 4], default=2))
def test_a_mark_that_fails_in_the_middle_of_a_run_leaves_a_true_state(
    approved_world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    original, count = open_module.write_mark, [0]

    def failing(folder: Path, mark: Mark, mac: Callable[[bytes], bytes]) -> None:
        count[0] += 1
        if count[0] == written:
            raise OSError("the disk went away")
        original(folder, mark, mac)

    with approved_world.vault() as vault:
        request = request_of(vault)
        monkeypatch.setattr(open_module, "write_mark", failing)
        state, is_spent, error = MARKS[written]
        with pytest.raises(error):
            vault.train(request, progress=quiet)
        assert vault.request(request).line.state == state
        assert (vault.budget()[0].used_percent > 0) == is_spent


def test_a_copy_of_the_vault_and_its_mark_together_is_beyond_what_can_be_noticed(held_world: World) -> None:
    """Said in the threat model: who restores both wins. This test shows that the limit is where it is said to be."""
    copy = copy_of(held_world, held_world.folder / "copy")
    with held_world.vault() as vault:
        vault.withdraw(vault.grants()[0].id)
    with copy.vault() as vault:
        assert vault.rollback_reason == ""


def test_a_folder_in_the_place_of_the_mark_opens_to_read(held_world: World) -> None:
    path = mark_file(held_world)
    path.unlink()
    path.mkdir()
    assert_reads_only(held_world, f"{path} is damaged or was changed")


def test_a_mark_is_written_whole_or_not_at_all(held_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    good = mark_file(held_world).read_bytes()
    with held_world.vault() as vault:
        opened = vault._opened
        mark = read_mark(held_world.paths.state, opened.origin, mark_mac(opened.keys))
        assert mark is not None
        monkeypatch.setattr(Path, "replace", _fails)
        with pytest.raises(LockboxError):
            write_mark(held_world.paths.state, replace(mark, size=1), mark_mac(opened.keys))
    assert mark_file(held_world).read_bytes() == good


def _fails(*_arguments: object) -> None:
    raise OSError("no")
