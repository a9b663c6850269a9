"""The owner's own use of a model: its job, and the answer, which is of another type than an envelope.

An answer is not noised and has no update in it: nothing that holds, releases or sends takes one.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from learner.columns import MAX_ROWS
from learner.job import JOB_LIMIT, SUMS, Job, ModelSpec
from learner.stand_in_job import StandInJob
from learner.strict import Bytes, ProtocolError, choice, integer, members, parse_json

OWN_TASKS: Final = ("score", "fit", "predict")
# how a fit goes: each of these ridges is tried on folds of the units, then the best one on all of them
FIT_RIDGES: Final = (0.1, 1.0, 10.0, 100.0, 1000.0)
FIT_FOLDS: Final = 5
# goes before the kind of model in the environment, where what has to be loaded is named
OWN: Final = "own "
FACTS_LIMIT: Final = 256 << 10

_HEAD = struct.Struct("<8sIQ")
_MAGIC = b"LBXANSW1"
_WEIGHTS_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJob:
    """What the owner has computed for themselves: a ``task`` on so many ``rows``, by the constants of a ``job``.

    Of the job only model, loss, features and label count. Nothing of it is charged, noised or bounded.
    """

    task: Literal["score", "fit", "predict"]
    rows: int
    job: Job

    def __post_init__(self) -> None:
        choice(self.task, "task", *OWN_TASKS)
        integer(self.rows, "rows", 0, MAX_ROWS)
        if self.job.kind in SUMS:
            raise ProtocolError("a sum is no model")

    @property
    def model(self) -> ModelSpec:
        """The model, which says what has to be loaded."""
        return self.job.model

    @property
    def steps(self) -> int:
        """How far the progress counts: the fits that are made, or one look at every row."""
        return FIT_FOLDS * len(FIT_RIDGES) + 1 if self.task == "fit" else 1

    @property
    def columns(self) -> int:
        """The numbers that are predicted for a row: of classes the likeliest and its chance."""
        return 2 if self.job.label.kind == "classes" else 1

    def to_json(self) -> bytes:
        """The job as UTF-8 JSON, the first frame on descriptor 3."""
        message = {"v": 1, "own": self.task, "rows": self.rows, "job": asdict(self.job)}
        return json.dumps(message, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> OwnJob:
        """Read a job back; raises ProtocolError for anything that ``to_json`` would not write."""
        facts = members(parse_json(data, JOB_LIMIT), ("v", "own", "rows", "job"))
        integer(facts["v"], "version", 1, 1)
        if not isinstance(facts["job"], dict):
            raise ProtocolError("the job is not an object")
        job = Job.from_json(json.dumps({"v": 1, **facts["job"]}).encode())
        return cls(task=facts["own"], rows=facts["rows"], job=job)


def parse_job(data: bytes) -> Job | OwnJob | StandInJob:
    """Somebody's job, one of the owner's own, or one on made-up units; raises ProtocolError."""
    message = parse_json(data, JOB_LIMIT)
    keys = set(message) if isinstance(message, dict) else set()
    kind = OwnJob if "own" in keys else StandInJob if "stand_in" in keys else Job
    return kind.from_json(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the owner alone gets: ``facts`` in JSON, and the ``numbers`` that were predicted, or fitted weights."""

    facts: bytes = field(repr=False)
    numbers: bytes = field(repr=False)


def answer_limit(own: OwnJob) -> int:
    """The most bytes an answer may have."""
    return _HEAD.size + FACTS_LIMIT + _most_numbers(own)


def _most_numbers(own: OwnJob) -> int:
    return {"score": 0, "fit": _WEIGHTS_LIMIT, "predict": 8 * own.columns * own.rows}[own.task]


def encode_answer(own: OwnJob, answer: Answer) -> bytes:
    """Both parts; raises ProtocolError when one is too long."""
    if len(answer.facts) > FACTS_LIMIT or len(answer.numbers) > _most_numbers(own):
        raise ProtocolError("a part of the answer is too long")
    return _HEAD.pack(_MAGIC, len(answer.facts), len(answer.numbers)) + answer.facts + answer.numbers


def decode_answer(own: OwnJob, data: Bytes) -> Answer:
    """The two parts; raises ProtocolError unless head, sizes and strict JSON are exactly right."""
    view = memoryview(data)
    if view.nbytes < _HEAD.size:
        raise ProtocolError("the answer is cut off")
    magic, facts, numbers = _HEAD.unpack_from(view)
    if magic != _MAGIC or facts > FACTS_LIMIT or view.nbytes != _HEAD.size + facts + numbers:
        raise ProtocolError("the answer has a wrong head")
    if numbers > _most_numbers(own) or (own.task == "predict" and numbers != _most_numbers(own)):
        raise ProtocolError("the answer does not have its numbers")
    middle = _HEAD.size + facts
    if not isinstance(parse_json(view[_HEAD.size : middle], FACTS_LIMIT), dict):
        raise ProtocolError("the facts are not an object")
    return Answer(facts=bytes(view[_HEAD.size : middle]), numbers=bytes(view[middle:]))
