"""Erased is erased: keys, rows and what stood on them, in one act; what was spent stays spent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.sweeps import sweep_of_many
from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.commands import Terminal, assert_refused, run, secrets_of
from tests.worlds.importing import import_file
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.text import request_facts
from tui.text.erasure_facts import erase_sentences
from vault import erasure
from vault.errors.consent import ConsentRefused
from vault.errors.families import LockboxError
from vault.errors.records import (
    AlreadyImported,
    CollectionErased,
    ErasedNotCleared,
    PlanUnknown,
    UnknownCollection,
)
from vault.errors.requests import CollectionInUse, JobReplayed, WrongState
from vault.lifecycle.folder import database_file
from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.settings import Paths
from vault.store import cipher
from vault.store.tables import Disclosure, Field, HeldRow, ImportedFile, RequestRow, Segment
from vault.training import process
from vault.vault import Vault, passphrase_secret
from vault.views.records import Erasure, FileChoice
from vault.views.states import RequestState

MARKER = "marker-7f3a"


def nights(world: World, **wishes: object) -> FileChoice:
    """The usual table, to be imported as the usual collection."""
    known: dict[str, object] = {"path": world.folder / "nights.csv", "name": "nights", "unit": "day"}
    return FileChoice(**{**known, "time_field": "day", **wishes})  # type: ignore[arg-type]


# erasing what nobody learned from -----------------------------------------------------------------------------


def test_an_import_that_nobody_learned_from_is_undone_whole(known_world: World) -> None:
    """Its name, its files and its place in requests are free again; what was asked stays on record, refused."""
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
        request = vault.submit(world.folder / "job").line.id
        approve(vault, request, draft=True)
        (grant,) = vault.grants()
        planned = vault.preview_erase("nights")
        done = vault.erase_collection("nights")

        assert planned == done
        assert (
            Erasure(
                collection="nights",
                rows=100,
                columns=("day", "steps", "coffee", "good"),
                consents_ended=(grant.id,),
                requests_ended=(request,),
                updates_destroyed=(),
                already_left=(),
                may_have_left=(),
                budget_used_percent=Decimal("0.0"),
                name_reserved=False,
            )
            == done
        )
        assert (vault.collections(), vault.budget()) == ([], [])
        assert (vault.consent(grant.id).state, vault.requests()[0].state) == ("withdrawn", "refused_person")
        shown = vault.request(request)
        assert (shown.price.unit, shown.decision.permitted) == ("day", False)
        for act in (vault.browse, vault.erase_collection, vault.preview_erase, vault.show_collection):
            with pytest.raises(UnknownCollection):
                act("nights")
        assert [line.type for line in vault.audit_lines()][-3:] == [
            "consent.withdraw",
            "request.refuse",
            "record.erase",
        ]
        world.imported(vault)
        assert vault.request(request).line.state == "refused_person"
        with pytest.raises(JobReplayed):
            vault.submit(world.folder / "job")
        vault.verify_audit()
    with world.vault() as vault:
        assert vault.rollback_reason == ""


def test_a_request_is_shown_after_other_columns_came_under_its_collections_name(known_world: World) -> None:
    world = known_world
    other = world.folder / "other.csv"
    other.write_text("steps\n1\n2\n")
    with world.vault() as vault:
        world.imported(vault)
        request = vault.submit(world.folder / "job").line.id
        vault.erase_collection("nights")
        import_file(vault, FileChoice(path=other, name="nights"))
        shown = vault.request(request)

    assert {"good", "steps", "coffee"} == {field.name for field in shown.decision.fields}


def test_a_consent_that_ended_by_a_wrong_clock_never_comes_to_other_rows_of_its_collections_name(
    known_world: World,
) -> None:
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
        grant = vault.grant(
            requester=NAME,
            collection="nights",
            fields=["good", "steps"],
            purpose="AcademicResearch",
            not_after=world.clock.now + timedelta(days=14),
        )
        right = world.clock.now
        world.clock.forward(days=20)
        vault.settle()
        assert vault.consent(grant.id).state == "expired"
        assert vault.preview_erase("nights").consents_ended == (grant.id,)
        vault.erase_collection("nights")
        import_file(vault, nights(world, path=world.table("other.csv", seed=2)))
        world.clock.now = right + timedelta(hours=1)
        assert vault.date().consents_returning == 0
        vault.confirm_date(world.clock.now.date().isoformat())
        assert vault.consent(grant.id).state == "withdrawn"
        decision = vault.what_if(
            requester=NAME, collection="nights", fields=["good", "steps"], purpose="AcademicResearch"
        )
        assert not decision.permitted
        request = vault.submit(world.folder / "job").line.id
        with pytest.raises(ConsentRefused):
            approve(vault, request)


# erasing what was learned from --------------------------------------------------------------------------------


def test_what_was_learned_from_keeps_its_name_its_budget_and_the_refusal_of_its_files(
    held_world: World,
) -> None:
    world = held_world
    with world.vault() as vault:
        (held,), (grant,), (before, *_) = vault.releases(), vault.grants(), vault.budget()
        done = vault.erase_collection("nights")

        assert (held.id,) == done.updates_destroyed
        assert ((grant.id,), (), True) == (done.consents_ended, done.requests_ended, done.name_reserved)
        assert before.used_percent == done.budget_used_percent > 0
        assert before == vault.budget()[0]
        assert vault.collections() == []
        assert vault.status().collections == 0
        gone = vault.release(held.id)
        assert (gone.state, gone.for_you, gone.can_be_sent) == ("destroyed", None, False)
        assert before.used_percent == gone.price.used_percent_before
        again = nights(world, path=world.folder / "nights.csv")
        for act in (
            lambda: vault.plan_import(again),
            lambda: import_file(vault, again),
            lambda: vault.browse("nights"),
            lambda: vault.erase_collection("nights"),
            lambda: vault.preview_erase("nights"),
            lambda: vault.export_collection("nights", world.folder / "out.csv", as_format="csv"),
            lambda: vault.explain(world.job("another")),
        ):
            with pytest.raises(CollectionErased, match="its name stays taken"):
                act()
        assert "its name stays taken" in vault.submit(world.folder / "another").obstacle
        with pytest.raises(AlreadyImported):
            import_file(vault, nights(world, name="a second budget"))
        vault.verify_audit()
    with world.vault() as vault:
        assert vault.rollback_reason == ""
        assert before == vault.budget()[0]
        vault.verify_audit()
        with vault._opened.read() as uow:
            assert (uow.count(Field), uow.count(Segment)) == (0, 0)
            assert [(row.row_count, row.refused_count) for row in uow.find(ImportedFile)] == [(0, 0)]


def test_what_may_have_left_stays_on_record_so_and_goes_no_second_time(held_world: World) -> None:
    with held_world.vault() as vault:
        (held,) = vault.releases()
        with vault._opened.store.write() as uow:
            uow.get(RequestRow, held.id).state = RequestState.SENDING
            row = uow.get(HeldRow, held.id)
            row.intent_at = row.held_at
            uow.commit()
        done = vault.erase_collection("nights")
        assert ((held.id,), ()) == (done.may_have_left, done.updates_destroyed)
        with pytest.raises(LockboxError):
            vault.send(held.id, confirm_digest=held.digest, to=held_world.folder / "out")
        with vault._opened.read() as uow:
            row = uow.get(HeldRow, held.id)
            assert (row.update, row.private) == (None, None)


def test_the_trail_forgets_files_and_columns_and_still_verifies(held_world: World) -> None:
    with held_world.vault() as vault:
        vault.show_collection("nights")
        before = vault.verify_audit().size
        vault.erase_collection("nights")
        lines = {line.type: line.sentence for line in vault.audit_lines()}
        with vault._opened.read() as uow:
            hidden = "".join(row.d for row in uow.find(Disclosure))

        assert vault.verify_audit().size > before
    assert lines["record.import"] == "You imported records."
    assert lines["record.erase"] == "You erased 100 records of nights."
    assert "nights.csv" not in hidden


# while something else goes on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [RequestState.READY, RequestState.CHARGED, RequestState.TRAINING])
def test_a_collection_that_a_job_reads_is_not_erased(held_world: World, state: RequestState) -> None:
    with held_world.vault() as vault:
        (request,) = vault.requests()
        with vault._opened.store.write() as uow:
            uow.get(RequestRow, request.id).state = state
            uow.commit()
        for act in (vault.preview_erase, vault.erase_collection):
            with pytest.raises(CollectionInUse, match="A job learns from nights now") as caught:
                act("nights")
            assert isinstance(caught.value, WrongState)

        assert vault.collections()[0].rows == 100


def test_a_job_that_was_running_when_somebody_wanted_to_erase_comes_to_its_end(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = learners.pretended(learners.zeros(known_world.folder / "job"))
    monkeypatch.setattr(process, "COMMAND", command)
    refused: list[int] = []
    with known_world.vault() as vault:
        known_world.imported(vault)
        request = vault.submit(known_world.folder / "job").line.id
        approve(vault, request, draft=True)

        def meanwhile(step: int, _of: int) -> None:
            with pytest.raises(CollectionInUse):
                vault.erase_collection("nights")
            refused.append(step)

        held = vault.train(request, progress=meanwhile)
        assert refused
        assert held.state == "held"
        assert (request,) == vault.erase_collection("nights").updates_destroyed


# nothing of it is left on the disk ----------------------------------------------------------------------------


@pytest.fixture
def plain_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A vault whose database is not encrypted, so that its files can be searched for what should be gone."""
    monkeypatch.setattr(
        cipher, "_unlock", lambda connection, _key: connection.execute("PRAGMA temp_store=MEMORY")
    )
    monkeypatch.setattr(cipher, "assert_encrypted", lambda _path: None)
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(erasure, "PATIENCE", 0.3)
    world = new_world(tmp_path)
    table = world.folder / f"{MARKER}.csv"
    shutil.copy(world.table(rows=9000), table)
    with world.vault() as vault:
        import_file(vault, nights(world, path=table))
    return world


