from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
from collections.abc import Callable

import pytest
import rfc8785
from audit_samples import CLEAR, HIDDEN, ID, OLD_CHECKPOINT
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.plain_words import has_word
from vault.audit.canonical import decode, encode
from vault.audit.entries import (
    CLEAR_KEYS,
    REQUIRED_KEYS,
    Disclosed,
    EntryType,
    Opened,
    build_entry,
    digest_of,
    open_disclosure,
    parse_entry,
)
from vault.audit.entry_types import DECISION_REASONS
from vault.consent.decide import ReasonCode
from vault.errors.audit import LogBroken
from vault.errors.families import InternalError

TS = "2026-01-02T03:04:00Z"
CANARY = "zanzibar-canary"
ZERO = 0

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
integers = st.integers(1 - 2**53, 2**53 - 1)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)


def counting_salt() -> Callable[[int], bytes]:
    calls = itertools.count()
    return lambda size: next(calls).to_bytes(size, "big")


def built(kind: EntryType = EntryType.ACCESS_VIEW, *, seq: int = 3, clear=None, hidden=None, salt=os.urandom):
    return build_entry(
        seq=seq,
        kind=kind,
        ts=TS,
        clear=CLEAR[kind] if clear is None else clear,
        hidden=hidden or {},
        salt=salt,
    )


def test_an_entry_without_hidden_fields_is_these_bytes():
    body, disclosed = built(EntryType.RUN_FAILED)

    assert (
        f'{{"charged":true,"reason":"learner","run":"{ID}","seq":3,"ts":"{TS}","type":"run.failed","v":1}}'
    ).encode() == body
    assert disclosed == []


def test_a_hidden_field_stands_in_the_entry_as_the_digest_of_salt_name_and_value():
    body, (one,) = built(hidden={"what": "the café"}, salt=counting_salt())

    d = base64.urlsafe_b64encode('["AAAAAAAAAAAAAAAAAAAAAA","what","the café"]'.encode()).decode().rstrip("=")
    digest = base64.urlsafe_b64encode(hashlib.sha256(d.encode()).digest()).decode().rstrip("=")
    assert Disclosed(digest=digest, d=d) == one
    assert digest == digest_of(d)
    assert digest in json.loads(body)["_sd"]
    assert json.loads(body)["_sd_alg"] == "sha-256"
    assert b"caf" not in body


@pytest.mark.parametrize(("count", "room"), [(1, 4), (3, 4), (4, 4), (5, 8), (8, 8)])
def test_commitments_are_padded_so_that_their_number_does_not_tell_the_number_of_fields(count, room):
    body, disclosed = built(hidden={f"field_{index}": index for index in range(count)})

    digests = json.loads(body)["_sd"]
    assert room == len(set(digests))
    assert sorted(digests) == digests
    assert {each.digest for each in disclosed} <= set(digests)
    assert {43} == {len(each) for each in digests}


def test_every_field_has_its_own_salt():
    _, disclosed = built(hidden=dict.fromkeys(("one", "two", "three"), "same"))
    _, again = built(hidden=dict.fromkeys(("one", "two", "three"), "same"))

    salts = {json.loads(base64.urlsafe_b64decode(each.d + "=="))[0] for each in disclosed + again}
    assert len(salts) == 6
    assert {22} == {len(salt) for salt in salts}


@given(
    st.sampled_from(EntryType),
    st.integers(0, 10**9),
    st.dictionaries(
        names.filter(lambda name: not any(name in keys for keys in CLEAR_KEYS.values())), values, max_size=8
    ),
)
def test_any_entry_reads_back_to_the_same_bytes_and_its_fields_open_to_the_same_values(kind, seq, hidden):
    hidden = {name: value for name, value in hidden.items() if name not in {"v", "seq", "type", "ts"}}
    body, disclosed = built(kind, seq=seq, hidden=hidden)
    entry = parse_entry(body)

    assert rfc8785.dumps(json.loads(body)) == body
    assert (seq, kind, TS, CLEAR[kind]) == (entry.seq, entry.kind, entry.ts, entry.clear)
    assert {each.digest for each in disclosed} <= set(entry.digests)
    assert [Opened(name=name, value=value) for name, value in hidden.items()] == [
        open_disclosure(each.d) for each in disclosed
    ]


@given(values)
def test_what_rfc8785_writes_is_what_is_read(value):
    assert value == decode(rfc8785.dumps(value), what="it")
    assert rfc8785.dumps(value) == encode(value)


@given(values, st.sampled_from([" ", "\t", "\r", "\n"]))
def test_no_white_space_is_read_around_anything(value, space):
    data = rfc8785.dumps(["x", value]).decode()
    marks = (
        f"{space}{data}",
        f"{data}{space}",
        f"[{space}{data[1:]}",
        f"{data[:-1]}{space}]",
        data.replace(",", f",{space}", 1),
    )

    for loose in marks:
        with pytest.raises(LogBroken):
            decode(loose.encode(), what="it")


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1, "b":2}',
        b'{"a":1}\r',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\\u001F"}',
        '{"\ue000":1,"\U00010000":2}'.encode(),
        b'{"a":1}{"b":2}',
        b"{'a':1}",
        b"[" * 100_000,
        b"",
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_other_ways_to_write_a_value_are_refused(data):
    with pytest.raises(LogBroken):
        decode(data, what="it")


