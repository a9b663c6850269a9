"""Models that the owner keeps, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.errors.models import UnknownModel
from vault.requests.parse import parse_manifest
from vault.requests.shapes import dimension
from vault.sealing.signing import fingerprint
from vault.store.tables import Collection, HeldRow, ModelRow
from vault.store.times import stamp
from vault.views.models import ModelView

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork


def find_model(uow: UnitOfWork, name: str) -> ModelRow:
    """The model of this name; raises `UnknownModel`."""
    for row in uow.find(ModelRow, name=name):
        return row
    raise UnknownModel(name=name)


def model_views(uow: UnitOfWork) -> list[ModelView]:
    """Every model, the newest first."""
    return [model_view(uow, row) for row in uow.find(ModelRow, order_by="added_at", descending=True)]


def model_view(uow: UnitOfWork, row: ModelRow) -> ModelView:
    """One model as it is shown."""
    job = parse_manifest(row.job)
    fitted_on = None if row.collection_id is None else uow.get(Collection, row.collection_id)
    is_private = row.release_digest is None and row.campaign_id is None  # it was fitted at home
    return ModelView(
        name=row.name,
        kind=job.model.kind,
        predicts=job.label.name,
        features=tuple(field.name for field in job.features),
        optional=tuple(field.name for field in job.features if field.name not in job.required),
        parameters=dimension(job),
        added_at=stamp(row.added_at),
        is_private=is_private,
        others=() if is_private else (job.requester.name, *job.recipients),
        release_digest=row.release_digest or "",
        vault_fingerprint=fingerprint(row.vault_key) if row.vault_key else "",
        fitted_on=fitted_on.name if fitted_on else "",
        began_from=row.began_from or "",
        campaign=row.campaign_id or "",
        is_own=row.release_digest is not None and bool(uow.find(HeldRow, manifest_digest=row.release_digest)),
    )


def fitted_on(uow: UnitOfWork, collection_id: int) -> list[ModelRow]:
    """The models that were fitted at home on the rows of a collection."""
    return uow.find(ModelRow, collection_id=collection_id, order_by="name")
