"""A job on made-up units, run over and over in one process: what is attacked before a person decides about it.

Its result is of another type than an envelope: nothing that holds, releases or sends takes one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from mmap import mmap

from learner.job import JOB_LIMIT, MAX_STEPS, Job, ModelSpec, update_limit
from learner.strict import Bytes, ProtocolError, integer, members, parse_json

_HEAD = struct.Struct("<8sII")
_MAGIC = b"LBXSTND1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInJob:
    """A job that is run so many times, each on columns of its own, which stand one after another in one buffer."""

    runs: int
    job: Job

    def __post_init__(self) -> None:
        integer(self.runs, "runs", 1, MAX_STEPS)

    @property
    def model(self) -> ModelSpec:
        """The model, which says what has to be loaded."""
        return self.job.model

    @property
    def steps(self) -> int:
        """How far the progress counts: the runs."""
        return self.runs

    def to_json(self) -> bytes:
        """The job as UTF-8 JSON, the first frame on descriptor 3."""
        message = {"v": 1, "stand_in": self.runs, "job": asdict(self.job)}
        return json.dumps(message, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> StandInJob:
        """Read a job back; raises ProtocolError for anything that ``to_json`` would not write."""
        facts = members(parse_json(data, JOB_LIMIT), ("v", "stand_in", "job"))
        integer(facts["v"], "version", 1, 1)
        if not isinstance(facts["job"], dict):
            raise ProtocolError("the job is not an object")
        job = Job.from_json(json.dumps({"v": 1, **facts["job"]}).encode())
        return cls(runs=facts["stand_in"], job=job)


def updates_limit(asked: StandInJob) -> int:
    """The most bytes that the updates of all runs may have."""
    return _HEAD.size + asked.runs * update_limit(asked.job)


def frames_of(asked: StandInJob, data: Bytes | mmap) -> list[memoryview]:
    """The columns of each run; raises ProtocolError where the buffer is not so many equal parts."""
    view = memoryview(data)
    length, rest = divmod(view.nbytes, asked.runs)
    if rest:
        raise ProtocolError("the columns are not those of so many runs")
    return [view[run * length : (run + 1) * length] for run in range(asked.runs)]


def encode_updates(asked: StandInJob, updates: Sequence[bytes]) -> bytes:
    """The updates of all runs, which are equally long; raises ProtocolError where they are not."""
    sizes = {len(update) for update in updates}
    if len(updates) != asked.runs or len(sizes) != 1 or max(sizes) > update_limit(asked.job):
        raise ProtocolError("the updates are not those of the runs")
    return _HEAD.pack(_MAGIC, asked.runs, *sizes) + b"".join(updates)


def decode_updates(asked: StandInJob, data: Bytes) -> tuple[bytes, ...]:
    """The updates; raises ProtocolError unless head and sizes are exactly right."""
    view = memoryview(data)
    if view.nbytes < _HEAD.size:
        raise ProtocolError("the updates are cut off")
    magic, runs, size = _HEAD.unpack_from(view)
    if magic != _MAGIC or runs != asked.runs or view.nbytes != _HEAD.size + runs * size:
        raise ProtocolError("the updates have a wrong head")
    return tuple(bytes(view[_HEAD.size + run * size :][:size]) for run in range(runs))