def test_keys_are_ordered_by_utf_16_as_rfc_8785_wants():
    assert '{"\U00010000":2,"\ue000":1}'.encode() == encode({"\ue000": 1, "\U00010000": 2})
    assert decode('{"\U00010000":2,"\ue000":1}'.encode(), what="it") == {"\ue000": 1, "\U00010000": 2}


@pytest.mark.parametrize("value", [0.5, 2**53, -(2**53), "\ud800", b"bytes", {1: 2}, {"a", "b"}, object()])
def test_a_value_without_one_written_form_is_never_recorded(value):
    with pytest.raises(InternalError):
        built(hidden={"what": [value]})


@pytest.mark.parametrize("kind", EntryType)
def test_every_type_has_a_list_of_clear_keys_and_a_good_sample(kind):
    assert CLEAR[kind].keys() <= CLEAR_KEYS[kind]
    assert REQUIRED_KEYS[kind] <= CLEAR[kind].keys()
    assert kind == parse_entry(built(kind)[0]).kind


@pytest.mark.parametrize("kind", EntryType)
def test_an_unknown_clear_key_is_refused_for_every_type(kind):
    for key in ("field", "name", "requester", "collection", "redacted", "_sd", "_sd_alg", "v", "ts", CANARY):
        with pytest.raises(InternalError) as caught:
            built(kind, clear={**CLEAR[kind], key: CANARY})
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("kind", EntryType)
def test_a_text_in_any_clear_key_of_any_type_is_refused(kind):
    """The values have closed shapes: a field name, a reason or a file name does not fit one of them."""
    for key in CLEAR_KEYS[kind] - {"app", "accountant"}:
        for foreign in (CANARY, "heart_rate", "", "a b.csv", None, 1.5, ["x"], {"x": 1}, -1, True, ZERO):
            if key == "charged" and foreign is True:
                continue
            if (
                key in {"steps", "size"}
                and foreign == 0
                and foreign is not True
                and not isinstance(foreign, bool)
            ):
                continue
            with pytest.raises(InternalError):
                built(kind, clear={**CLEAR[kind], key: foreign})


@pytest.mark.parametrize("key", ["app", "accountant"])
@pytest.mark.parametrize("foreign", ["", " x", "x" * 61, "two\nlines", "café", None, 1])
def test_names_of_software_are_short_plain_text(key, foreign):
    kind = EntryType.LOG_GENESIS if key == "app" else EntryType.BUDGET_SPEND
    with pytest.raises(InternalError):
        built(kind, clear={**CLEAR[kind], key: foreign})


@pytest.mark.parametrize("kind", EntryType)
def test_a_missing_clear_key_is_refused_for_every_type(kind):
    for key in REQUIRED_KEYS[kind]:
        with pytest.raises(InternalError):
            built(kind, clear={name: value for name, value in CLEAR[kind].items() if name != key})


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        (EntryType.CONSENT_GRANT, "consent", ID.upper()),
        (EntryType.CONSENT_GRANT, "consent", ID + "\n"),
        (EntryType.CONSENT_GRANT, "expires", "2026-02-30T00:00:00Z"),
        (EntryType.CONSENT_GRANT, "expires", "2026-02-03 00:00:00Z"),
        (EntryType.CONSENT_GRANT, "expires", "2026-02-03T00:00:00+00:00"),
        (EntryType.CONSENT_GRANT, "expires", "٢026-02-03T00:00:00Z"),
        (EntryType.BUDGET_SPEND, "epsilon", "1e-6"),
        (EntryType.BUDGET_SPEND, "epsilon", "NaN"),
        (EntryType.BUDGET_SPEND, "epsilon", "-1"),
        (EntryType.BUDGET_SPEND, "epsilon", "01.5"),
        (EntryType.LOG_GENESIS, "checkpoint", OLD_CHECKPOINT.replace("k=\n", "l=\n")),
        (EntryType.LOG_GENESIS, "checkpoint", OLD_CHECKPOINT + "more\n"),
        (EntryType.LOG_GENESIS, "checkpoint", OLD_CHECKPOINT.replace("41", "0")),
        (EntryType.RELEASE_SENT, "size", 2**53),
        (EntryType.RELEASE_SENT, "size", True),
        (EntryType.RUN_FAILED, "charged", 1),
    ],
)
def test_a_clear_value_just_beside_its_shape_is_refused(kind, key, value):
    with pytest.raises(InternalError):
        built(kind, clear={**CLEAR[kind], key: value})


@pytest.mark.parametrize(
    "name", ["", "Upper", "with space", "1st", "a" * 41, "é", "request", "outcome", "seq", "type"]
)
def test_a_hidden_field_needs_a_plain_name_that_no_clear_key_has(name):
    with pytest.raises(InternalError):
        built(EntryType.DECISION, hidden={name: "x"})


