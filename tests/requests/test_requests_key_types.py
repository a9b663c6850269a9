"""A description that gives a key what is not of its type is refused by that key, in one sentence."""

from __future__ import annotations

import json
import math
import tomllib
from copy import deepcopy
from dataclasses import fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from vault.errors.families import Invalid
from vault.requester import campaign_description, description
from vault.requester.campaign_description import CampaignDescription, parse_campaign_description
from vault.requester.description import JobDescription, parse_description, read_document

NAIVE = datetime.fromisoformat("2027-01-01T00:00:00")
TABLES = ("requester", "purpose", "model", "training", "where")
ODD = (
    *(True, [[]], [7.5], [{}], [None], {"x": 1}, date(2027, 1, 1), time(1), NAIVE),
    *(math.inf, -math.inf, math.nan, 2**63, 10**4000),
)
ZONED = datetime(2027, 1, 1, tzinfo=UTC)
VECTOR = {"kind": "vector", "size": 4, "center": 0, "scale": 1, "clip": 3, "fill": 0}
BYTES = {"kind": "bytes", "length": 4, "fill": "a"}
NUMBER = {"kind": "standard", "center": 0, "scale": 1, "clip": 3}
WRITTEN = tomllib.loads(description.template())
CAMPAIGN = tomllib.loads(campaign_description.template())


def keys() -> list[tuple[str | int, ...]]:
    """Every key of a job's description, as one goes down to it."""
    names = [field.name.partition("_") for field in fields(JobDescription) if field.name != "fields"]
    paths: list[tuple[str | int, ...]] = [
        (table, key) if table in TABLES and key else (f"{table}{line}{key}",) for table, line, key in names
    ]
    fielded = [("fields", 1, key) for key in ("name", "role", "necessity", "transform")]
    return [*paths, *((table,) for table in (*TABLES, "fields")), ("fields", 1), *fielded]


def transforms() -> list[tuple[str, dict[str, Any], str]]:
    numbers, categories = WRITTEN["fields"][1]["transform"], WRITTEN["fields"][2]["transform"]
    of_features = [("feature", one) for one in (numbers, {**categories, "fill": "mon"}, VECTOR, BYTES)]
    of_labels = [("label", one) for one in (WRITTEN["fields"][0]["transform"], NUMBER)]
    return [(role, one, key) for role, one in (*of_features, *of_labels) for key in one]


def with_value(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    changed = deepcopy(document)
    at = changed
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = value
    return changed


def refused(parse: Any, document: object, key: str, value: object) -> None:
    with pytest.raises(Invalid) as found:
        parse(document)
    assert key in str(found.value), (value, str(found.value))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("path", keys(), ids=str)
def test_every_key_of_a_job_is_refused_a_value_of_a_wrong_type(path: tuple[str | int, ...]) -> None:
    for value in ODD:
        if not is_a_table(path, value):
            refused(parse_description, with_value(WRITTEN, path, value), named(path), value)


def named(path: tuple[str | int, ...]) -> str:
    return "[[fields]]" if path == ("fields", 1) else str(path[-1])


def is_a_table(path: tuple[str | int, ...], value: object) -> bool:
    """Where a table is right, what it holds is judged by its own keys."""
    return isinstance(value, dict) and path[-1] in (*TABLES, 1, "transform")


@pytest.mark.parametrize(("role", "transform", "key"), transforms())
def test_every_key_of_a_transform_is_refused_a_value_of_a_wrong_type(
    role: str, transform: dict[str, Any], key: str
) -> None:
    for value in ODD:
        field = {"name": "v", "role": role, "transform": {**transform, key: value}}
        refused(parse_description, {**WRITTEN, "fields": [field]}, key, value)


@pytest.mark.parametrize(
    "name", [f.name for f in fields(CampaignDescription) if f.name not in ("job", "mesh")]
)
def test_every_key_of_a_campaign_is_refused_a_value_of_a_wrong_type(name: str) -> None:
    for value in ODD:
        if (name, value) != ("filtered", True) and (name, type(value)) != ("witness", dict):
            refused(parse_campaign_description, with_value(CAMPAIGN, ("campaign", name), value), name, value)


@pytest.mark.parametrize("key", ["name", "key"])
def test_a_witness_is_told_in_text(key: str) -> None:
    for value in (7, *ODD):
        changed = with_value(CAMPAIGN, ("campaign", "witness"), {"name": "a", "key": "0" * 64, key: value})
        refused(parse_campaign_description, changed, f"[campaign.witness] {key}", value)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("purpose", "dpv"), 5, "[purpose] dpv is not text"),
        (("retention",), ZONED, "retention is not text"),
        (("expires",), 5, "expires is not a time, like 2027-01-31T00:00:00Z"),
        (("where", "from"), NAIVE, "[where] from needs its zone"),
        (("model", "hidden"), [16, "16"], "[model] hidden is not a list, each a whole number"),
        (("training", "steps"), 1e3, "[training] steps is not a whole number"),
        (("training", "steps"), 2**60, "[training] steps is a number of more than 53 bits"),
        (("training", "clip"), math.nan, "[training] clip is not a number"),
    ],
)
def test_the_sentence_says_what_it_should_be(path: tuple[str, ...], value: object, sentence: str) -> None:
    refused(parse_description, with_value(WRITTEN, path, value), sentence, value)


def test_a_number_of_thousands_of_digits_is_told_of_its_file(tmp_path: Path) -> None:
    for name, text in (("job.toml", f"a = 0x{'f' * 5000}"), ("job.json", json.dumps({"a": 1 << 64}))):
        (tmp_path / name).write_text(text)
        with pytest.raises(Invalid, match=f"{name} has a whole number that takes more than 64 bits"):
            read_document(tmp_path / name)
