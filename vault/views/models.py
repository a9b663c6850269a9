"""The models that an owner keeps, and what came of using one."""

from __future__ import annotations

from dataclasses import dataclass

from vault.views.records import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """One model that the owner keeps.

    ``others`` are those who have it too, as far as its job tells. One that ``is_private`` was fitted on the rows of
    ``fitted_on``, without noise, and began from the model ``began_from``; of a released one ``release_digest`` and
    ``vault_fingerprint`` say which release it is of, and whose, and ``is_own`` that it is this vault's; ``campaign`` is
    the id of the one whose final model it is: as long as a release of that is to be decided here, the model is not held
    against records.
    """

    name: str
    kind: str
    predicts: str
    features: tuple[str, ...]
    optional: tuple[str, ...]
    parameters: int
    added_at: str
    is_private: bool
    others: tuple[str, ...] = ()
    release_digest: str = ""
    vault_fingerprint: str = ""
    fitted_on: str = ""
    began_from: str = ""
    campaign: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScore:
    """How a model does on rows of the owner's own: private to them.

    ``metric_name`` is ``accuracy``, a share of the rows, or ``rmse``, in the label's own units; ``base_metric`` is that
    of always guessing the commonest class or the mean. One that does not exist, for an overflow, is None.
    """

    model: str
    collection: str
    rows: int
    metric_name: str
    metric: float | None
    base_metric: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """A model fitted at home: private to the owner, and kept in the vault.

    ``held_out_metric`` is on rows that were held out while fitting, ``prior_metric`` that of the model it began from on
    the same rows.
    """

    model: ModelView
    rows: int
    metric_name: str
    held_out_metric: float | None
    prior_metric: float | None
    base_metric: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What was predicted and written: for how many rows, and how often each class, or from where to where.

    Numbers have a ``histogram`` from the least to the most, where their range can be parted.
    """

    model: str
    label: str
    rows: int
    counts: dict[str, int]
    least: float | None
    mean: float | None
    most: float | None
    histogram: Histogram | None
    absent: tuple[str, ...]
