"""A build of torch that comes with GPU packages works in the locked-in learner as well as one without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# What such a package does where nothing may be written: it looks for a folder for temporary files.
REFUSED = "raise FileNotFoundError('no usable temporary directory')\n"
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from learner import __main__ as learner
if sys.argv[2] == "left out":
    learner._leave_gpus_out()
import torch
print(torch.ones(2).sum().item())
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with a package of that name that cannot be imported."""
    (tmp_path / "cuda" / "bindings").mkdir(parents=True)
    (tmp_path / "cuda" / "bindings" / "__init__.py").write_text(REFUSED)
    return tmp_path


def torch_with(packages: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(packages), how], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_gpu_packages_that_cannot_be_imported_are_left_out(packages: Path) -> None:
    alone, left_out = torch_with(packages, "as it is"), torch_with(packages, "left out")

    assert "FileNotFoundError" in alone.stderr
    assert (left_out.returncode, left_out.stdout) == (0, "2.0\n"), left_out.stderr
