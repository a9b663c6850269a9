"""Every mutant fits the tree as it stands, and what does not fit is said by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from all_mutants import MUTANTS
from mutant import Kind, Mutant
from mutant_copy import ROOT
from mutant_source import Misfit, planted
from named_tests import node_id

SOURCE = """\
import math


def area(width: float) -> float:
    return math.pi * width * width


class Wheel:
    def area(self) -> float:
        def half(width: float) -> float:
            return width / 2

        return half(4.0)
"""
SIMPLE = Mutant(
    name="a wider circle",
    kind=Kind.LEDGER,
    function="area",
    old="math.pi",
    new="math.tau",
    caught_by="test_area",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of one source."""
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "shapes.py").write_text(SOURCE)
    return tmp_path


def with_tests(tree: Path, **files: str) -> Path:
    """The tree with these files of tests in it."""
    (tree / "tests" / "shapes").mkdir(parents=True)
    for name, text in files.items():
        (tree / "tests" / "shapes" / f"{name}.py").write_text(text)
    return tree


def misfit(found: Callable[[], object]) -> str:
    """What is said of something that does not fit; nothing where it does."""
    try:
        found()
    except Misfit as error:
        return str(error)
    return ""


# the mutants --------------------------------------------------------------------------------------------------


def test_every_mutant_has_its_one_place_and_its_one_default_test() -> None:
    found = [
        text
        for mutant in MUTANTS
        for text in (
            misfit(lambda mutant=mutant: planted(ROOT, mutant)),
            misfit(lambda mutant=mutant: node_id(ROOT, mutant.caught_by)),
        )
        if text
    ]
    assert found == []


def test_a_test_with_values_is_named_with_values_that_a_default_run_has(
    request: pytest.FixtureRequest,
) -> None:
    """Of the tests that this run has; a whole run has them all."""
    names = {item.name for item in request.session.items}
    functions = {name.split("[")[0] for name in names}
    of_values = [mutant.caught_by for mutant in MUTANTS if "[" in mutant.caught_by]

    assert of_values
    assert [name for name in of_values if name.split("[")[0] in functions and name not in names] == []


def test_there_are_at_least_thirteen_bugs_of_privacy_and_ten_of_every_other_kind() -> None:
    planted_of = Counter(mutant.kind for mutant in MUTANTS)

    assert planted_of[Kind.PRIVACY] >= 13
    assert all(planted_of[kind] >= 10 for kind in Kind)


def test_every_mutant_is_another_bug_under_another_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    bugs = {(mutant.within, mutant.function, mutant.old, mutant.new) for mutant in MUTANTS}
    assert len(bugs) == len(MUTANTS)


# planting -----------------------------------------------------------------------------------------------------


def test_a_bug_is_planted_in_its_function_alone(tree: Path) -> None:
    assert planted(tree, SIMPLE) == (Path("vault/shapes.py"), SOURCE.replace("math.pi", "math.tau"))


@pytest.mark.parametrize("function", ["Wheel.area", "Wheel.area.half"])
def test_a_function_is_named_with_what_is_around_it(tree: Path, function: str) -> None:
    mutant = replace(SIMPLE, function=function, old="width / 2", new="width")
    assert planted(tree, mutant)[1] == SOURCE.replace("width / 2", "width")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"function": "volume"}, "the function volume stands in nowhere"),
        ({"function": "half"}, "the function half stands in nowhere"),
        ({"within": "learner"}, "the function area stands in nowhere"),
        ({"old": "math.e"}, "its snippet stands 0 times in area"),
        ({"old": "width / 2"}, "its snippet stands 0 times in area"),
        ({"old": "* width"}, "its snippet stands 2 times in area"),
        ({"new": "pi"}, "uses names that its file does not know, ['pi']"),
        ({"new": "math.pi)"}, "with its bug the file is no Python"),
    ],
)
def test_a_mutant_that_does_not_fit_is_said_by_its_name(
    tree: Path, change: dict[str, str], says: str
) -> None:
    text = misfit(lambda: planted(tree, replace(SIMPLE, **change)))
    assert text.startswith(f"{SIMPLE.name}: ")
    assert says in text


def test_two_functions_of_one_name_are_told_apart_by_where_they_are_or_not_at_all(tree: Path) -> None:
    (tree / "learner").mkdir()
    (tree / "learner" / "shapes.py").write_text(SOURCE)
    assert misfit(lambda: planted(tree, SIMPLE)) == (
        "a wider circle: the function area stands in vault/shapes.py, learner/shapes.py"
    )
    for within in ("learner", "learner/shapes"):
        assert planted(tree, replace(SIMPLE, within=within))[0] == Path("learner/shapes.py")


# named tests --------------------------------------------------------------------------------------------------


def test_a_test_is_found_wherever_it_stands(tmp_path: Path) -> None:
    tree = with_tests(tmp_path, test_a="def test_area(): ...\n", test_b="def test_other(): ...\n")
    assert node_id(tree, "test_area") == "tests/shapes/test_a.py::test_area"
    assert node_id(tree, "test_area[wide]") == "tests/shapes/test_a.py::test_area[wide]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def test_other(): ...", "the test test_area stands in nowhere"),
        ("import pytest\n@pytest.mark.slow\ndef test_area(): ...", "test_area is slow"),
        ("import pytest\npytestmark = [pytest.mark.slow]\ndef test_area(): ...", "test_area is slow"),
    ],
)
def test_a_test_that_no_default_run_has_catches_nothing(tmp_path: Path, text: str, says: str) -> None:
    tree = with_tests(tmp_path, test_a=text)
    assert says in misfit(lambda: node_id(tree, "test_area"))


def test_two_tests_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    tree = with_tests(tmp_path, test_a="def test_area(): ...\n", test_b="def test_area(): ...\n")
    assert misfit(lambda: node_id(tree, "test_area")) == (
        "the test test_area stands in tests/shapes/test_a.py, tests/shapes/test_b.py"
    )


def test_a_slow_case_leaves_the_others_where_they_are(tmp_path: Path) -> None:
    cases = "@pytest.mark.parametrize('one', [1, pytest.param(2, marks=pytest.mark.slow)])"
    tree = with_tests(tmp_path, test_a=f"import pytest\n{cases}\ndef test_area(one): ...\n")
    assert node_id(tree, "test_area[1]").endswith("::test_area[1]")
