"""A key slot as the plain facts of the header file, and back."""

from __future__ import annotations

from typing import cast

from vault.sealing.slots import (
    COMMITMENT_BYTES,
    SALT_BYTES,
    SEALED_ROOT_BYTES,
    Derivation,
    KdfCost,
    Slot,
    SlotKind,
)

FUNCTIONS = {SlotKind.PASSPHRASE: "argon2id", SlotKind.RECOVERY: "blake2b"}


def slot_facts(slot: Slot) -> dict[str, object]:
    """The slot as JSON values: bytes in lower-case hexadecimal, the cost only where there is one."""
    derivation = slot.derivation
    facts: dict[str, object] = {
        "function": FUNCTIONS[derivation.kind],
        "salt": derivation.salt.hex(),
        "sealed_root": slot.sealed_root.hex(),
        "commitment": slot.commitment.hex(),
    }
    if derivation.cost:
        facts |= {"passes": derivation.cost.opslimit, "memory_kib": derivation.cost.memory_kib}
    return facts


def parse_slot(kind: SlotKind, facts: object) -> Slot:
    """The slot of these facts; ValueError, or Invalid for a cost out of bounds.

    Lenient about surplus facts and spelling: who calls compares ``slot_facts`` of the result with what came.
    """
    if not isinstance(facts, dict):
        raise ValueError("a slot is an object")  # noqa: TRY004  the file is at fault, not the caller
    slot = cast(dict[str, object], facts)
    cost = _parse_cost(slot) if kind is SlotKind.PASSPHRASE else None
    return Slot(
        derivation=Derivation(kind=kind, cost=cost, salt=parse_hex(slot.get("salt"), SALT_BYTES)),
        sealed_root=parse_hex(slot.get("sealed_root"), SEALED_ROOT_BYTES),
        commitment=parse_hex(slot.get("commitment"), COMMITMENT_BYTES),
    )


def parse_hex(text: object, length: int) -> bytes:
    """Exactly ``length`` bytes from hexadecimal text; ValueError for anything else."""
    if not isinstance(text, str) or len(text) != 2 * length:
        raise ValueError("not hexadecimal of the right length")
    return bytes.fromhex(text)


def parse_whole(number: object) -> int:
    """A whole number that is not a boolean; ValueError for anything else."""
    if type(number) is not int:
        raise ValueError("not a whole number")
    return number


def _parse_cost(slot: dict[str, object]) -> KdfCost:
    return KdfCost(opslimit=parse_whole(slot.get("passes")), memory_kib=parse_whole(slot.get("memory_kib")))
