"""The manifest: every key, every bound, closed lists everywhere, and no echo of foreign text."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_samples import MLP, NUMBER_LABEL, document, exit_code, manifest, without

from vault.errors.requests import ManifestInvalid
from vault.requests import parse
from vault.requests.canonical import canonical
from vault.requests.parse import MANIFEST_LIMIT, manifest_bytes, parse_manifest

FAR = 10.0**15


def refusal(content: dict[str, Any] | bytes) -> str:
    """The sentence with which a manifest is refused."""
    with pytest.raises(ManifestInvalid) as refused:
        parse_manifest(content if isinstance(content, bytes) else canonical(content))
    assert exit_code(refused.value) == 1
    assert "\n" not in str(refused.value)
    return str(refused.value)


def paths(value: object, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document, the deepest last."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [here] * bool(here) + [path for key, item in inner for path in paths(item, (*here, key))]


def replaced(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The good job with another value in one place."""
    made = document()
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


KEYS = [path for path in paths(document()) if isinstance(path[-1], str)]


def test_the_good_job_parses_and_is_written_back_byte_for_byte() -> None:
    data = canonical(document())

    assert data == manifest_bytes(parse_manifest(data))


def test_roles_and_necessities_are_read_off_the_fields() -> None:
    good = manifest()

    assert good.label.name == "good_night"
    assert [feature.name for feature in good.features] == ["steps", "weekday"]
    assert good.required == {"good_night", "steps"}
    assert good.optional == {"weekday"}


@pytest.mark.parametrize("path", KEYS, ids=str)
def test_no_key_may_be_missing(path: tuple[str | int, ...]) -> None:
    refusal(without(*path))


@pytest.mark.parametrize("path", KEYS, ids=str)
def test_no_key_has_a_neighbour_that_is_not_in_the_format(path: tuple[str | int, ...]) -> None:
    """Unknown keys are refused in every object, and their names are not repeated."""
    sentence = refusal(replaced((*path[:-1], "zzunknownzz"), 1))

    assert "has a key that is not in the format" in sentence
    assert "zzunknownzz" not in sentence


@pytest.mark.parametrize("path", KEYS, ids=str)
def test_a_value_of_the_wrong_type_is_refused_without_repeating_it(path: tuple[str | int, ...]) -> None:
    for value in [True, "zzforeignzz\u202e", [[1]], {}]:
        assert "zzforeignzz" not in refusal(replaced(path, value))


