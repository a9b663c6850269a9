"""What a round costs a coordinator by the number of vaults: to judge and keep answers, to verify and aggregate them.

Run from the repository root: ``.venv/bin/python benchmarks/coordinator.py [--vaults 100 1000 10000] [--numbers 100]``.
Vaults are keys that sign made updates; no time is spent on a network. Each size runs in a process of its own over
SQLite, with every commit on the disk; times are of the processor, memory is what aggregation adds at its peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from learner.federation.coordinator import Coordinator
from tests.worlds.answering import DOCUMENT, NUMBER, MadeVault, signed_campaign
from tests.worlds.coordinators import enrolled, made_coordinator

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


def peak() -> float:
    """The most memory this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def wide(numbers: int) -> dict[str, Any]:
    """The job of a model of so many weights."""
    features = [
        {"name": f"x{place}", "necessity": "required", "role": "feature",
         "transform": {**NUMBER, "center": 0, "fill": 0, "scale": 1}}
        for place in range(min(255, numbers // 2 - 1))
    ]  # fmt: skip
    job = DOCUMENT["job"]
    return {**job, "fields": [job["fields"][0], *features], "output": {**job["output"], "grid": 16}}


def measured(vaults: int, numbers: int, rule: str) -> dict[str, float]:
    """One round with so many vaults."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        rules = {"filtered": True, "rule": rule, "weights": "inverse_noise"}
        signed = signed_campaign(Path(place), START, rounds=1, job=wide(numbers), aggregation=rules)
        folder = made_coordinator(Path(place) / "c", signed, quorum=vaults, now=START)
        with closing(Coordinator(folder, clock=lambda: START)) as coordinator:
            coordinator.tick()
            manifest, spent = coordinator.job(1).manifest, 0.0
            for _ in range(vaults):
                vault = MadeVault()
                enrolled(coordinator, vault)
                size = len(coordinator.document.job.features) * 2 + 2
                release_id, body = vault.body(manifest, random.integers(-(2**40), 2**40, size))
                before = time.process_time()
                coordinator.answer(1, release_id, key=vault.public, body=body)
                spent += time.process_time() - before
            memory, before = peak(), time.process_time()
            coordinator.tick()
            closing_seconds = time.process_time() - before
            assert coordinator.state.model() is not None
            return {
                "vaults": vaults,
                "numbers": size,
                "answer_ms": 1000 * spent / vaults,
                "close_seconds": closing_seconds,
                "close_ms_a_vault": 1000 * closing_seconds / vaults,
                "more_mb": peak() - memory,
            }


def main() -> None:
    """Print a table, a row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vaults", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--numbers", type=int, default=100)
    parser.add_argument("--rule", default="trimmed_mean")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.vaults[0], chosen.numbers, chosen.rule)))
        return
    print(
        "| vaults | numbers | CPU ms an answer | CPU s to close | ms a vault | MB more |\n|---|---|---|---|---|---|"
    )
    for vaults in chosen.vaults:
        command = [
            sys.executable,
            __file__,
            "--one",
            "--vaults",
            str(vaults),
            "--numbers",
            str(chosen.numbers),
        ]
        done = subprocess.run([*command, "--rule", chosen.rule], check=True, capture_output=True, text=True)
        one = json.loads(done.stdout)
        print(
            f"| {one['vaults']:,} | {one['numbers']} | {one['answer_ms']:.1f} | {one['close_seconds']:.1f} "
            f"| {one['close_ms_a_vault']:.2f} | {one['more_mb']:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
