"""The files of an export bundle, and how large a reader lets them be."""

from __future__ import annotations

from typing import Final

CHECKPOINT: Final = "checkpoint"
ENTRIES: Final = "entries.jsonl"
LOG_KEYS: Final = "log.vkey"
EARLIER: Final = "checkpoints"
PROOFS: Final = "proofs"
INCLUSION_SUFFIX: Final = ".tlog-proof"
CONSISTENCY_SUFFIX: Final = ".consistency"
DISCLOSURES: Final = "disclosures.jsonl"

JUDGED: Final = frozenset({CHECKPOINT, ENTRIES, LOG_KEYS, EARLIER, PROOFS, DISCLOSURES})
LONGEST_FILE: Final = 1 << 20
LONGEST_LINE: Final = 1 << 20
