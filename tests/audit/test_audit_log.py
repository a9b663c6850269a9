from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from audit_samples import CLEAR, HIDDEN, START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vault.audit.entries import EntryType, Opened, parse_entry
from vault.audit.log import (
    RANGE_FACT,
    append,
    checked_entries,
    forget,
    last_time,
    log_root,
    opened,
    read_entries,
)
from vault.audit.merkle import EMPTY_ROOT, Tree, leaf_hash
from vault.audit.timeline import timeline
from vault.errors.audit import LogBroken
from vault.errors.families import InternalError
from vault.store.tables import Disclosure, LogEntry, VaultFact


def filled(trail, count: int) -> None:
    with trail.store.write() as uow:
        append(uow, kind=EntryType.LOG_GENESIS, now=START, clear=CLEAR[EntryType.LOG_GENESIS], hidden={})
        for index in range(count - 1):
            append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={"what": f"screen {index}"})
        uow.commit()


def test_an_entry_is_stored_with_its_leaf_hash_and_what_opens_it(trail):
    assert trail.record(EntryType.LOG_GENESIS) == 0
    assert trail.record(EntryType.REQUESTER_ADD) == 1

    with trail.store.read() as uow:
        genesis, added = read_entries(uow)
        assert hashlib.sha256(b"\x00" + added.body).digest() == added.leaf
        assert json.loads(genesis.body)["type"] == "log.genesis"
        assert [
            Opened(name=name, value=value) for name, value in HIDDEN[EntryType.REQUESTER_ADD].items()
        ] == opened(uow, 1)
        assert {row.digest for row in uow.find(Disclosure, seq=1)} <= set(parse_entry(added.body).digests)


def test_the_root_is_that_of_the_tree_over_all_leaf_hashes_at_every_size(trail):
    with trail.store.read() as uow:
        assert log_root(uow) == (0, EMPTY_ROOT)
    leaves = []
    for index in range(20):
        trail.record(EntryType.ACCESS_VIEW if index else EntryType.LOG_GENESIS)
        with trail.store.read() as uow:
            leaves.append(read_entries(uow)[-1].leaf)
            assert (index + 1, Tree(leaves).root()) == log_root(uow)


def test_an_entry_that_is_not_committed_was_never_there(trail):
    filled(trail, 3)
    with trail.store.write() as uow:
        assert append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={"what": "x"}) == 3

    with trail.store.read() as uow:
        assert (log_root(uow)[0], uow.count(LogEntry), uow.count(Disclosure)) == (3, 3, 2)
        assert checked_entries(uow)


def test_many_entries_of_one_transaction_are_numbered_in_turn(trail):
    filled(trail, 9)

    with trail.store.read() as uow:
        assert list(range(9)) == [entry.seq for entry in checked_entries(uow)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 59, 999_999, tzinfo=UTC), "2026-01-02T03:04:00Z"),
        (datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T03:04:00Z"),
        (datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC), "0999-01-02T03:04:00Z"),
    ],
)
def test_a_time_is_cut_to_the_minute_of_utc(trail, now, expected):
    with trail.store.write() as uow:
        append(uow, kind=EntryType.LOG_GENESIS, now=now, clear=CLEAR[EntryType.LOG_GENESIS], hidden={})
        assert expected == last_time(uow)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=6))
def test_time_never_runs_backwards_whatever_the_clock_does(trail, minutes):
    with trail.store.write() as uow:
        append(uow, kind=EntryType.LOG_GENESIS, now=START, clear=CLEAR[EntryType.LOG_GENESIS], hidden={})
        for step in minutes:
            append(uow, kind=EntryType.ACCESS_VIEW, now=START + timedelta(minutes=step), clear={}, hidden={})
        times = [parse_entry(entry.body).ts for entry in read_entries(uow)]

    assert sorted(times) == times
    assert max(0, *minutes) == (datetime.fromisoformat(times[-1]) - START.replace(second=0)) // timedelta(
        minutes=1
    )


def test_a_time_without_a_zone_is_refused(trail):
    with trail.store.write() as uow, pytest.raises(InternalError):
        append(uow, kind=EntryType.LOG_GENESIS, now=START.replace(tzinfo=None), clear={"app": "x"}, hidden={})


def test_a_trail_begins_with_its_genesis_and_has_only_one(trail):
    with trail.store.write() as uow, pytest.raises(InternalError):
        append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={})
    trail.record(EntryType.LOG_GENESIS)
    with trail.store.write() as uow, pytest.raises(InternalError):
        append(uow, kind=EntryType.LOG_GENESIS, now=START, clear={"app": "x"}, hidden={})


def test_an_entry_that_may_not_be_written_leaves_nothing_behind(trail):
    filled(trail, 2)
    with trail.store.write() as uow:
        with pytest.raises(InternalError):
            append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={"field": "pulse"}, hidden={})
        uow.commit()

    with trail.store.read() as uow:
        assert len(checked_entries(uow)) == 2


def test_an_empty_trail_has_no_time_and_is_not_whole(trail):
    with trail.store.read() as uow:
        with pytest.raises(LogBroken):
            last_time(uow)
        with pytest.raises(LogBroken):
            checked_entries(uow)


def cut_last(uow):
    uow.delete(uow.find(Disclosure, seq=5)[0])
    uow.delete(uow.get(LogEntry, 5))


