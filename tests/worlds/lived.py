"""A vault with a past: two collections, two requesters, runs that were sent, kept and held, a request that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.worlds.approving import approve
from tests.worlds.importing import import_file
from tests.worlds.vaults import new_world
from tests.worlds.world import JOB, World
from vault.requester.aim import Aim
from vault.requester.description import job_from_description
from vault.requester.jobs import new_job, sign_job
from vault.requester.keys import keygen
from vault.vault import Vault
from vault.views.records import FileChoice

OTHER = "Heart group"
WALKS_JOB = JOB.replace('"nights"', '"walks"')


def lived_in(folder: Path, *, between: Callable[[], None] = lambda: None) -> World:
    """Such a vault, of today, since commands look at the real clock; `between` is called five times."""
    today = datetime.now(UTC)
    world = new_world(folder, now=today - timedelta(days=60))
    with world.vault() as vault:
        world.imported(vault)
        walks = world.table("walks.csv", rows=80, seed=2)
        import_file(vault, FileChoice(path=walks, name="walks", unit="record", time_field="day"))
        between()
        world.introduced(vault)
        vault.add_requester(OTHER, keygen(folder / "heart").public)
        between()
        sent = _ran(world, vault, "first", today - timedelta(days=50))
        between()
        vault.send(sent, confirm_digest=vault.release(sent).digest, to=folder / "sent")
        then = today - timedelta(days=20)
        vault.withhold(_run(world, vault, _others_job(world, then), then))
        between()
        _ran(world, vault, "third", today)
        between()
        vault.submit(world.job("fourth", epsilon="0.5"))
    return world


def _ran(world: World, vault: Vault, name: str, at: datetime) -> str:
    world.clock.now = at
    return _run(world, vault, world.job(name), at)


def _run(world: World, vault: Vault, job: Path, at: datetime) -> str:
    world.clock.now = at
    request = vault.submit(job).line.id
    approve(vault, request, draft=True)
    vault.train(request, progress=lambda _step, _of: None)
    return request


def _others_job(world: World, at: datetime) -> Path:
    """A job of the other requester, about the other collection."""
    description, folder = world.folder / "walks.toml", world.folder / "walks-job"
    description.write_text(WALKS_JOB.format(unit="record", steps=5))
    new_job(job_from_description(description), aim=Aim(most=Decimal("0.5")), folder=folder, now=at)
    sign_job(folder, world.folder / "heart" / "requester.key")
    return folder
