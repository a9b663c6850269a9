"""The public page of the format and the code agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vault.audit import entry_types
from vault.audit.entries import CLEAR_KEYS, REQUIRED_KEYS, EntryType

PAGE = (Path(__file__).parents[2] / "docs" / "audit-format.md").read_text()
ROWS = [
    [re.findall(r"`([^`]*)`", cell) for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]


@pytest.mark.parametrize("kind", EntryType)
def test_the_page_names_every_type_with_its_clear_keys(kind):
    required = REQUIRED_KEYS[kind]
    optional = {f"{key}?" for key in CLEAR_KEYS[kind] - required}

    assert [sorted(required | optional)] == [sorted(row[1]) for row in ROWS if row[0] == [str(kind)]]


def test_the_page_names_no_type_that_does_not_exist():
    named = {
        row[0][0]
        for row in ROWS
        if len(row) == 3 and ("." in row[0][0] or row[0][0] in {"export", "decision"})
    }
    files = {name for name in named if "/" in name or name.endswith((".jsonl", ".vkey", ".html"))}

    assert set(EntryType) == named - files


def test_the_page_gives_every_clear_key_a_shape():
    shapes = PAGE[PAGE.index("| clear key | value |") :]
    keys = {
        key
        for row in re.findall(r"^\| (`[^|]*) \|", shapes, re.MULTILINE)
        for key in re.findall(r"`([a-z0-9_]+)`", row)
    }

    assert set().union(*CLEAR_KEYS.values()) <= keys


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        ("`outcome`", entry_types.OUTCOMES),
        ("`status`", entry_types.STATUSES),
        ("`method`", entry_types.METHODS),
        ("`profile`", entry_types.PROFILES),
        ("`reason` of `decision`", entry_types.DECISION_REASONS),
        ("`reason` of `run.failed`", entry_types.FAILURE_REASONS),
    ],
)
def test_the_page_lists_every_code(row, codes):
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {row} |")]

    assert codes == set(re.findall(r"`([^`]*)`", line.split("|")[2]))
