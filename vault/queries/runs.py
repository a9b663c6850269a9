"""What runs in this process, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.lifecycle.runs import Run
from vault.requests.evaluate import (
    StoredJob,
    load,
)
from vault.store.times import stamp
from vault.views.runs import RunView

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork


def run_views(uow: UnitOfWork, vault: OpenVault) -> list[RunView]:
    """What runs in this process now, the longest running first."""
    return [run_view(load(uow, request_id), run) for request_id, run in list(vault.running.items())]


def run_view(asked: StoredJob, run: Run) -> RunView:
    """A run as it is shown."""
    return RunView(
        request=asked.row.id,
        requester=asked.requester.name,
        collection=asked.manifest.collection,
        step=run.step,
        of=run.of,
        started_at=stamp(run.started_at),
        epsilon=asked.price.epsilon,
        confined=run.sandbox.confined,
        landlock_abi=run.sandbox.landlock_abi,
        seccomp=run.sandbox.seccomp,
        missing=run.sandbox.missing,
    )
