"""Real and made-up learners as children of the vault: their job, their columns, and whether they still run."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from pathlib import Path

from learner.protocol import ColumnFrame, FeatureSpec, Job, LabelSpec, ModelSpec

ROWS = 300
JOB = Job(
    model=ModelSpec(kind="linear"),
    loss="squared",
    features=(FeatureSpec(kind="standard", clip=3.0),),
    label=LabelSpec(kind="standard", clip=3.0),
    unit_reduction="mean",
    max_rows_per_unit=3,
    sampling_rate=0.1,
    expected_batch=30.0,
    clip_norm=1.0,
    noise_multiplier=1.0,
    steps=20,
    lr=0.1,
    momentum=0.0,
    average="last",
    grid=16,
)
LONG_JOB = Job.from_json(JOB.to_json().replace(b'"steps":20', b'"steps":10000'))

# a learner made up for a test: it has read its job, and may say that it is ready and hand in an envelope
PRELUDE = """
import json, os, signal, sys, time
from learner.protocol import *
THEIRS = os.environ[FDS_VARIABLE]
JOB, COLUMNS, PROGRESS, ENVELOPE = map(int, THEIRS.split(","))
job = Job.from_json(bytes(read_frame(JOB, JOB_LIMIT)))
weights = read_frame(JOB, WEIGHTS_LIMIT)
FACTS = SandboxFacts(landlock_abi=7, seccomp=True, confined=True, missing=())
def say(data):
    write_all(PROGRESS, data)
def ready():
    say(ready_line(FACTS))
    assert read_frame(JOB, 2) == GO
def wait():
    time.sleep(5)
    sys.exit(1)  # nobody stopped it
def hand_in():
    write_all(ENVELOPE, encode_envelope(job, b"noised", b"{}"))
"""

Pretend = Callable[[str], None]


def columns(rows: int = ROWS) -> bytearray:
    """Columns for the job."""
    numbers = array("d", [row / rows for row in range(rows)])
    return ColumnFrame.encode(JOB, unit=array("i", range(rows)), features=[numbers], label=numbers)


def weights() -> bytes:
    """Starting weights of zero, as a safetensors file."""
    shapes = {
        "weight": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]},
        "bias": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
    }
    head = json.dumps(shapes).encode()
    return len(head).to_bytes(8, "little") + head + bytes(8)


def ignore(_step: int, _of: int) -> None:
    """Nobody watches."""


def is_alive(pid: int) -> bool:
    """Whether a process still runs; a dead one that nobody has reaped does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
