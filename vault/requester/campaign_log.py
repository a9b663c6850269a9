"""The log of a campaign, for whoever runs its rounds, carries them or cosigns.

A vault is handed ``part_since`` of the size that it says it kept: a signed checkpoint and every leaf since. It reads
the whole log by and by, since one leaf with its proof would not show that there is no second one for the same round.
"""

from __future__ import annotations

from pathlib import Path

from vault.audit.checkpoint import Checkpoint
from vault.audit.merkle import Tree
from vault.requester.campaigns import ROUND_KEY_FILE
from vault.requests.campaign_leaves import (
    campaign_leaf,
    closed_leaf,
    enrolled_leaf,
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
    log_tree,
    part_since,
    sign_head,
    signed_head,
)
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey

__all__ = [
    "Checkpoint",
    "LogPart",
    "Tree",
    "campaign_leaf",
    "claimed_head",
    "closed_leaf",
    "cosign",
    "cosigned_since",
    "enrolled_leaf",
    "goes_on",
    "log_head",
    "log_tree",
    "model_leaf",
    "parse_leaf",
    "part_since",
    "round_key",
    "round_leaf",
    "sign_head",
    "signed_head",
]


def round_key(folder: Path) -> SigningKey:
    """The key of the rounds beside a campaign; raises ``FileMissing`` or ``KeyFileInvalid``."""
    return SigningKey.from_seed(read_secret_key(folder / ROUND_KEY_FILE))
