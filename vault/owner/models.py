"""What an owner does with models, for themselves alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.errors.campaigns import ModelTooEarly
from vault.errors.families import Invalid
from vault.errors.models import FittedElsewhere, ModelExists, NotYourRelease, RoundNotKept, RowsGone
from vault.errors.release import HoldsSum
from vault.file_names import spelled
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.models import find_model, model_view, model_views
from vault.records.collections import find_collection, imports_of
from vault.requester.model_endings import check_ending, model_in
from vault.requests import requesters
from vault.requests.bundle import JobFiles, read_job
from vault.requests.final_models import CHANGED, free_name
from vault.requests.parse import parse_manifest
from vault.requests.stored_campaigns import has_more_to_decide
from vault.requests.text import NAME_LIMIT, text_faults
from vault.sealing.digest import sha256_hex
from vault.sealing.keyfile import read_key
from vault.sealing.random import random_id
from vault.store.destination import already_recorded
from vault.store.new_file import new_file
from vault.store.tables import CampaignRow, ModelRow, RequestRow

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.requests.release_manifest import ReleaseManifest
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.models import ModelFit, ModelScore, ModelView, Predictions


class ModelActions:
    """Keep models, score them, fit them at home, predict.

    Nothing here decides, charges, holds or releases: what is computed goes to who asked, and a fitted model into the
    table of models, of which no act makes anything that leaves.
    """

    _opened: OpenVault

    def models(self) -> list[ModelView]:
        with self._opened.read() as uow:
            return model_views(uow)

    def model(self, name: str) -> ModelView:
        with self._opened.read() as uow:
            return model_view(uow, find_model(uow, name))

    def add_model(
        self, folder: Path, *, name: str = "", job: Path | None = None, vault_key: Path | None = None
    ) -> ModelView:
        from vault.requester.release_check import check_answers, check_release, is_sum, moved, read_release
        from vault.requests.release_manifest import parse_release_manifest

        files = read_release(folder)
        release = parse_release_manifest(files.manifest)
        with self._opened.read() as uow:
            asked, key = self._answered(uow, release, job, vault_key)
        release = check_release(files, key)
        check_answers(release, files.update, asked)
        if is_sum(release):
            raise HoldsSum
        check_no_round(release)
        weights = moved(asked.weights, release, files.update)
        label, digest = parse_manifest(asked.manifest).label.name, sha256_hex(files.manifest)
        with self._opened.act() as act:
            row = _kept(act, name or f"{label}-{digest[:6]}"[:NAME_LIMIT], asked.manifest, weights)
            row.release_digest, row.vault_key = digest, key
            return model_view(act.uow, row)

    def _answered(
        self, uow: UnitOfWork, release: ReleaseManifest, job: Path | None, vault_key: Path | None
    ) -> tuple[JobFiles, bytes]:
        """The job that a release answers and the key that must have signed it: this vault's, unless both are said."""
        if job is not None and vault_key is not None:
            return read_job(job), read_key(vault_key, "vault-public")
        if job is not None or vault_key is not None:
            raise Invalid(
                reason="of another vault's release both are needed: --job JOBDIR and --vault-key KEY"
            )
        for row in uow.find(RequestRow, manifest_digest=release.job_manifest_sha256):
            files = JobFiles(manifest=row.manifest, signature=row.signature, weights=row.weights)
            return files, requesters.vault_key(self._opened.keys, row.requester_id).public
        raise NotYourRelease()

    def score_model(self, name: str, collection: str, *, progress: Progress = unwatched) -> ModelScore:
        from vault.training.own import scores_of, use_on_collection
        from vault.views.models import ModelScore

        row = self._usable(name)
        answer = use_on_collection(self._opened, row, collection, "score", progress).answer
        found = scores_of(answer, row, collection)
        return ModelScore(
            model=name,
            collection=collection,
            rows=found.rows,
            metric_name=found.metric,
            metric=found.final.score,
            base_metric=found.base,
        )

    def fit_model(
        self, name: str, collection: str, *, new_name: str = "", progress: Progress = unwatched
    ) -> ModelFit:
        from vault.training.own import fit_of, use_on_collection, weights_of
        from vault.views.models import ModelFit

        row = self._row_to_fit(name, collection)
        with self._opened.read() as uow:
            _check_name(uow, new_name or free_name(uow, f"{name}-at-home"))
        used = use_on_collection(self._opened, row, collection, "fit", progress)
        found = fit_of(used.answer, row, collection)
        weights = weights_of(used.answer, parse_manifest(row.job))
        with self._opened.act() as act:
            if not used.imports <= imports_of(act.uow, used.collection_id):
                raise RowsGone(collection=collection)
            kept = _kept(act, new_name or free_name(act.uow, f"{name}-at-home"), row.job, weights)
            kept.collection_id, kept.began_from = used.collection_id, name
            shown = model_view(act.uow, kept)
        return ModelFit(
            model=shown,
            rows=found.rows,
            metric_name=found.held_out.metric,
            held_out_metric=found.held_out.score,
            prior_metric=found.prior.score,
            base_metric=found.base,
        )

    def predict_collection(
        self, name: str, collection: str, target: Path, *, progress: Progress = unwatched
    ) -> Predictions:
        from vault.training.own import use_on_collection
        from vault.training.predictions import Table, written

        check_new(self._opened, target)
        row = self._usable(name)
        answer = use_on_collection(self._opened, row, collection, "predict", progress).answer
        table = Table(header=("row",), rows=None, absent=())
        with already_recorded(target):
            return written(answer, row, table, target)

    def predict_file(
        self, name: str, file: Path, target: Path, *, progress: Progress = unwatched
    ) -> Predictions:
        from vault.requester.prediction_file import read_cells
        from vault.training.own import use_on_file
        from vault.training.predictions import Table, written

        check_new(self._opened, target)
        row, cells = self._usable(name), read_cells(file)
        answer = use_on_file(self._opened, row, cells, progress)
        features = parse_manifest(row.job).features
        absent = tuple(field.name for field in features if not cells.has(field.name))
        table = Table(header=cells.header, rows=cells.rows, absent=absent)
        with already_recorded(target):
            return written(answer, row, table, target)

    def export_model(self, name: str, target: Path) -> ModelView:
        check_ending(target)
        check_new(self._opened, target)
        with self._opened.read() as uow:
            row = find_model(uow, name)
            shown = model_view(uow, row)
        data = model_in(target, job=row.job, weights=row.weights, name=row.name)
        self._note_export(shown, target)
        with already_recorded(target), new_file(target) as file:
            file.buffer.write(data)
        return shown

    def _note_export(self, shown: ModelView, target: Path) -> None:
        """One that was fitted at home tells of the rows it was fitted on, as a copy of records does."""
        if shown.is_private:
            hidden = {"collection": shown.fitted_on, "target": spelled(target.name)}
            self._opened.note_look(EntryType.EXPORT, clear={"profile": "records"}, hidden=hidden)
            return
        what = f"the model {shown.name}, to copy it to {spelled(target.name)}"
        self._opened.note_look(EntryType.ACCESS_VIEW, hidden={"what": what})

    def delete_model(self, name: str) -> None:
        with self._opened.act() as act:
            act.uow.delete(find_model(act.uow, name))
            act.record(EntryType.SETTINGS_CHANGE, hidden={"what": f"{CHANGED}: {name} is deleted"})

    def _row_to_fit(self, name: str, collection: str) -> ModelRow:
        """A model that may be fitted to these rows: what it tells of rows at home must go when those go."""
        row = self._usable(name)
        with self._opened.read() as uow:
            shown = model_view(uow, row)
            if shown.is_private and row.collection_id != find_collection(uow, collection).id:
                raise FittedElsewhere(name=name, collection=shown.fitted_on)
            return row

    def _usable(self, name: str) -> ModelRow:
        """A model that may be held against the owner's records; raises `UnknownModel` and `ModelTooEarly`.

        A final one is not while a release of its campaign is still to be decided, which would follow from it.
        """
        row = self._row(name)
        with self._opened.read() as uow:
            campaign = uow.get(CampaignRow, row.campaign_id or "")
            if campaign is not None and has_more_to_decide(uow, campaign):
                raise ModelTooEarly(name=name)
        return row

    def _row(self, name: str) -> ModelRow:
        with self._opened.read() as uow:
            return find_model(uow, name)


def check_no_round(release: ReleaseManifest) -> None:
    """Refuse a round of a campaign: its own rows' score would be known before the campaign's last decision."""
    if getattr(release, "campaign", None) is not None:
        raise RoundNotKept()


def _check_name(uow: UnitOfWork, name: str) -> None:
    """Refuse the name of a new model that is taken, `ModelExists`, or that cannot be shown, `Invalid`."""
    for fault in text_faults(name, limit=NAME_LIMIT):
        raise Invalid(reason=f"the name {fault}")
    if uow.count(ModelRow, name=name):
        raise ModelExists(name=name)


def _kept(act: AuditedTransaction, name: str, job: bytes, weights: bytes) -> ModelRow:
    """A new model under a name that is free; raises what `_check_name` does."""
    _check_name(act.uow, name)
    row = ModelRow(id=random_id(), name=name, job=job, weights=weights, added_at=act.at)
    act.uow.add(row)
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": f"{CHANGED}: {name} is added"})
    return row
