"""Many vaults together: what each shipped rule makes of honest and of poisoned updates of simulated vaults.

Run from the repository root: ``.venv/bin/python benchmarks/federation.py``, with ``--csv FILE --label COLUMN`` for a
table of one's own. Vaults are parts of one table; gradients are clipped and noised here in numpy as a vault does it,
with the noise of T rounds that compose to ε at δ 1e-6. Scores are 100 times the area under the ROC curve, on a fifth
of the rows that no vault has. Learning rates were chosen on other seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
from simulated_vaults import (
    DELTA,
    Floats,
    Vaults,
    from_csv,
    gradient_sums,
    labels_seen,
    made,
    noise_of,
    poisoned,
    shared_out,
)

from learner.federation import balance, server_rules
from learner.federation.aggregate import RULES, aggregate
from vault.budget.guess_target import strength_of_epsilon

ROUNDS: Final = 10
LR, MOMENTUM = 1.5, 0.5
MESH_LR: Final = 2.0
ATTACKS: Final = ("none", "flip × 10", "flip × 3", "Gaussian", "label flip", "colluding", "lowest tier")
MESH_ATTACKS: Final = ("none", "flip × 10", "Gaussian", "label flip", "near")
FILTERED: Final = {
    f"filter, then {name.replace('_', ' ')}": (name, True) for name in ("trimmed_mean", "mean")
}
CHOICES: Final = {name.replace("_", " "): (name, False) for name in RULES} | FILTERED


# with a coordinator ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a campaign: the score, and how many updates of honest vaults were rejected, of how many."""

    score: float
    rejected: int
    answers: int


def campaign(
    vaults: Vaults,
    choice: str,
    attack: str,
    *,
    epsilon: float,
    seed: int,
    rounds: int = ROUNDS,
    share: float = 0.2,
) -> Outcome:
    """Rounds of gradient sums under a rule, with a share of the vaults attacking."""
    random = np.random.default_rng([seed, 3])
    rule, filtered = CHOICES[choice]
    attackers = 0 if attack == "none" else round(share * vaults.count)
    noise, labels = noise_of(vaults, epsilon, rounds), labels_seen(vaults, attack, attackers)
    variances = np.full(vaults.count, noise**2)
    if attack == "lowest tier":
        variances[:attackers] /= 4
    state = server_rules.start(np.zeros(vaults.width))
    units, rejected = len(labels) / vaults.count, 0
    for _ in range(rounds):
        sums = gradient_sums(vaults, state.weights, labels)
        honest = sums + random.normal(size=sums.shape) * noise
        found = aggregate(
            poisoned(honest, attack, attackers, noise, random), variances, rule=rule, filtered=filtered
        )
        rejected += int((~found.accepted[attackers:]).sum())
        state = server_rules.gradient_step(state, found.update, units=units, lr=LR, momentum=MOMENTUM)
    return Outcome(
        score=vaults.score(state.weights), rejected=rejected, answers=rounds * (vaults.count - attackers)
    )


# without one ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MeshOutcome:
    """What came of a mesh: the mean and the worst score of honest vaults, and how many honest models were accepted."""

    mean: float
    worst: float
    accepted: float


def mesh(
    vaults: Vaults, choice: str, attack: str, *, epsilon: float, seed: int, neighbours: int = 10
) -> MeshOutcome:
    """Rounds of a mesh in which each peer mixes with its neighbours, a fifth of all attacking."""
    random = np.random.default_rng([seed, 4])
    attackers = 0 if attack == "none" else vaults.count // 5
    noise, labels = noise_of(vaults, epsilon, ROUNDS), labels_seen(vaults, attack, attackers)
    units = len(labels) / vaults.count
    of_job = balance.variance_of_job(
        lr=MESH_LR, noise_multiplier=noise / vaults.clip, clip=vaults.clip, batch=units, steps=np.ones(1)
    )
    variances = balance.released_variances(ROUNDS, of_job=of_job)
    starts, kept = np.zeros((vaults.count, vaults.width)), []
    for place in range(ROUNDS):
        sums = gradient_sums(vaults, starts, labels)
        released = starts - MESH_LR / units * (sums + random.normal(size=sums.shape) * noise)
        shown = turned(released, attack, attackers, math.sqrt(variances[place]), random)
        progress, variance = place / ROUNDS, float(variances[place])
        for peer in range(vaults.count):
            near = np.sort(random.choice(np.delete(np.arange(vaults.count), peer), neighbours, replace=False))
            others = shown[near].copy()
            if attack == "near":
                others[near < attackers] = just_inside(released, peer, attackers, progress, variance)
            starts[peer], accepted = MIXES[choice](released[peer], others, progress, variance)
            if peer >= attackers:
                kept += accepted[near >= attackers].tolist()
    scores = [vaults.score(one) for one in starts[attackers:]]
    return MeshOutcome(mean=float(np.mean(scores)), worst=min(scores), accepted=float(np.mean(kept)))