def test_bounds_are_checked_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a constant out of bounds not even the number of parameters is counted."""
    monkeypatch.setattr(parse, "oversize_faults", lambda _: pytest.fail("computed"))

    refusal(document(dp__noise_multiplier=0.1))


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("dp__steps", [1, 10_000], [0, -1, 10_001, 2**53 - 1, 10.5]),
        ("dp__noise_multiplier", [0.3, 1000], [0.2999, 0, -1, 1000.1, 1e300]),
        ("dp__sampling_rate", [1e-9, 1], [0, -0.1, 1.0001]),
        ("dp__expected_batch", [1, 1_000_000], [0, 1_000_001, 1.5]),
        ("dp__clip", [0.5, 100], [0, -1, 9e-5, 10_001, 1e308]),
        ("optimizer__lr", [1e-6, 100], [0, -1, 100.1, 9e-7]),
        ("optimizer__momentum", [0, 0.99], [-0.1, 1, 0.991]),
        ("output__grid", [12, 16], [-1, 63, 1.5]),
        ("max_rows_per_unit", [1, 10_000], [0, 10_001]),
        ("slot_minutes", [60, 43_200], [59, 43_201]),
        ("v", [2], [0, 1, 3, 1.5]),
        ("fields__1__transform__center", [-1e12, 1e12], [-FAR, FAR]),
        ("fields__1__transform__scale", [1e-9, 1e12], [0, -1, FAR, 1e-10]),
        ("fields__1__transform__clip", [1e-3, 1e3], [0, -1, 1001]),
        ("fields__1__transform__fill", [-1e12, 1e12], [-FAR, FAR]),
    ],
)
def test_every_number_has_both_its_bounds(path: str, inside: list[float], outside: list[float]) -> None:
    noise = {"output__grid": 16, "dp__noise_multiplier": 1.0}  # a grid that fits every value inside
    for value in inside:
        fitting = {"output__grid": 14} if path == "dp__noise_multiplier" else noise
        assert manifest(**fitting | {path: value}) is not None
    for value in outside:
        refusal(document(**noise | {path: value}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("requester__name", "x" * 81),
        ("requester__name", "Sleep\u200blab"),
        ("requester__contact", "x" * 501),
        ("requester__contact", "lab\x1b[2J"),
        ("purpose__text", "a\nb"),
        ("retention", "\u202eyear"),
        ("recipients__0", "x" * 81),
        ("recipients", ["x"] * 17),
        ("collection", ""),
        ("collection", "sleep "),
        ("fields__1__name", "_unit"),
        ("fields__1__name", "ste\u0301ps"),
        ("fields__2__transform__labels", ["a", "a\u2066"]),
        ("fields__2__transform__labels", ["a", "a"]),
        ("fields__2__transform__labels", []),
        ("fields__2__transform__labels", [str(number) for number in range(1001)]),
        ("fields__2__transform__fill", "thu"),
        ("fields__0__transform__labels", ["yes"]),
        ("fields__0__transform__labels", ["yes", "yes"]),
        ("fields__0__necessity", "optional"),
        ("fields__1__role", "label"),
        ("fields__1__name", "weekday"),
        ("fields__1__transform__kind", "python"),
        ("fields", []),
        ("requester__key", "A" * 64),
        ("requester__key", "ab" * 31),
        ("job_id", "0123456789ABCDEF0123456789ABCDEF"),
        ("model__weights", "0" * 63),
        ("model__kind", "transformer"),
        ("purpose__dpv", "https://w3id.org/dpv#Anything"),
        ("purpose__dpv", "AcademicResearch"),
        ("expires", "2026-04-01"),
        ("expires", "2026-02-30T00:00:00Z"),
        ("expires", "2026-04-01T00:00:60Z"),
        ("expires", "2026-04-01T00:00:00+00:00"),
        ("expires", "\u0662026-04-01T00:00:00Z"),
        ("where__from", "yesterday"),
        ("where", {"from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}),
        ("unit", "column:"),
        ("unit", "column:_time"),
        ("unit", "person"),
        ("loss", "squared"),
        ("loss", "hinge"),
        ("optimizer__kind", "newton"),
        ("optimizer", {"kind": "adam", "lr": 0.5, "momentum": 0.9, "decay": "none"}),
        ("optimizer", {"kind": "adam", "lr": 0.5, "beta1": 0.9, "beta2": 1, "decay": "none"}),
        ("optimizer", {"kind": "sgd_decayed", "lr": 0.5, "momentum": 0.9, "decay": "none"}),
        ("optimizer", {"kind": "none"}),
        ("output__average", "best"),
        ("unit_reduction", "max"),
        ("fields__0__transform", NUMBER_LABEL),
        ("model", {"kind": "linear", "weights": "0" * 64}),
        ("model", {**MLP, "hidden": []}),
        ("model", {**MLP, "hidden": [1, 1, 1, 1]}),
        ("model", {**MLP, "hidden": [257]}),
        ("model", {**MLP, "hidden": [0]}),
        ("model", {**MLP, "activation": "gelu"}),
        ("output__grid", 6),
        ("output__grid", 23),
    ],
)
def test_each_rule_of_a_value_is_kept(path: str, value: object) -> None:
    refusal(document(**{path: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": MLP},
        {
            "model": {"kind": "linear", "weights": "0" * 64},
            "loss": "squared",
            "fields__0__transform": NUMBER_LABEL,
        },
        {"model": MLP, "loss": "squared", "fields__0__transform": NUMBER_LABEL},
        {"unit": "record"},
        {"unit": "column:person"},
        {"where": {"from": None, "to": None}},
        {"fields__2__transform__fill": None},
        {"recipients": []},
        {"fields__1__transform": {"kind": "onehot", "labels": [str(n) for n in range(1000)], "fill": None}},
    ],
)
def test_every_kind_of_job_has_a_manifest(changes: dict[str, Any]) -> None:
    assert manifest(**changes) is not None


def test_there_is_exactly_one_label() -> None:
    label, feature = document()["fields"][:2]
    other = {**label, "name": "well"}

    assert "exactly one label" in refusal(document(fields=[label, feature, other]))
    assert "exactly one label" in refusal(document(fields=[feature, {**feature, "name": "mood"}]))


def test_a_model_of_more_than_a_million_parameters_is_refused() -> None:
    labels = [str(number) for number in range(1000)]
    wide = {"fields__0__transform": {"kind": "classes", "labels": labels}}
    inputs = {"fields__2__transform": {"kind": "onehot", "labels": labels, "fill": None}}

    assert "more than 1,000,000 parameters" in refusal(document(**wide, **inputs))


def test_a_manifest_larger_than_its_limit_is_refused_unread() -> None:
    assert "larger than 256 KiB" in refusal(b"[" * (MANIFEST_LIMIT + 1))


def test_a_refusal_says_where_and_which_rule() -> None:
    assert refusal(document(fields__1__transform__scale=0)) == (
        "The job manifest is not acceptable: fields[1].transform.scale is less than 1e-09."
    )
    assert refusal(document(requester__clip=1)) == (
        "The job manifest is not acceptable: requester has a key that is not in the format."
    )
    assert refusal(document(requester__name="a\u202eb")) == (
        "The job manifest is not acceptable: "
        "requester.name has a control, bidi, zero-width or other invisible character."
    )


NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**53,
        10**400,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "\x00",
        "\ud800",
        "zzforeignzz",
        [],
        {},
        [[[[[[[[[]]]]]]]]],
    ]
)


@settings(max_examples=150)
@given(
    st.sampled_from(paths(document())), NASTY, st.sampled_from(["put", "drop", "copy"]), st.sampled_from(KEYS)
)
def test_any_change_to_a_manifest_gives_a_manifest_or_a_refusal(
    path: tuple[str | int, ...], value: object, how: str, other: tuple[str | int, ...]
) -> None:
    """Whatever stands in the JSON, nothing but one of our own sentences comes out, with nothing foreign in it."""
    made: Any = replaced(path, value) if how != "drop" else without(*path)
    if how == "copy":
        made = replaced(path, copy.deepcopy(made))
    check_outcome(as_json(made))


@settings(max_examples=150)
@given(st.data())
def test_any_change_to_the_bytes_gives_a_manifest_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(canonical(document()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 5)))
        content[start:end] = data.draw(st.binary(max_size=5))

    check_outcome(bytes(content))


def as_json(made: object) -> bytes:
    """Python's own JSON, which has NaN and lone surrogates, in the order of the canonical form."""

    return json.dumps(made, sort_keys=True, separators=(",", ":")).encode()


def outcome(data: bytes) -> bytes | str:
    """The manifest in these bytes, written again, or the sentence that refuses it."""
    try:
        return manifest_bytes(parse_manifest(data))
    except ManifestInvalid as refused:
        return str(refused)


def check_outcome(data: bytes) -> None:
    found = outcome(data)
    assert found == data if isinstance(found, bytes) else found.isascii() and "zzforeignzz" not in found
