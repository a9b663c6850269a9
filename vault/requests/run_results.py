"""What a run or a fit told its owner alone, in its one form: what a turned learner tells otherwise is not shown."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import Field, ValidationError, model_validator

from learner.protocol import SCORE_LIMIT
from vault.requests.canonical import Wire, rule

POINTS_LIMIT: Final = 64
LARGEST: Final = 1 << 31
MOST_GUESSES: Final = 500
"""Half of them about units of the owner's, half about made-up ones."""
MOST_STEPS_SEEN: Final = 40

Count: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST)]
Size: TypeAlias = Annotated[float, Field(ge=0, le=SCORE_LIMIT, allow_inf_nan=False)] | None
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None
Metric: TypeAlias = Literal["accuracy", "rmse"]


class Scores(Wire):
    """How well the model did: the mean loss, and by its kind the share of right classes or the mean error."""

    loss: Size
    accuracy: Share = None
    rmse: Size = None

    @property
    def metric(self) -> Metric:
        """By what the model is judged beside its loss."""
        return "accuracy" if "accuracy" in self.model_fields_set else "rmse"

    @property
    def score(self) -> float | None:
        """What it comes to by that; None where no such number exists."""
        return self.accuracy if self.metric == "accuracy" else self.rmse

    @model_validator(mode="after")
    def _have_one_metric(self) -> Scores:
        if len(self.model_fields_set & {"accuracy", "rmse"}) != 1:
            raise rule("is judged by none or by two")
        return self


class Point(Scores):
    """The same after a step."""

    step: Count


class RunGuesses(Wire):
    """How many guesses about the run there were and how many were right, and how many of its steps were seen."""

    made: Annotated[int, Field(ge=0, le=MOST_GUESSES, multiple_of=2)]
    right: Annotated[int, Field(ge=0)]
    seen: Annotated[int, Field(ge=1, le=MOST_STEPS_SEEN)]

    @model_validator(mode="after")
    def _are_of_those(self) -> RunGuesses:
        if self.right > self.made:
            raise rule("has more right guesses than guesses")
        return self


class Results(Wire):
    """What a learner tells its owner of so many rows, in one version and written in one way alone."""

    v: Annotated[int, Field(ge=1, le=1)]
    rows: Count

    def document(self) -> dict[str, Any]:
        """Its keys in the order in which a learner writes them."""
        return self.model_dump(exclude_unset=True)


_Results = TypeVar("_Results", bound=Results)


class RunResults(Results):
    """The private part of an envelope, whole; earlier versions told no guesses, and before that no base."""

    curve: Annotated[tuple[Point, ...], Field(max_length=POINTS_LIMIT)]
    final: Scores
    base: Size = None
    guesses: RunGuesses | None = None

    @property
    def metric(self) -> Metric:
        """By what the model is judged beside its loss."""
        return self.final.metric

    @model_validator(mode="after")
    def _are_of_one_run(self) -> RunResults:
        if any(one.metric != self.metric for one in self.curve):
            raise rule("is judged by two")
        if any(one.step >= after.step for one, after in pairwise(self.curve)):
            raise rule("has steps that do not rise")
        _check_base(self.base, self.metric)
        return self

    def document(self) -> dict[str, Any]:
        """Of each point of the curve its step comes first."""
        document = super().document()
        return document | {"curve": [{"step": one["step"], **one} for one in document["curve"]]}

    def is_within(self, steps: int) -> bool:
        """Whether a run of so many steps can have come to it."""
        last = self.curve[-1].step if self.curve else 0
        return max(last, self.guesses.seen if self.guesses else 0) <= steps


class FitResults(Results):
    """How a model that was fitted at home did on rows held out, and on the same rows the model it began from."""

    held_out: Scores
    prior: Scores
    base: Size

    @model_validator(mode="after")
    def _are_of_one_fit(self) -> FitResults:
        if self.prior.metric != self.held_out.metric:
            raise rule("is judged by two")
        _check_base(self.base, self.held_out.metric)
        return self


def _check_base(base: float | None, metric: Metric) -> None:
    """Refuse a base, the score of one guess that knows no column, which by accuracy would be no share."""
    if metric == "accuracy" and base is not None and base > 1:
        raise rule("has a base that is no share")


def parse_results(private: bytes | None, *, steps: int) -> RunResults | None:
    """What these bytes tell of a job of so many steps.

    None where nothing was kept, and where they are not, byte for byte, what a learner writes.
    """
    found = None if private is None else _parsed(RunResults, private)
    return found if found is not None and found.is_within(steps) else None


def parse_fit(facts: bytes) -> FitResults | None:
    """What these bytes tell of a fit; None where they are not, byte for byte, what a learner writes."""
    return _parsed(FitResults, facts)


def _parsed(form: type[_Results], data: bytes) -> _Results | None:
    try:
        found = form.model_validate_json(data)
    except ValidationError:
        return None
    written = json.dumps(found.document(), separators=(",", ":")).encode()
    return found if written == data else None
