"""What crosses the wall between the vault and the learner: job, columns, progress, envelope.

Standard library only, because both sides import it and the vault never loads torch. Everything that comes
from the other side is checked for size before it is allocated and for shape before it is used; an error names
the rule that was broken and never a value.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

from learner.blocks import LEAST_VARIANCE, MOST_PAIRS, UNSEEN, TextBlocks, attention_fault, waves
from learner.columns import MAX_ROWS, ColumnFrame
from learner.job import (
    BYTES,
    CONVOLVED,
    ENCODED_BYTES,
    JOB_LIMIT,
    MAX_FEATURES,
    MAX_LABELS,
    MAX_PARAMETERS,
    MAX_STEPS,
    MAX_UNITS,
    NETWORKS,
    OF_TEXTS,
    SUMS,
    UPDATE_GRID_EXPONENT,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    blocks_of,
    convolutions_of,
    input_width,
    job_shapes,
    kept_shapes,
    largest_number,
    moment_shapes,
    output_width,
    parameter_count,
    parameter_shapes,
    start_shapes,
    update_limit,
    update_shapes,
)
from learner.maps import MOST_PATCHED, Convolution, Map, convolutions, map_fault
from learner.outlines import DIRECTIONS, FAINTEST_OUTLINE, outline_filters
from learner.own_job import (
    FIT_FOLDS,
    FIT_RIDGES,
    OWN,
    Answer,
    OwnJob,
    answer_limit,
    decode_answer,
    encode_answer,
    parse_job,
)
from learner.stand_in_job import StandInJob, decode_updates, encode_updates, frames_of, updates_limit
from learner.strict import Bytes, ProtocolError, choice, integer, members, names, parse_json

__all__ = [
    "BYTES",
    "COLUMNS_FD",
    "CONVOLVED",
    "DIRECTIONS",
    "ENCODED_BYTES",
    "ENVELOPE_FD",
    "ENVIRONMENT",
    "FAINTEST_OUTLINE",
    "FDS_VARIABLE",
    "FIT_FOLDS",
    "FIT_RIDGES",
    "GO",
    "JOB_FD",
    "JOB_LIMIT",
    "LAYERS",
    "LEAST_VARIANCE",
    "MAX_FEATURES",
    "MAX_LABELS",
    "MAX_PARAMETERS",
    "MAX_ROWS",
    "MAX_STEPS",
    "MAX_UNITS",
    "MODEL_VARIABLE",
    "MOST_PAIRS",
    "MOST_PATCHED",
    "NETWORKS",
    "OF_TEXTS",
    "OWN",
    "PRIVATE_LIMIT",
    "PROGRESS_FD",
    "PROGRESS_LINE_LIMIT",
    "SCORE_LIMIT",
    "SUMS",
    "UNSEEN",
    "UPDATE_GRID_EXPONENT",
    "WEIGHTS_LIMIT",
    "Answer",
    "Bytes",
    "ColumnFrame",
    "Convolution",
    "Envelope",
    "Exit",
    "FeatureSpec",
    "Job",
    "LabelSpec",
    "Map",
    "ModelSpec",
    "OwnJob",
    "ProbeResult",
    "Progress",
    "ProtocolError",
    "SandboxFacts",
    "StandInJob",
    "Step",
    "TextBlocks",
    "answer_limit",
    "attention_fault",
    "blocks_of",
    "convolutions",
    "convolutions_of",
    "decode_answer",
    "decode_envelope",
    "decode_updates",
    "encode_answer",
    "encode_envelope",
    "encode_updates",
    "envelope_size",
    "frame_head",
    "frames_of",
    "input_width",
    "job_shapes",
    "kept_shapes",
    "largest_number",
    "map_fault",
    "moment_shapes",
    "outline_filters",
    "output_width",
    "parameter_count",
    "parameter_shapes",
    "parse_job",
    "parse_probe",
    "parse_progress",
    "probe_line",
    "read_frame",
    "ready_line",
    "start_shapes",
    "step_line",
    "update_limit",
    "update_shapes",
    "updates_limit",
    "waves",
    "write_all",
    "write_frame",
]

JOB_FD, COLUMNS_FD, PROGRESS_FD, ENVELOPE_FD = 3, 4, 5, 6
FDS_VARIABLE = "LOCKBOX_LEARNER_FDS"
# the kind of model, which the learner must know before it locks itself in: it says which libraries to load
MODEL_VARIABLE = "LOCKBOX_LEARNER_MODEL"
GO = b"go"

ENVIRONMENT: Mapping[str, str] = {
    "LC_ALL": "C.UTF-8",
    "HOME": "/",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # the same bits for a row wherever it stands, on every processor: without it only those with AVX-512 give them
    "MKL_CBWR": "AUTO,STRICT",
    "PYTHONDONTWRITEBYTECODE": "1",
    # torch makes a cache folder when it is imported, unless this names one that exists
    "TORCHINDUCTOR_CACHE_DIR": str(Path(__file__).resolve().parent),
}

WEIGHTS_LIMIT = 4 << 20
PROGRESS_LINE_LIMIT = 512
PRIVATE_LIMIT = 256 << 10
SCORE_LIMIT = 1e100
"""A loss or an error beyond it is told as one that does not exist: a run that left all bounds has no score."""

LAYERS = (
    "landlock",
    "landlock-network",
    "landlock-scope",
    "seccomp",
    "single-thread",
    "argument-window",
)

Progress: TypeAlias = Callable[[int, int], None]


class Exit(IntEnum):
    """How a learner ended; with its progress lines and its envelope, all that the vault ever learns of it."""

    DONE = 0
    DESCRIPTORS = 64
    SANDBOX = 65
    JOB = 66
    REHEARSAL = 67
    COLUMNS = 68
    TRAINING = 69
    VAULT_GONE = 70


# frames on descriptors 3 and 4 --------------------------------------------------------------------------

_LENGTH = struct.Struct("<Q")


def frame_head(size: int) -> bytes:
    """The eight bytes that go before a frame of ``size`` bytes (little endian)."""
    return _LENGTH.pack(size)


def write_all(fd: int, data: Bytes) -> None:
    """Write everything, however many calls it takes; raises OSError when nobody reads any more."""
    view, sent = memoryview(data).cast("B"), 0
    while sent < view.nbytes:
        sent += os.write(fd, view[sent:])


def write_frame(fd: int, data: Bytes) -> None:
    """Write one length-prefixed frame; raises OSError when nobody reads any more."""
    write_all(fd, frame_head(memoryview(data).nbytes))
    write_all(fd, data)


def read_frame(fd: int, limit: int) -> bytearray:
    """Read one frame of at most ``limit`` bytes; raises ProtocolError when it is longer or ends early."""
    (size,) = _LENGTH.unpack(_read_exactly(fd, _LENGTH.size))
    if size > limit:
        raise ProtocolError("a frame is too long")
    return _read_exactly(fd, size)


def _read_exactly(fd: int, size: int) -> bytearray:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        count = os.readv(fd, [view[got:]])
        if count == 0:
            raise ProtocolError("the other side ended")
        got += count
    return data


# progress -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFacts:
    """What confines a learner: 0 stands for no Landlock; ``missing`` names every layer that is not there.

    ``confined`` is true when files, sockets, signals and programs are all out of reach.
    """

    landlock_abi: int
    seccomp: bool
    confined: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Step ``step`` of ``of`` is done; ``of`` is public, and so nothing here depends on a record."""

    step: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """Whether the kernel refused an attempt from inside, and how: an errno's name, or "allowed"."""

    name: str
    refused: bool
    how: str


