"""The import rules hold, each of them can break, and nothing heavy is loaded by accident."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]

COORDINATORS_SQL = tuple(
    f"learner.federation.state{part}"
    for part in ("", "_answers", "_engine", "_log", "_rows", "_tables", "_tiers")
)
# Every library that has a home, and that home.
HOMES = {
    "nacl": ("vault.sealing",),
    "cryptography": ("learner.dp", "learner.federation.certificate", "learner.federation.mesh_founding"),
    "sqlalchemy": ("vault.store", *COORDINATORS_SQL),
    "sqlmodel": ("vault.store",),
    "sqlcipher3": ("vault.store",),
    "alembic": ("vault.store",),
    "torch": ("learner",),
    "charset_normalizer": ("vault.importers",),
    "pyarrow": ("vault.importers", "vault.records", "vault.training"),
    "fastapi": ("vault.daemon", "learner.federation"),
    "starlette": ("vault.daemon", "learner.federation"),
    "uvicorn": ("vault.daemon", "learner.federation"),
    "h11": ("vault.client", "vault.daemon", "vault.wire", "learner.probes", "learner.federation"),
    "httpx": ("learner.federation",),
    "ssl": ("learner.federation",),
    "socket": ("vault.client", "vault.daemon", "vault.wire", "learner.probes", "learner.federation"),
    "dp_accounting": ("vault.budget",),
    "textual": ("tui",),
    "typer": ("tui",),
    "rich": ("tui",),
    "sqlite3": (),
    "pickle": (),
}
# What no module of a house may import, whatever room it is in.
ABOVE = {"vault": "tui.cli.exit_codes", "learner": "vault.settings", "tui": "vault.store.engine"}


def modules(folder: Path) -> dict[str, Path]:
    """Every module of the tree by its dotted name."""
    found = {}
    for top in ("vault", "learner", "tui"):
        for file in sorted((folder / top).rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def is_at_home(module: str, library: str) -> bool:
    return any(module == home or module.startswith(f"{home}.") for home in HOMES[library])


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import linter on a checkout, with that checkout first on the path."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_every_import_rule_holds() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout


def copied(folder: Path) -> Path:
    """The tree with its rules, to be broken."""
    for name in ("vault", "learner", "tui"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("each", [pytest.param("package"), pytest.param("module", marks=pytest.mark.slow)])
def test_a_forbidden_import_is_seen_everywhere_and_where_nobody_thought_of(tmp_path: Path, each: str) -> None:
    """By default in a new module of each package, in the slow tests in each module of the tree as well."""
    tree = copied(tmp_path)
    for package in [file.parent for file in tree.rglob("__init__.py")]:
        (package / "brand_new.py").write_text("", encoding="utf-8")
    is_planted = (lambda module: True) if each == "module" else (lambda module: module.endswith(".brand_new"))
    planted = {module: file for module, file in modules(tree).items() if is_planted(module)}
    for module, file in planted.items():
        lines = [f"import {library}" for library in HOMES if not is_at_home(module, library)]
        with file.open("a", encoding="utf-8") as opened:
            opened.write("\n" + "\n".join([*lines, f"import {ABOVE[module.split('.')[0]]}"]) + "\n")

    said = lint(tree).stdout

    assert unseen_in(said, planted) == []


def unseen_in(said: str, planted: Iterable[str]) -> list[str]:
    """The forbidden imports that the linter does not name."""
    return [
        f"{module} -> {library}"
        for module in planted
        for library in [*HOMES, ABOVE[module.split(".")[0]]]
        if library in ABOVE.values() or not is_at_home(module, library)
        if not re.search(rf"(?<![\w.]){re.escape(module)} -> {re.escape(library)}(?![\w.])", said)
    ]


def test_a_room_nobody_listed_breaks_the_layers(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    for top in ("vault", "learner"):
        (tree / top / "brand_new.py").write_text('"""A module without a place."""\n', encoding="utf-8")

    said = lint(tree).stdout

    assert [top for top in ("vault", "learner") if f"{top}.brand_new" not in said] == []


def test_no_module_reaches_itself_not_even_for_types() -> None:
    graph = grimp.build_graph("vault", "learner", "tui", exclude_type_checking_imports=False, cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    TopologicalSorter(arrows).prepare()  # raises CycleError


LIGHT = "vault.vault, vault.requester.jobs, vault.daemon.server, tui.cli.entry_point, tui.demo.story, learner.protocol"


def test_importing_the_vault_or_the_tui_never_loads_torch() -> None:
    """None of them does where all of them together do not."""
    program = (
        f"import sys, {LIGHT}; print(sorted({{'torch', 'dp_accounting', 'sklearn'}} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_opening_a_vault_loads_nothing_that_computes() -> None:
    heavy = {"torch", "pyarrow", "numpy", "safetensors"}
    program = f"import sys, vault.vault; print(sorted({heavy!r} & set(sys.modules)))"
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_the_help_loads_nothing_heavy() -> None:
    heavy = {"torch", "pyarrow", "sqlmodel", "sqlalchemy", "pydantic", "numpy", "nacl", "rich.console"}
    program = (
        "import sys, tui.cli.entry_point; tui.cli.entry_point.run(['--help']); "
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip().endswith("[]")


def test_a_status_loads_nothing_that_many_vaults_are_for(tmp_path: Path) -> None:
    foreign = ("learner.federation", "uvicorn", "starlette", "fastapi", "httpx", "psycopg", "flwr", "zenoh")
    program = (
        "import sys, tui.cli.entry_point; tui.cli.entry_point.run(['status', '--json']); "
        f"print([name for name in sys.modules if name.startswith({foreign!r})])"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    outcome = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.splitlines()[-1] == "[]"


def test_a_coordinator_loads_no_database_of_vaults_and_nothing_that_it_serves_without() -> None:
    heavy = {
        "sqlcipher3",
        "fastapi",
        "torch",
        "pyarrow",
        "dp_accounting",
        "textual",
        "httpx",
        "psycopg",
        "flwr",
        "typer",
        "rich",
        "cryptography",
    }
    program = (
        "import sys, tui.cli.coordinator_process, tui.cli.terminal, learner.federation.coordinator_server; "
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_package_inits_import_nothing() -> None:
    for file in [
        *ROOT.glob("vault/**/__init__.py"),
        *ROOT.glob("learner/**/__init__.py"),
        *ROOT.glob("tui/**/__init__.py"),
    ]:
        at_once = ast.parse(file.read_text(encoding="utf-8")).body
        assert all(isinstance(one, ast.Expr | ast.FunctionDef) or is_future(one) for one in at_once), file


def is_future(one: ast.stmt) -> bool:
    """Whether a statement only says how the file itself is read."""
    return isinstance(one, ast.ImportFrom) and one.module == "__future__"
