"""Strict JSON: one form, bounded depth, no duplicates, no odd numbers, and never another error."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests_samples import document

from vault.requests.canonical import DEPTH_LIMIT, NotCanonical, canonical, read_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


def outcome(data: bytes) -> dict[str, object] | str:
    """The object in these bytes, or the clause that refuses them."""
    try:
        return read_object(data)
    except NotCanonical as refused:
        return str(refused)


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b'\xef\xbb\xbf{"a":1}', "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"1", "it is not a JSON object"),
        (b'{"a":1,"a":1}', "it gives a key twice"),
        (b'{"b":{"a":1,"\\u0061":2}}', "it gives a key twice"),
        (b'{"a":NaN}', "it holds NaN or infinity"),
        (b'{"a":-Infinity}', "it holds NaN or infinity"),
        (b'{"a":1e999}', "it holds a number or text that JSON cannot carry exactly"),
        (b'{"a":9007199254740993}', "it holds a number or text that JSON cannot carry exactly"),
        (b'{"a":' + b"9" * 5000 + b"}", "it is not JSON"),
        (b'{"a":"\\ud800"}', "it holds a number or text that JSON cannot carry exactly"),
        (b'{"\\udfff":1}', "it holds a number or text that JSON cannot carry exactly"),
        (b'{"a": 1}', "it is not in canonical form (RFC 8785)"),
        (b'{"b":1,"a":2}', "it is not in canonical form (RFC 8785)"),
        (b'{"a":1.0}', "it is not in canonical form (RFC 8785)"),
        (b'{"a":1e2}', "it is not in canonical form (RFC 8785)"),
        (b'{"a":-0}', "it is not in canonical form (RFC 8785)"),
        (b'{"a":"\\u0041"}', "it is not in canonical form (RFC 8785)"),
        (b'{"a":1}\n', "it is not in canonical form (RFC 8785)"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
        (b'{"a":' * 50_000, "it is nested too deeply"),
    ],
)
def test_every_other_way_to_write_json_is_refused(data: bytes, clause: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        read_object(data)

    assert clause == str(refused.value)


def test_brackets_inside_texts_are_not_nesting() -> None:
    data = canonical({"a": "[" * 100 + '\\"' + "{" * 100})

    assert read_object(data) == {"a": "[" * 100 + '\\"' + "{" * 100}


def test_depth_is_allowed_up_to_the_limit_and_no_further() -> None:
    deepest: object = 1
    for _ in range(DEPTH_LIMIT - 1):
        deepest = [deepest]

    assert {"a": deepest} == read_object(canonical({"a": deepest}))
    with pytest.raises(NotCanonical):
        read_object(canonical({"a": [deepest]}))


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=4))
def test_canonical_bytes_read_back_as_the_same_object(value: dict[str, object]) -> None:
    data = canonical(value)

    assert outcome(data) in (value, "it is nested too deeply")


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(b'{"a":"\\')
@example(b"{\x00}")
def test_any_bytes_are_read_or_refused_in_one_clause(data: bytes) -> None:
    """No bytes bring another exception than the refusal, and what is accepted has exactly these bytes."""
    found = outcome(data)

    assert found.isascii() if isinstance(found, str) else canonical(found) == data


def test_a_document_without_a_canonical_form_is_refused() -> None:
    with pytest.raises(NotCanonical):
        canonical(document(dp__clip=float("nan")))


def test_the_good_job_is_written_as_json_dumps_would_with_sorted_keys() -> None:
    plain = json.dumps(document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert plain.replace("1.0", "1").replace("4.0", "4").encode() == canonical(document())
