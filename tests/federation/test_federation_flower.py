"""Strategies of Flower as rules of a campaign: the same as our own where they are one rule, and nothing leaves.

Those marked need Flower itself, which `make test-flower` has beside everything else.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learner.federation import flower
from learner.federation.aggregate import RULES, Floats
from learner.federation.coordinator import Coordinator
from learner.federation.flower import PREFIX, VERSION, by_strategy
from learner.federation.flower_process import Question
from learner.federation.server_rules import averaged, start
from tests.worlds.answering import DOCUMENT, START, MadeVault, signed_campaign
from tests.worlds.coordinators import Moving, answered, enrolled, made_coordinator
from tui.cli.entry_point import run
from vault.errors.campaigns import CampaignInvalid
from vault.errors.families import Invalid
from vault.errors.federation import NotAggregated
from vault.requester.aggregation_rules import RULES as RULE_NAMES
from vault.requester.aggregation_rules import STRATEGY_STEPS, UNFIT, check_rule
from vault.requester.coordinating import flat_weights
from vault.requests.campaign import AVERAGING_STRATEGIES, MOVING_STRATEGIES
from vault.requests.encodings import UPDATE_STEP

RANDOM = np.random.default_rng(5)
ANSWERS = RANDOM.normal(size=(11, 6)) * 20
TRAINING: dict[str, Any] = {
    "job": {**DOCUMENT["job"], "job": {"kind": "train"}, "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.0}},
    "protocol": "fedavg",
}  # fmt: skip


def asked(
    strategy: str, *, lr: float = 0.1, momentum: float = 0.9, number: int = 1, state: int = 0
) -> Question:
    """Which strategy is asked about those answers."""
    count, numbers = ANSWERS.shape
    return Question(
        strategy=strategy, round=number, lr=lr, momentum=momentum, answers=count, numbers=numbers, state=state
    )


def found(
    question: Question, weights: Floats | None = None, state: Floats | None = None
) -> tuple[Floats, Floats]:
    """The aggregate of those answers and what is kept."""
    answer = by_strategy(
        question,
        np.zeros(question.numbers) if weights is None else weights,
        np.zeros(0) if state is None else state,
        [ANSWERS[:4], ANSWERS[4:]],
    )
    assert answer is not None
    return answer


# without it -----------------------------------------------------------------------------------------------


def with_rule(rule: str) -> dict[str, Any]:
    """What a campaign is changed by to have this rule."""
    return {"aggregation": {"filtered": True, "rule": rule, "weights": "inverse_noise"}}


def test_a_coordinator_without_flower_is_not_made_and_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = signed_campaign(tmp_path, datetime.now(UTC), **with_rule("flower:FedMedian"))
    monkeypatch.setattr(flower, "installed", lambda: "1.40.0")

    assert run(["coordinator", "init", str(tmp_path / "c"), "--campaign", str(campaign)]) == 7

    said = capsys.readouterr().err
    assert f"aggregates by FedMedian of Flower, and Flower {VERSION} is not installed" in said
    assert "lockbox-vault[flower]" in said
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("rule", "because"),
    [
        ("flower:FedProx", "FedProx changes what vaults train"),
        ("flower:QFedAvg", "QFedAvg needs the loss of each vault"),
        ("flower:FedMedain", "did you mean flower:FedMedian?"),
        ("flower:os", "has to be mean"),
    ],
)
def test_a_strategy_that_needs_more_than_the_answers_or_is_unknown_is_refused(
    rule: str, because: str
) -> None:
    with pytest.raises(Invalid, match=r"rule") as refused:
        check_rule(rule)

    assert because in str(refused.value)


def test_a_strategy_that_moves_weights_is_for_fedavg_alone(tmp_path: Path) -> None:
    signed_campaign(tmp_path, START, **with_rule("flower:FedMedian"))

    with pytest.raises(CampaignInvalid, match="moves weights"):
        signed_campaign(tmp_path, START, name="other", **with_rule("flower:FedAdam"))


# with it --------------------------------------------------------------------------------------------------


@pytest.mark.flower
def test_every_strategy_of_flower_is_a_rule_or_refused_with_a_reason() -> None:
    from flwr.serverapp import strategy

    there = {
        name
        for name, kind in vars(strategy).items()
        if inspect.isclass(kind) and issubclass(kind, strategy.Strategy) and kind is not strategy.Strategy
    }
    rules = {rule.removeprefix(PREFIX) for rule in RULE_NAMES if rule.startswith(PREFIX)}
    assert rules | set(UNFIT) == there
    assert not rules & set(UNFIT)


@pytest.mark.flower
@pytest.mark.parametrize(
    ("strategy", "ours"),
    [
        ("FedAvg", "mean"),
        ("FedMedian", "median"),
        ("FedTrimmedAvg", "trimmed_mean"),
        ("MultiKrum", "multi_krum"),
    ],
)
def test_where_a_strategy_is_one_of_our_rules_both_say_the_same(strategy: str, ours: str) -> None:
    even = np.full(len(ANSWERS), 1 / len(ANSWERS))

    update, kept = found(asked(strategy))

    assert update == pytest.approx(RULES[ours](ANSWERS, even), rel=1e-12)
    assert not len(kept)


@pytest.mark.flower
def test_krum_is_one_of_the_answers_and_bulyan_lies_within_them() -> None:
    chosen, _ = found(asked("Krum"))
    within, _ = found(asked("Bulyan"))

    assert any(np.array_equal(chosen, each) for each in ANSWERS)
    assert (ANSWERS.min(axis=0) < within).all()
    assert (within < ANSWERS.max(axis=0)).all()


@pytest.mark.flower
def test_bulyan_says_nothing_of_two_answers() -> None:
    question = Question(strategy="Bulyan", round=1, lr=1.0, momentum=0.0, answers=2, numbers=6, state=0)

    assert by_strategy(question, np.zeros(6), np.zeros(0), [ANSWERS[:2]]) is None


@pytest.mark.flower
def test_fedavgm_is_our_average_with_momentum_over_rounds() -> None:
    weights, state, ours = np.ones(6), np.zeros(0), start(np.ones(6))
    for number in (1, 2, 3):
        question = asked("FedAvgM", lr=0.7, momentum=0.5, number=number, state=len(state))
        update, state = found(question, weights, state)
        weights = weights + update
        ours = averaged(ours, ANSWERS.mean(axis=0), lr=0.7, momentum=0.5)
    assert weights == pytest.approx(ours.weights, rel=1e-12)


def adaptive(strategy: str, weights: Floats, rounds: int, *, lr: float, momentum: float) -> Floats:
    """Reddi et al. 2020, algorithm 2, with the step of Adam corrected as Flower does (Kingma and Ba 2014)."""
    first, second, moved = np.zeros(6), np.zeros(6), ANSWERS.mean(axis=0)
    for number in range(1, rounds + 1):
        first = momentum * first + (1 - momentum) * moved
        match strategy:
            case "FedAdagrad":
                second, step = second + moved**2, lr
            case "FedYogi":
                second, step = second - 0.01 * moved**2 * np.sign(second - moved**2), lr
            case _:
                second = 0.99 * second + 0.01 * moved**2
                step = lr * np.sqrt(1 - 0.99 ** (number + 1)) / (1 - momentum ** (number + 1))
        weights = weights + step * first / (np.sqrt(second) + 1e-3)
    return weights


@pytest.mark.flower
@pytest.mark.parametrize("strategy", ["FedAdagrad", "FedAdam", "FedYogi"])
def test_adaptive_strategies_go_on_from_what_they_kept_as_if_they_had_never_stopped(strategy: str) -> None:
    lr, momentum = STRATEGY_STEPS[PREFIX + strategy]
    weights, state = np.ones(6), np.zeros(0)
    for number in (1, 2, 3):
        question = asked(strategy, lr=lr, momentum=momentum, number=number, state=len(state))
        update, state = found(question, weights, state)
        weights = weights + update

    assert weights == pytest.approx(adaptive(strategy, np.ones(6), 3, lr=lr, momentum=momentum), rel=1e-9)


@pytest.mark.flower
def test_numbers_that_are_not_finite_and_a_process_that_dies_are_no_aggregate() -> None:
    with pytest.raises(NotAggregated, match="not finite"):
        by_strategy(asked("FedAvg"), np.zeros(6), np.zeros(0), [np.where(ANSWERS > 20, np.inf, ANSWERS)])
    with pytest.raises(NotAggregated, match="ended without an answer"):
        by_strategy(asked("FedAvg"), np.zeros(6), np.zeros(0), [ANSWERS[:3]])


TRIAL = """
from flwr.serverapp import strategy
from flwr.supercore import telemetry
real = strategy.FedAvg.aggregate_train
def trying(self, number, replies):
    replies = list(replies)
    if len(replies) == 11:  # after the rehearsal, which has seven
        {what}
    return real(self, number, replies)