def turned(
    released: Floats, attack: str, attackers: int, noise: float, random: np.random.Generator
) -> Floats:
    """The models as their peers show them."""
    found = released.copy()
    if attack == "flip × 10":
        found[:attackers] *= -10
    elif attack == "Gaussian":
        found[:attackers] = random.normal(size=found[:attackers].shape) * 5 * noise
    return found


def just_inside(released: Floats, peer: int, attackers: int, progress: float, variance: float) -> Floats:
    """A model against the honest ones' direction, as far from this peer's as it still accepts."""
    direction = released[attackers:].mean(axis=0)
    far = balance.radius(released[peer], progress=progress, own_variance=variance, other_variance=variance)
    moved: Floats = released[peer] - 0.99 * far * direction / np.linalg.norm(direction)
    return moved


def _as_published(own: Floats, others: Floats, progress: float, _variance: float) -> tuple[Floats, Any]:
    return _mean_mixed(own, others, progress, 0.0)


def _mean_mixed(own: Floats, others: Floats, progress: float, variance: float) -> tuple[Floats, Any]:
    accepted = balance.accepted_models(
        own, others, progress=progress, own_variance=variance, variances=np.full(len(others), variance)
    )
    return (own + others[accepted].mean(axis=0)) / 2 if accepted.any() else own, accepted


def _median_of_all(own: Floats, others: Floats, _progress: float, _variance: float) -> tuple[Floats, Any]:
    return (own + np.median(others, axis=0)) / 2, np.ones(len(others), dtype=bool)


def _shipped(own: Floats, others: Floats, progress: float, variance: float) -> tuple[Floats, Any]:
    found = balance.mixed(
        own, others, progress=progress, own_variance=variance, variances=np.full(len(others), variance)
    )
    return found.model, found.accepted


MIXES: Final[dict[str, Callable[..., tuple[Floats, Any]]]] = {
    "BALANCE as published": _as_published,
    "widened, mean of accepted": _mean_mixed,
    "neighbours' median": _median_of_all,
    "widened, median of accepted": _shipped,
}


# protocols ------------------------------------------------------------------------------------------------


def pooled(vaults: Vaults) -> float:
    """All rows in one place, without noise."""
    whole = replace(vaults, begins=np.zeros(1, dtype=np.int64))
    state = server_rules.start(np.zeros(vaults.width))
    for _ in range(60):
        sums = gradient_sums(whole, state.weights, whole.labels)[0]
        state = server_rules.gradient_step(state, sums, units=len(whole.labels), lr=LR, momentum=MOMENTUM)
    return vaults.score(state.weights)


def by_moments(vaults: Vaults, *, epsilon: float, seed: int) -> float:
    """One noisy sum of products a vault, under the default rule, solved by the known noise."""
    random, width = np.random.default_rng([seed, 5]), vaults.width
    rows, columns = np.triu_indices(width)
    signs = 2 * vaults.labels - 1
    products = np.concatenate(
        [vaults.inputs[:, rows] * vaults.inputs[:, columns], vaults.inputs * signs[:, None]], axis=1
    )
    clip = width / math.sqrt(2)
    products *= np.minimum(1, clip / np.linalg.norm(products, axis=1))[:, None]
    sums = np.add.reduceat(products, vaults.begins, axis=0)
    noise = clip / strength_of_epsilon(Decimal(str(epsilon)), DELTA)
    found = aggregate(sums + random.normal(size=sums.shape) * noise, np.full(vaults.count, noise**2))
    solved = server_rules.solved_moments(
        found.update[: len(rows)], found.update[len(rows) :], variance=found.variance
    )
    return vaults.score(solved)


