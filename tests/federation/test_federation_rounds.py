"""One round follows from another by the campaign's rules alone, whoever died in between; its log shows all of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest

from learner.federation.aggregate import RULES, aggregate
from learner.federation.answer_table import written_table
from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.noise import KnownNoise, answer_variance
from learner.federation.round_step import combined
from learner.federation.server_rules import gradient_step, start
from tests.sweeps import sweep
from tests.worlds.answering import DOCUMENT, START, MadeVault, signed_campaign
from tests.worlds.coordinators import Moving, answered, enrolled, made_coordinator
from vault.requester.campaign_log import log_head, signed_head
from vault.requester.coordinating import (
    ModelFiles,
    check_model,
    flat_weights,
    parse_signature_line,
    template_job,
)
from vault.requests.campaign import parse_campaign
from vault.requests.canonical import canonical
from vault.requests.encodings import UPDATE_STEP

NUMBERS = 6


def rounds_of(coordinator: Coordinator, sums: list[list[np.ndarray]]) -> list[MadeVault]:
    """Let as many made vaults answer as there are sums in the first round, each round."""
    vaults = [MadeVault() for _ in sums[0]]
    for each in vaults:
        enrolled(coordinator, each)
    for number, of_round in enumerate(sums, start=1):
        for vault, numbers in zip(vaults, of_round, strict=True):
            answered(coordinator, vault, number, np.round(numbers / UPDATE_STEP))
        coordinator.tick()
    return vaults


def test_the_weights_of_the_rounds_and_the_signed_model_are_what_the_rules_say(
    coordinator: Coordinator,
) -> None:
    random = np.random.default_rng(0)
    sums = [[random.normal(size=NUMBERS) * 20 for _ in range(2)] for _ in range(3)]
    rounds_of(coordinator, sums)

    state, variance = start(np.zeros(NUMBERS)), answer_variance(template_job(coordinator.document))
    for of_round in sums:
        whole = np.round(np.array(of_round) / UPDATE_STEP) * UPDATE_STEP
        found = aggregate(whole, np.full(2, variance))
        state = gradient_step(state, found.update, units=50, lr=1.5, momentum=0.5)
        # what vaults are given are float32 weights, and the server goes on from those
        state = type(state)(weights=state.weights.astype(np.float32).astype(float), velocity=state.velocity)
    model = coordinator.returned_model()

    assert np.array_equal(flat_weights(coordinator.document, model.weights), state.weights)
    files = ModelFiles(
        document=model.document, signature=parse_signature_line(model.signature), weights=model.weights
    )
    assert check_model(coordinator.document, coordinator.digest, files).rounds == 3


def test_the_log_holds_every_round_and_its_checkpoint_is_signed_over_all_of_it(
    coordinator: Coordinator,
) -> None:
    rounds_of(coordinator, [[np.zeros(NUMBERS)] * 2] * 3)

    leaves = coordinator.state.leaves()
    head = signed_head(
        coordinator.checkpoint(), coordinator.digest, bytes.fromhex(coordinator.document.round_key)
    )

    assert head == log_head(coordinator.digest, leaves)
    assert len(leaves) == 1 + 2 + 2 * 3 + 1


def test_an_answer_that_is_far_too_long_is_left_out_and_said(coordinator: Coordinator) -> None:
    honest = np.full(NUMBERS, 20.0)
    rounds_of(coordinator, [[honest, -1000 * honest]])

    facts = {each.accepted for each in coordinator.state.answer_facts()}
    assert facts == {True, False}


@pytest.mark.parametrize("stopped", ["_settle", "_answers.aggregated"])
def test_who_dies_between_closing_a_round_and_opening_the_next_goes_on_there(
    folder: Path, clock: Moving, monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    first, second = (Coordinator(open_folder(folder), clock=clock) for _ in range(2))
    first.tick()
    part, _, name = stopped.rpartition(".")
    monkeypatch.setattr(getattr(first, part) if part else first, name, die)
    with pytest.raises(Killed):
        rounds_of(first, [[np.full(NUMBERS, 20.0)] * 2])
    first.close()

    second.tick()

    newest = second.state.newest_round()
    assert newest is not None
    assert newest.number == 2
    assert flat_weights(second.document, newest.weights)[0] < 0
    assert sum(b'"closed"' in line for line in second.state.leaves()) == 1
    second.close()


def test_two_processes_that_see_the_same_end_make_one_of_it(folder: Path, clock: Moving) -> None:
    first, second = (Coordinator(open_folder(folder), clock=clock) for _ in range(2))
    first.tick()
    rounds_of(first, [[np.zeros(NUMBERS)] * 2])
    closed = second.state.round(1)
    assert closed is not None

    second._close(closed)
    second._settle(closed)

    assert len(second.state.leaves()) == 1 + 2 + 1 + 2
    for each in (first, second):
        each.close()


def test_an_answer_that_was_changed_where_it_is_kept_does_not_count(tmp_path: Path, clock: Moving) -> None:
    made_coordinator(tmp_path / "coordinator", signed_campaign(tmp_path, START), quorum=3, now=START)
    found = Coordinator(open_folder(tmp_path / "coordinator"), clock=clock)
    found.tick()
    vaults = rounds_of(found, [[np.full(NUMBERS, 20.0)] * 2])
    with found.state._engine.connect() as connection:
        connection.exec_driver_sql("UPDATE answer SET signature = x'00' WHERE key = ?", (vaults[0].public,))
        connection.commit()
    enrolled(found, third := MadeVault())
    answered(found, third, 1, np.round(np.full(NUMBERS, 20.0) / UPDATE_STEP))
    found.tick()

    verdicts = {each.key: each.accepted for each in found.state.answer_facts()}
    assert verdicts[vaults[0].public] is False
    assert verdicts[vaults[1].public] is True
    found.close()


@pytest.mark.parametrize("filtered", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_block_by_block_comes_to_the_same_as_at_once(rule: str, filtered: bool) -> None:
    random, variances = np.random.default_rng(1), np.array([4.0, 1.0] * 5 + [9.0])
    whole = random.integers(-100, 100, size=(11, 23))
    whole[3] *= 1000
    noise = KnownNoise(steps=np.sqrt(variances) / 4, variances=variances)

    with TemporaryFile() as file:
        table = written_table(file, whole, numbers=23, kind="int64", block=70)
        found = combined(table, noise=noise, rule=rule, filtered=filtered, block=40)
    expected = aggregate(whole * noise.steps[:, None], variances, rule=rule, filtered=filtered)

    assert np.allclose(found.update, expected.update, rtol=1e-12)
    assert np.array_equal(found.accepted, expected.accepted)
    assert found.variance == pytest.approx(expected.variance)


def test_the_noise_of_a_sum_is_the_mechanisms_and_rounding() -> None:
    document = parse_campaign(
        canonical({
            **DOCUMENT, "campaign_id": "0" * 32, "deadlines": ["2026-01-08T00:00:00Z"], "round_key": "1" * 64,
            "job": {**DOCUMENT["job"], "expires": "2026-01-08T00:00:00Z"},
        })
    )  # fmt: skip
    assert answer_variance(template_job(document)) == pytest.approx((7.3174 * 0.866) ** 2, rel=0.01)


def test_moments_without_noise_to_speak_of_are_solved_for_the_weights(tmp_path: Path, clock: Moving) -> None:
    job = {
        **DOCUMENT["job"],
        "job": {"kind": "moments"},
        "model": {"kind": "linear", "weights": "0" * 64},
        "loss": "squared",
        "fields": [
            {"name": "good", "necessity": "required", "role": "label",
             "transform": {"kind": "standard", "center": 0, "scale": 1, "clip": 3}},
            *DOCUMENT["job"]["fields"][1:],
        ],
    }  # fmt: skip
    moments = {"protocol": "moments", "server": {"kind": "ridge"}, "job": job}
    made_coordinator(
        tmp_path / "c", signed_campaign(tmp_path, START, rounds=1, **moments), quorum=2, now=START
    )
    found = Coordinator(open_folder(tmp_path / "c"), clock=clock)
    found.tick()
    random, weights = np.random.default_rng(3), np.array([0.5, -0.25, 0.1])
    parts = []
    for _ in range(2):
        rows = np.column_stack([random.normal(size=(20_000, 2)), np.ones(20_000)])
        products = rows.T @ rows
        parts.append(np.concatenate([products[np.triu_indices(3)], rows.T @ (rows @ weights)]))
    rounds_of(found, [parts])

    solved = flat_weights(found.document, found.returned_model().weights)
    assert np.allclose(solved, weights, atol=0.01)
    found.close()


@pytest.mark.parametrize("rule", sweep(["median", "trimmed_mean", "mean"]))
def test_memory_does_not_grow_with_the_numbers_of_all_vaults(rule: str) -> None:
    block, peaks, more = 1 << 12, [], 6000
    for vaults in (1000, 1000 + more):
        random = np.random.default_rng(0)
        noise = KnownNoise(steps=np.ones(vaults), variances=np.full(vaults, 4.0))
        with TemporaryFile() as file:
            answers = (random.integers(-9, 9, size=100) for _ in range(vaults))
            tracemalloc.start()
            table = written_table(file, answers, numbers=100, kind="int64", block=block)
            combined(table, noise=noise, rule=rule, filtered=True, block=block)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    # one number of each is sorted at a time, with what that takes
    assert peaks[1] - peaks[0] < more * 12 * 8


def test_a_table_is_the_same_by_vaults_and_by_numbers() -> None:
    whole = np.random.default_rng(0).integers(-(2**15), 2**15, size=(11, 7)).astype("int16")
    with TemporaryFile() as file:
        table = written_table(file, whole, numbers=7, kind="int16", block=30)
        by_vaults = np.concatenate([numbers for _, numbers in table.by_vaults()])
        by_numbers = [*table.by_numbers(block=25)]

    assert np.array_equal(by_vaults, whole)
    assert np.array_equal(np.concatenate(by_numbers, axis=1), whole)
    assert max(some.size for some in by_numbers) <= 25