strategy.FedAvg.aggregate_train = trying
"""
"""A Flower that does more than it should."""


@pytest.mark.flower
@pytest.mark.parametrize(
    ("what", "is_refused"),
    [
        ("import socket; socket.socket()", True),
        ("open('/tmp/lockbox-flower', 'w')", True),
        ("open('/etc/hostname')", True),
        ("import os; os.execv('/bin/true', ['true'])", True),
        ("assert telemetry.FLWR_TELEMETRY_ENABLED == '0'", False),
    ],
)
def test_flower_reaches_nothing_once_it_has_the_answers(
    monkeypatch: pytest.MonkeyPatch, what: str, is_refused: bool
) -> None:
    loaded, _, go = flower._START.rpartition("main()")
    monkeypatch.setattr(flower, "_START", f"{loaded}\nexec({TRIAL.format(what=what)!r})\n{go}main()")

    if not is_refused:
        assert len(found(asked("FedAvg"))[0])
        return
    with pytest.raises(NotAggregated, match="ended without an answer"):
        found(asked("FedAvg"))


@pytest.mark.flower
@pytest.mark.parametrize("rule", [*AVERAGING_STRATEGIES, *MOVING_STRATEGIES])
def test_a_campaign_goes_to_its_end_under_each_strategy(tmp_path: Path, rule: str) -> None:
    changes = with_rule(rule)
    if rule in MOVING_STRATEGIES:
        lr, momentum = STRATEGY_STEPS[rule]
        changes |= {**TRAINING, "server": {"kind": "average", "lr": lr, "momentum": momentum}}
    folder = made_coordinator(
        tmp_path / "c", signed_campaign(tmp_path, START, rounds=2, **changes), quorum=3, now=START
    )
    coordinator = Coordinator(folder, clock=Moving(START))
    coordinator.tick()
    vaults = [MadeVault() for _ in range(3)]
    for each in vaults:
        enrolled(coordinator, each)
    for number in (1, 2):
        for vault, numbers in zip(vaults, ANSWERS, strict=False):
            answered(coordinator, vault, number, np.round(numbers / UPDATE_STEP))
        coordinator.tick()

    model = coordinator.state.model()
    assert model is not None
    assert flat_weights(coordinator.document, model.weights).any()
    assert all(each.accepted for each in coordinator.state.answer_facts())
    coordinator.close()