def one_vault(vaults: Vaults, place: int, *, epsilon: float | None, seed: int) -> float:
    """One vault by itself: its own model at home, or with an ε what it could release."""
    ends = [*vaults.begins[1:], len(vaults.labels)]
    rows = slice(vaults.begins[place], ends[place])
    alone = replace(
        vaults, inputs=vaults.inputs[rows], labels=vaults.labels[rows], begins=np.zeros(1, dtype=np.int64)
    )
    if epsilon is None:
        return pooled(alone)
    return campaign(alone, "mean", "none", epsilon=epsilon, seed=seed).score


# what is printed ------------------------------------------------------------------------------------------

POPULATIONS: Final = ((500,) * 20, (200,) * 100, tuple(np.linspace(100, 1000, 20).astype(int).tolist()))


def robustness(tables: Sequence[tuple[Floats, Floats]], epsilon: float) -> Iterator[str]:
    """Each rule under each attack, for 20 vaults of 500, 100 of 200, 20 of 100 to 1,000."""
    yield f"| rule | {' | '.join(ATTACKS)} | honest rejected |"
    yield "|---" * (len(ATTACKS) + 2) + "|"
    for choice in CHOICES:
        cells, rejected, answers = [], 0, 0
        for attack in ATTACKS:
            scores = []
            for sizes in POPULATIONS:
                found = [
                    campaign(shared_out(table, sizes, seed), choice, attack, epsilon=epsilon, seed=seed)
                    for seed, table in enumerate(tables)
                ]
                scores.append(float(np.mean([each.score for each in found])))
                rejected += sum(each.rejected for each in found)
                answers += sum(each.answers for each in found)
            cells.append("/".join(f"{score:.1f}" for score in scores))
        yield f"| {choice} | {' | '.join(cells)} | {rejected:,} of {answers:,} |"


def meshes(tables: Sequence[tuple[Floats, Floats]], epsilon: float) -> Iterator[str]:
    """Each mixing rule under each attack, mean / worst vault, for 20 vaults of 500 with 10 neighbours."""
    yield f"| rule | {' | '.join(MESH_ATTACKS)} | honest accepted |"
    yield "|---" * (len(MESH_ATTACKS) + 2) + "|"
    for choice in MIXES:
        found = {
            attack: [
                mesh(shared_out(table, POPULATIONS[0], seed), choice, attack, epsilon=epsilon, seed=seed)
                for seed, table in enumerate(tables)
            ]
            for attack in MESH_ATTACKS
        }
        cells = [
            f"{np.mean([one.mean for one in each]):.1f} / {np.mean([one.worst for one in each]):.1f}"
            for each in found.values()
        ]
        accepted = np.mean([one.accepted for each in found.values() for one in each])
        yield f"| {choice} | {' | '.join(cells)} | {100 * accepted:.2f} % |"


def protocols(tables: Sequence[tuple[Floats, Floats]], epsilon: float) -> Iterator[str]:
    """Alone, pooled and together, for 5 and for 20 vaults of 500, alike and not."""
    yield "| vaults | split | pooled | alone at home | one release | gradient sums | moments |"
    yield "|---" * 7 + "|"
    for count in (5, 20):
        for unlike in (False, True):
            rows = []
            for seed, table in enumerate(tables):
                vaults = shared_out(table, (500,) * count, seed, unlike=unlike)
                rows.append(
                    (
                        pooled(vaults),
                        np.mean([one_vault(vaults, each, epsilon=None, seed=seed) for each in range(5)]),
                        np.mean([one_vault(vaults, each, epsilon=epsilon, seed=seed) for each in range(5)]),
                        campaign(
                            vaults, "filter, then trimmed mean", "none", epsilon=epsilon, seed=seed
                        ).score,
                        by_moments(vaults, epsilon=epsilon, seed=seed),
                    )
                )
            cells = " | ".join(f"{score:.1f}" for score in np.mean(np.array(rows), axis=0))
            yield f"| {count} × 500 | {'unlike' if unlike else 'alike'} | {cells} |"


TABLES: Final = {"protocols": protocols, "robustness": robustness, "mesh": meshes}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(TABLES))
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--label")
    asked = parser.parse_args()
    one = from_csv(asked.csv, asked.label) if asked.csv else None
    tables = [one or made(26_000, seed) for seed in range(asked.seeds)]
    for name in [asked.only] if asked.only else TABLES:
        print(f"\n{name}, ε {asked.epsilon:g}, {asked.seeds} seeds\n")
        for line in TABLES[name](tables, asked.epsilon):
            print(line, flush=True)


if __name__ == "__main__":
    main()
