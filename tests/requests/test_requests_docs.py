"""The page about the manifest says what the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests_samples import KEY, MLP, document, signed

from vault.errors.requests import ManifestInvalid
from vault.requester.description import parse_description
from vault.requests.bundle import JOB_DOMAINS, JobFiles, check_signature, signature_line
from vault.requests.canonical import canonical
from vault.requests.fit import TRANSFORM_TYPES
from vault.requests.parse import MANIFEST_LIMIT, manifest_bytes, parse_manifest
from vault.requests.release_manifest import RELEASE_DOMAINS
from vault.views.purposes import DPV, PURPOSES

PAGE = (Path(__file__).parents[2] / "docs" / "job-manifest.md").read_text()
RELEASE_PAGE = (Path(__file__).parents[2] / "docs" / "release-format.md").read_text()
ROWS = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE))


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def keys_of(value: Any, here: str = "") -> set[str]:
    """The dotted names of every leaf, one name for all entries of a list."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {here} | set().union(*(keys_of(item, f"{here}[]") for item in value))
    if isinstance(value, dict) and not here.endswith("transform"):
        return set().union(*(keys_of(item, f"{here}.{key}".lstrip(".")) for key, item in value.items()))
    return {here}


def test_every_key_of_the_format_has_its_row() -> None:
    assert keys_of(document()) | keys_of(document(model=MLP)) <= set(ROWS)


def test_every_transform_has_its_row_with_the_types_it_takes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (feature|label) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert {*TRANSFORM_TYPES, "vector"} == {kind for kind, *_ in rows}
    for kind, _, _, types in rows:
        if kind == "vector":
            assert types == "vector of that size"
            continue
        assert set(types.split(", ")) == {str(each) for each in TRANSFORM_TYPES[kind]}


def test_every_purpose_is_listed() -> None:
    assert all(f"`{iri.removeprefix(DPV)}`" in PAGE for iri in PURPOSES)


@pytest.mark.parametrize(
    ("key", "edge"),
    [
        ("dp.steps", "10,000"),
        ("dp.noise_multiplier", "1,000"),
        ("dp.noise_multiplier", "0.3"),
        ("dp.clip", "1e4"),
        ("dp.clip", "1e-4"),
        ("dp.expected_batch", "1,000,000"),
        ("optimizer.lr", "100"),
        ("optimizer.lr", "1e-6"),
        ("optimizer.momentum", "0.99"),
        ("max_rows_per_unit", "10,000"),
        ("slot_minutes", "43,200"),
        ("slot_minutes", "60"),
    ],
)
def test_every_bound_on_the_page_is_the_last_value_accepted(key: str, edge: str) -> None:
    value = float(edge.replace(",", ""))
    grid = {"1e4": 10, "1e-4": 24, "1,000": 12}.get(edge, 14)
    fitting = {"output__grid": grid, "dp__noise_multiplier": 1, key.replace(".", "__"): value}
    beyond = value + 1 if value >= 1 else value * (1.001 if value > 0.5 else 0.999)
    beyond = value - 1 if edge == "60" else beyond  # a lower edge

    assert edge in ROWS[key]
    assert parse_manifest(canonical(document(**fitting))) is not None
    with pytest.raises(ManifestInvalid):
        parse_manifest(canonical(document(**fitting | {key.replace(".", "__"): beyond})))


def test_the_example_on_the_page_is_a_manifest() -> None:
    data = canonical(json.loads(block("json")))

    assert data == manifest_bytes(parse_manifest(data))


def test_the_description_on_the_page_is_one() -> None:
    assert parse_description(tomllib.loads(block("toml"))).collection == "sleep"


def test_another_ed25519_and_this_page_are_enough_to_sign() -> None:
    """The signature is made here with another library, from what the page says alone."""
    key = Ed25519PrivateKey.generate()
    data = canonical(document(requester__key=key.public_key().public_bytes_raw().hex()))
    signature = key.sign(b"lockbox job manifest v2\n" + data)

    assert key.public_key().public_bytes_raw() == check_signature(
        JobFiles(manifest=data, signature=signature, weights=b"")
    )
    assert {24} == {len(domain) for domain in JOB_DOMAINS.values()}
    assert len(signature_line(signature)) == 89
    assert f"{MANIFEST_LIMIT // 1024} KiB" in PAGE
    assert all(domain.decode().strip() in RELEASE_PAGE for domain in RELEASE_DOMAINS.values())


def test_the_other_library_accepts_our_signature() -> None:
    job = signed(document())
    other = Ed25519PrivateKey.from_private_bytes(KEY.seed().reveal()).public_key()

    assert other.verify(job.signature, JOB_DOMAINS[2] + job.manifest) is None
