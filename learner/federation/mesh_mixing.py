"""What the peers of a mesh mix, by the rule of their campaign: pure, of released models and public figures alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from learner.federation.aggregate import Floats, noise_bound
from learner.federation.balance import OWN_SHARE, radius, released_variances
from learner.federation.noise import answer_reach, answer_variance
from vault.requester.coordinating import template_job

if TYPE_CHECKING:
    from learner.federation.mesh_models import ReleasedModel
    from vault.requester.coordinating import CampaignDocument

Word = Literal["accepted", "not compared", "too far", "nothing came"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one peer's model in a mix: how far it is from one's own, and how far it may be."""

    key: str
    word: Word
    distance: float = 0.0
    allowed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """The weights that the next round starts from, and the verdict on each other peer."""

    weights: Floats
    verdicts: tuple[Verdict, ...]


def variances_of(document: CampaignDocument) -> Floats:
    """The noise variance on each weight of a released model after each round, (rounds,), from the campaign alone."""
    return released_variances(document.rounds, of_job=answer_variance(template_job(document)))


def mixed_by(
    document: CampaignDocument,
    *,
    own_key: str,
    own: ReleasedModel | None,
    first: Floats,
    others: Mapping[str, ReleasedModel],
    after: int,
) -> Mix:
    """One's own last released model, mixed half and half with the middle of those accepted; alone it stays as it is.

    ``others`` are the models released in round ``after``, by key. Who has released nothing yet goes by the ``first``
    weights, which are the founder's, and accepts what so many rounds can have made of them.
    """
    start, verdicts = first if own is None else own.weights, []
    for peer in document.peers:
        if peer.key == own_key:
            continue
        model = others.get(peer.key)
        if model is None:
            verdicts.append(Verdict(key=peer.key, word="nothing came"))
            continue
        far = float(np.linalg.norm(model.weights - start))
        if not document.aggregation.filtered:
            verdicts.append(Verdict(key=peer.key, word="not compared", distance=far))
            continue
        allowed = _allowed(document, own, first, after)
        word: Word = "accepted" if far <= allowed else "too far"
        verdicts.append(Verdict(key=peer.key, word=word, distance=far, allowed=allowed))
    taken = [others[one.key].weights for one in verdicts if one.word in ("accepted", "not compared")]
    return Mix(weights=_joined(start, taken, document.aggregation.rule), verdicts=tuple(verdicts))


def _allowed(document: CampaignDocument, own: ReleasedModel | None, first: Floats, after: int) -> float:
    """How far a model of round ``after`` may lie from one's own, or from the founder's weights where there is none.

    Those have no noise, and each round moves a model by what its job can: mixing only goes between models.
    """
    variances = variances_of(document)
    theirs = float(variances[after - 1])
    if own is None:
        moved = after * answer_reach(template_job(document), first.size)
        return moved + math.sqrt(theirs * noise_bound(first.size))
    return radius(
        own.weights,
        progress=after / document.rounds,
        own_variance=float(variances[own.round - 1]),
        other_variance=theirs,
    )


def _joined(own: Floats, taken: list[Floats], rule: str) -> Floats:
    if not taken:
        return own
    middle = np.median(taken, axis=0) if rule == "median" else np.mean(taken, axis=0)
    found: Floats = OWN_SHARE * own + (1 - OWN_SHARE) * middle
    return found
