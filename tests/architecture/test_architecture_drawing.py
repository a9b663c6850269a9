"""What a newer worker may end waits for no widget to come or go: broken off half way it would break its parent."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TUI = Path(__file__).parents[2] / "tui"
CHANGES = {"remove_children", "remove", "mount", "mount_all", "recompose"}
Function = ast.AsyncFunctionDef


def functions() -> dict[str, list[Function]]:
    """Every function of the terminal UI that waits for something, by its name."""
    found: dict[str, list[Function]] = defaultdict(list)
    for file in TUI.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                found[node.name].append(node)
    return found


def name_of(call: ast.expr) -> str:
    """The last word of what is called."""
    called = call.func if isinstance(call, ast.Call) else call
    return str(getattr(called, "attr", getattr(called, "id", "")))


def awaited(function: Function) -> Iterator[str]:
    """What it waits for; what goes on `to_its_end` is an argument, and so not among it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Await):
            yield name_of(node.value)
        elif isinstance(node, ast.AsyncWith):
            yield from (name_of(item.context_expr) for item in node.items)


def run_by_name() -> set[str]:
    """The functions that are handed to a worker where it begins."""
    files = [ast.parse(file.read_text(encoding="utf-8")) for file in TUI.rglob("*.py")]
    calls = (node for tree in files for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name_of(call.args[0]) for call in calls if name_of(call) == "run_worker"}


def is_worker(function: Function) -> bool:
    """Whether a newer one of its group, or leaving the screen, ends it."""
    return any(name_of(one) == "work" for one in function.decorator_list)


def reached(first: Function, known: dict[str, list[Function]]) -> set[str]:
    """All that it waits for, also in functions of that name that it waits for."""
    found, left = set[str](), [first]
    while left:
        for name in awaited(left.pop()):
            if name not in found:
                found.add(name)
                left += known.get(name, [])
    return found


def test_no_worker_waits_for_widgets_to_come_or_go_unless_to_its_end() -> None:
    known = functions()
    by_name = run_by_name()
    workers = [one for each in known.values() for one in each if is_worker(one) or one.name in by_name]

    assert len(workers) > 40
    assert {one.name: reached(one, known) & CHANGES for one in workers if reached(one, known) & CHANGES} == {}


def test_such_waiting_would_be_found() -> None:
    drawing = "async def draw(self):\n    await self.place.remove_children()\n"
    source = f"{drawing}@work\nasync def look(self):\n    await self.draw()"
    known = {one.name: [one] for one in ast.walk(ast.parse(source)) if isinstance(one, Function)}

    assert reached(known["look"][0], known) & CHANGES == {"remove_children"}
