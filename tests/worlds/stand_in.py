"""A learner that starts quickly: the real process, sandbox and protocol, but an engine that learns nothing.

Run as a program in the place of `python -m learner`, it confines itself, speaks and ends as that does, and loads no
torch. Its update is small random numbers in the shapes of the model; its curve falls from step to step.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from array import array
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from learner import __main__ as process
from learner.protocol import ENCODED_BYTES, ColumnFrame, Job, Progress, update_shapes
from learner.second_thread import SecondThread

CURVE_POINTS = 40
LONG, A_STEP = 500, 0.001


def warm_up(_kind: str) -> None:
    """Nothing is left to be loaded here."""


def warm_up_own(_kind: str) -> None:
    raise NotImplementedError("an owner's own use of a model is for the real learner")


def rehearse(job: Job, _weights: bytes, _second: SecondThread) -> None:
    """Read what there is to read of the job; nothing can fail here."""
    assert update_shapes(job)


def train(
    job: Job, _weights: bytes, frame: ColumnFrame, *, progress: Progress, **_second: SecondThread
) -> tuple[bytes, bytes]:
    """Count the steps, a long job at the pace of a real one, and hand in an update."""
    for step in range(1, job.steps + 1):
        if job.steps > LONG:
            time.sleep(A_STEP)
        progress(step, job.steps)
    return _update(job), _results(job, frame)


def _update(job: Job) -> bytes:
    """Small random numbers as safetensors, in the order and with the padding that its library writes."""
    facts: dict[str, Any] = {}
    size, width = 0, ENCODED_BYTES[job.encoding]
    for name, shape in sorted(update_shapes(job).items()):
        end = size + width * math.prod(shape)
        facts[name] = {"dtype": f"I{8 * width}", "shape": list(shape), "data_offsets": [size, end]}
        size = end
    head = json.dumps(facts, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + _numbers(job, size // width)


def _numbers(job: Job, count: int) -> bytes:
    drawn = (
        array("h", os.urandom(2 * count))
        if job.encoding == "int64"
        else [byte >> 1 for byte in os.urandom(count)]
    )
    return array({"int64": "q", "int16": "h", "int8": "b"}[job.encoding], drawn).tobytes()


def _results(job: Job, frame: ColumnFrame) -> bytes:
    known = sum(label >= 0 if job.label.kind == "classes" else not math.isnan(label) for label in frame.label)
    count = min(job.steps + 1, CURVE_POINTS)
    steps = sorted({round(job.steps * point / (count - 1)) for point in range(count)})
    curve = [{"step": step, **_scores(job, step)} for step in steps]
    facts = {
        "v": 1,
        "rows": known,
        "curve": curve,
        "final": _scores(job, job.steps),
        "base": _base(job),
        "guesses": {"made": 200, "right": 106, "seen": min(40, job.steps)},
    }
    return json.dumps(facts, separators=(",", ":")).encode()


def _base(job: Job) -> float:
    return 0.6 if job.label.kind == "classes" else 1.1 * job.label.scale


def _scores(job: Job, step: int) -> dict[str, float]:
    done = step / job.steps
    if job.label.kind == "classes":
        return {"loss": 0.7 - 0.4 * done, "accuracy": 0.5 + 0.35 * done}
    return {"loss": 1.0 - 0.5 * done, "rmse": job.label.scale * (1.0 - 0.3 * done)}


def _without_torch() -> None:
    """Let the process find this engine, and a torch that is not loaded but lies where the real one does."""
    torch = ModuleType("torch")
    torch.__spec__ = find_spec("torch")
    torch.set_num_threads = torch.set_num_interop_threads = lambda _count: None  # type: ignore[attr-defined]
    sys.modules["torch"] = torch
    sys.modules["learner.engine"] = sys.modules["learner.warm_up"] = sys.modules[__name__]


if __name__ == "__main__":
    _without_torch()
    process.main()
