"""Models that the owner keeps, for their own use alone."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, proven, unwatched, watched
from vault.views.models import ModelFit, ModelScore, ModelView, Predictions


class Models(Protocol):
    """Models that the owner keeps, for their own use alone: nothing here is charged, and nothing of it can leave."""

    def models(self) -> list[ModelView]:
        """Every model that is kept, the newest first."""

    def model(self, name: str) -> ModelView:
        """One model; raises `UnknownModel`."""

    def add_model(
        self, folder: Path, *, name: str = "", job: Path | None = None, vault_key: Path | None = None
    ) -> ModelView:
        """Keep the model in a release folder, once the release verifies.

        A release of this vault needs nothing else; of another vault's `job` is the folder of what it answers and
        `vault_key` the file of the key that signed it. Raises `NotYourRelease`, `RoundNotKept`, `HoldsSum`,
        `ModelExists`, and the errors of a release and of a job.
        """

    @watched
    def score_model(self, name: str, collection: str, *, progress: Progress = unwatched) -> ModelScore:
        """How a model does on the rows of a collection; recorded as a look before they are read.

        Raises `UnknownModel`, `UnknownCollection`, `ColumnMissing`, `NoLabels` and `LearnerFailed`.
        """

    @watched
    def fit_model(
        self, name: str, collection: str, *, new_name: str = "", progress: Progress = unwatched
    ) -> ModelFit:
        """Fit a model to the rows of a collection with the model as prior, and keep it; raises as `score_model`.

        It is not private: it has no noise, and tells of single rows. It stays in the vault, and goes with them.
        """

    @proven
    @watched
    def predict_collection(
        self, name: str, collection: str, target: Path, *, progress: Progress = unwatched
    ) -> Predictions:
        """Predict for every row of a collection, in their order, into a new CSV file for the owner.

        It is recorded before the first row is read.
        """

    @proven
    @watched
    def predict_file(
        self, name: str, file: Path, target: Path, *, progress: Progress = unwatched
    ) -> Predictions:
        """Predict for every row of a CSV file into a new one: the rows, and what is predicted behind them."""

    @proven
    def export_model(self, name: str, target: Path) -> ModelView:
        """Write a model to a new file for the owner: the weights, or where it ends in .onnx the whole model.

        It is recorded before it is written; one that was fitted at home as an export of records, which it tells of.
        """

    @proven
    def delete_model(self, name: str) -> None:
        """Delete a model for good; raises `UnknownModel`."""
