"""Which learner a test gets: by default one without torch, the real one, or one made up for the tests that kill."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vault.requests.parse import parse_manifest
from vault.requests.shapes import update_shapes
from vault.requests.weights import write_tensors
from vault.training import process

REAL = process.COMMAND
KERNELS = {name: os.environ[name] for name in ("MKL_ENABLE_INSTRUCTIONS",) if name in os.environ}
STAND_IN = (sys.executable, "-I", str(Path(__file__).with_name("stand_in.py")))

_NAME = 15

PRIVATE = {"rows": 0, "curve": [], "final": {"loss": None, "accuracy": None}}

PRELUDE = """
import base64, os, select, sys
from learner.protocol import *
JOB, COLUMNS, PROGRESS, ENVELOPE = map(int, os.environ[FDS_VARIABLE].split(","))
job = Job.from_json(bytes(read_frame(JOB, JOB_LIMIT)))
read_frame(JOB, WEIGHTS_LIMIT)
facts = SandboxFacts(landlock_abi=7, seccomp=True, confined=True, missing=())
write_all(PROGRESS, ready_line(facts))
assert read_frame(JOB, 2) == GO
for step in range(1, job.steps + 1):
    if select.select([JOB], [], [], {pause})[0]:
        sys.exit(1)  # end of file: the vault is gone
    write_all(PROGRESS, step_line(step, job.steps))
"""
HAND_IN = "write_all(ENVELOPE, encode_envelope(job, base64.b64decode({update!r}), {private!r}))"


@pytest.fixture(scope="session", autouse=True)
def _stand_in_learner() -> Iterator[None]:
    """Start the learner without torch wherever a test does not ask for another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "COMMAND", STAND_IN)
        patch.setattr(process, "ENVIRONMENT", {**process.ENVIRONMENT, **KERNELS})
        yield


@pytest.fixture
def real_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the real learner in this test."""
    monkeypatch.setattr(process, "COMMAND", REAL)


def zeros(job: Path) -> bytes:
    """The update of this job folder that changes nothing, canonically written."""
    manifest = parse_manifest((job / "manifest.json").read_bytes())
    return write_tensors({name: np.zeros(shape, np.int64) for name, shape in update_shapes(manifest).items()})


def pretended(update: bytes, *, mark: str = "", pause: float = 0.01) -> tuple[str, ...]:
    """The command of a learner that hands in this update; `mark` makes its command line findable."""
    text = base64.b64encode(update).decode()
    code = PRELUDE.format(pause=pause) + HAND_IN.format(update=text, private=json.dumps(PRIVATE).encode())
    return (sys.executable, "-I", "-X", f"mark={mark}", "-c", code)


def late(*, seconds: float) -> tuple[str, ...]:
    """The command of a learner that takes so long to get ready."""
    code = f"import runpy, time; time.sleep({seconds}); runpy.run_path({STAND_IN[-1]!r}, run_name='__main__')"
    return (sys.executable, "-I", "-c", code)


def real(*, mark: str) -> tuple[str, ...]:
    """The command of the real learner, findable by its mark: as its name, because it empties its command line."""
    code = f"""
import ctypes, runpy
ctypes.CDLL(None).prctl(15, {mark[:_NAME].encode()!r}, 0, 0, 0)
runpy.run_module("learner", run_name="__main__", alter_sys=True)
"""
    return (sys.executable, "-I", "-c", code)


def alive(mark: str) -> Iterator[int]:
    """The processes with this mark on their command line, or as their name."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            before, _, after = (folder / "stat").read_text().rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        # one that ended keeps its name, and has no command line, until somebody has asked how
        has_name = before.partition("(")[2] == mark[:_NAME] and after.split()[0] not in "ZX"
        if f"mark={mark}".encode() in words or has_name:
            yield int(folder.name)
