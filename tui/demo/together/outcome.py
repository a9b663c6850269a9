"""From what was played to the numbers on the card."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.demo.together.asker import (
    ALIKE_MOMENTS,
    ALIKE_SUMS,
    EPSILON,
    MEAN,
    MESH_ROUNDS,
    MOMENTS,
    ROUNDS,
    SUMS,
)
from tui.demo.together.card import Mesh, Poison, Scores, Together
from tui.demo.together.measures import auc_of_model, auc_without_privacy

if TYPE_CHECKING:
    from tui.demo.together.scene import Scene
    from tui.demo.together.table import People

FILTERED = (SUMS, ALIKE_SUMS, MOMENTS, ALIKE_MOMENTS)
"""The campaigns under the default rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played: how each campaign stands, its final model, what one house answered alone, and the mesh.

    ``poisoned_key`` is the key by which the institute knows the last house.
    ``alone`` are models of the unlike and of the alike; ``meshed`` is each honest peer's model, how many of the
    poisoned one's models it mixed, and how many came.
    """

    scene: Scene
    plan: dict[str, Any]
    poisoned_key: str
    status: dict[str, dict[str, Any]]
    models: dict[str, Path]
    alone: list[Path]
    meshed: list[tuple[Path, int, int]]


def measured(played: Played) -> Together:
    """The numbers of the card."""
    scene, parts, members = played.scene, played.scene.parts, played.scene.members
    return Together(
        topic=scene.topic,
        people=sum(map(len, parts.unlike[:-1])),
        held_out=len(parts.held_out),
        approvals=sum(one.approvals for one in members),
        sent_bytes=sum(one.sent_bytes for one in members),
        unlike=_scores(played, parts.unlike[:-1], played.alone[0], SUMS, MOMENTS),
        alike=_scores(played, parts.alike[:-1], played.alone[1], ALIKE_SUMS, ALIKE_MOMENTS),
        mesh=_mesh(played),
        poisoned=auc_of_model(played.models[MEAN], parts.held_out),
        poison=_poison(played),
        rounds=ROUNDS,
        epsilon=EPSILON,
        cosigned=sum(each["cosigned_size"] for each in played.status.values()),
        planning_number=float(played.plan["planning_number"]),
        planned_loss=str(played.plan["points_lost"]),
    )


def _scores(played: Played, honest: Sequence[People], alone: Path, sums: str, moments: str) -> Scores:
    others = played.scene.parts.held_out
    return Scores(
        alone_private=auc_of_model(alone, others),
        alone=auc_without_privacy(honest[:1], others),
        together=auc_of_model(played.models[sums], others),
        moments=auc_of_model(played.models[moments], others),
        pooled=auc_without_privacy(honest, others),
    )


def _poison(played: Played) -> Poison:
    """What the default rule did to the answers of the last house, whom logs call by the digest of its key."""
    pseudonym = hashlib.sha256(b64decode(played.poisoned_key.split()[-1])).hexdigest()[:8]
    answers = [each for name in FILTERED for each in played.status[name]["answers"]]
    its = [each for each in answers if each["vault"] == pseudonym]
    out = [each for each in answers if each["is_in"] is False]
    left_out = sum(each in its for each in out)
    return Poison(answers=len(its), left_out=left_out, honest_left_out=len(out) - left_out)


def _mesh(played: Played) -> Mesh | None:
    if not played.meshed:
        return None
    return Mesh(
        rounds=MESH_ROUNDS,
        worst=min(auc_of_model(file, played.scene.parts.held_out) for file, _, _ in played.meshed),
        mixed=sum(mixed for _, mixed, _ in played.meshed),
        offered=sum(offered for _, _, offered in played.meshed),
    )