def cut_first(uow):
    uow.delete(uow.get(LogEntry, 0))


def cut_middle(uow):
    uow.delete(uow.find(Disclosure, seq=3)[0])
    uow.delete(uow.get(LogEntry, 3))


def cut_all(uow):
    for row in [*uow.find(Disclosure), *uow.find(LogEntry)]:
        uow.delete(row)


def edit_body(uow):
    entry = uow.get(LogEntry, 3)
    entry.body = entry.body.replace(b"03:04", b"03:05")


def edit_body_and_leaf(uow):
    edit_body(uow)
    entry = uow.get(LogEntry, 3)
    entry.leaf = leaf_hash(entry.body)


def swap(uow):
    one, other = uow.get(LogEntry, 2), uow.get(LogEntry, 3)
    one.body, other.body, one.leaf, other.leaf = other.body, one.body, other.leaf, one.leaf


def add_one_beside(uow):
    uow.add(LogEntry(seq=6, body=b"{}", leaf=leaf_hash(b"{}")))


def lose_range(uow):
    uow.delete(uow.get(VaultFact, RANGE_FACT))


def spoil_range(uow):
    uow.get(VaultFact, RANGE_FACT).value = "6 xyz"


def shorten_range(uow):
    fact = uow.get(VaultFact, RANGE_FACT)
    fact.value = fact.value.rsplit(" ", 1)[0]


@pytest.mark.parametrize(
    "change",
    [
        cut_all,
        cut_last,
        cut_first,
        cut_middle,
        edit_body,
        edit_body_and_leaf,
        swap,
        add_one_beside,
        lose_range,
        spoil_range,
        shorten_range,
    ],
)
def test_a_stored_trail_that_was_changed_is_not_taken_for_whole(trail, change):
    filled(trail, 6)
    with trail.store.write() as uow:
        change(uow)
        uow.commit()

    with trail.store.read() as uow, pytest.raises(LogBroken):
        checked_entries(uow)


@pytest.mark.parametrize(
    "change", [cut_all, cut_last, add_one_beside, lose_range, spoil_range, shorten_range]
)
def test_nothing_is_appended_to_a_trail_whose_end_is_missing(trail, change):
    filled(trail, 6)
    with trail.store.write() as uow:
        change(uow)
        uow.commit()

    with trail.store.write() as uow, pytest.raises(LogBroken):
        append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={})


def test_a_hidden_field_that_was_exchanged_is_not_shown(trail):
    filled(trail, 3)
    with trail.store.write() as uow:
        row = uow.find(Disclosure, seq=1)[0]
        row.d = uow.find(Disclosure, seq=2)[0].d
        uow.commit()

    with trail.store.read() as uow, pytest.raises(LogBroken):
        opened(uow, 1)
    with trail.store.read() as uow, pytest.raises(LogBroken):
        timeline(uow)


def test_after_forgetting_the_entry_stays_and_nothing_hidden_is_left(trail):
    filled(trail, 4)
    with trail.store.read() as uow:
        before = log_root(uow)
    with trail.store.write() as uow:
        assert forget(uow, 2) == 1
        assert forget(uow, 2) == 0
        uow.commit()

    with trail.store.read() as uow:
        assert before == log_root(uow)
        assert len(checked_entries(uow)) == 4
        assert opened(uow, 2) == []
        assert [line.sentence for line in timeline(uow)[1:]] == [
            "You looked at screen 0.",
            "You looked at something in the vault.",
            "You looked at screen 2.",
        ]


def test_the_timeline_can_be_cut_to_the_newest(trail):
    filled(trail, 6)

    with trail.store.read() as uow:
        assert timeline(uow)[-2:] == timeline(uow, newest=2)
        assert timeline(uow) == timeline(uow, newest=6) == timeline(uow, newest=99)
        assert [line.entry.seq for line in timeline(uow, newest=2)] == [4, 5]


@pytest.mark.parametrize("newest", [None, 2, 6])
def test_a_trail_without_one_of_its_entries_is_not_shown_as_whole(trail, newest):
    filled(trail, 6)
    with trail.store.write() as uow:
        uow.delete_all(Disclosure, seq=4)
        uow.delete_all(LogEntry, seq=4)
        uow.commit()

    with trail.store.read() as uow, pytest.raises(LogBroken, match="entry 4 is missing"):
        timeline(uow, newest=newest)


@pytest.mark.slow
def test_appending_reads_the_same_however_long_the_trail_is(trail, monkeypatch):
    """Rows are counted, not seconds: one entry and one fact are read, at 3 entries as at 300."""
    read = []
    filled(trail, 3)

    def rows_read_by_one_append() -> int:
        read.clear()
        with trail.store.write() as uow:
            monkeypatch.setattr(
                uow, "find", lambda *a, _find=uow.find, **k: read.extend(found := _find(*a, **k)) or found
            )
            monkeypatch.setattr(uow, "get", lambda *a, _get=uow.get: read.append(a) or _get(*a))
            append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={})
            monkeypatch.undo()
            uow.commit()
        return len(read)

    short = rows_read_by_one_append()
    with trail.store.write() as uow:
        for _ in range(300):
            append(uow, kind=EntryType.ACCESS_VIEW, now=START, clear={}, hidden={})
        uow.commit()

    assert short == rows_read_by_one_append()
