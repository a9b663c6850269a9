"""Proofs that whoever typed the passphrase means exactly this action."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from pydantic import Field

from vault.wire.encoding import Json, canonical
from vault.wire.messages import Message

LOCK_AFTER: Final = "lock_after"


class Proof(Message):
    """That whoever typed the passphrase means exactly this act; it goes into the body as `proof`."""

    approver: str = Field(max_length=64)
    nonce: str = Field(max_length=64)
    mac: str = Field(max_length=64)


class LockAfter(Message):
    """Lock after so many minutes without use, from now on and in this process alone; more than now wants a proof."""

    minutes: int = Field(ge=1, le=24 * 60)
    proof: Proof | None = None


def proof_mac(key: bytes, *, action: str, nonce: str, arguments: Mapping[str, Json]) -> str:
    """HMAC-SHA256 in hex over the canonical JSON (RFC 8785) of an action, without the proof itself.

    `arguments` are exactly those in the body. What an action is bound to, such as the digest of a manifest, is one of
    them, and the action holds it against what is stored.
    """
    said: dict[str, object] = {"action": action, "nonce": nonce, "arguments": dict(arguments)}
    return hmac.new(key, canonical(said), hashlib.sha256).hexdigest()