def test_a_ninth_hidden_field_is_refused():
    with pytest.raises(InternalError):
        built(hidden={f"field_{index}": index for index in range(9)})


@pytest.mark.parametrize("ts", ["", "2026-01-02", "2026-01-02T03:04:00", "2026-13-02T03:04:00Z", TS + "\n"])
def test_an_entry_needs_a_proper_time(ts):
    with pytest.raises(InternalError):
        build_entry(seq=0, kind=EntryType.ACCESS_VIEW, ts=ts, clear={}, hidden={}, salt=os.urandom)


def altered(**changes: object) -> bytes:
    fields = json.loads(built(EntryType.DECISION, hidden=HIDDEN[EntryType.DECISION])[0])
    fields.update(changes)
    return encode({key: value for key, value in fields.items() if value != "(gone)"})


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {key: "(gone)"}
            for key in ("v", "seq", "type", "ts", "_sd", "_sd_alg", "request", "outcome", "reason")
        ),
        *({"v": value} for value in (0, 2, True, "1", None)),
        *({"seq": value} for value in (-1, "3", True, None)),
        *({"type": value} for value in ("decision.other", "", None, 7, ["decision"])),
        *({"ts": value} for value in ("2026-01-02T03:04:00+00:00", "yesterday", 5, None)),
        {"field": "pulse"},
        {"redacted": "x"},
        {"outcome": "maybe"},
        {"reason": "because"},
        {"request": "7"},
        {"_sd_alg": "sha-512"},
        {"_sd": []},
        {"_sd": "x" * 43},
        {"_sd": ["x"]},
        {"_sd": ["w" * 43, "c" * 43]},
        {"_sd": ["c" * 43, "c" * 43]},
        {"_sd": [1]},
        {"_sd": ["a" * 42 + "b"]},
        {"_sd": ["a" * 42 + "c", "a" * 42 + "d"]},
    ],
)
def test_an_entry_with_one_thing_wrong_is_not_read(changes):
    assert parse_entry(altered()).kind is EntryType.DECISION
    with pytest.raises(LogBroken):
        parse_entry(altered(**changes))


@pytest.mark.parametrize("body", [b"[]", b'"entry"', b"null", b"7", b"{}", b""])
def test_what_is_no_object_is_not_read_as_an_entry(body):
    with pytest.raises(LogBroken):
        parse_entry(body)


def d_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


SALT = "A" * 22


@pytest.mark.parametrize(
    "d",
    [
        "",
        "!!!!",
        "é",
        d_of(encode([SALT, "what", 1])) + "=",
        d_of(encode([SALT, "what", 1])) + "\n",
        d_of(encode([SALT, "what", 1]).replace(b",", b", ")),
        d_of(encode([SALT, "what"])),
        d_of(encode([SALT, "what", 1, 2])),
        d_of(encode(["short", "what", 1])),
        d_of(encode(["A" * 21 + "B", "what", 1])),
        d_of(encode([SALT, "What", 1])),
        d_of(encode([1, "what", 1])),
        d_of(encode({"salt": SALT})),
        d_of(b'["' + SALT.encode() + b'","what",1.5]'),
    ],
)
def test_what_is_no_disclosure_does_not_open(d):
    assert Opened(name="what", value=1) == open_disclosure(d_of(encode([SALT, "what", 1])))
    with pytest.raises(LogBroken):
        open_disclosure(d)


OF_BEFORE = (EntryType.RECORD_IMPORT, EntryType.RECORD_ERASE)


@pytest.mark.parametrize("kind", OF_BEFORE)
@pytest.mark.parametrize("count", ["0", "1-9", "100-999", "1000000000-9999999999"])
def test_a_count_in_clear_is_read_where_an_older_version_wrote_it_and_never_written(kind, count):
    fields = json.loads(built(kind, hidden=HIDDEN[kind])[0])

    assert parse_entry(encode({**fields, "count": count})).clear == {"count": count}
    with pytest.raises(InternalError):
        built(kind, clear={"count": count})


@pytest.mark.parametrize("kind", OF_BEFORE)
@pytest.mark.parametrize("count", ["412", "10-98", "", 9])
def test_a_count_in_clear_that_is_no_decade_is_not_read(kind, count):
    with pytest.raises(LogBroken):
        parse_entry(encode({**json.loads(built(kind)[0]), "count": count}))


def test_every_reason_a_decision_can_have_may_be_recorded():
    assert {str(code) for code in ReasonCode} == DECISION_REASONS


def test_a_word_in_clear_is_told_from_the_letters_of_a_digest() -> None:
    """What tests look for in entries, in which digests spell short words by chance."""
    assert has_word(b'{"name":"lab"}', b"lab")
    assert has_word(b"of my lab.csv", b"csv")
    assert not has_word(b'{"_sd":["x9labQ_0"]}', b"lab")
