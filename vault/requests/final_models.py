"""Final models that came in, kept for their owner where they took part: apart from the answer to who handed one in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.requests.campaign_model import check_model, kept_job
from vault.requests.stored_campaigns import document_of
from vault.requests.stored_logs import log_row
from vault.requests.text import NAME_LIMIT
from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_id
from vault.store.tables import CampaignLogRow, CampaignRow, ModelRow, RequesterRow
from vault.views.states import CampaignState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.requests.campaign_model import ModelFiles
    from vault.store.unit_of_work import UnitOfWork

TOOK_PART: Final = (CampaignState.JOINED, CampaignState.LEFT)


CHANGED: Final = "the models you keep"
"""Begins what the trail says of a model that was added or deleted."""


NOT_KEPT: Final = "a final model that came in: it is deleted, as you did not join its campaign,"


def has_model(uow: UnitOfWork, row: CampaignRow) -> bool:
    """Whether the final model of a campaign came in, whatever became of it here."""
    found = log_row(uow, row)
    return found is not None and found.model_at is not None


def take_model(act: AuditedTransaction, row: CampaignRow, files: ModelFiles) -> None:
    """Store the final model of a campaign, of whose log it was found to be; nothing of the owner's is looked at."""
    check_model(document_of(row), row.digest, files)
    found = log_row(act.uow, row)
    assert found is not None  # the log was read on in the same act
    found.model, found.model_at = files.weights, act.at
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    hidden = {"requester": name, "digest": sha256_hex(files.weights)}
    act.record(EntryType.CAMPAIGN_MODEL, clear={"campaign": row.id}, hidden=hidden)


def keep_models(act: AuditedTransaction) -> None:
    """Keep each final model that came in where its campaign was joined, be it left since.

    Where it was not and cannot be any more, its weights are deleted; that one came in stays known.
    """
    for found in act.uow.find(CampaignLogRow):
        row = act.uow.get(CampaignRow, found.campaign_id)
        if found.model is None or row is None:
            continue
        if row.state in TOOK_PART:
            _keep(act, row, found.model)
            found.model = None
        elif row.state is not CampaignState.WAITING or act.now >= row.expires_at:
            act.record(EntryType.SETTINGS_CHANGE, hidden={"what": f"{NOT_KEPT} {row.id[:8]}"})
            found.model = None


def _keep(act: AuditedTransaction, row: CampaignRow, weights: bytes) -> None:
    document, digest = document_of(row), sha256_hex(weights)
    name = free_name(act.uow, f"{document.job.label.name}-{row.digest[:6]}")
    kept = ModelRow(
        id=random_id(),
        name=name,
        job=kept_job(document, digest),
        weights=weights,
        added_at=act.at,
        campaign_id=row.id,
    )
    act.uow.add(kept)
    what = f"{CHANGED}: {name}, the final one of a campaign, is added"
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})


def free_name(uow: UnitOfWork, name: str) -> str:
    """This name, or with the first number behind it under which there is none."""
    tried, number = name[: NAME_LIMIT - 8], 1
    while uow.count(ModelRow, name=tried):
        number += 1
        tried = f"{name[: NAME_LIMIT - 8]}-{number}"
    return tried
