"""What a run told its owner alone, in its one form: a learner may have been turned, and what is odd is not shown."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, ValidationError, model_validator

from vault.requests.canonical import Wire, rule

POINTS_LIMIT: Final = 64
LARGEST: Final = 1 << 31

Count: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST)]
Score: TypeAlias = Annotated[float, Field(allow_inf_nan=False)] | None


class Scores(Wire):
    """How well the model did: the mean loss, and by its kind the share of right classes or the mean error."""

    loss: Score
    accuracy: Score = None
    rmse: Score = None


class Point(Scores):
    """The same after a step."""

    step: Count


class RunGuesses(Wire):
    """How many guesses about the run there were and how many were right, and how many of its steps were seen."""

    made: Annotated[int, Field(ge=0, le=1000)]
    right: Annotated[int, Field(ge=0)]
    seen: Annotated[int, Field(ge=1, le=1000)]

    @model_validator(mode="after")
    def _are_of_those(self) -> RunGuesses:
        if self.right > self.made:
            raise rule("has more right guesses than guesses")
        return self


class RunResults(Wire):
    """The private part of an envelope, whole."""

    v: Literal[1]
    rows: Count
    curve: Annotated[tuple[Point, ...], Field(max_length=POINTS_LIMIT)]
    final: Scores
    base: Score = None
    guesses: RunGuesses | None = None

    @property
    def metric(self) -> Literal["accuracy", "rmse"]:
        """By what the model is judged beside its loss."""
        return "accuracy" if "accuracy" in self.final.model_fields_set else "rmse"


def parse_results(private: bytes | None) -> RunResults | None:
    """What these bytes tell; None where nothing was kept, and where they do not have the form."""
    if private is None:
        return None
    try:
        return RunResults.model_validate_json(private)
    except ValidationError:
        return None
