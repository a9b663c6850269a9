"""The public recipe of a job: from a guess how many units there are to every number of its training.

No number here is computed from records. The recipe is made for a guess that is off by ten either way:

* a gradient is clipped at half of what rows of the usual length give, so that most units count alike, whatever the
  scale of the columns;
* the learning rate follows from the noise alone: all noise of the run together moves an output by a public length,
  ``WALK``, however many units there turn out to be. The guess only bounds it, where no noise would;
* the weights are averaged over the second half of the steps, which forgives steps that are ten times as long;
* a network takes the steps of Adam, which are as long as its rate says, whatever the gradients are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from vault.requests.manifest import Manifest
from vault.requests.models import CnnModel, ConvolutionalModel, ModelAsk, TransformerModel
from vault.requests.optimizers import DecayedSgd, Sgd

STEPS: Final = 500
NETWORK_STEPS: Final = 1_000
MAP_STEPS: Final = 300
LENGTH_OF_MEANS: Final = 2.0
ADAM_RATE: Final = 0.01
ROUNDS: Final = 10
"""How often each unit takes part at least, on the average."""
LEAST_BATCH: Final = 20
MOST_BATCH: Final = 1_000_000
MOST_RATE: Final = 100.0
LEAST_RATE: Final = 1e-6
CLIPPED_AT: Final = 0.5
"""The clip norm, in lengths of an input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far one run may go, in units of an output: ``walk`` by all noise together, ``stride`` by one step."""

    walk: float
    stride: float


PACES: Final = {"cross_entropy": Pace(walk=2.0, stride=100.0), "squared": Pace(walk=0.3, stride=3.0)}
NETWORK_PACE: Final = Pace(walk=2.0, stride=20.0)


def sampling_rate(*, strength: float, steps: int, units: int) -> float:
    """q: enough for noise of twice the clip norm, under which sampling costs hardly more noise than none.

    ``strength`` is µ of the whole job: q = 2µ/√T gives a noise multiplier of about 2. A batch may not be larger than
    ``MOST_BATCH``.
    """
    wanted = max(2 * strength / math.sqrt(steps), ROUNDS / steps, LEAST_BATCH / units)
    return min(1.0, _rounded_up(min(wanted, MOST_BATCH / units)))


def is_network(model_kind: str) -> bool:
    """Whether a model has several layers."""
    return model_kind not in ("linear", "logistic")


def taught_as(model: ModelAsk) -> str:
    """The kind of model: one whose only filters are fixed learns from outlines as an affine model does from numbers."""
    return "logistic" if isinstance(model, CnnModel) and not model.filters else model.kind


def steps(model_kind: str) -> int:
    """T: a network goes a longer way; one of maps has means to begin with, and gains nothing by more."""
    if model_kind == "mlp":
        return NETWORK_STEPS
    return MAP_STEPS if is_network(model_kind) else STEPS


def optimizer(model_kind: str) -> tuple[str, str]:
    """The kind of optimizer and the decay of its rate.

    A network thrown off its way does not come back: its steps are Adam's, as long as the rate says, however many
    units there are.
    """
    return ("adam", "linear") if is_network(model_kind) else ("sgd", "none")


def expected_batch(rate: float, units: int) -> int:
    """b: the units of a step, if the guess is right."""
    return min(max(round(rate * units), 1), MOST_BATCH)


def clip_norm(outline: Manifest) -> float:
    """C: half the length of an input."""
    return _rounded(CLIPPED_AT * input_length(outline))


def learning_rate(outline: Manifest, optimizer: Sgd | DecayedSgd, noise_multiplier: float) -> float:
    """The step size with which the noise of all steps moves an output by ``walk``, and one step by ``stride`` at most.

    Noise of standard deviation lr σC/b in each weight and step moves an output by |x| lr σC √T / b in T steps.
    """
    dp, length, pace = outline.dp, input_length(outline), pace_of(outline)
    by_noise = pace.walk * dp.expected_batch / (noise_multiplier * dp.clip * length * math.sqrt(dp.steps))
    by_step = pace.stride / (dp.clip * length)
    rate = min(by_noise, by_step) * (1 - optimizer.momentum)
    return max(LEAST_RATE, min(MOST_RATE, _rounded(rate)))


def pace_of(outline: Manifest) -> Pace:
    """How far a run of this model may go."""
    return NETWORK_PACE if is_network(taught_as(outline.model)) else PACES[outline.loss]


def input_length(outline: Manifest) -> float:
    """The usual length of an input with its constant one: a number counts as one, a category as one.

    What the last layer takes in of a map are means of what is active, which counts as two, however many there are.
    """
    if isinstance(outline.model, ConvolutionalModel | TransformerModel):
        return LENGTH_OF_MEANS
    widths = list(outline.model.hidden[-1:]) if outline.model.kind == "mlp" else []
    vectors = [one.transform.size - 1 for one in outline.features if one.transform.kind == "vector"]
    return math.sqrt(1 + len(outline.features) + sum(vectors) + sum(widths))


def _rounded(number: float) -> float:
    """To three digits: a number that can be read out."""
    return float(f"{number:.3g}")


def _rounded_up(number: float) -> float:
    place = math.floor(math.log10(number)) - 1
    return float(f"{math.ceil(number / 10.0**place - 1e-9) * 10.0**place:.2g}")
