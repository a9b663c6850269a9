"""The models that a private step is measured on, of torch's own layers, and what they are told by."""

from __future__ import annotations

from itertools import pairwise

import torch
from dp_workloads import IMAGE, RANK, WIDTH, Workload
from torch import nn
from torch.nn import functional

from learner.protocol import BYTES, Job, TextBlocks, blocks_of, kept_shapes, waves


class TextTwin(nn.Module):
    """The same model of texts, for texts that fill their length."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.last = nn.Embedding(BYTES, 8), nn.Linear(16, 2)
        self.kernel = nn.Conv1d(8, 16, 5, padding=2)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The scores."""
        active = torch.tanh(self.kernel(self.table(codes).permute(0, 2, 1)))
        scores: torch.Tensor = self.last(active.mean(dim=2))
        return scores


class AttentionTwin(nn.Module):
    """A part of a block, behind its norm and beside what it takes in: attention, or two affine layers."""

    def __init__(self, numbers: int, heads: int, hidden: int, *, looks_back: bool = False) -> None:
        super().__init__()
        self.norm, self.heads, self.hidden = nn.LayerNorm(numbers), heads, hidden
        self.looks_back = looks_back
        self.first = nn.Linear(numbers, hidden or 3 * numbers)
        self.second = nn.Linear(hidden or numbers, numbers)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """What is given out for each byte."""
        found = self.first(self.norm(values))
        if self.hidden:
            found = torch.tanh(found)
        else:
            parts = found.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            asked, keys, taken = parts
            found = functional.scaled_dot_product_attention(asked, keys, taken, is_causal=self.looks_back)
            found = found.transpose(1, 2).flatten(2)
        given: torch.Tensor = values + self.second(found)
        return given


class TransformerTwin(nn.Module):
    """The same blocks of attention, for texts that fill their length."""

    def __init__(self, blocks: TextBlocks, outputs: int, *, looks_back: bool = False) -> None:
        super().__init__()
        numbers, self.looks_back = blocks.numbers, looks_back
        self.table, self.places = nn.Embedding(BYTES, numbers), torch.tensor(waves(blocks.length, numbers))
        parts = [(blocks.heads, wide) for hidden in blocks.hidden for wide in (0, hidden)]
        self.blocks = nn.Sequential(*(AttentionTwin(numbers, *each, looks_back=looks_back) for each in parts))
        self.norm, self.last = nn.LayerNorm(numbers), nn.Linear(numbers, outputs)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The scores of a text, or where it looks back of the byte behind each."""
        table = self.table(codes)
        values = self.norm(self.blocks(table + self.places.view(table.shape[1:])))
        scores: torch.Tensor = self.last(values if self.looks_back else values.mean(dim=1))
        return scores


class NextByteLoss(nn.Module):
    """The mean loss over the bytes of a text that have one behind them; of texts their mean, or each by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.reduction = "mean"

    def forward(self, scores: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Of the scores at each byte of these texts."""
        each = functional.cross_entropy(scores[:, :-1].transpose(1, 2), codes[:, 1:], reduction="none")
        return each.mean() if self.reduction == "mean" else each.mean(dim=1)


class AdaptedTwin(nn.Module):
    """A layer that is kept, and the two narrow ones beside it."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.kept = nn.Linear(wide_in, wide_out).requires_grad_(False)
        self.beside = nn.Sequential(nn.Linear(wide_in, RANK), nn.Linear(RANK, wide_out))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """What both give together."""
        given: torch.Tensor = self.kept(values) + self.beside(values)
        return given


def twin_of(work: Workload) -> nn.Module:
    """The same model of torch's own layers."""
    job = work.job
    if work.blocks:
        return TransformerTwin(work.blocks, BYTES, looks_back=True)
    if job.model.kind == "text":
        return TextTwin()
    if job.model.kind == "transformer":
        return TransformerTwin(blocks_of(job.model), job.label.classes)
    if job.model.kind == "cnn":
        return _image_twin(job)
    layer = AdaptedTwin if kept_shapes(job) else nn.Linear
    layers: list[nn.Module] = []
    for wide_in, wide_out in pairwise((WIDTH, *job.model.hidden, 2)):
        layers += [layer(wide_in, wide_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _image_twin(job: Job) -> nn.Module:
    height, width, channels = IMAGE
    layers: list[nn.Module] = [nn.Unflatten(1, (channels, height, width))]
    for taken, given in pairwise((channels, *job.model.filters)):
        layers += [nn.Conv2d(taken, given, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)]
        height, width = height // 2, width // 2
    flat = height * width * job.model.filters[-1]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, job.label.classes))


def criterion_of(work: Workload) -> nn.Module:
    """What a model is told by: its rows' labels, or the bytes of its texts."""
    return NextByteLoss() if work.blocks else nn.CrossEntropyLoss()
