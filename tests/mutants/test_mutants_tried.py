"""A mutant is tried in a copy that nothing leads out of, and caught only by a test that fails."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from all_mutants import MUTANTS
from mutant import Kind, Mutant
from mutant_copy import ROOT, Copy, copied, plant
from mutant_source import PACKAGES
from mutant_trial import Outcome, Ran, Trial, judged, tried
from run_mutants import main, table

from tests.sweeps import sweep

SAMPLE = (
    "fixed seed",
    "one use more than was given",
    "the same request is charged again",
    "consistency with any older root",
    "one digit confirms",
    "a descriptor may be locked",
)

SMALL = {
    "pyproject.toml": "",
    "docs/page.md": "",
    "vault/__init__.py": "",
    "vault/numbers.py": "def two() -> int:\n    return 2\n",
    "tests/test_numbers.py": """\
import pytest
from vault.numbers import two

@pytest.fixture
def four():
    assert two() + two() == 4

def test_it_sees():
    assert two() == 2

def test_it_is_blind():
    assert two()

def test_it_cannot_be_set_up(four):
    pass
""",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """One copy for all."""
    return copied(tmp_path_factory.mktemp("mutants") / "copy")


def named(name: str) -> Mutant:
    (found,) = [mutant for mutant in MUTANTS if mutant.name == name]
    return found


def said(copy: Copy, *arguments: str) -> str:
    """What an isolated process of the copy prints: it reads no variable and no folder it is started in."""
    command = [str(copy.python), "-I", *arguments]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    return done.stdout.strip()


# the copy -----------------------------------------------------------------------------------------------------


def test_an_isolated_process_imports_the_copy(copy: Copy) -> None:
    program = f"import {', '.join(PACKAGES)}; print({', '.join(f'{name}.__file__' for name in PACKAGES)})"
    assert said(copy, "-c", program).split() == [str(copy.root / name / "__init__.py") for name in PACKAGES]


def test_a_learner_is_started_from_the_copy_as_the_vault_starts_it(copy: Copy) -> None:
    main = copy.root / "learner" / "__main__.py"
    before = main.read_text()
    main.write_text("print('the learner of the copy')\n")
    try:
        assert said(copy, "-m", "learner") == "the learner of the copy"
    finally:
        main.write_text(before)


def test_a_bug_is_taken_out_again_and_never_reaches_the_tree(copy: Copy) -> None:
    bug = plant(copy, named("fixed seed"))
    original = ROOT / bug.file.relative_to(copy.root)
    before = original.stat()
    assert bug.file.read_text() != original.read_text()
    bug.take_out()
    assert bug.file.read_bytes() == original.read_bytes()
    assert bug.file.stat().st_mtime_ns == original.stat().st_mtime_ns == before.st_mtime_ns


def test_code_compiled_with_one_bug_is_not_run_for_another(copy: Copy) -> None:
    """Both change one file to one length within one second, which is all that Python looks at."""
    program = "from vault.audit.merkle import leaf_hash; print(leaf_hash(b'an entry').hex())"
    found = [said(copy, "-c", program)]
    for prefix in ("1", "2", "3"):
        bug = plant(copy, replace(named("a node can pass for a leaf"), new=f'b"\\x0{prefix}" + entry'))
        found.append(said(copy, "-c", program))
        bug.take_out()
    assert found == [sha256(bytes([prefix]) + b"an entry").hexdigest() for prefix in range(4)]
    assert found[0] == said(copy, "-c", program)


# outcomes -----------------------------------------------------------------------------------------------------


def ran(code: int, *failures: str, errors: int = 0) -> Ran:
    return Ran(
        code=code, has_report=True, failures=failures, errors=errors, seconds=1.0, output="the last line"
    )


@pytest.mark.parametrize(
    ("outcome", "how"),
    [
        (Outcome.CAUGHT, ran(1, "assert 1 == 2")),
        (Outcome.CAUGHT, ran(1, "Failed: DID NOT RAISE <class 'vault.errors.requests.WrongState'>")),
        (Outcome.CAUGHT, ran(1, "vault.errors.families.Invalid: that is not so")),
        (Outcome.SURVIVED, ran(0)),
        (Outcome.BROKEN, ran(1, errors=1)),
        (Outcome.BROKEN, ran(1, "assert 1 == 2", errors=1)),
        (Outcome.BROKEN, ran(1, "NameError: name 'x' is not defined")),
        (Outcome.BROKEN, ran(1, "ImportError: cannot import name 'x'")),
        (Outcome.BROKEN, ran(2)),
        (Outcome.BROKEN, ran(4)),
        (Outcome.BROKEN, ran(5)),
        (Outcome.BROKEN, ran(-9)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_a_test_that_fails_is_a_catch(outcome: Outcome, how: Ran) -> None:
    assert judged(how)[0] is outcome


@pytest.fixture
def small(copy: Copy, tmp_path: Path) -> Copy:
    """A tree of one source and a few tests."""
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return Copy(root=tmp_path, python=copy.python)


@pytest.mark.parametrize(
    ("test", "outcome", "why"),
    [
        ("test_it_sees", Outcome.CAUGHT, "assert 3 == 2"),
        ("test_it_is_blind", Outcome.SURVIVED, "its test passes"),
        ("test_it_cannot_be_set_up", Outcome.BROKEN, "pytest ended with 1"),
    ],
)
def test_what_becomes_of_a_bug_is_what_its_test_says(
    small: Copy, test: str, outcome: Outcome, why: str
) -> None:
    bug = Mutant(name="three", kind=Kind.LEDGER, function="two", old="2", new="3", caught_by=test)
    trial = tried(small, bug)
    assert trial.outcome is outcome
    assert why in trial.why
    assert (small.root / "vault" / "numbers.py").read_text() == SMALL["vault/numbers.py"]


def test_a_bug_that_cannot_be_planted_is_broken(copy: Copy) -> None:
    trial = tried(copy, replace(named("one digit confirms"), old="nothing of the kind"))
    assert trial.outcome is Outcome.BROKEN
    assert "one digit confirms: its snippet stands 0 times" in trial.why


def test_the_table_counts_by_kind_and_names_what_was_not_caught() -> None:
    caught = MUTANTS[0]
    missed = next(one for one in reversed(MUTANTS) if one.kind is not caught.kind)
    lines = table(
        [
            Trial(mutant=caught, outcome=Outcome.CAUGHT, why="", seconds=1.5),
            Trial(mutant=missed, outcome=Outcome.SURVIVED, why="its test passes", seconds=2.0),
        ]
    ).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        [caught.kind.value, "1", "1", "1.5"],
        [missed.kind.value, "1", "0", "2.0"],
        ["all", "2", "1", "3.5"],
    ]
    assert lines[4] == f"SURVIVED: {missed.name}, by {missed.caught_by}: its test passes"


def test_a_name_that_no_mutant_has_is_refused_and_no_test_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    """One alone would leave no test to name, which pytest takes for all of them."""
    for missed, arguments in (
        ("nobody", ["nobody"]),
        ("nobody", ["fixed seed", "nobody"]),
        ("fixed seed", ["fixed seed", "--kind", "audit"]),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        told = capsys.readouterr()
        assert told.err.endswith(f"there is no such mutant: {missed}\n")
        assert not told.out


# a sample -----------------------------------------------------------------------------------------------------


def test_the_sample_has_one_bug_of_every_kind() -> None:
    assert {named(name).kind for name in SAMPLE} == set(Kind)


@pytest.mark.parametrize("name", sweep(SAMPLE, default=2))
def test_a_bug_of_the_sample_is_caught_by_its_test(copy: Copy, name: str) -> None:
    """The others are tried by `make mutants`."""
    trial = tried(copy, named(name))
    assert trial.outcome is Outcome.CAUGHT, trial.why
