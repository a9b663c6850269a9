"""Proofs that whoever typed the passphrase means exactly this action."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from pydantic import Field

from vault.wire.encoding import Json, canonical
from vault.wire.messages import Message


class Proof(Message):
    """That whoever typed the passphrase means exactly this act; it goes into the body as `proof`."""

    approver: str = Field(max_length=64)
    nonce: str = Field(max_length=64)
    mac: str = Field(max_length=64)


def arguments_digest(arguments: Mapping[str, Json]) -> str:
    """SHA-256 in hex of the canonical arguments, where an act has no document of its own to be bound to."""
    return hashlib.sha256(canonical(arguments)).hexdigest()


def proof_mac(key: bytes, *, action: str, digest: str, nonce: str, arguments: Mapping[str, Json]) -> str:
    """HMAC-SHA256 in hex over the canonical JSON (RFC 8785) of an act, without the proof itself.

    `action` is the façade method; `digest` is `manifest_digest` of the request for `approve`, `digest` of the release
    for `send`, and `arguments_digest` otherwise; `arguments` are exactly those in the body.
    """
    said: dict[str, object] = {
        "action": action,
        "digest": digest,
        "nonce": nonce,
        "arguments": dict(arguments),
    }
    return hmac.new(key, canonical(said), hashlib.sha256).hexdigest()
