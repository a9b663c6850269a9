"""A job as a requester writes it by hand: TOML (or JSON), from which manifest and weights are made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from vault.acts import stamp
from vault.errors import Invalid
from vault.requests.bundle import read_bounded
from vault.requests.manifest import MANIFEST_LIMIT

TOP_KEYS: Final = frozenset(
    "collection unit max_rows_per_unit unit_reduction purpose purpose_text recipients retention expires "
    "slot_minutes loss requester model training where fields".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """One field of a job: ``transform`` as the manifest has it, ``{"kind": "standard", ...}``."""

    name: str
    role: Literal["feature", "label"]
    necessity: Literal["required", "optional"] = "required"
    transform: Mapping[str, Any]
