"""What a requester learns through the socket: about its own jobs, in words that tell nothing of the records.

From the charge until a release every ending looks the same from outside (`in progress`): that a run failed, that an
update was kept, destroyed or expired may depend on records, or on the person who looked at what was learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.errors.daemon import NotAtThisDoor
from vault.errors.families import Broken, Invalid, Refused
from vault.errors.requests import JobReplayed, UnknownRequest
from vault.requests import evaluate, inbox
from vault.requests.bundle import check_signature, check_sizes
from vault.requests.parse import parse_manifest
from vault.requests.release_manifest import RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE
from vault.requests.shapes import shapes
from vault.requests.weights import check_weights
from vault.store.tables import ChargeRow, RequesterRow, RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.requests.bundle import JobFiles
    from vault.store.unit_of_work import UnitOfWork

WAITING: Final = "waiting"
REFUSED: Final = "refused"
EXPIRED: Final = "expired"
IN_PROGRESS: Final = "in progress"
RELEASED: Final = "released"

SENT_FILES: Final = (UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE)
_REFUSALS: Final = (RequestState.REFUSED_POLICY, RequestState.REFUSED_PERSON)
_BEFORE_A_RUN: Final = (RequestState.RECEIVED, RequestState.WAITING, RequestState.APPROVED)


def submit(act: AuditedTransaction, requester_id: str, files: JobFiles) -> str:
    """Take a job of this requester into the inbox and return its job id.

    What is wrong with the job's own bytes is told; why it does not fit what lies in the vault is not. Raises
    `ManifestInvalid`, `ManifestTampered`, `WeightsInvalid`, `WeightsTampered`, `JobReplayed` and `NotAtThisDoor`.
    """
    row = act.uow.get(RequesterRow, requester_id)
    check_sizes(files)
    if row is None or check_signature(files) != row.key:
        raise NotAtThisDoor(reason="the job is signed by another key than the one this token was given for")
    manifest = parse_manifest(files.manifest)
    check_weights(files.weights, shapes(manifest), manifest.model.weights)
    try:
        inbox.submit(act, files, policy=evaluate.policy(act.uow))  # a refusal by policy is the job's state
    except JobReplayed:
        raise
    except (Invalid, Refused, Broken):
        raise NotAtThisDoor(reason="the vault does not take this job") from None
    return manifest.job_id


def state(uow: UnitOfWork, requester_id: str, job_id: str, now: datetime) -> str:
    """Where a requester's own job stands; raises `UnknownRequest` for everybody else's."""
    row = _own(uow, requester_id, job_id)
    if row.state is RequestState.RELEASED:
        return RELEASED
    if uow.count(ChargeRow, request_id=row.id):
        return IN_PROGRESS
    if row.state in _REFUSALS:
        return REFUSED
    if row.state is RequestState.EXPIRED or (row.state in _BEFORE_A_RUN and now >= row.expires_at):
        return EXPIRED
    return WAITING if row.state in (RequestState.RECEIVED, RequestState.WAITING) else IN_PROGRESS


def released(vault: OpenVault, requester_id: str, job_id: str) -> dict[str, bytes]:
    """The files that were sent for a requester's own job to the outbox, by name; raises `NotAtThisDoor`."""
    with vault.read() as uow:
        row = _own(uow, requester_id, job_id)
        is_released = row.state is RequestState.RELEASED
    folder = outbox_folder(vault, requester_id, row.id)
    if not is_released or not folder.is_dir():
        raise NotAtThisDoor(reason="nothing lies here for this job")
    return {name: (folder / name).read_bytes() for name in SENT_FILES}


def outbox_folder(vault: OpenVault, requester_id: str, release_id: str) -> Path:
    """Where the one egress puts what a requester fetches through the socket."""
    return vault.paths.outbox / requester_id / release_id


def _own(uow: UnitOfWork, requester_id: str, job_id: str) -> RequestRow:
    for row in uow.find(RequestRow, requester_id=requester_id, job_id=job_id):
        return row
    raise UnknownRequest(request=job_id)
