"""A job that breaks no rule, and ways to break one rule of it."""

from __future__ import annotations

import copy
import json
import struct
from datetime import UTC, datetime
from typing import Any

import numpy as np

from vault.errors.families import Broken, Exhausted, Invalid, LockboxError, Locked, Refused, Unavailable
from vault.requests.bundle import JOB_DOMAINS, JobFiles
from vault.requests.canonical import canonical
from vault.requests.manifest import Manifest
from vault.requests.parse import parse_manifest
from vault.requests.weights import write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = SigningKey.from_seed(Secret(bytes(range(32))))
OTHER_KEY = SigningKey.from_seed(Secret(bytes(range(1, 33))))

SHAPES = {"weight": (2, 4), "bias": (2,)}
WEIGHTS = write_tensors({name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})

_DOCUMENT: dict[str, Any] = {
    "v": 2,
    "job_id": "0123456789abcdef0123456789abcdef",
    "requester": {"name": "Sleep lab", "key": KEY.public.hex(), "contact": "lab@example.org"},
    "job": {"kind": "train"},
    "campaign": None,
    "purpose": {"dpv": "https://w3id.org/dpv#AcademicResearch", "text": "Do steps tell the night?"},
    "recipients": ["The ethics board"],
    "retention": "deleted when the study ends",
    "expires": "2026-04-01T00:00:00Z",
    "collection": "sleep",
    "unit": "day",
    "max_rows_per_unit": 50,
    "unit_reduction": "mean",
    "where": {"from": "2026-01-01T00:00:00Z", "to": None},
    "fields": [
        {
            "name": "good_night",
            "role": "label",
            "necessity": "required",
            "transform": {"kind": "classes", "labels": ["no", "yes"]},
        },
        {
            "name": "steps",
            "role": "feature",
            "necessity": "required",
            "transform": {"kind": "standard", "center": 7000, "scale": 3000, "clip": 3, "fill": 7000},
        },
        {
            "name": "weekday",
            "role": "feature",
            "necessity": "optional",
            "transform": {"kind": "onehot", "labels": ["fri", "sat", "sun"], "fill": "sat"},
        },
    ],
    "model": {"kind": "logistic", "weights": sha256_hex(WEIGHTS)},
    "loss": "cross_entropy",
    "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.9},
    "output": {"average": "tail", "grid": 14, "encoding": "int64"},
    "dp": {
        "sampling_rate": 0.1,
        "expected_batch": 20,
        "clip": 1.0,
        "noise_multiplier": 4.0,
        "steps": 100,
    },
    "slot_minutes": 1440,
}

NUMBER_LABEL = {"kind": "standard", "center": 0, "scale": 1, "clip": 3}
MLP = {"kind": "mlp", "hidden": [5], "activation": "tanh", "weights": sha256_hex(WEIGHTS)}


def document(**changes: Any) -> dict[str, Any]:
    """The good job as a document; a change is ``a__b__0=value`` for ``document["a"]["b"][0] = value``."""
    return changed(_DOCUMENT, **changes)


def changed(of: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with ``a__b__0=value`` for ``["a"]["b"][0] = value``."""
    made = copy.deepcopy(of)
    for path, value in changes.items():
        *parents, last = (int(step) if step.isdigit() else step for step in path.split("__"))
        place: Any = made
        for step in parents:
            place = place[step]
        place[last] = value
    return made


def first_version(document: dict[str, Any]) -> dict[str, Any]:
    """The same job as the first version of the format had it."""
    kept = {key: value for key, value in document.items() if key not in ("job", "campaign")}
    output = {key: value for key, value in document["output"].items() if key != "encoding"}
    return kept | {"v": 1, "output": output}


def without(*path: str | int) -> dict[str, Any]:
    """The good job with one key taken out."""
    made: Any = document()
    place = made
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return made  # type: ignore[no-any-return]


def manifest(**changes: Any) -> Manifest:
    """The good job, parsed."""
    return parse_manifest(canonical(document(**changes)))


def signed(content: dict[str, Any] | bytes, *, weights: bytes = WEIGHTS, key: SigningKey = KEY) -> JobFiles:
    """The job signed by a key as one of the second version, whatever it says."""
    data = content if isinstance(content, bytes) else canonical(content)
    return JobFiles(manifest=data, signature=key.sign(JOB_DOMAINS[2] + data), weights=weights)


def job_of(key: SigningKey = KEY, **changes: Any) -> JobFiles:
    """The good job with changes, naming the key that signs it."""
    return signed(document(requester__key=key.public.hex(), **changes), key=key)


def safetensors_file(header: bytes | dict[str, Any], body: bytes = b"") -> bytes:
    """A safetensors file with this header, as it stands."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def exit_code(error: LockboxError) -> int:
    """The exit code of the family an error belongs to (architecture, section 7)."""
    families = {Locked: 3, Refused: 4, Exhausted: 5, Broken: 6, Unavailable: 7, Invalid: 1}
    return next(code for family, code in families.items() if isinstance(error, family))
