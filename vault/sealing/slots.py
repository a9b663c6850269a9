"""Key slots: the root key sealed once for every door that opens the vault.

A door (passphrase or recovery key) and the slot's salt give 64 bytes: a key-encrypting key and a commitment
key. The first seals the root key, with the facts of the header and the slot as context. The second makes the
commitment, a keyed digest of exactly the facts that went into the derivation. XChaCha20-Poly1305 alone does
not commit to its key; with the commitment no slot opens under two passphrases, and a wrong passphrase is told
from a damaged slot:

    commitment fits, seal opens       the root key
    only one of the two               the slot is damaged
    neither                           the passphrase is wrong
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from enum import StrEnum

from nacl.bindings import (
    crypto_generichash_blake2b_salt_personal,
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
)
from nacl.exceptions import RuntimeError as SodiumError

from vault.errors.families import Invalid, Locked, Unavailable
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.errors.storage import Damaged
from vault.sealing.aead import OVERHEAD, open_sealed, seal
from vault.sealing.digest import keyed_digest
from vault.sealing.random import random_bytes
from vault.sealing.recovery_key import KEY_BYTES as RECOVERY_KEY_BYTES
from vault.sealing.secret import Secret, require_length

SALT_BYTES = 16
COMMITMENT_BYTES = 32
SEALED_ROOT_BYTES = 32 + OVERHEAD
LEAST_MEMORY_KIB, MOST_MEMORY_KIB = 8 * 1024, 2 * 1024 * 1024
LEAST_PASSES, MOST_PASSES = 1, 16
CONTEXT = struct.Struct(">16s16s16sII16s")  # magic, vault id, kind, passes, KiB, salt
MAGIC = b"lockbox-slot-v1"
NO_VAULT = bytes(16)


class SlotKind(StrEnum):
    """Which door a slot belongs to."""

    PASSPHRASE = "passphrase"  # noqa: S105  the name of a door
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class KdfCost:
    """What one guess of the passphrase costs: Argon2id passes (1 to 16) and memory in KiB (8 MiB to 2 GiB).

    Raises Invalid outside the bounds, so that no derivation ever starts with more than they allow.
    """

    opslimit: int
    memory_kib: int

    def __post_init__(self) -> None:
        if not LEAST_PASSES <= self.opslimit <= MOST_PASSES:
            raise Invalid(reason=f"the key derivation makes {LEAST_PASSES} to {MOST_PASSES} passes")
        if not LEAST_MEMORY_KIB <= self.memory_kib <= MOST_MEMORY_KIB:
            raise Invalid(reason="the key derivation uses 8 MiB to 2 GiB of memory")


DEFAULT_COST = KdfCost(opslimit=3, memory_kib=256 * 1024)
TEST_COST = KdfCost(opslimit=1, memory_kib=LEAST_MEMORY_KIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """How a door becomes keys; ``cost`` is None where the door is random and needs no slow function."""

    kind: SlotKind
    cost: KdfCost | None
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One sealed copy of the root key."""

    derivation: Derivation
    sealed_root: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotKeys:
    """The two 32-byte keys a door gives for one salt."""

    sealing: Secret
    commitment: Secret


def passphrase_keys(passphrase: Secret, salt: bytes, cost: KdfCost) -> SlotKeys:
    """Argon2id version 1.3 with one lane (RFC 9106), 64 bytes; Unavailable when the memory cannot be had."""
    try:
        output = Secret(
            crypto_pwhash_alg(
                64,
                passphrase.reveal(),
                salt,
                cost.opslimit,
                cost.memory_kib * 1024,
                crypto_pwhash_ALG_ARGON2ID13,
            )
        )
    except SodiumError:
        reason = f"checking the passphrase needs {cost.memory_kib // 1024} MiB of free memory"
        raise Unavailable(reason=reason) from None
    return _split(output)


def recovery_keys(recovery_key: Secret, salt: bytes) -> SlotKeys:
    """BLAKE2b keyed with the 16 bytes, 64 bytes; what cannot be guessed needs no slow function."""
    key_bytes = require_length(recovery_key, RECOVERY_KEY_BYTES, "a recovery key")
    return _split(
        Secret(
            crypto_generichash_blake2b_salt_personal(
                b"", digest_size=64, key=key_bytes, salt=salt, person=b"lockbox-recovery"
            )
        )
    )


def new_passphrase_slot(*, vault_id: bytes, root: Secret, passphrase: Secret, cost: KdfCost) -> Slot:
    """A slot with a fresh salt that this passphrase opens; Invalid for an empty passphrase."""
    if len(passphrase) == 0:
        raise Invalid(reason="the passphrase is empty")
    derivation = Derivation(kind=SlotKind.PASSPHRASE, cost=cost, salt=random_bytes(SALT_BYTES))
    return _close(derivation, passphrase_keys(passphrase, derivation.salt, cost), vault_id, root)


def new_recovery_slot(*, vault_id: bytes, root: Secret, recovery_key: Secret) -> Slot:
    """A slot with a fresh salt that this recovery key opens."""
    derivation = Derivation(kind=SlotKind.RECOVERY, cost=None, salt=random_bytes(SALT_BYTES))
    return _close(derivation, recovery_keys(recovery_key, derivation.salt), vault_id, root)


def open_with_passphrase(slot: Slot, vault_id: bytes, passphrase: Secret) -> Secret:
    """The 32-byte root key; raises WrongPassphrase, Damaged when slot or header were changed, Unavailable."""
    derivation = slot.derivation
    assert derivation.cost is not None, "a passphrase slot has a cost"
    keys = passphrase_keys(passphrase, derivation.salt, derivation.cost)
    return _open(slot, keys, vault_id, WrongPassphrase)


def open_with_recovery_key(slot: Slot, vault_id: bytes, recovery_key: Secret) -> Secret:
    """The 32-byte root key; raises WrongRecoveryKey, Damaged when slot or header were changed."""
    return _open(slot, recovery_keys(recovery_key, slot.derivation.salt), vault_id, WrongRecoveryKey)


def _close(derivation: Derivation, keys: SlotKeys, vault_id: bytes, root: Secret) -> Slot:
    return Slot(
        derivation=derivation,
        sealed_root=seal(keys.sealing, root.reveal(), _context(derivation, vault_id)),
        commitment=_commitment(derivation, keys),
    )


def _open(slot: Slot, keys: SlotKeys, vault_id: bytes, wrong_door: type[Locked]) -> Secret:
    is_committed = hmac.compare_digest(slot.commitment, _commitment(slot.derivation, keys))
    what = f"the {slot.derivation.kind} slot of the key header"
    context = _context(slot.derivation, vault_id)
    try:
        root = Secret(open_sealed(keys.sealing, slot.sealed_root, context, what=what))
    except Damaged:
        if is_committed:
            raise
        raise wrong_door from None
    if not is_committed:
        raise Damaged(what=what)
    return root


def _split(output: Secret) -> SlotKeys:
    return SlotKeys(sealing=Secret(output.reveal()[:32]), commitment=Secret(output.reveal()[32:]))


def _context(derivation: Derivation, vault_id: bytes) -> bytes:
    cost = derivation.cost
    passes, memory_kib = (cost.opslimit, cost.memory_kib) if cost else (0, 0)
    return CONTEXT.pack(MAGIC, vault_id, derivation.kind.encode(), passes, memory_kib, derivation.salt)


def _commitment(derivation: Derivation, keys: SlotKeys) -> bytes:
    # The vault id stays out: were it in, a changed id would look like a wrong passphrase. The seal binds it.
    return keyed_digest(keys.commitment, b"commitment", _context(derivation, NO_VAULT))
