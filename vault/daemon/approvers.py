"""Proofs that a person with the passphrase means exactly this act: a token alone approves and releases nothing."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from threading import Lock
from typing import Final

from vault.daemon.sessions import WallClock
from vault.errors.daemon import ApprovalNotProven
from vault.sealing.random import random_bytes, random_id
from vault.sealing.secret import Secret
from vault.wire.encoding import Json
from vault.wire.proofs import Proof, proof_mac

NONCE_LIFE: Final = 120.0
_NONCES_AT_ONCE: Final = 256


class Approvers:
    """The keys of those who typed the passphrase, and the nonces that are open; in memory alone."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._keys: dict[str, Secret] = {}
        self._nonces: dict[str, tuple[str, float]] = {}
        self._guard = Lock()

    def open(self) -> tuple[str, str]:
        """A new approver: its id and its key in hex, which is told once."""
        approver, key = random_id(), random_bytes(32)
        with self._guard:
            self._keys[approver] = Secret(key)
        return approver, key.hex()

    def nonce(self, approver: str) -> str:
        """A nonce for one proof of this approver within two minutes; raises `ApprovalNotProven`."""
        now = self._clock()
        with self._guard:
            if approver not in self._keys:
                raise ApprovalNotProven
            fresh = [(one, said) for one, said in self._nonces.items() if _is_fresh(said[1], now)]
            self._nonces = dict(fresh[-_NONCES_AT_ONCE + 1 :])
            nonce = random_id()
            self._nonces[nonce] = (approver, now)
        return nonce

    def check(self, proof: Proof, *, action: str, arguments: Mapping[str, Json]) -> None:
        """Raise `ApprovalNotProven` unless this approver meant this action with these arguments, for the first time.

        The nonce is spent whatever the outcome, so that nothing can be tried twice on it.
        """
        with self._guard:
            approver, given_at = self._nonces.pop(proof.nonce, ("", 0.0))
            key = self._keys.get(proof.approver)
            is_open = approver == proof.approver and _is_fresh(given_at, self._clock())
        if key is None or not is_open:
            raise ApprovalNotProven
        wanted = proof_mac(key.reveal(), action=action, nonce=proof.nonce, arguments=arguments)
        if not hmac.compare_digest(wanted.encode(), proof.mac.encode()):
            raise ApprovalNotProven

    def end(self, approver: str) -> None:
        """Forget one approver; its open nonces are worth nothing without it."""
        with self._guard:
            if key := self._keys.pop(approver, None):
                key.wipe()

    def end_all(self) -> None:
        """Forget every approver and every nonce."""
        with self._guard:
            for key in self._keys.values():
                key.wipe()
            self._keys.clear()
            self._nonces.clear()


def _is_fresh(given_at: float, now: float) -> bool:
    return given_at <= now < given_at + NONCE_LIFE
