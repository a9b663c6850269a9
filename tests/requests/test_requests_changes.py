"""What a job asks otherwise than the last one: everything a person should know, once, and nothing of the data."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_samples import MLP, NUMBER_LABEL, document, manifest

from vault.budget.pricing import Price
from vault.requests.canonical import canonical
from vault.requests.differences import changes
from vault.requests.evaluate import PricedJob
from vault.requests.parse import parse_manifest
from vault.requests.words import transform_words
from vault.store.tables import RequesterRow
from vault.views.field_types import FieldType
from vault.views.requests import Change
from vault.views.states import RequesterStatus

TYPES = {
    "good_night": FieldType.CATEGORY,
    "steps": FieldType.INT,
    "weekday": FieldType.CATEGORY,
    "mood": FieldType.FLOAT,
}
MOOD = {
    "name": "mood",
    "role": "feature",
    "necessity": "optional",
    "transform": {"kind": "standard", "center": 5, "scale": 2, "clip": 2, "fill": 5},
}


def ask(epsilon: str = "1", **edits: Any) -> PricedJob:
    price = Price(
        epsilon=Decimal(epsilon),
        delta=Decimal("1e-6"),
        guess_rate=Decimal("0.6"),
        worst_case=Decimal("0.7"),
        charge=(1,),
        numerical_assumption=False,
    )
    row = RequesterRow(
        id="r",
        name="Lab",
        key=b"",
        contact="",
        status=RequesterStatus.NEW,
        added_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return PricedJob(manifest=manifest(**edits), requester=row, price=price)


def diff(**edits: Any) -> tuple[Change, ...]:
    return changes(ask(), ask(**edits), TYPES)


COMMERCIAL = "https://w3id.org/dpv#CommercialResearch"
KNOWN: list[tuple[dict[str, Any], str, str, str]] = [
    ({"purpose__dpv": COMMERCIAL}, "purpose", "academic research", "commercial research"),
    ({"purpose__text": "For more"}, "purpose in their words", "“Do steps tell the night?”", "“For more”"),
    ({"recipients": []}, "who gets it", "“The ethics board”", "nobody else"),
    ({"recipients": ["A", "B"]}, "who gets it", "“The ethics board”", "“A”, “B”"),
    ({"retention": "for ever"}, "they keep it", "“deleted when the study ends”", "“for ever”"),
    ({"requester__name": "Sleep shop"}, "their name for themselves", "“Sleep lab”", "“Sleep shop”"),
    ({"requester__contact": "x@y.z"}, "reached at", "“lab@example.org”", "“x@y.z”"),
    ({"where__from": None}, "records", "from 2026-01-01T00:00:00Z", "of any time"),
    (
        {"where__to": "2026-02-01T00:00:00Z"},
        "records",
        "from 2026-01-01T00:00:00Z",
        "from 2026-01-01T00:00:00Z and before 2026-02-01T00:00:00Z",
    ),
    ({"unit": "record"}, "privacy unit", "day", "record"),
    ({"max_rows_per_unit": 51}, "rows of one unit that count", "at most 50", "at most 51"),
    ({"unit_reduction": "sum"}, "rows of one unit together", "averaged", "added up"),
    ({"model": MLP}, "model", "logistic regression", "a small network, hidden 5 (tanh)"),
    ({"dp__steps": 101}, "steps", "100", "101"),
    ({"dp__noise_multiplier": 3.5}, "noise multiplier", "4", "3.5"),
    ({"dp__clip": 1.5}, "clip norm", "1", "1.5"),
    ({"dp__sampling_rate": 0.2}, "chance of a unit to be in a step", "0.1", "0.2"),
    ({"slot_minutes": 60}, "minutes to decide", "1,440", "60"),
    ({"fields__2__necessity": "required"}, "column weekday", "optional feature", "required feature"),
    (
        {"fields__2__transform__fill": "sun"},
        "how weekday is read",
        "read as one of: fri, sat, sun; missing rows and other values count as sat, and so does every row when it is "
        "withheld",
        "read as one of: fri, sat, sun; missing rows and other values count as sun, and so does every row when it is "
        "withheld",
    ),
    (
        {"fields__1__transform__clip": 2},
        "how steps is read",
        "read as a number from -2000 to 16000, measured from 7000 in units of 3000; missing rows count as 7000",
        "read as a number from 1000 to 13000, measured from 7000 in units of 3000; missing rows count as 7000",
    ),
    (
        {"fields__0__transform__labels": ["yes", "no"]},
        "how good_night is read",
        "predicted as one of: no, yes; missing rows and other values teach nothing",
        "predicted as one of: yes, no; missing rows and other values teach nothing",
    ),
]  # fmt: skip

UNSAID: list[dict[str, Any]] = [
    {"job_id": "f" * 32},
    {"expires": "2026-05-01T00:00:00Z"},
    {"model__weights": "0" * 64},
    {"optimizer__lr": 0.1},
    {"optimizer__momentum": 0.1},
    {"output__average": "last"},
    {"output__grid": 13},
    {"dp__expected_batch": 21},
]


@pytest.mark.parametrize(("edits", "what", "before", "now"), KNOWN)
def test_one_thing_that_a_person_should_know_is_one_change(
    edits: dict[str, Any], what: str, before: str, now: str
) -> None:
    assert (Change(what=what, before=before, now=now),) == diff(**edits)


@pytest.mark.parametrize("edits", UNSAID)
def test_what_every_job_has_anew_or_moves_no_record_and_no_price_is_no_change(edits: dict[str, Any]) -> None:
    assert diff(**edits) == ()


def test_every_part_of_a_manifest_is_either_told_or_known_to_tell_nothing() -> None:
    """A field added to the manifest has to be put on one of the two sides."""
    told = {path.split("__")[0] for edits, *_ in KNOWN for path in edits}
    unsaid = {path.split("__")[0] for edits in UNSAID for path in edits}
    # one kind of job, no campaign, one encoding; the same collection by choice; the label's own loss
    implied = {"v", "job", "campaign", "collection", "loss"}
    assert set(document()) == told | unsaid | implied
    leaves = {path for edits, *_ in KNOWN for path in edits} | {path for edits in UNSAID for path in edits}
    for part in ("dp", "where", "purpose", "output"):
        assert {f"{part}__{leaf}" for leaf in document()[part]} - {"output__encoding"} <= leaves
    assert {"requester__name", "requester__contact"} == {  # who has another key is another requester
        path for path in leaves if path.startswith("requester")
    }


@given(st.sets(st.sampled_from(range(len(KNOWN)))), st.sets(st.sampled_from(range(len(UNSAID)))))
def test_many_changes_at_once_are_each_told_once(known: set[int], unsaid: set[int]) -> None:
    edits: dict[str, Any] = {}
    for index in sorted(known):
        edits |= KNOWN[index][0]
    for index in unsaid:
        edits |= UNSAID[index]
    if isinstance(edits.get("model"), dict):
        edits.pop("model__weights", None)
    names = [one.what for one in diff(**edits)]
    assert len(set(names)) == len(names)
    assert {KNOWN[index][1] for index in known} == set(names)


@given(st.sampled_from(KNOWN), st.sampled_from(["0.5", "1", "3.25"]))
def test_a_job_beside_itself_has_not_changed(
    known: tuple[dict[str, Any], str, str, str], epsilon: str
) -> None:
    one = ask(epsilon, **known[0])
    assert changes(one, one, TYPES) == ()


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: str(known[1]))
def test_the_way_back_is_the_same_change_turned_round(known: tuple[dict[str, Any], str, str, str]) -> None:
    edits, what, before, now = known
    assert (Change(what=what, before=now, now=before),) == changes(ask(**edits), ask(), TYPES)


def test_another_price_alone_is_one_change() -> None:
    assert (Change(what="price (ε)", before="1", now="1.5"),) == changes(ask("1"), ask("1.5"), TYPES)


def with_mood() -> PricedJob:
    whole = document()
    whole["fields"].append(MOOD)
    return PricedJob(manifest=parse_manifest(canonical(whole)), requester=ask().requester, price=ask().price)


def test_a_column_that_came_or_went_is_one_change_and_the_order_of_columns_is_none() -> None:
    more = with_mood()
    assert (Change(what="column mood", before="", now="optional feature"),) == changes(ask(), more, TYPES)
    assert (Change(what="column mood", before="optional feature", now=""),) == changes(more, ask(), TYPES)
    turned = document()
    turned["fields"] = list(reversed(turned["fields"]))
    other = PricedJob(manifest=parse_manifest(canonical(turned)), requester=more.requester, price=more.price)
    assert changes(ask(), other, TYPES) == ()


# how columns are read -----------------------------------------------------------------------------------------


def words(index: int, type_: FieldType, **edits: Any) -> str:
    made = manifest(**{f"fields__{index}__{path}": value for path, value in edits.items()})
    return transform_words(made.fields[index], type_)


def test_labels_that_are_more_than_words_stand_in_quotes_they_cannot_end() -> None:
    told = words(2, FieldType.TEXT, transform={"kind": "onehot", "labels": ["a”; b", "c"], "fill": None})
    assert told.startswith('read as one of: “a"; b”, c; missing rows and other values count as none of them')


def test_a_long_list_of_labels_is_told_by_its_beginning_and_its_length() -> None:
    labels = [f"l{index}" for index in range(20)]
    told = words(2, FieldType.TEXT, transform={"kind": "onehot", "labels": labels, "fill": "l3"})
    assert "l11 and 8 more; " in told
    assert "l12" not in told


def test_a_time_is_told_as_a_time() -> None:
    spec = {"kind": "standard", "center": 1767225600, "scale": 86400, "clip": 10, "fill": 1767225600}
    told = words(1, FieldType.TIMESTAMP, transform=spec)
    assert told == (
        "read as a time from 2025-12-22 00:00:00 UTC to 2026-01-11 00:00:00 UTC, measured from 2026-01-01 "
        "00:00:00 UTC in units of 86400 seconds; missing rows count as 2026-01-01 00:00:00 UTC"
    )
    spec |= {"center": 1e12, "scale": 1e12, "clip": 1000, "fill": -1e12}
    assert "seconds after 1970" in words(1, FieldType.TIMESTAMP, transform=spec)


def test_a_number_to_predict_is_told_with_its_range() -> None:
    made = manifest(fields__0__transform=NUMBER_LABEL, loss="squared", model__kind="linear")
    told = transform_words(made.fields[0], FieldType.FLOAT)
    assert (
        told
        == "predicted as a number from -3 to 3, measured from 0 in units of 1; missing rows teach nothing"
    )
