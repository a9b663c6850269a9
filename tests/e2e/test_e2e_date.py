"""A clock that jumps ends nothing by itself: the owner is asked, and a date confirmed by mistake has a way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import NAME, World
from vault.audit.log import read_entries
from vault.errors.clock import DateKnown, DateNotConfirmed, OtherDate
from vault.errors.daemon import NotAtThisDoor, SessionEnded
from vault.errors.requests import WrongState
from vault.store.tables import LogEntry, RequestRow
from vault.vault import Vault

TWO_YEARS = timedelta(days=730)
COLUMNS = ("good", "steps", "coffee")
Quiet = Callable[[int, int], None]


def consented(world: World, vault: Vault, *, days: int = 300, uses: int = 1) -> str:
    return vault.grant(
        requester=NAME,
        collection="nights",
        fields=COLUMNS,
        purpose="AcademicResearch",
        not_after=world.clock.now + timedelta(days=days),
        uses=uses,
    ).id


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault last used two years ago: a consent in force, an approved request, an update that is held."""
    world = new_world(
        tmp_path_factory.mktemp("past"), now=datetime.now(UTC).replace(microsecond=0) - TWO_YEARS
    )
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        consented(world, vault, uses=5)
        first = vault.submit(world.job("first")).line.id
        approve(vault, first)
        vault.train(first, progress=lambda _step, _of: None)
        approve(vault, vault.submit(world.job("second")).line.id)
    return world


@pytest.fixture
def past(template: World, tmp_path: Path) -> World:
    """A copy of that vault, with a clock of its own that still stands two years ago."""
    return copy_of(template, tmp_path / "copy")


def states(vault: Vault) -> tuple[list[str], list[str]]:
    """The states of the requests and of the consents."""
    return sorted(one.line.state for one in map(vault.request, ids(vault))), sorted(
        g.state for g in vault.grants()
    )


def ids(vault: Vault) -> list[str]:
    return [line.id for line in vault.requests()]


def times(vault: Vault) -> list[str]:
    return [line.ts for line in vault.audit_lines()]


def day(moment: datetime) -> str:
    return moment.date().isoformat()


# a jump ahead


def test_a_command_with_the_clock_two_years_ahead_ends_nothing_and_says_so(past: World) -> None:
    seen = run(past.paths, "requester", "trust", NAME)
    assert (seen.code, "until you say that the clock is right" in seen.err) == (0, True), seen.err
    with past.vault() as vault:
        assert states(vault) == (["approved", "held"], ["active"])
        assert vault.status().date[:10] == day(past.clock.now)
    shown = json.loads(run(past.paths, "status", "--json").out)
    assert shown["date"][:10] == day(past.clock.now)
    assert shown["clock"][:10] == day(datetime.now(UTC))
    assert shown["date_question"]


def test_while_the_date_is_in_question_nothing_is_paid_for_and_nothing_leaves(
    past: World, quiet: Quiet
) -> None:
    with past.vault() as vault:
        held = vault.release(next(one.id for one in vault.releases()))
        waits = next(line.id for line in vault.requests() if line.state == "approved")
        past.clock.now += TWO_YEARS
        with pytest.raises(DateNotConfirmed):
            vault.train(waits, progress=quiet)
        with pytest.raises(DateNotConfirmed):
            vault.send(held.id, confirm_digest=held.digest, to=past.folder / "out")
        assert not (past.folder / "out").exists()
        assert vault.budget()[0].jobs == 1
        past.clock.now -= TWO_YEARS
        vault.train(waits, progress=quiet)
        vault.send(held.id, confirm_digest=held.digest, to=past.folder / "out")


def test_while_the_date_is_in_question_nothing_is_fetched_and_a_token_is_over_by_the_clock(
    past: World,
) -> None:
    """A release that lies here to be fetched leaves then, and for 90 days only; so does what a token may do."""
    with past.vault() as vault:
        held = next(one for one in vault.releases() if one.can_be_sent)
        token = vault.issue_token(NAME)
        vault.send(held.id, confirm_digest=held.digest)
        requester = vault.token_holder(token)
        with vault._opened.read() as uow:
            job = uow.get(RequestRow, held.id)
        assert job is not None
        assert len(vault.released_files(requester, job.job_id)) == 3
        past.clock.now += timedelta(days=60)
        assert vault.status().date_question
        with pytest.raises(NotAtThisDoor, match="nothing lies here"):
            vault.released_files(requester, job.job_id)
        assert vault.token_holder(token) == requester
        past.clock.now += timedelta(days=60)
        with pytest.raises(SessionEnded):
            vault.token_holder(token)
        past.clock.now -= timedelta(days=120)
        assert len(vault.released_files(requester, job.job_id)) == 3


def test_the_owner_confirms_the_date_by_command_and_then_it_counts(past: World) -> None:
    today = day(datetime.now(UTC))
    shown = run(past.paths, "date", "show")
    assert "1 consent, 1 request, 1 held update" in " ".join(shown.err.split())
    refused = run(past.paths, "date", "confirm", day(past.clock.now))
    assert (refused.code, "not " + day(past.clock.now) in refused.err) == (1, True)
    said = run(past.paths, "date", "confirm", today)
    assert said.code == 0, said.err
    past.clock.now = datetime.now(UTC)
    with past.vault() as vault:
        assert states(vault) == (["expired", "expired"], ["expired"])
        said = [line.sentence for line in vault.audit_lines() if line.type == "settings.change"]
        assert any(line.startswith(f"You changed the date, to {today}") for line in said)
        assert vault.status().date_question == ""


