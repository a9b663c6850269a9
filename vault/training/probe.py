"""Try, from inside a locked-in learner, what it must not be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vault.lifecycle.folder import database_file
from vault.training.process import probe_sandbox

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault.settings import Paths


def probe(paths: Paths) -> list[ProbeResult]:
    """Let a locked-in learner try to reach the vault, the state folder and everything else it must not."""
    targets = {
        "the database": database_file(paths.vault),
        "the vault": paths.vault,
        "the state folder": paths.state,
        "your home": Path.home(),
    }
    there = {called: path for called, path in targets.items() if path.exists()}
    return [_named(one, list(there)) for one in probe_sandbox(list(there.values()))]


def _named(result: ProbeResult, targets: Sequence[str]) -> ProbeResult:
    """An attempt on "file 1" as one on what the first path is called."""
    attempt, _, number = result.name.rpartition(" ")
    if not number.isdecimal() or not 1 <= int(number) <= len(targets):
        return result
    return replace(result, name=f"{attempt}: {targets[int(number) - 1]}")