def traces(world: World) -> list[bytes]:
    """Every wrapped key, pieces of every sealed segment, and what the trail hides of the file."""
    with world.vault() as vault, vault._opened.read() as uow:
        keys = [row.wrapped_key for row in uow.find(Field)]
        blobs = [row.blob for row in uow.find(Segment)]
        hidden = [row.d.encode() for row in uow.find(Disclosure, seq=1)]
    assert (len(keys), len(blobs)) == (6, 18)
    # A page cuts a long blob into pieces; one of two that lie so close is whole.
    pieces = [blob[at : at + 64] for blob in blobs for at in range(len(blob) // 3, len(blob) - 64, 997)]
    return [*keys, *hidden, *pieces]


def left(folder: Path, wanted: list[bytes]) -> int:
    """How many of the traces are in any file of the folder."""
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return sum(trace in content for trace in wanted)


def test_under_another_name_of_the_same_file_it_is_erased_too_and_a_copy_keeps_it(plain_world: World) -> None:
    world, wanted = plain_world, traces(plain_world)
    database = database_file(world.paths.vault)
    linked, copied = world.folder / "linked", world.folder / "copied"
    for folder in (linked, copied):
        folder.mkdir()
    with world.vault() as vault:
        assert not vault.preview_erase("nights").linked_elsewhere
        (linked / "vault.db").hardlink_to(database)
        shutil.copy(database, copied)
        planned = vault.preview_erase("nights")
        assert left(linked, wanted) > 0
        assert vault.erase_collection("nights") == planned
        says = " ".join(erase_sentences(planned))

    assert left(linked, wanted) == 0
    assert left(copied, wanted) > 0
    assert (
        "both are one file, and it is erased there too. Backups and exports that you made still hold it"
        in says
    )


def test_no_key_no_sealed_byte_and_no_file_name_is_left_in_any_file(plain_world: World) -> None:
    world, wanted = plain_world, traces(plain_world)
    assert left(world.paths.vault, wanted) > len(wanted) * 0.9
    size = (world.paths.vault / "vault.db").stat().st_size
    with world.vault() as vault:
        vault.erase_collection("nights")
        # With the vault still open: the log beside the database is empty too.
        assert left(world.paths.vault, wanted) == 0

        assert (world.paths.vault / "vault.db").stat().st_size < size / 2
        vault.verify_audit()
    assert left(world.paths.vault, wanted) == 0


def test_a_vault_that_died_between_erasing_and_clearing_is_cleared_when_it_is_opened(
    plain_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, wanted, image = plain_world, traces(plain_world), plain_world.folder / "image"
    with monkeypatch.context() as dying, world.vault() as vault:
        dying.setattr(erasure, "clear", lambda _vault, _name: shutil.copytree(world.folder / "vault", image))
        vault.erase_collection("nights")
    assert left(image, wanted) > len(wanted) * 0.9

    paths = Paths(vault=image, state=world.paths.state)
    with Vault.open(paths, passphrase_secret(PASSPHRASE), clock=world.clock) as vault:
        assert (vault.collections(), vault.rollback_reason) == ([], "")
        assert left(image, wanted) == 0


@contextmanager
def somebody_reading(vault: Vault) -> Iterator[Event]:
    """Somebody who reads the state of now, in another thread, until the event is set or the block ends."""
    begun, ended = Event(), Event()

    def read_on() -> None:
        with vault._opened.read() as uow, closing(_reader(vault, uow)) as reader:
            begun.set()
            ended.wait(20)
            # The state it began with is whole to its end; it is the last to see it.
            assert len(reader.column("steps")) == 9000

    thread = Thread(target=read_on)
    thread.start()
    try:
        assert begun.wait(20)
        yield ended
    finally:
        ended.set()
        thread.join()


def _reader(vault: Vault, uow: object) -> ColumnReader:
    facts = find_collection(uow, "nights")  # type: ignore[arg-type]
    return ColumnReader.of_owner(uow, vault._opened.keys, facts.id)  # type: ignore[arg-type]


@pytest.mark.slow
def test_erasing_waits_for_who_reads(plain_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = traces(plain_world)
    with plain_world.vault() as vault, somebody_reading(vault) as ended:
        monkeypatch.setattr(erasure, "PATIENCE", 20)
        monkeypatch.setattr(erasure.time, "sleep", lambda _seconds: ended.set())
        vault.erase_collection("nights")

        assert ended.is_set()
        assert left(plain_world.paths.vault, wanted) == 0


def test_who_reads_for_too_long_leaves_bytes_that_the_next_opening_clears(plain_world: World) -> None:
    """It is said that they are there; the collection is gone for all who come after."""
    wanted = traces(plain_world)
    with plain_world.vault() as vault, somebody_reading(vault):
        with pytest.raises(ErasedNotCleared, match="something else is reading the vault"):
            vault.erase_collection("nights")

        assert vault.collections() == []
        with pytest.raises(UnknownCollection):
            vault.browse("nights")
        assert vault.audit_lines()[-1].type == "record.erase"
        assert left(plain_world.paths.vault, wanted) > 0
    with plain_world.vault():
        assert left(plain_world.paths.vault, wanted) == 0


def test_a_reader_of_before_opens_nothing_afterwards(world: World) -> None:
    """What somebody kept, keys and all, finds no sealed byte that it could open; nor is a parsed file kept."""
    with world.vault() as vault:
        world.imported(vault)
        plan = vault.plan_import(nights(world, path=world.table("more.csv", seed=2)))
        with vault._opened.read() as uow:
            kept = _reader(vault, uow)
        vault.erase_collection("nights")
        with pytest.raises(PlanUnknown):
            vault._plans.find(plan.id)
        with vault._opened.read() as uow:
            kept._uow = uow
            with pytest.raises(LockboxError):
                kept.column("steps")
            with pytest.raises(LockboxError):
                kept.stripe(["steps"], 0)


# commands ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_another_name_erases_nothing(today: World) -> None:
    assert_refused(
        run(today.paths, "data", "erase", "nights", "--confirm", "night"), 4,
        "the name night is another than nights; nothing was changed", secrets_of(today),
    )  # fmt: skip
    assert "100 rows" in run(today.paths, "data", "list").out


def test_erasing_by_command_says_what_it_does_before_and_after(today: World) -> None:
    dry = run(today.paths, "data", "erase", "nights", "--dry-run")
    done = run(today.paths, "data", "erase", "nights", "--confirm", "nights", "--json")

    for sentence in (
        "1 held update on it: destroyed.",
        "1 open request on it: refused.",
        "its name stays taken",
    ):
        assert sentence in " ".join(dry.out.split())
    assert "Nothing was erased (dry run)." in dry.err
    assert (json.loads(done.out)["collection"], json.loads(done.out)["name_reserved"]) == ("nights", True)
    assert "Erased: 100 rows of nights." in done.err
    with today.vault(writable=False) as vault:
        assert "ended by erasure" in {request_facts.state(one) for one in vault.requests()}
    assert_refused(
        run(today.paths, "data", "erase", "nights", "--confirm", "nights"), 1, "was erased", secrets_of(today)
    )


@pytest.mark.parametrize(
    ("typed", "code"), sweep_of_many([("nights", 0), ("Nights", 4), ("", 4), ("y", 4)], default=2)
)
def test_on_a_terminal_the_name_is_typed(today: World, typed: str, code: int) -> None:
    with Terminal(today.paths, "data", "erase", "nights") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("Type the name of the collection to erase it:")
        terminal.type(typed)
        assert terminal.end() == code

    assert ("nights" in run(today.paths, "data", "list").out) == (code != 0)
