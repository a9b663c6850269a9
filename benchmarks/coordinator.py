"""What a round costs a coordinator by the number of vaults: to judge and keep answers, to verify and aggregate them.

Run from the repository root: ``.venv/bin/python benchmarks/coordinator.py [--vaults 100 1000 10000] [--numbers 100]``,
with ``--svg FILE`` for a picture of it. Vaults are keys that sign made updates; no time is spent on a network. Each
size runs in a process of its own over SQLite, with every commit on the disk; times are of the processor. The memory is
the most that the process had, what makes the vaults included, and what aggregation adds at its peak.

``--couriers 200`` measures something else: the memory of a coordinator that serves, waiting and at its peak, with so
many couriers that enrol and upload at once over TLS.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from plot import Panel, draw

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import Invitation
from tests.worlds.answering import DOCUMENT, NUMBER, MadeVault, signed_campaign
from tests.worlds.coordinators import enrolled, is_up, made_coordinator, replicas, wait_until
from tests.worlds.many_couriers import ROUNDS, carry, wide_job

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
                "round_seconds": spent + closing_seconds,
                "more_mb": peak() - memory,
                "peak_mb": peak(),
            }


def served(couriers: int) -> dict[str, float]:
    """The memory in MB of a coordinator that waits, and the most while couriers enrol and upload 10 kB each at once."""
    with tempfile.TemporaryDirectory() as place:
        signed = signed_campaign(Path(place), datetime.now(UTC), rounds=ROUNDS, job=wide_job())
        folder = made_coordinator(Path(place) / "c", signed, quorum=couriers)
        (replica,) = replicas(folder.path, 1)
        with closing(Coordinator(open_folder(replica.folder))) as coordinator:
            work = [(each, MadeVault()) for each in coordinator.invite(couriers, replica.url)]
        replica.start()
        try:
            wait_until(lambda: is_up(replica, folder.certificate), 60)
            waiting = replica.memory() / 1000
            asyncio.run(_all_at_once(replica.url, folder.certificate, work))
            return {"waiting_mb": waiting, "peak_mb": replica.memory() / 1000}
        finally:
            replica.kill()


async def _all_at_once(url: str, certificate: Path, work: Sequence[tuple[Invitation, MadeVault]]) -> None:
    context, many = ssl.create_default_context(cafile=certificate), httpx.Limits(max_connections=len(work))
    async with httpx.AsyncClient(verify=context, base_url=url, timeout=120, limits=many) as asked:
        await asyncio.gather(
            *(carry(asked, *one, random.Random(place), {}) for place, one in enumerate(work))
        )


def main() -> None:
    """Print a table, a row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vaults", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--numbers", type=int, default=100)
    parser.add_argument("--rule", default="trimmed_mean")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--svg", type=Path, help="where a picture of it goes")
    parser.add_argument("--couriers", type=int, help="measure the memory of one that serves so many instead")
    chosen = parser.parse_args()
    if chosen.couriers:
        print("| couriers at once | MB where it waits | MB at the peak |\n|---|---|---|")
        memory = served(chosen.couriers)
        print(f"| {chosen.couriers} | {memory['waiting_mb']:.0f} | {memory['peak_mb']:.0f} |")
        return
    if chosen.one:
        print(json.dumps(measured(chosen.vaults[0], chosen.numbers, chosen.rule)))
        return
    print(
        "| vaults | numbers | CPU ms an answer | CPU s to close | ms a vault | CPU s in all | MB more | MB in all |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    found = []
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
        found.append(one)
        figures = (
            f"{one['vaults']:,}",
            f"{one['numbers']}",
            f"{one['answer_ms']:.1f}",
            f"{one['close_seconds']:.1f}",
            f"{one['close_ms_a_vault']:.2f}",
            f"{one['round_seconds']:.1f}",
            f"{one['more_mb']:.1f}",
            f"{one['peak_mb']:.0f}",
        )
        print(f"| {' | '.join(figures)} |", flush=True)
    if chosen.svg:
        draw(pictured(found), chosen.svg)


def pictured(found: Sequence[Mapping[str, float]]) -> list[Panel]:
    """Processor time and memory by the number of vaults; the time beside a line that is linear in them."""
    seconds = [(one["vaults"], one["round_seconds"]) for one in found]
    each = seconds[-1][1] / seconds[-1][0]
    tens = range(math.floor(math.log10(seconds[0][1])), math.ceil(math.log10(seconds[-1][1])) + 1)
    return [
        Panel(
            title="CPU seconds of a round",
            points=seconds,
            ticks=[10.0**one for one in tens],
            is_log=True,
            guide=[(vaults, each * vaults) for vaults, _ in seconds],
            guide_is=f"{1000 * each:.1f} ms a vault",
        ),
        Panel(
            title="peak memory of the process, MB",
            points=[(one["vaults"], one["peak_mb"]) for one in found],
            ticks=[0, 50, 100, 150],
        ),
    ]


if __name__ == "__main__":
    main()
