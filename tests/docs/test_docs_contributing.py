"""CONTRIBUTING leads to what is there: its paths exist, and every arrow of its drawings is a call in the code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEP = re.compile(r"^    (?P<arrow>↓|⇣| ) (?P<file>[\w/]+\.py) +(?P<name>[\w.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a drawing; a dashed arrow goes through the socket, a process or a person."""

    file: str
    name: str
    is_called: bool


def section(title: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group(1)


def steps(title: str) -> list[Step]:
    found = [
        Step(file=one["file"], name=one["name"], is_called=one["arrow"] == "↓")
        for one in STEP.finditer(section(title))
    ]
    assert len(found) >= 5
    return found


@cache
def definitions(file: str) -> dict[str, ast.AST]:
    """Every function and class of a file; a method as `Class.method`."""
    found: dict[str, ast.AST] = {}
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}.{one.name}": one for one in methods}
    return found


def mentioned(file: str, name: str) -> set[str]:
    """The names that a function uses, itself or through other functions of its file."""
    known, seen, todo = definitions(file), set(), [name]
    used: set[str] = set()
    while todo:
        now = todo.pop()
        seen.add(now)
        names = {one.id for one in ast.walk(known[now]) if isinstance(one, ast.Name)}
        names |= {one.attr for one in ast.walk(known[now]) if isinstance(one, ast.Attribute)}
        used |= names
        own = {full for full in known if full in names or full.rpartition(".")[2] in names}
        todo += own - seen
    return used


WAYS = ("The way of a record", "The way of a request")


@pytest.mark.parametrize("title", WAYS)
def test_every_step_is_a_function_of_that_file(title: str) -> None:
    assert [one for one in steps(title) if one.name not in definitions(one.file)] == []


@pytest.mark.parametrize("title", WAYS)
def test_every_plain_arrow_is_a_call(title: str) -> None:
    way = steps(title)
    missing = [
        f"{before.file} {before.name} -> {after.name}"
        for before, after in pairwise(way)
        if after.is_called and after.name.split(".")[0] not in mentioned(before.file, before.name)
    ]
    assert missing == []


def test_the_five_questions_of_a_newcomer_have_a_file() -> None:
    rows = re.findall(r"^\| (.+?) \| `([\w/.]+)` \|$", section("Where is"), re.MULTILINE)
    assert len(rows) == 5
    assert [path for _, path in rows if not (ROOT / path).exists()] == []


def test_every_path_that_a_recipe_names_is_there() -> None:
    named = re.findall(r"`((?:vault|learner|tui|tests|docs)/[\w/.-]*)`", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
