"""Tests by their names: where each stands, and whether it belongs to the default suite."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from mutant_source import Misfit

SLOW = "pytest.mark.slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTest:
    """One test function; `is_slow` says that the default suite leaves it out."""

    file: Path
    is_slow: bool


def node_id(root: Path, name: str) -> str:
    """How pytest is told to run the one default test of this name, or one case of it; raises `Misfit`."""
    found = tests(root).get(name.partition("[")[0], ())
    if len(found) != 1:
        places = ", ".join(str(test.file) for test in found) or "nowhere"
        raise Misfit(f"the test {name} stands in {places}")
    if found[0].is_slow:
        raise Misfit(f"the test {name} is slow, so the default suite does not run it")
    return f"{found[0].file}::{name}"


@cache
def tests(root: Path) -> Mapping[str, tuple[NamedTest, ...]]:
    """Every test function under the folder of tests, by its name."""
    found: dict[str, list[NamedTest]] = defaultdict(list)
    for file in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        all_slow = any(SLOW in ast.unparse(node) for node in tree.body if _is_mark_of_all(node))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                is_slow = all_slow or any(ast.unparse(mark) == SLOW for mark in node.decorator_list)
                found[node.name].append(NamedTest(file=file.relative_to(root), is_slow=is_slow))
    return MappingProxyType({name: tuple(places) for name, places in found.items()})


def _is_mark_of_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
