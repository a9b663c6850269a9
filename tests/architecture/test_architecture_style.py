"""The budgets of size and naming that keep the code readable."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [file for top in ("vault", "learner", "tui") for file in sorted((ROOT / top).rglob("*.py"))]
LONGEST_FUNCTION, LONGEST_FILE = 60, 400
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "util", "helper"}


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    found, around = [], [*tree_of(file).body]
    for node in around:  # it grows; no expression has a function in it
        around += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node)
    return found


def test_no_file_is_longer_than_its_budget() -> None:
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_an_error_has_a_name_of_its_own() -> None:
    """The socket knows errors by their names alone."""
    files = [file for file in SOURCES if file.is_relative_to(ROOT / "vault" / "errors")]
    names = Counter(
        node.name for file in files for node in tree_of(file).body if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_function_is_longer_than_its_budget() -> None:
    too_long = {
        f"{file.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in SOURCES
        for node in functions(file)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert too_long == {}


def test_most_functions_are_short() -> None:
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for file in SOURCES for node in functions(file))
    assert lengths[len(lengths) // 2] <= 10


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [file for file in SOURCES if file.stem in FORBIDDEN_NAMES] == []


def test_every_public_function_and_class_says_what_it_is() -> None:
    silent = [
        f"{file.relative_to(ROOT)}:{node.name}"
        for file in SOURCES
        for node in tree_of(file).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []
