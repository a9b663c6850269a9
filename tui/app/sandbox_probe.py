"""Probe the sandbox by `lockbox doctor` in a process of its own, so that nothing heavy is loaded here."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vault.client.launch import LOCKBOX
from vault.errors.families import Unavailable
from vault.settings import STATE_VARIABLE

if TYPE_CHECKING:
    from vault.settings import Paths

PROBE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One thing that a locked-in learner tried, and how the kernel answered."""

    name: str
    refused: bool
    how: str


def probe(paths: Paths) -> list[Attempt]:
    """Run the probe against this vault; raises `Unavailable` when nothing could be tried."""
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            [*LOCKBOX, "--vault", str(paths.vault), "doctor", "--json"],
            env={**os.environ, STATE_VARIABLE: str(paths.state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,  # it ends with a code of its own when something was not refused
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Unavailable(reason="the sandbox cannot be tried") from None
    found = [_attempt(line) for line in done.stdout.splitlines()]
    if not found:
        raise Unavailable(reason="the sandbox could not be tried")
    return found


def _attempt(line: str) -> Attempt:
    said = json.loads(line)
    return Attempt(name=str(said["name"]), refused=bool(said["refused"]), how=str(said["how"]))
