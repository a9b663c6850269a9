"""The import rules hold, each of them can break, and nothing heavy is loaded by accident."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "the three houses": ("vault/audit/planted.py", "import tui.text.wording"),
    "the learner never sees": ("learner/planted.py", "import vault.errors"),
    "the vault sees the learner": ("vault/planted_a.py", "import learner.engine"),
    "the learner's protocol is standard library only": ("learner/protocol.py", "import numpy"),
    "only the learner imports torch": ("tui/planted.py", "import torch"),
    "only sealing imports the crypto": ("vault/budget/planted.py", "import nacl"),
    "only the store speaks SQL": ("vault/consent/planted.py", "import sqlalchemy"),
    "only importers and records": ("vault/requests/planted.py", "import pyarrow"),
    "only the daemon answers": ("tui/planted_c.py", "import uvicorn"),
    "only the tui draws": ("vault/requests/planted_b.py", "import typer"),
    "the tui sees the vault": ("tui/planted_b.py", "import vault.store.engine"),
    "leaves: deciding": ("vault/consent/decide.py", "import vault.store.tables"),
    "learner.dp is a leaf": ("learner/dp/planted.py", "import learner.engine"),
    "the rooms of the vault": ("vault/audit/planted_b.py", "import vault.release"),
}


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


def test_each_planted_violation_breaks_its_contract(tmp_path: Path) -> None:
    for name in ("vault", "learner", "tui"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in PLANTED.values():
        with (tmp_path / file).open("a", encoding="utf-8") as planted:
            planted.write(f"\n{line}\n")
    outcome = lint(tmp_path)
    broken = [line for line in outcome.stdout.splitlines() if " BROKEN" in line]
    assert sorted(PLANTED) == sorted(
        key for key in PLANTED if any(line.startswith(key) for line in broken)
    ), broken


@pytest.mark.parametrize(
    "module",
    [
        "vault.vault",
        "vault.requester",
        "vault.daemon.server",
        "tui.cli.entry_point",
        "tui.demo.story",
        "learner.protocol",
    ],
)
def test_importing_the_vault_or_the_tui_never_loads_torch(module: str) -> None:
    program = (
        f"import sys, {module}; print(sorted({{'torch', 'dp_accounting', 'sklearn'}} & set(sys.modules)))"
    )
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
