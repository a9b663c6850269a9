"""What a process did to the files below a folder, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "folder", "write", "truncate", "rename", "remove", "sync", "said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call: `path` is relative to the folder, `at` an offset or a length, `to` where something is renamed to."""

    kind: Kind
    path: str = ""
    at: int = 0
    data: bytes = b""
    to: str = ""