def ready_line(facts: SandboxFacts) -> bytes:
    """The line that says: locked in, rehearsed, nothing read."""
    return _line({"v": 1, "ready": True, "sandbox": asdict(facts)})


def step_line(step: int, of: int) -> bytes:
    """The line that says how far the training is."""
    return _line({"v": 1, "step": step, "of": of})


def probe_line(name: str, *, refused: bool, how: str) -> bytes:
    """The line that says whether an attempt from inside was refused, and by which error's name."""
    return _line({"v": 1, "probe": name, "refused": refused, "how": how})


def _line(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def parse_probe(line: Bytes) -> ProbeResult:
    """Read one ``probe_line``; raises ProtocolError for anything else."""
    facts = members(parse_json(line, PROGRESS_LINE_LIMIT), ("v", "probe", "refused", "how"))
    integer(facts["v"], "version", 1, 1)
    choice(facts["refused"], "refusal", True, False)
    if not (isinstance(facts["probe"], str) and isinstance(facts["how"], str)):
        raise ProtocolError("a probe has no name")
    return ProbeResult(name=facts["probe"], refused=facts["refused"], how=facts["how"])


def parse_progress(line: Bytes) -> SandboxFacts | Step:
    """Read one line without its line feed; raises ProtocolError for anything but the two known messages."""
    message = parse_json(line, PROGRESS_LINE_LIMIT)
    if isinstance(message, dict) and "step" in message:
        facts = members(message, ("v", "step", "of"))
        integer(facts["of"], "steps", 1, MAX_STEPS)
        integer(facts["step"], "step", 1, facts["of"])
        integer(facts["v"], "version", 1, 1)
        return Step(step=facts["step"], of=facts["of"])
    facts = members(message, ("v", "ready", "sandbox"))
    integer(facts["v"], "version", 1, 1)
    choice(facts["ready"], "readiness", True)
    return _sandbox_facts(members(facts["sandbox"], names(SandboxFacts)))


def _sandbox_facts(facts: dict[str, Any]) -> SandboxFacts:
    missing = facts.pop("missing")
    integer(facts["landlock_abi"], "Landlock version", 0, 1000)
    choice(facts["seccomp"], "seccomp", True, False)
    choice(facts["confined"], "confinement", True, False)
    if not isinstance(missing, list):
        raise ProtocolError("the missing layers are not a list")
    for layer in missing:
        choice(layer, "layer", *LAYERS)
    return SandboxFacts(missing=tuple(missing), **facts)


# the envelope -------------------------------------------------------------------------------------------

_ENVELOPE_HEAD = struct.Struct("<8sII")
_ENVELOPE_MAGIC = b"LBXENVE1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a learner hands back: the noised ``update``, and ``private`` JSON that only the owner may see."""

    update: bytes = field(repr=False)
    private: bytes = field(repr=False)


def envelope_size(job: Job) -> int:
    """The size of the job's envelope in bytes: public, the same whatever the records are."""
    return _ENVELOPE_HEAD.size + update_limit(job) + PRIVATE_LIMIT


def encode_envelope(job: Job, update: Bytes, private: Bytes) -> bytes:
    """Both parts, padded with zeros to ``envelope_size``; raises ProtocolError when one is too long."""
    if len(update) > update_limit(job) or len(private) > PRIVATE_LIMIT:
        raise ProtocolError("a part of the envelope is too long")
    head = _ENVELOPE_HEAD.pack(_ENVELOPE_MAGIC, len(update), len(private))
    return b"".join((head, update, private)).ljust(envelope_size(job), b"\0")


def decode_envelope(job: Job, data: Bytes) -> Envelope:
    """The two parts; raises ProtocolError unless size, head, padding and strict JSON are exactly right."""
    view = memoryview(data)
    if view.nbytes != envelope_size(job):
        raise ProtocolError("the envelope does not have its size")
    magic, update, private = _ENVELOPE_HEAD.unpack_from(view)
    if magic != _ENVELOPE_MAGIC or update > update_limit(job) or private > PRIVATE_LIMIT:
        raise ProtocolError("the envelope has a wrong head")
    middle, end = _ENVELOPE_HEAD.size + update, _ENVELOPE_HEAD.size + update + private
    if any(view[end:]):
        raise ProtocolError("the envelope is not padded with zeros")
    if not isinstance(parse_json(view[middle:end], PRIVATE_LIMIT), dict):
        raise ProtocolError("the private part is not an object")
    return Envelope(update=bytes(view[_ENVELOPE_HEAD.size : middle]), private=bytes(view[middle:end]))
