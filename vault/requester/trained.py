"""A trained model with the encoding of its columns, in and out: what an answer means outside of the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from learner.protocol import FAINTEST_OUTLINE, LEAST_VARIANCE, Convolution, outline_filters
from vault.errors.release import NotTheModel
from vault.importers.marks import mark_of, number_of, places_of
from vault.importers.text_bytes import bytes_of
from vault.importers.vector_values import vector_of
from vault.requester.attention import TrainedTransformer
from vault.requests.encodings import TENSOR_TYPES
from vault.requests.manifest import Feature, Manifest
from vault.requests.models import (
    ConvolutionalModel,
    MapModel,
    MlpModel,
    TextModel,
    TextReader,
    TransformerModel,
)
from vault.requests.shapes import shapes
from vault.requests.transforms import StandardFeature, VectorFeature
from vault.requests.weights import NotTheTensors, Tensor, check_shapes, read_tensors, types_of

Columns: TypeAlias = Mapping[str, Sequence[str | None]]
"""The cells of each column, None for one that is missing."""
HELD_INSTEAD: Final[Mapping[str, str]] = {
    "F64": "a sum, as update verify --sum writes one, and no model",
    **dict.fromkeys(
        TENSOR_TYPES.values(), "an update as it was released, of which update verify --model makes a model"
    ),
}
"""What a file of numbers of another type is to a requester."""
ROOM: Final = 1 << 22
"""Numbers of patches that are made at once."""
Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """Weights together with the manifest of the job that they answer."""

    manifest: Manifest
    tensors: Mapping[str, Tensor]

    @classmethod
    def of(cls, manifest: Manifest, weights: bytes, name: str = "the file") -> TrainedModel:
        """The model of a job with these weights, from a file of this name; raises ``NotTheModel``."""
        try:
            tensors = _weights_in(weights)
            check_shapes(tensors, shapes(manifest))
        except NotTheTensors as error:
            raise NotTheModel(file=name, reason=str(error)) from error
        return cls(manifest=manifest, tensors=tensors)

    @property
    def layers(self) -> list[tuple[Floats, Floats]]:
        """Weight (outputs, inputs) and bias (outputs) of each layer, in their order."""
        tensors = [tensor.astype(np.float64) for tensor in self._in_order()]
        if isinstance(self.manifest.model, TextReader):
            tensors = tensors[1:]  # the table stands before all layers
        layers = list(zip(tensors[::2], tensors[1::2], strict=True))
        return [*layers[:-1:2], layers[-1]] if self._has_norms else layers

    @property
    def norms(self) -> list[tuple[Floats, Floats]]:
        """Of a model of maps whose filters are normed, scale and shift (filters) behind each convolution."""
        tensors = [tensor.astype(np.float64) for tensor in self._in_order()]
        return list(zip(tensors[2::4], tensors[3::4], strict=True)) if self._has_norms else []

    @property
    def _has_norms(self) -> bool:
        return isinstance(self.manifest.model, MapModel) and self.manifest.model.groups > 0

    def shares_of_groups(self, place: int) -> Floats:
        """What means of single filters are multiplied with for those of their groups, (filters, filters)."""
        assert isinstance(self.manifest.model, MapModel)
        groups = self.manifest.model.groups
        each = self.manifest.model.filters[place] // groups
        return np.kron(np.eye(groups), np.full((each, each), 1 / each))

    @property
    def transformer(self) -> TrainedTransformer:
        """The tensors of a transformer as they are used."""
        assert isinstance(self.manifest.model, TransformerModel)
        tensors = [tensor.astype(np.float64) for tensor in self._in_order()]
        return TrainedTransformer.of(self.manifest.model.blocks, tensors)

    @property
    def table(self) -> Floats:
        """Of a model of texts the numbers of each byte, (256, numbers); one that is zero has none."""
        found: Floats = self._in_order()[0].astype(np.float64)
        found[0] = 0.0
        return found

    def _in_order(self) -> list[Tensor]:
        return [self.tensors[name] for name in shapes(self.manifest)]

    def inputs(self, columns: Columns) -> Floats:
        """What the model takes in, (rows, inputs), by the public constants of the job alone; of a text its bytes."""
        parts = [_encoded(feature, columns[feature.name]) for feature in self.manifest.features]
        return np.concatenate(parts, axis=1)

    def outputs(self, inputs: Floats) -> Floats:
        """What the model gives out, (rows, outputs): a standardised number, or the score of each class."""
        if isinstance(self.manifest.model, ConvolutionalModel):
            return self._convolved(self.manifest.model.layers, inputs)
        if isinstance(self.manifest.model, TransformerModel):
            return self._attended(self.manifest.model.blocks.room, inputs)
        values, layers = inputs, self.layers
        for place, (weight, bias) in enumerate(layers):
            values = values @ weight.T + bias
            if place + 1 < len(layers):
                values = self._activated(values)
        return values

    def _activated(self, values: Floats) -> Floats:
        return np.maximum(values, 0.0) if activation(self.manifest) == "relu" else np.tanh(values)

    def _convolved(self, maps: Sequence[Convolution], inputs: Floats) -> Floats:
        """The same of a model of maps, some rows at once."""
        room = max(layer.taken.places * layer.patch for layer in maps)
        return np.concatenate([self._scores(maps, each) for each in _some_at_once(inputs, room)])

    def _attended(self, room: int, codes: Floats) -> Floats:
        """The same of a transformer, some texts at once."""
        model = self.transformer
        return np.concatenate([model.scores(each, self._activated) for each in _some_at_once(codes, room)])

    def _scores(self, maps: Sequence[Convolution], values: Floats) -> Floats:
        if isinstance(self.manifest.model, TextModel):
            return self._of_texts(maps, values)
        *kernels, (weight, bias) = self.layers
        for layer in (layer for layer in maps if layer.fixed):
            kernel = np.array(outline_filters(layer.filters, layer.taken.channels))
            values = _means(layer, np.maximum(_taken(layer, values) @ kernel.T - FAINTEST_OUTLINE, 0.0))
        trained = [layer for layer in maps if not layer.fixed]
        for place, (layer, (kernel, offset)) in enumerate(zip(trained, kernels, strict=True)):
            given = self._normed(_taken(layer, values) @ kernel.T + offset, place)
            values = _means(layer, self._activated(given))
        return values @ weight.T + bias

    def _normed(self, values: Floats, place: int) -> Floats:
        """The filters (rows, places, filters) brought to one length in their groups, where there are any."""
        if not self._has_norms:
            return values
        groups, (scale, shift) = self.shares_of_groups(place), self.norms[place]
        centred = values - values.mean(axis=1, keepdims=True) @ groups
        variance = (centred * centred).mean(axis=1, keepdims=True) @ groups
        found: Floats = centred / np.sqrt(variance + LEAST_VARIANCE) * scale + shift
        return found

    def _of_texts(self, maps: Sequence[Convolution], codes: Floats) -> Floats:
        """The same of texts; where no byte is nothing is active, and it counts in no mean."""
        *kernels, (weight, bias) = self.layers
        present = (codes > 0)[:, :, None].astype(np.float64)
        values = self.table[codes.astype(np.int64)]
        for layer, (kernel, offset) in zip(maps, kernels, strict=True):
            taken = _taken(layer, values.reshape(len(codes), layer.taken.size))
            values = self._activated(taken @ kernel.T + offset) * present
        means = values.mean(axis=1) / np.maximum(present.mean(axis=1), 1 / codes.shape[1])
        scores: Floats = means @ weight.T + bias
        return scores

    def numbers(self, outputs: Floats) -> Floats:
        """The outputs of a model of numbers in the units of its column, (rows,)."""
        transform = self.manifest.label.transform
        assert transform.kind == "standard"
        return outputs[:, 0] * transform.scale + transform.center

    def classes(self, outputs: Floats) -> list[str]:
        """The likeliest label of each row."""
        transform = self.manifest.label.transform
        assert transform.kind == "classes"
        return [transform.labels[place] for place in outputs.argmax(axis=1).tolist()]


def activation(manifest: Manifest) -> str:
    """What stands between the layers of the model."""
    model = manifest.model
    if isinstance(model, MlpModel | ConvolutionalModel | TransformerModel):
        return model.activation
    return "tanh"


def _some_at_once(inputs: Floats, room: int) -> list[Floats]:
    """The rows in parts that take little memory; of no rows one part without any."""
    most = max(1, ROOM // room)
    return [inputs[first : first + most] for first in range(0, max(len(inputs), 1), most)]


def _taken(layer: Convolution, values: Floats) -> Floats:
    """What a kernel takes in at each place of maps (rows, places, patch), zeros beyond the edge."""
    found: Floats = np.pad(values, ((0, 0), (0, 1)))[:, patches_of(layer)]
    return found


def _means(layer: Convolution, values: Floats) -> Floats:
    """The means over each pool, one list of numbers a row."""
    means: Floats = values[:, np.array(layer.pools())].mean(axis=2)
    return means.reshape(len(values), layer.given.size)


def patches_of(layer: Convolution) -> npt.NDArray[np.int64]:
    """For each place of a map the numbers that the kernel takes in (places, patch); the one behind the map is zero."""
    channels = layer.taken.channels
    return np.array(layer.patches(channels=channels, stride=channels, outside=layer.taken.size))


def _weights_in(data: bytes) -> Mapping[str, Tensor]:
    """The weights in a file; of what else a requester has, it is said what it holds instead."""
    for other in types_of(data) & HELD_INSTEAD.keys():
        raise NotTheTensors(f"it holds {HELD_INSTEAD[other]}")
    return read_tensors(data, dtype="F32")


def chances(outputs: Floats) -> Floats:
    """The chance of each class, (rows, classes), that the scores stand for."""
    above = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    shares: Floats = above / above.sum(axis=1, keepdims=True)
    return shares


def _encoded(feature: Feature, cells: Sequence[str | None]) -> Floats:
    transform = feature.transform
    if transform.kind == "standard":
        return _standardised(transform, cells)[:, None]
    if transform.kind == "vector":
        return _vectors(transform, cells)
    if transform.kind == "bytes":
        codes = bytes_in(cells, transform.length)
        is_missing = ~codes.any(axis=1, keepdims=True)
        return np.where(is_missing, np.frombuffer(transform.fill_bytes, np.uint8), codes).astype(np.float64)
    listed = places_of(transform.labels)
    fill = None if transform.fill is None else transform.labels.index(transform.fill)
    known = {cell: fill if cell is None else listed.get(mark_of(cell), fill) for cell in set(cells)}
    places = [known[cell] for cell in cells]
    ones = np.array([(row, place) for row, place in enumerate(places) if place is not None], dtype=np.int64)
    inputs = np.zeros((len(places), len(transform.labels)))
    inputs[tuple(ones.reshape(-1, 2).T)] = 1.0
    return inputs


def _vectors(transform: VectorFeature, cells: Sequence[str | None]) -> Floats:
    return _scaled(transform, vectors_in(cells, transform.size))


def vectors_in(cells: Sequence[str | None], size: int) -> Floats:
    """The lists that cells spell, (rows, size); a row of NaN for any other."""
    missing = np.full(size, np.nan)
    spelled = {cell: vector_of(cell, size) if cell else None for cell in set(cells)}
    known = {
        cell: missing if one is None else np.frombuffer(one, dtype="<f8") for cell, one in spelled.items()
    }
    return np.array([known[cell] for cell in cells], dtype=np.float64).reshape(-1, size)


def bytes_in(cells: Sequence[str | None], length: int) -> npt.NDArray[np.uint8]:
    """The bytes of texts, (rows, length); a row of zeros for one that is missing."""
    missing = bytes(length)
    known = {cell: (bytes_of(cell, length) if cell else None) or missing for cell in set(cells)}
    found = b"".join(known[cell] for cell in cells)
    return np.frombuffer(found, dtype=np.uint8).reshape(-1, length)


def _standardised(transform: StandardFeature, cells: Sequence[str | None]) -> npt.NDArray[Any]:
    known = {cell: np.nan if cell is None else number_of(cell) for cell in set(cells)}
    return _scaled(transform, np.array([known[cell] for cell in cells], dtype=np.float64))


def _scaled(transform: StandardFeature | VectorFeature, values: Floats) -> Floats:
    filled = np.where(np.isnan(values), transform.fill, values)
    scaled = np.clip((filled - transform.center) / transform.scale, -transform.clip, transform.clip)
    return scaled.astype(np.float32).astype(np.float64)  # as the learner keeps it
