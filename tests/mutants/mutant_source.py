"""Where a mutant goes: the one function of its name in the sources, and the one snippet in it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutant import Mutant

PACKAGES = ("vault", "learner", "tui")


class Misfit(Exception):
    """A mutant, or the test it names, does not fit the tree; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One function: its name with what is around it, its file, and its first and last line from 1."""

    name: str
    file: Path
    first: int
    last: int


def planted(root: Path, mutant: Mutant) -> tuple[Path, str]:
    """The file that a mutant changes, and its whole text with the bug in it; raises `Misfit`."""
    place = place_of(root, mutant)
    lines = (root / place.file).read_text(encoding="utf-8").splitlines(keepends=True)
    before, body, after = lines[: place.first - 1], lines[place.first - 1 : place.last], lines[place.last :]
    function = "".join(body)
    if (count := function.count(mutant.old)) != 1:
        raise Misfit(f"{mutant.name}: its snippet stands {count} times in {mutant.function} ({place.file})")
    changed = function.replace(mutant.old, mutant.new)
    check_names(mutant, "".join(lines), changed)
    return place.file, "".join([*before, changed, *after])


def place_of(root: Path, mutant: Mutant) -> Place:
    """The one function that a mutant names; raises `Misfit` where there is none or more than one."""
    found = [
        place
        for place in functions(root)
        if place.name == mutant.function and place.file.with_suffix("").is_relative_to(mutant.within)
    ]
    if len(found) != 1:
        places = ", ".join(str(place.file) for place in found) or "nowhere"
        raise Misfit(f"{mutant.name}: the function {mutant.function} stands in {places}")
    return found[0]


def check_names(mutant: Mutant, before: str, function: str) -> None:
    """Raise `Misfit` where the function with the bug is no Python, or uses a name that its file does not know.

    Such a bug fails some test anyway, and says nothing about what that test sees.
    """
    try:
        # as deep as it stands
        tree = ast.parse(f"if True:\n{function}" if function[0].isspace() else function)
    except SyntaxError as error:
        raise Misfit(f"{mutant.name}: with its bug the file is no Python ({error.msg})") from None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    # what the file knew before is asked once for all its mutants, and seldom is anything left to ask of the bug
    new = used - _known_in(before) - {*dir(builtins), "__file__"}
    if unknown := new and new - _bound(tree):
        raise Misfit(f"{mutant.name}: its bug uses names that its file does not know, {sorted(unknown)}")


@cache
def _known_in(text: str) -> frozenset[str]:
    return frozenset(_bound(ast.parse(text)))


def _bound(tree: ast.Module) -> set[str]:
    """Every name that a file imports, defines, assigns or takes as an argument."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs) and node.name:
            found.add(node.name)
    return found


@cache
def functions(root: Path) -> tuple[Place, ...]:
    """Every function of the sources under a folder, methods and functions within functions included."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    return tuple(place for file in files for place in _functions_in(file, root))


def _functions_in(file: Path, root: Path) -> Iterator[Place]:
    around: list[tuple[str, ast.AST]] = [("", ast.parse(file.read_text(encoding="utf-8")))]
    while around:
        prefix, node = around.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{prefix}{child.name}"
                yield Place(
                    name=name, file=file.relative_to(root), first=child.lineno, last=child.end_lineno or 0
                )
                around.append((f"{name}.", child))
            elif isinstance(child, ast.ClassDef):
                around.append((f"{prefix}{child.name}.", child))
            elif not isinstance(child, ast.expr):
                around.append((prefix, child))