@pytest.mark.parametrize(("days", "is_asked"), [(31, False), (32, True)])
def test_a_month_is_no_question(past: World, days: int, is_asked: bool) -> None:
    past.clock.forward(days=days)
    with past.vault() as vault:
        assert bool(vault.date().question) == is_asked
        assert (vault.release(vault.releases()[0].id).state == "expired") != is_asked


def test_only_the_day_on_the_clock_can_be_confirmed_and_only_where_there_is_a_question(past: World) -> None:
    with past.vault() as vault:
        with pytest.raises(DateKnown):
            vault.confirm_date(day(past.clock.now))
        past.clock.now += TWO_YEARS
        with pytest.raises(OtherDate):
            vault.confirm_date(day(past.clock.now - TWO_YEARS))


# the way out of a date that was wrong


@pytest.fixture
def ahead(past: World) -> World:
    """The same vault after its owner confirmed a clock that was two years ahead; now it is right again."""
    right = past.clock.now
    with past.vault() as vault:
        vault.withdraw(consented(past, vault))
        past.clock.now += TWO_YEARS
        vault.confirm_date(day(past.clock.now))
        assert "expired" in states(vault)[1]
    past.clock.now = right + timedelta(hours=1)
    return past


def test_a_clock_set_back_alone_brings_nothing_back(ahead: World) -> None:
    with ahead.vault() as vault:
        assert states(vault)[1].count("active") == 0
        assert vault.date().consents_returning == 1
        assert "has been at" in vault.status().date_question


def test_a_clock_set_back_by_seconds_brings_nothing_back(held_world: World) -> None:
    """Entries are dated to the minute, and what ended in a minute stays ended in it."""
    world = held_world
    with world.vault() as vault:
        held = vault.releases()[0]
        grant = vault.grant(
            requester=NAME,
            collection="nights",
            fields=COLUMNS,
            purpose="AcademicResearch",
            not_after=world.clock.now + timedelta(minutes=60),
        )
        world.clock.forward(minutes=60, seconds=20)
        vault.note_lock_minutes(15)
        world.clock.forward(seconds=-25)
        assert vault.consent(grant.id).state == "expired"
        with pytest.raises(WrongState, match="past its deadline"):
            vault.send(held.id, confirm_digest=held.digest, to=world.folder / "out")
        vault.export_audit(world.folder / "trail")
    exported = b"".join(path.read_bytes() for path in (world.folder / "trail").rglob("*") if path.is_file())
    assert b"T13:00:00Z" in exported
    assert b":50Z" not in exported, "what leaves is dated to the minute"
    with world.vault() as vault:
        assert (vault.consent(grant.id).state, vault.release(held.id).state) == ("expired", "expired")


def test_the_owners_word_brings_back_what_ended_by_a_wrong_clock_and_nothing_else(ahead: World) -> None:
    with ahead.vault() as vault:
        before = times(vault)
        found = vault.confirm_date(day(ahead.clock.now))
        assert (found.question, found.vault[:10]) == ("", day(ahead.clock.now))
        assert states(vault) == (["expired", "expired"], ["active", "withdrawn"])
        assert times(vault)[: len(before)] == before
        assert times(vault) == sorted(times(vault)), "no entry is dated before another"
        ahead_by = int((TWO_YEARS - timedelta(hours=1)) / timedelta(minutes=1))
        sentence = next(
            line.sentence for line in reversed(vault.audit_lines()) if line.type == "settings.change"
        )
        assert any(f"trail is {ahead_by + more:,} minutes ahead" in sentence for more in (-1, 0, 1))
        vault.verify_audit()
        vault.export_audit(ahead.folder / "trail")


@pytest.mark.slow
def test_after_that_time_goes_on_and_never_back(ahead: World) -> None:
    with ahead.vault() as vault:
        vault.confirm_date(day(ahead.clock.now))
    for _ in range(13):
        ahead.clock.forward(days=25)
        with ahead.vault() as vault:
            vault.show_collection("nights")
    ahead.clock.forward(days=-200)
    with ahead.vault() as vault:
        assert states(vault)[1] == ["expired", "withdrawn"]
        assert times(vault) == sorted(times(vault))
        with vault._opened.read() as uow:
            assert len(read_entries(uow)) == uow.count(LogEntry)


def test_a_clock_that_jumps_both_ways_in_a_run_loses_nothing(past: World) -> None:
    with past.vault() as vault:
        waits = next(line.id for line in vault.requests() if line.state == "approved")
        jumps = iter((TWO_YEARS, -TWO_YEARS, -timedelta(days=9), timedelta(days=9), TWO_YEARS))

        def jump(step: int, _of: int) -> None:
            if step:  # at 0 nothing is paid for yet, and then it would not be
                past.clock.now += next(jumps, timedelta(0))

        vault.train(waits, progress=jump)
        assert states(vault) == (["held", "held"], ["active"])
        past.clock.now -= TWO_YEARS
    with past.vault() as vault:
        assert states(vault) == (["held", "held"], ["active"])
        assert vault.date().question == ""
        assert vault.budget()[0].jobs == 2
