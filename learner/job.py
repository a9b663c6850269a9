"""The job: public constants of a signed manifest, as the learner is told them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final, Literal

from learner.blocks import TextBlocks, attention_fault
from learner.maps import Convolution, Map, convolutions, map_fault
from learner.outlines import DIRECTIONS
from learner.strict import ProtocolError, choice, integer, members, names, number, parse_json

JOB_LIMIT = 1 << 20
MAX_FEATURES = 1024
MAX_LABELS = 10_000
MAX_PARAMETERS = 1_000_000
MAX_STEPS = 10_000
# kinds of jobs that take no step
SUMS: Final = ("gradient_sum", "moments")
# models of several layers, which are computed with torch
NETWORKS: Final = ("mlp", "cnn", "text", "transformer")
# those of them that have kernels, over an image or over the bytes of a text
CONVOLVED: Final = ("cnn", "text")
# those that take in the bytes of a text
OF_TEXTS: Final = ("text", "transformer")
# a text is so many one-hot features, a byte each: zero stands for nothing, as beyond the end
BYTES: Final = 256
# how many units a collection may have: public, so that what the rounding of sums is charged tells nothing
MAX_UNITS = 1 << 24
UPDATE_GRID_EXPONENT = 24
# how an update may be written, and the bytes of one of its whole numbers
ENCODED_BYTES: Final = {"int64": 8, "int16": 2, "int8": 1}
_UPDATE_HEAD: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """How one column becomes inputs of the model; every constant is public.

    ``standard``: one input, ``(value - center) / scale`` clipped to ±clip, null -> ``fill`` (raw units).
    ``onehot``: ``labels`` inputs, null or unknown -> ``fill_index``, or all zeros when that is None.
    A feature that is not ``present`` was not granted: its column is not in the frame, every row has the fill.
    """

    kind: Literal["standard", "onehot"]
    center: float = 0.0
    scale: float = 1.0
    clip: float = 1.0
    fill: float = 0.0
    labels: int = 0
    fill_index: int | None = None
    present: bool = True

    def __post_init__(self) -> None:
        choice(self.kind, "feature kind", "standard", "onehot")
        choice(self.present, "feature presence", True, False)
        number(self.center, "feature center")
        number(self.scale, "feature scale", 0.0, above=True)
        number(self.clip, "feature clip", 0.0, above=True)
        number(self.fill, "feature fill")
        integer(self.labels, "label count", int(self.kind == "onehot"), MAX_LABELS)
        if self.fill_index is not None:
            integer(self.fill_index, "fill index", 0, self.labels - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpec:
    """What the model predicts: one of ``classes``, or a number standardised as a feature is."""

    kind: Literal["classes", "standard"]
    classes: int = 0
    center: float = 0.0
    scale: float = 1.0
    clip: float = 1.0

    def __post_init__(self) -> None:
        choice(self.kind, "label kind", "classes", "standard")
        integer(self.classes, "class count", 2 if self.kind == "classes" else 0, MAX_LABELS)
        number(self.center, "label center")
        number(self.scale, "label scale", 0.0, above=True)
        number(self.clip, "label clip", 0.0, above=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One of the closed list of models; ``hidden`` belongs to ``mlp`` and ``transformer``, ``activation`` to networks.

    A ``cnn`` has an ``image`` of (height, width, channels), and after each convolution of ``filters`` with a
    ``kernel`` the mean over each ``pool``, both (height, width); a series is an image of one row. Where there are
    ``groups``, the filters of a convolution are brought to one length in so many groups before the activation. With
    ``outlines`` a layer of so many fixed filters stands before them, and there may be no others. A
    ``text`` has an ``image`` of (1, bytes, numbers that a byte becomes), kernels over it without pools, and the mean
    over all bytes. A ``transformer`` has the same ``image``, and instead of kernels blocks of attention in so many
    ``heads``, one for each of the ``hidden`` widths between its two affine layers. An ``mlp`` with a ``rank`` keeps the
    weights that it is given, and trains beside each layer two narrow ones in a row, through so many numbers.
    """

    kind: Literal["linear", "logistic", "mlp", "cnn", "text", "transformer"]
    hidden: tuple[int, ...] = ()
    activation: Literal["tanh", "relu"] | None = None
    image: tuple[int, ...] = ()
    filters: tuple[int, ...] = ()
    kernel: tuple[int, ...] = ()
    pool: tuple[int, ...] = ()
    heads: int = 0
    groups: int = 0
    outlines: int = 0
    rank: int = 0

    def __post_init__(self) -> None:
        choice(self.kind, "model kind", "linear", "logistic", *NETWORKS)
        for widths in (self.hidden, self.image, self.filters, self.kernel, self.pool):
            if not isinstance(widths, tuple) or len(widths) > 3:
                raise ProtocolError("layers are not a short list")
        for width in self.hidden:
            integer(width, "hidden width", 1, 256)
        if self.kind in NETWORKS:
            choice(self.activation, "activation", "tanh", "relu")
        is_wide = self.kind in ("mlp", "transformer")
        if (self.hidden and not is_wide) or (self.activation and self.kind not in NETWORKS):
            raise ProtocolError(
                "only an mlp or a transformer has hidden layers, and only a network an activation"
            )
        integer(self.rank, "rank", 0, 64 * (self.kind == "mlp"))
        integer(self.heads, "heads", int(self.kind == "transformer"), 8 * (self.kind == "transformer"))
        if self.kind == "transformer":
            self._check_blocks()
        elif self.kind in CONVOLVED:
            self._check_maps()
        elif self.image or self.filters or self.kernel or self.pool or self.groups or self.outlines:
            raise ProtocolError("only a cnn has maps")

    def _check_blocks(self) -> None:
        maps = (self.filters, self.kernel, self.pool, self.groups, self.outlines)
        if len(self.image) != 3 or not self.hidden or any(maps):
            raise ProtocolError("a transformer has an image and hidden widths, and no kernels")
        for size in self.image:
            integer(size, "size of a text", 1, MAX_FEATURES)
        if self.image[0] != 1:
            raise ProtocolError("a text has one row")
        if fault := attention_fault(blocks_of(self)):
            raise ProtocolError(f"the model {fault}")

    def _check_maps(self) -> None:
        lengths = tuple(map(len, (self.image, self.kernel, self.pool)))
        if lengths != (3, 2, 2) or not (self.filters or self.outlines):
            raise ProtocolError("a cnn has an image, filters, a kernel and a pool")
        for size in (*self.image, *self.pool):
            integer(size, "size of a map", 1, MAX_FEATURES)
        for count in self.filters:
            integer(count, "filters", 1, 64)
        for size in self.kernel:
            integer(size, "kernel", 1, 31)
        if any(size % 2 == 0 for size in self.kernel):
            raise ProtocolError("a kernel has no middle")
        if self.kind == "text" and (self.image[0], self.kernel[0], *self.pool) != (1, 1, 1, 1):
            raise ProtocolError("a text has one row and no pools")
        integer(self.groups, "groups", 0, 64 * (self.kind == "cnn"))
        if self.outlines and (self.kind != "cnn" or self.outlines not in DIRECTIONS):
            raise ProtocolError("outlines are not looked for in so many directions")
        integer(self.outlines, "outlines", 0, max(DIRECTIONS))
        if self.groups and (not self.filters or any(count % self.groups for count in self.filters)):
            raise ProtocolError("the filters are not shared evenly by the groups")
        if fault := map_fault(convolutions_of(self)):
            raise ProtocolError(f"the model {fault}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the learner is told: public constants of the signed manifest and which columns it will get.

    ``grid`` is the exponent k of the noise grid 2^-k; the update is whole numbers of ``output_step`` in this
    ``encoding``. Where the kind is one of ``SUMS`` no step is taken: what it
    gives is one noised sum over all units, of gradients or of products of columns. ``momentum`` and
    ``second_momentum`` are Adam's two betas where it is the optimizer. Raises ProtocolError when the parts do not fit;
    the bounds of policy (noise, price) are the manifest's and are checked again by ``learner.dp.plan``.
    """

    model: ModelSpec
    loss: Literal["squared", "cross_entropy"]
    features: tuple[FeatureSpec, ...]
    label: LabelSpec
    unit_reduction: Literal["sum", "mean"]
    max_rows_per_unit: int
    sampling_rate: float
    expected_batch: float
    clip_norm: float
    noise_multiplier: float
    steps: int
    lr: float
    momentum: float
    average: Literal["last", "tail", "ema"]
    grid: int
    encoding: Literal["int64", "int16", "int8"] = "int64"
    output_step: float = 2.0**-UPDATE_GRID_EXPONENT
    kind: Literal["train", "gradient_sum", "moments"] = "train"
    optimizer: Literal["sgd", "adam"] = "sgd"
    second_momentum: float = 0.0
    decay: Literal["none", "linear", "cosine"] = "none"

    def __post_init__(self) -> None:
        if not isinstance(self.features, tuple) or not 1 <= len(self.features) <= MAX_FEATURES:
            raise ProtocolError("the number of features is outside its bounds")
        choice(self.loss, "loss", "squared", "cross_entropy")
        choice(self.unit_reduction, "unit reduction", "sum", "mean")
        choice(self.average, "average", "last", "tail", "ema")
        choice(self.kind, "kind of job", "train", *SUMS)
        choice(self.optimizer, "optimizer", "sgd", "adam")
        choice(self.decay, "decay", "none", "linear", "cosine")
        choice(self.encoding, "encoding", *ENCODED_BYTES)
        number(self.output_step, "output step", 0.0, above=True)
        integer(self.max_rows_per_unit, "rows per unit", 1, 1_000_000)
        integer(self.steps, "steps", 1, MAX_STEPS)
        integer(self.grid, "grid", 0, 62)
        number(self.sampling_rate, "sampling rate", 0.0, above=True)
        number(self.expected_batch, "expected batch", 0.0, above=True)
        number(self.clip_norm, "clip norm", 0.0, above=True)
        number(self.noise_multiplier, "noise multiplier", 0.0)
        number(self.lr, "learning rate", 0.0, above=True)
        number(self.momentum, "momentum", 0.0)
        number(self.second_momentum, "second momentum", 0.0)
        if self.encoding == "int64" and self.output_step != 2.0**-UPDATE_GRID_EXPONENT:
            raise ProtocolError("the output step is not that of the encoding")
        if self.sampling_rate > 1 or self.momentum >= 1 or self.second_momentum >= 1:
            raise ProtocolError("sampling rate or momentum is outside its bounds")
        if self.kind in SUMS and (
            self.model.kind in NETWORKS or (self.sampling_rate, self.expected_batch, self.steps) != (1, 1, 1)
        ):
            raise ProtocolError("a sum is one step over all units of a linear or logistic model")
        if self.kind == "moments" and self.model.kind != "linear":
            raise ProtocolError("moments are of a label that is a number")
        if (self.loss == "cross_entropy") != (self.label.kind == "classes"):
            raise ProtocolError("the loss does not fit the label")
        if {"linear": "squared", "logistic": "cross_entropy"}.get(self.model.kind, self.loss) != self.loss:
            raise ProtocolError("the loss does not fit the model")
        if self.model.kind == "cnn" and math.prod(self.model.image) != input_width(self.features):
            raise ProtocolError("the image does not have as many numbers as the features")
        if self.model.kind in OF_TEXTS and [
            (each.kind, each.labels) for each in self.features
        ] != self.model.image[1] * [("onehot", BYTES)]:
            raise ProtocolError("the features are not the bytes of the text")
        if max(map(parameter_count, (update_shapes(self), start_shapes(self)))) > MAX_PARAMETERS:
            raise ProtocolError("the model has too many parameters")

    def to_json(self) -> bytes:
        """The job as UTF-8 JSON, the first frame on descriptor 3."""
        return json.dumps({"v": 1, **asdict(self)}, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Job:
        """Read a job back; raises ProtocolError for anything that ``to_json`` would not write."""
        facts = members(parse_json(data, JOB_LIMIT), ("v", *names(cls)))
        integer(facts.pop("v"), "version", 1, 1)
        if not isinstance(facts["features"], list):
            raise ProtocolError("the features are not a list")
        model = members(facts.pop("model"), names(ModelSpec))
        model |= {name: tuple(value) for name, value in model.items() if isinstance(value, list)}
        features = tuple(FeatureSpec(**members(item, names(FeatureSpec))) for item in facts.pop("features"))
        label = LabelSpec(**members(facts.pop("label"), names(LabelSpec)))
        return cls(model=ModelSpec(**model), features=features, label=label, **facts)


def input_width(features: Sequence[FeatureSpec]) -> int:
    """How many inputs the model has: 1 for each ``standard`` feature, ``labels`` for each ``onehot`` one."""
    return sum(feature.labels if feature.kind == "onehot" else 1 for feature in features)


def output_width(label: LabelSpec) -> int:
    """How many outputs the model has: one for each class, or 1 for a number."""
    return label.classes if label.kind == "classes" else 1


def parameter_shapes(model: ModelSpec, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The model's parameters in their fixed order: weights are (outputs, inputs), biases (outputs,).

    The inputs of a convolution are those of its kernel, row by row, the channels of a place together.
    """
    if model.kind == "cnn":
        layers = convolutions_of(model)
        return _convolved_shapes(layers, normed=model.groups > 0) | _last_shapes(
            outputs, layers[-1].given.size
        )
    if model.kind == "text":
        layers = convolutions_of(model)
        embedding = {"embedding.weight": (BYTES, model.image[2])}
        return embedding | _convolved_shapes(layers) | _last_shapes(outputs, layers[-1].filters)
    if model.kind == "transformer":
        blocks = blocks_of(model)
        return (
            {"embedding.weight": (BYTES, blocks.numbers)}
            | blocks.shapes()
            | _last_shapes(outputs, blocks.numbers)
        )
    if model.kind != "mlp":
        return {"weight": (outputs, inputs), "bias": (outputs,)}
    widths = (inputs, *model.hidden, outputs)
    return _adapter_shapes(widths, model.rank) if model.rank else _layer_shapes(widths)


def _layer_shapes(widths: Sequence[int]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (wide_in, wide_out) in enumerate(pairwise(widths)):
        shapes[f"layers.{layer}.weight"] = (wide_out, wide_in)
        shapes[f"layers.{layer}.bias"] = (wide_out,)
    return shapes


def _adapter_shapes(widths: Sequence[int], rank: int) -> dict[str, tuple[int, ...]]:
    """What is trained beside layers that are kept: a way down to so many numbers, and up again."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (wide_in, wide_out) in enumerate(pairwise(widths)):
        for name, size in (("down", (rank, wide_in)), ("up", (wide_out, rank))):
            shapes[f"adapters.{layer}.{name}.weight"] = size
            shapes[f"adapters.{layer}.{name}.bias"] = size[:1]
    return shapes


def kept_shapes(job: Job) -> dict[str, tuple[int, ...]]:
    """The tensors that a model is given and keeps as they are: the layers beside which adapters are trained."""
    widths = (input_width(job.features), *job.model.hidden, output_width(job.label))
    return _layer_shapes(widths) if job.model.rank else {}


def start_shapes(job: Job) -> dict[str, tuple[int, ...]]:
    """The tensors of the starting weights: those that are trained, then those that are kept."""
    return job_shapes(job) | kept_shapes(job)


def convolutions_of(model: ModelSpec) -> tuple[Convolution, ...]:
    """The convolutions of a cnn or a text, in their order."""
    (height, width, channels), (high, wide), (down, right) = model.image, model.kernel, model.pool
    image = Map(height=height, width=width, channels=channels)
    return convolutions(image, model.filters, (high, wide), (down, right), model.outlines)


def blocks_of(model: ModelSpec) -> TextBlocks:
    """The blocks of a transformer."""
    _, length, numbers = model.image
    return TextBlocks(length=length, numbers=numbers, heads=model.heads, hidden=model.hidden)


def _convolved_shapes(layers: Sequence[Convolution], *, normed: bool = False) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for place, layer in enumerate(layer for layer in layers if not layer.fixed):
        shapes[f"convolutions.{place}.weight"] = (layer.filters, layer.patch)
        shapes[f"convolutions.{place}.bias"] = (layer.filters,)
        if normed:
            shapes |= {f"norms.{place}.{name}": (layer.filters,) for name in ("weight", "bias")}
    return shapes


def _last_shapes(outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {"linear.weight": (outputs, inputs), "linear.bias": (outputs,)}


def largest_number(encoding: str) -> int:
    """How far from zero a whole number of an update may be: what is farther out is cut to this, and never wraps."""
    return 1 << 62 if encoding == "int64" else (1 << (8 * ENCODED_BYTES[encoding] - 1)) - 1


def parameter_count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many numbers all parameters together hold (the dimension d of the update)."""
    return sum(math.prod(shape) for shape in shapes.values())


def job_shapes(job: Job) -> dict[str, tuple[int, ...]]:
    """``parameter_shapes`` of a job's model."""
    return parameter_shapes(job.model, input_width(job.features), output_width(job.label))


def moment_shapes(inputs: int) -> dict[str, tuple[int, ...]]:
    """The upper triangle of (x, 1)(x, 1)' row by row, and (x, 1)y: what a job of moments sums up."""
    width = inputs + 1
    return {"products": (width * (width + 1) // 2,), "targets": (width,)}


def update_shapes(job: Job) -> dict[str, tuple[int, ...]]:
    """The tensors of what leaves: those of the model, or the moments."""
    return moment_shapes(input_width(job.features)) if job.kind == "moments" else job_shapes(job)


def update_limit(job: Job) -> int:
    """The most bytes an update may have: those of each number in its encoding, and a head."""
    return _UPDATE_HEAD + ENCODED_BYTES[job.encoding] * parameter_count(update_shapes(job))
