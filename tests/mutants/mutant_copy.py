"""A copy of the tree with a Python of its own that imports the copy, in isolated processes as well."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import venv
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from mutant import Mutant
from mutant_source import PACKAGES, planted

ROOT = Path(__file__).parents[2]
_TIMES = count(1_000_000_000)  # seconds since 1970 that no file of the tree was changed at


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The copy: its folder, and the program that runs its code."""

    root: Path
    python: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A file of a copy with a bug in it, and what it was before."""

    file: Path
    text: str
    times: tuple[int, int]

    def take_out(self) -> None:
        """Put back what stood there before."""
        self.file.write_text(self.text, encoding="utf-8")
        os.utime(self.file, ns=self.times)


def copied(folder: Path, root: Path = ROOT) -> Copy:
    """Copy sources, tests and the pages that tests read into a new folder, and make a virtual environment there."""
    for name in (*PACKAGES, "tests", "docs"):
        # What Python is just compiling has such a name, and is gone a moment later.
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy2(root / "pyproject.toml", folder)
    return Copy(root=folder, python=_environment(folder))


def plant(copy: Copy, mutant: Mutant) -> Planted:
    """Put a bug into a copy; raises `Misfit`."""
    name, text = planted(copy.root, mutant)
    file = copy.root / name
    before = file.stat()
    kept = Planted(
        file=file, text=file.read_text(encoding="utf-8"), times=(before.st_atime_ns, before.st_mtime_ns)
    )
    file.write_text(text, encoding="utf-8")
    # Each time its own: Python recognises compiled code by the second and the size of its source.
    moment = next(_TIMES)
    os.utime(file, (moment, moment))
    return kept


def _environment(folder: Path) -> Path:
    """An environment that finds the copy first and then every package installed here.

    The paths stand in a file of the environment itself: an isolated process reads that and no variable.
    """
    home = folder / ".venv"
    venv.create(home, with_pip=False, symlinks=True)
    where = {"base": str(home), "platbase": str(home)}
    installed = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    lines = [str(folder), *installed]
    paths = Path(sysconfig.get_path("purelib", "venv", vars=where)) / "copy.pth"
    paths.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Path(sysconfig.get_path("scripts", "venv", vars=where)) / "python"
