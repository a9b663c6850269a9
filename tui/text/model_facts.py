"""What is said of models that an owner keeps, and of what came of using one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.text import times, wording
from tui.text.drawing import WIDEST, bars, spread_table
from vault.views.spread import binned

if TYPE_CHECKING:
    from vault.views.models import ModelFit, ModelScore, ModelView, Predictions

NOT_PRIVATE: Final = (
    "This copy is not private: it has no noise and tells of single rows. It must stay with you; nothing in this "
    "program lets it leave to anyone else, and an export of it counts as one of records."
)
FOR_YOU: Final = "For you alone: it is not charged, it is in no release, and nobody else is told."


def origin(one: ModelView) -> str:
    """Where a model is from."""
    if one.is_private:
        return f"fitted at home on {one.fitted_on or 'what is erased'}, from {one.began_from}"
    if one.campaign:
        return f"the final model of campaign {one.campaign[:8]}, made of what was released to it"
    whose = "this vault" if one.is_own else f"the vault {one.vault_fingerprint}"
    return f"the release {one.release_digest[:8]} of {whose}"


def facts(one: ModelView) -> list[tuple[str, str]]:
    """A model, a row a fact."""
    return [
        ("model", one.name),
        ("kind", f"{one.kind}, {wording.counted(one.parameters, 'parameter')}"),
        ("predicts", one.predicts),
        ("from", ", ".join(one.features)),
        ("can do without", ", ".join(one.optional) or "none"),
        ("origin", origin(one)),
        ("added", times.full_time(one.added_at)),
        (
            "who else has it",
            "nobody" if one.is_private else f"{', '.join(one.others)}, and whoever they gave it to",
        ),
    ]


def needed(one: ModelView, *, label: bool) -> set[str]:
    """The columns that a model cannot do without, with what it predicts where that is compared or learned."""
    return {*one.features} - {*one.optional} | ({one.predicts} if label else set())


def score_sentences(one: ModelScore) -> list[str]:
    """A score beside the one of guessing."""
    return [
        f"{one.model} on {wording.counted(one.rows, 'row')} of {one.collection}: "
        f"{_metric(one.metric_name, one.metric)}; without it: {_base(one.metric_name, one.base_metric)}.",
        FOR_YOU,
    ]


def fit_sentences(one: ModelFit) -> list[str]:
    """What a fit at home brought, on rows that it did not see."""
    held, prior = (_metric(one.metric_name, value) for value in (one.held_out_metric, one.prior_metric))
    return [
        f"{one.model.name} is fitted to {wording.counted(one.rows, 'row')} of {one.model.fitted_on}, "
        f"from {one.model.began_from}.",
        f"On rows held out while fitting: {held}; {one.model.began_from} there: {prior}; "
        f"without a model: {_base(one.metric_name, one.base_metric)}.",
        NOT_PRIVATE,
    ]


def prediction_sentences(one: Predictions) -> list[str]:
    """How predictions are spread."""
    absent = f"Not there, so that every row counts as if it were missing: {', '.join(one.absent)}"
    done = f"{one.label} is predicted for {wording.counted(one.rows, 'row')} by {one.model}"
    return [*[absent] * bool(one.absent), f"{done}{_spread(one)}."]


def prediction_picture(one: Predictions, width: int, *, calm: bool = False) -> list[str]:
    """How predictions are spread as bars, or with `calm` as numbers; nothing where all are the same."""
    if one.counts:
        counted = sorted(one.counts.items(), key=lambda named: -named[1])
    elif one.histogram is not None and one.least != one.most:
        counted = binned(one.histogram)
    else:
        return []
    return spread_table(counted, width) if calm else bars(counted, min(width, WIDEST))


def _spread(one: Predictions) -> str:
    if one.counts:
        return ": " + ", ".join(f"{name} for {count:,}" for name, count in sorted(one.counts.items()))
    if one.mean is None:
        return ""
    return f": from {one.least:.6g} to {one.most:.6g}, in the mean {one.mean:.6g}"


def _metric(name: str, value: float | None) -> str:
    if value is None:
        return "no score, for an overflow"
    return (
        f"right in {100 * value:.1f} of 100"
        if name == "accuracy"
        else f"off by {value:.4g} (root mean square)"
    )


def _base(name: str, value: float | None) -> str:
    said = "the commonest answer is " if name == "accuracy" else "the mean is "
    return said + _metric(name, value)


def use_of_file(file: Path, *, job: str) -> list[str]:
    """What a file with a model is good for, by its ending; weights alone need the job that they came of."""
    path = shlex.quote(str(file))
    if file.suffix.lower() == ".onnx":
        return [f"To predict with it: lockbox update predict {path} FILE.csv"]
    return [f"To predict with these weights: lockbox update predict {path} FILE.csv --job {shlex.quote(job)}"]
