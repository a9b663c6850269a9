"""The log of a campaign, for whoever runs its rounds, carries them or cosigns.

A vault is handed ``part_since`` of the size that it says it kept: a signed checkpoint and every leaf since. It reads
the whole log by and by, since one leaf with its proof would not show that there is no second one for the same round.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vault.audit.checkpoint import Checkpoint
from vault.audit.merkle import CompactRange, Tree, leaf_hash
from vault.errors.families import Invalid
from vault.requests.bundle import read_bounded
from vault.requests.campaign import (
    campaign_signature,
    signed_campaign,
)
from vault.requests.campaign_file import read_signed_campaign
from vault.requests.campaign_leaves import (
    campaign_leaf,
    closed_leaf,
    enrolled_leaf,
    enrolled_tier,
    model_leaf,
    parse_leaf,
    round_leaf,
)
from vault.requests.campaign_log import (
    LogPart,
    claimed_head,
    cosign,
    cosigned_since,
    goes_on,
    log_head,
    log_origin,
    log_tree,
    part_since,
    sign_head,
    signed_head,
)
from vault.requests.campaign_log_reading import is_fork, read_fork
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey
from vault.strict_json import strict_loads

__all__ = [
    "Checkpoint",
    "CompactRange",
    "LogPart",
    "Tree",
    "campaign_leaf",
    "campaign_signature",
    "claimed_head",
    "closed_leaf",
    "cosign",
    "cosigned_since",
    "enrolled_leaf",
    "enrolled_tier",
    "fork_in_file",
    "goes_on",
    "is_fork_of",
    "leaf_hash",
    "log_head",
    "log_origin",
    "log_tree",
    "model_leaf",
    "parse_leaf",
    "part_since",
    "round_key",
    "round_leaf",
    "sign_head",
    "signed_campaign",
    "signed_head",
]

ROUND_KEY_FILE: Final = "round.key"
FORK_LIMIT: Final = 1024**2
"""Bytes of a file with a proof."""


def round_key(folder: Path) -> SigningKey:
    """The key of the rounds beside a campaign; raises ``FileMissing`` or ``KeyFileInvalid``."""
    return SigningKey.from_seed(read_secret_key(folder / ROUND_KEY_FILE))


def is_fork_of(proof: Mapping[str, object], folder: Path) -> bool:
    """Whether this proof, as a vault keeps it, shows the log of the signed campaign in a folder to be split.

    Raises ``CampaignLogBroken`` where its checkpoints are not signed by the campaign's round key, ``Invalid`` where it
    is no such proof, and what `signed_campaign` does.
    """
    found = read_signed_campaign(folder)
    return is_fork(read_fork(proof), found.digest, bytes.fromhex(found.document.round_key))


def fork_in_file(path: Path) -> Mapping[str, object]:
    """The proof in a file: by itself, or as ``campaign show --json`` has it; raises ``FileMissing`` and ``Invalid``."""
    try:
        found = strict_loads(read_bounded(path, FORK_LIMIT))
        return _within(found) if isinstance(found, dict) else {}
    except ValueError:
        raise Invalid(reason=f"{path.name} is not JSON") from None


def _within(found: Mapping[str, object]) -> Mapping[str, object]:
    log = found.get("log")
    fork = log.get("fork") if isinstance(log, dict) else found
    return fork if isinstance(fork, dict) else {}
