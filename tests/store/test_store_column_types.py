"""Times and words are objects in the code and the same text on the disk as ever; any other text is damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors.families import InternalError
from vault.errors.storage import Damaged
from vault.store.engine import Store
from vault.store.tables import AccessToken, RequestRow
from vault.store.times import parse_stamp, stamp, whole_seconds
from vault.store.unit_of_work import UnitOfWork
from vault.views.states import RequesterStatus, RequestState

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TEXT = "2026-01-02T12:00:00Z"


def request(name: str = "1", **facts: Any) -> RequestRow:
    usual: dict[str, Any] = {"state": RequestState.WAITING, "received_at": NOON, "expires_at": NOON}
    empty: dict[str, Any] = {"manifest": b"", "signature": b"", "weights": b"", "manifest_digest": ""}
    return RequestRow(id=name, job_id=name, requester_id="r", collection="c", **empty, **usual | facts)


def kept(store: Store, *rows: RequestRow) -> None:
    with store.write() as unit:
        for row in rows:
            unit.add(row)
        unit.commit()


def raw(unit: UnitOfWork, statement: str) -> list[tuple[Any, ...]]:
    found = unit._session.connection().exec_driver_sql(statement)
    return [tuple(row) for row in found] if found.returns_rows else []


def changed(store: Store, column: str, value: str) -> None:
    with store.write() as unit:
        raw(unit, f"UPDATE request SET {column} = {value}")
        unit.commit()


@given(st.datetimes(min_value=datetime(1000, 1, 2), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_is_written_as_it_always_was(moment: datetime) -> None:
    assert stamp(moment) == moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert parse_stamp(stamp(moment)) == whole_seconds(moment)


OTHERS = [
    "",
    "2026-01-02",
    "2026-01-02 12:00:00Z",
    "2026-01-02T12:00:00",
    "2026-01-02T12:00:00+00:00",
    "2026-01-02T12:00:00.5Z",
    "2026-01-02T12:00Z",
    "2026-01-02t12:00:00z",
    "2026-02-30T12:00:00Z",
    "20260102T120000Z",
    "2026-W01-5T12:00:00Z",
    " 2026-01-02T12:00:00Z",
]


def test_no_other_text_is_a_time(store: Store) -> None:
    kept(store, request())
    for other in OTHERS:
        with pytest.raises(ValueError):
            parse_stamp(other)
        changed(store, "received_at", f"'{other}'")
        with store.read() as unit, pytest.raises(Damaged):
            unit.get(RequestRow, "1")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "''"),
        ("state", "'HELD'"),
        ("state", "'held '"),
        ("state", "'blocked'"),
        ("state", "x'68656c64'"),
        ("received_at", "7"),
        ("expires_at", f"x'{TEXT.encode().hex()}'"),
    ],
)
def test_what_is_no_word_and_no_time_is_damage(store: Store, column: str, value: str) -> None:
    kept(store, request())
    changed(store, column, value)
    with store.read() as unit, pytest.raises(Damaged, match="the database is damaged"):
        unit.find(RequestRow)


def test_on_the_disk_lies_the_text(store: Store) -> None:
    kept(store, request(state=RequestState.REFUSED_PERSON, decided_at=NOON + timedelta(seconds=1)))
    with store.read() as unit:
        assert raw(unit, "SELECT state, received_at, decided_at, reason FROM request") == [
            ("refused_person", TEXT, "2026-01-02T12:00:01Z", None)
        ]
        assert raw(unit, "SELECT DISTINCT typeof(state), typeof(received_at) FROM request") == [
            ("text", "text")
        ]


def test_in_the_code_are_the_word_and_the_time(store: Store) -> None:
    kept(store, request())
    with store.read() as unit:
        (row,) = unit.find(RequestRow, state=RequestState.WAITING, received_at=NOON, decided_at=None)
    assert row.state is RequestState.WAITING
    assert (row.received_at, row.received_at.tzinfo, row.decided_at) == (NOON, UTC, None)


def test_a_time_of_another_zone_is_written_in_utc(store: Store) -> None:
    kept(store, request(received_at=NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    with store.read() as unit:
        assert raw(unit, "SELECT received_at FROM request") == [(TEXT,)]


def test_rows_come_in_the_order_of_their_times(store: Store) -> None:
    moments = [NOON, NOON + timedelta(days=400), NOON - timedelta(seconds=1), NOON + timedelta(hours=9)]
    kept(store, *(request(str(index), received_at=moment) for index, moment in enumerate(moments)))
    with store.read() as unit:
        found = [row.received_at for row in unit.find(RequestRow, order_by="received_at", descending=True)]
    assert found == sorted(moments, reverse=True)


@pytest.mark.parametrize(
    "facts",
    [
        {"received_at": NOON.replace(tzinfo=None)},
        {"received_at": NOON + timedelta(milliseconds=1)},
        {"received_at": TEXT},
        {"state": "waiting"},
        {"state": RequesterStatus.BLOCKED},
    ],
)
def test_what_would_read_back_otherwise_is_not_stored(store: Store, facts: dict[str, Any]) -> None:
    with pytest.raises(InternalError):
        kept(store, request(**facts))
    with store.read() as unit, pytest.raises(InternalError):
        unit.find(RequestRow, **facts)
    with store.read() as unit:
        assert unit.count(RequestRow) == 0


def test_a_row_that_is_set_to_what_it_is_has_not_changed(store: Store) -> None:
    kept(store, request())
    with store.read() as unit:
        (row,) = unit.find(RequestRow)
        row.received_at, row.state = whole_seconds(NOON), RequestState("waiting")


def test_a_column_that_may_be_empty_is_emptied_and_found(store: Store) -> None:
    with store.write() as unit:
        ends = {"issued_at": NOON, "expires_at": NOON}
        unit.add(AccessToken(id="t", requester_id="r", digest="d", **ends, revoked_at=NOON))
        unit.commit()
    with store.write() as unit:
        (token,) = unit.find(AccessToken, revoked_at=NOON)
        token.revoked_at = None
        unit.commit()
    with store.read() as unit:
        assert [row.id for row in unit.find(AccessToken, revoked_at=None)] == ["t"]
