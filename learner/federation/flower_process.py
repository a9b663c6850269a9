"""One aggregation by a strategy of Flower, in a process of its own that can reach nothing else.

    flower_process        a question and its numbers in on standard input, an answer and its numbers out

Flower's code is loaded and has run once, on made numbers, before the lock-in; from then on no file is opened and no
socket made, so that whatever it would send, it cannot. What it is told is what the coordinator has verified already.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, NoReturn

import numpy as np

from learner import sandbox
from learner.federation.aggregate import TRIMMED_SHARE, Floats

QUESTION_LIMIT: Final = 4096
FAILED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which strategy, in which round, by which step and momentum, and how many numbers follow.

    They are float64: weights (numbers,), the state that an earlier round left (state,), answers (answers, numbers).
    """

    strategy: str
    round: int
    lr: float
    momentum: float
    answers: int
    numbers: int
    state: int


def question_line(asked: Question) -> bytes:
    """The line before the numbers."""
    return json.dumps(asdict(asked)).encode().ljust(QUESTION_LIMIT - 1) + b"\n"


def main() -> NoReturn:
    """Aggregate once."""
    try:
        sandbox.harden()
        asked = Question(**json.loads(_read(QUESTION_LIMIT)))
        _rehearse(asked)
        sandbox.lock_in()
        _answer(asked)
    except BaseException:  # the boundary of the process: what it is worth to know is that there is no answer
        os._exit(FAILED)
    os._exit(0)


def _answer(asked: Question) -> None:
    weights, state = _numbers(asked.numbers), _numbers(asked.state)
    answers = _numbers(asked.answers * asked.numbers).reshape(asked.answers, asked.numbers)
    found = aggregated(asked, weights, state, answers)
    parts: tuple[Floats, ...] = () if found is None else found
    os.write(1, json.dumps([len(each) for each in parts]).encode() + b"\n")
    for each in parts:
        _write(each.astype(np.float64).tobytes())


def aggregated(
    asked: Question, weights: Floats, state: Floats, answers: Floats
) -> tuple[Floats, Floats] | None:
    """The aggregate by Flower's own function and what the strategy keeps for the next round; None for too few.

    A strategy that moves the weights is given models, the weights with each answer added, and its aggregate is how
    far it moves them. All answers have the same public noise, so each counts for one.
    """
    strategy = _made(asked)
    moves = hasattr(strategy, "current_arrays")
    if moves:
        _told(strategy, asked, weights, state)
    found, _ = strategy.aggregate_train(asked.round, _replies(answers + weights if moves else answers))
    if found is None:
        return None
    update = np.asarray(found["numbers"].numpy(), dtype=np.float64)
    return (update - weights, _kept(strategy)) if moves else (update, np.zeros(0))


def _made(asked: Question) -> Any:
    """The strategy, sized for a fifth of attackers where it is sized; it samples nobody and evaluates nothing."""
    from flwr.serverapp import strategy

    kind = getattr(strategy, asked.strategy)
    attackers = min(int(TRIMMED_SHARE * asked.answers), max((asked.answers - 3) // 4, 0))
    if asked.strategy != "Bulyan":
        attackers = min(int(TRIMMED_SHARE * asked.answers), max((asked.answers - 3) // 2, 0))
    known = {
        "fraction_train": 0.0,
        "fraction_evaluate": 0.0,
        "num_malicious_nodes": attackers,
        "num_nodes_to_select": asked.answers - attackers,
        "eta": asked.lr,
        "beta_1": asked.momentum,
        "server_learning_rate": asked.lr,
        "server_momentum": asked.momentum,
    }
    takes = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in known.items() if name in takes})


def _told(strategy: Any, asked: Question, weights: Floats, state: Floats) -> None:
    """Where the weights are, and what the rounds before have left in the strategy."""
    from flwr.app import ConfigRecord

    strategy.configure_train(asked.round, _record(weights), ConfigRecord(), None)
    if not len(state):
        return
    if hasattr(strategy, "momentum_vector"):
        strategy.momentum_vector = [state.copy()]
        return
    first, second = np.split(state, 2)
    strategy.m_t, strategy.v_t = {"numbers": first.copy()}, {"numbers": second.copy()}


def _kept(strategy: Any) -> Floats:
    if hasattr(strategy, "momentum_vector"):
        kept = strategy.momentum_vector
        return np.zeros(0) if kept is None else np.asarray(kept[0])
    return np.concatenate([strategy.m_t["numbers"], strategy.v_t["numbers"]])


def _replies(answers: Floats) -> list[Any]:
    """The answers as messages of as many nodes; a strategy may take them apart, so they are made for each."""
    from flwr.app import Message, MetricRecord, RecordDict

    return [
        Message(
            content=RecordDict({"arrays": _record(each), "metrics": MetricRecord({"num-examples": 1})}),
            metadata=metadata,
        )
        for each, metadata in zip(answers, _metadata(len(answers)), strict=True)
    ]


def _record(numbers: Floats) -> Any:
    from flwr.app import Array, ArrayRecord

    return ArrayRecord({"numbers": Array(np.ascontiguousarray(numbers))})


def _metadata(count: int) -> Iterator[Any]:
    from flwr.app import Metadata

    for place in range(count):
        yield Metadata(
            run_id=0,
            message_id=str(place),
            src_node_id=place + 1,
            dst_node_id=0,
            reply_to_message_id="",
            group_id="",
            created_at=0.0,
            ttl=1.0,
            message_type="train",
        )


def _rehearse(asked: Question) -> None:
    """Load all code and run it once, on numbers that mean nothing."""
    trial = Question(**{**asdict(asked), "answers": 7, "numbers": 2, "state": 0})
    found = aggregated(trial, np.zeros(2), np.zeros(0), np.arange(14.0).reshape(7, 2))
    if found is not None:
        aggregated(trial, np.zeros(2), found[1], np.ones((7, 2)))


def _numbers(count: int) -> Floats:
    return np.frombuffer(_read(8 * count), dtype=np.float64)


def _read(size: int) -> bytearray:
    """So many bytes of standard input; raises ``EOFError`` for fewer."""
    found, got = bytearray(size), 0
    while got < size:
        part = os.readv(0, [memoryview(found)[got:]])
        if not part:
            raise EOFError
        got += part
    return found


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
