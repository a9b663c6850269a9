"""Answers of plain facts are read as the library would read them, and every other answer is left to it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import TypeAdapter

from vault.client.connection import decode
from vault.errors.daemon import DaemonUnreachable
from vault.views.date import DateView
from vault.views.status import VaultStatus
from vault.wire.plain_answers import NotPlain, read_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One of each kind that is plain."""

    name: str
    count: int
    is_so: bool = False


SAMPLES = {"str": "a", "int": 1, "bool": True, "str | None": None}
FACTS = some.builds(Facts, name=some.text(), count=some.integers(), is_so=some.booleans())
VALUES = (
    some.none() | some.text() | some.integers() | some.booleans() | some.floats() | some.lists(some.none())
)


@settings(max_examples=25)
@given(FACTS)
def test_plain_facts_come_back_as_the_library_reads_them(facts: Facts) -> None:
    told = json.dumps(asdict(facts)).encode()

    try:
        found = read_plain(Facts, told)
    except NotPlain:
        assert not facts.name.isascii()
        return
    assert found == facts == TypeAdapter(Facts).validate_json(told)


@settings(max_examples=25)
@given(some.dictionaries(some.sampled_from(["name", "count", "is_so", "more"]), VALUES))
def test_what_is_read_is_what_the_library_reads(told: dict[str, object]) -> None:
    data = json.dumps(told).encode()

    try:
        found = read_plain(Facts, data)
    except NotPlain:
        return
    assert found == TypeAdapter(Facts).validate_json(data)
    assert [type(getattr(found, one.name)) for one in fields(Facts)] == [str, int, bool]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"name": "a"}',
        b'{"name": "a", "count": "1", "is_so": "perhaps"}',
        b'{"name": "\\uD800", "count": 1, "is_so": true}',
        b'{"name": "\xff", "count": 1, "is_so": true}',
    ],
)
def test_an_answer_that_is_something_else_is_not_understood(data: bytes) -> None:
    with pytest.raises(DaemonUnreachable, match="not understood"):
        decode(Facts, data)


FULL = b'{"name": "a", "count": 1, "is_so": true}'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(FULL.replace(b'"a"', b'"\xed\xa0\x80"'), id="half-sign"),
        pytest.param(FULL.decode().encode("utf-16"), id="utf-16"),
        pytest.param(FULL.decode().encode("utf-16-le"), id="utf-16-unmarked"),
        pytest.param(FULL.decode().encode("utf-32"), id="utf-32"),
    ],
)
def test_what_is_no_utf_8_is_no_plain_answer_as_it_is_none_of_the_library(data: bytes) -> None:
    with pytest.raises(NotPlain):
        read_plain(Facts, data)
    with pytest.raises(DaemonUnreachable, match="not understood"):
        decode(Facts, data)


@pytest.mark.parametrize("data", [FULL.replace(b"1", b"true"), FULL.replace(b"true", b"1")])
def test_yes_is_no_number_and_a_number_no_yes(data: bytes) -> None:
    assert read_plain(Facts, FULL) == Facts(name="a", count=1, is_so=True)
    with pytest.raises(NotPlain):
        read_plain(Facts, data)


def test_what_the_library_reads_more_leniently_is_left_to_it() -> None:
    assert decode(Facts, b'{"name": "a", "count": 2.0, "more": 1}') == Facts(name="a", count=2)


@pytest.mark.parametrize("kind", [VaultStatus, DateView])
def test_the_state_of_a_vault_is_plain(kind: type) -> None:
    with pytest.raises(NotPlain):
        read_plain(kind, b"{}")
    filled = {one.name: SAMPLES[str(one.type)] for one in fields(kind)}
    assert read_plain(kind, json.dumps(filled).encode()) == kind(**filled)
