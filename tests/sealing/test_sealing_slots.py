from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_oracle import argon2id
from sealing_samples import PASSPHRASE, ROOT, STEADY_AND_FEW, VAULT_ID

from vault.errors.families import Invalid
from vault.errors.keys import WrongPassphrase, WrongRecoveryKey
from vault.errors.storage import Damaged
from vault.sealing.header import Header, new_header, unlock, unlock_with_recovery_key
from vault.sealing.secret import Secret
from vault.sealing.slots import DEFAULT_COST, TEST_COST, KdfCost, Slot, passphrase_keys

SALT = bytes(range(16))


@pytest.mark.parametrize(("passes", "memory_kib"), [(1, 8192), (2, 8192), (3, 16384), (16, 8192)])
def test_the_derivation_is_argon2id_with_one_lane(passes: int, memory_kib: int) -> None:
    keys = passphrase_keys(Secret(PASSPHRASE), SALT, KdfCost(opslimit=passes, memory_kib=memory_kib))
    expected = argon2id(PASSPHRASE, SALT, passes, memory_kib)

    assert expected == keys.sealing.reveal() + keys.commitment.reveal()


@pytest.mark.slow
def test_the_default_cost_is_three_passes_over_256_mib_and_opens_what_it_closed() -> None:
    header, _ = new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(PASSPHRASE))

    assert KdfCost(opslimit=3, memory_kib=262144) == DEFAULT_COST == header.passphrase.derivation.cost
    assert unlock(header, Secret(PASSPHRASE)).reveal() == ROOT


@pytest.mark.parametrize(
    ("passes", "memory_kib"),
    [(0, 8192), (17, 8192), (-1, 8192), (1, 8191), (1, 2097153), (1, -1), (1, 2**70)],
)
def test_a_cost_out_of_bounds_cannot_exist(passes: int, memory_kib: int) -> None:
    with pytest.raises(Invalid):
        KdfCost(opslimit=passes, memory_kib=memory_kib)
    with pytest.raises(Invalid):
        replace(TEST_COST, opslimit=passes, memory_kib=memory_kib)


def test_the_bounds_themselves_are_allowed() -> None:
    assert KdfCost(opslimit=16, memory_kib=2 * 1024 * 1024).opslimit == 16
    assert KdfCost(opslimit=1, memory_kib=8 * 1024).opslimit == 1


def test_too_little_memory_is_not_taken_for_a_wrong_passphrase() -> None:
    """In a process that may have 400 MiB in all, a derivation over 1 GiB says what it lacks."""
    program = (
        "import resource; from vault.errors.families import Unavailable\n"
        "from vault.sealing.secret import Secret; from vault.sealing.slots import KdfCost, passphrase_keys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\n"
        "try: passphrase_keys(Secret(b'p'), bytes(16), KdfCost(opslimit=1, memory_kib=1 << 20))\n"
        "except Unavailable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "Not available now: checking the passphrase needs 1024 MiB of free memory."


@STEADY_AND_FEW
@given(passphrase=st.binary(min_size=1, max_size=80), root=st.binary(min_size=32, max_size=32))
def test_what_one_door_closes_both_doors_open(passphrase: bytes, root: bytes) -> None:
    header, recovery_key = new_header(
        vault_id=VAULT_ID, root=Secret(root), passphrase=Secret(passphrase), cost=TEST_COST
    )

    assert root == unlock(header, Secret(passphrase)).reveal()
    assert root == unlock_with_recovery_key(header, recovery_key).reveal()


@STEADY_AND_FEW
@given(wrong=st.binary(max_size=80).filter(lambda data: data != PASSPHRASE))
def test_every_other_passphrase_is_wrong_and_not_damage(made: tuple[Header, str], wrong: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        unlock(made[0], Secret(wrong))


def test_the_recovery_key_of_another_vault_is_wrong_and_not_damage(header: Header) -> None:
    _, other = new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(b"p"), cost=TEST_COST)
    with pytest.raises(WrongRecoveryKey):
        unlock_with_recovery_key(header, other)


def test_an_empty_passphrase_closes_nothing() -> None:
    with pytest.raises(Invalid, match="empty"):
        new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(b""), cost=TEST_COST)


def _flips(data: bytes) -> list[bytes]:
    return [data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :] for place in range(len(data))]


def _changed_slots(slot: Slot) -> list[Slot]:
    return [replace(slot, sealed_root=data) for data in _flips(slot.sealed_root)] + [
        replace(slot, commitment=data) for data in _flips(slot.commitment)
    ]


def test_every_changed_byte_of_a_slot_is_damage_and_not_a_wrong_passphrase(header: Header) -> None:
    """This holds even when somebody has made the outer check fit again."""
    for slot in _changed_slots(header.passphrase):
        with pytest.raises(Damaged, match=r"^the passphrase slot of the key header is damaged"):
            unlock(replace(header, passphrase=slot), Secret(PASSPHRASE))


def test_every_changed_byte_of_the_recovery_slot_is_damage(header: Header, recovery_key: str) -> None:
    for slot in _changed_slots(header.recovery):
        with pytest.raises(Damaged, match=r"^the recovery slot of the key header is damaged"):
            unlock_with_recovery_key(replace(header, recovery=slot), recovery_key)


def test_every_changed_byte_of_the_vault_id_is_damage(header: Header, recovery_key: str) -> None:
    for vault_id in _flips(header.vault_id):
        with pytest.raises(Damaged):
            unlock(replace(header, vault_id=vault_id), Secret(PASSPHRASE))
        with pytest.raises(Damaged):
            unlock_with_recovery_key(replace(header, vault_id=vault_id), recovery_key)


def test_a_wrong_passphrase_on_a_damaged_slot_opens_nothing(header: Header) -> None:
    for slot in _changed_slots(header.passphrase)[::10]:
        with pytest.raises(WrongPassphrase):
            unlock(replace(header, passphrase=slot), Secret(b"wrong"))


def test_a_slot_whose_seal_opens_but_whose_commitment_is_foreign_is_refused(header: Header) -> None:
    """Otherwise one slot could be made to open under two passphrases."""
    other, _ = new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(b"q"), cost=TEST_COST)
    slot = replace(header.passphrase, commitment=other.passphrase.commitment)
    with pytest.raises(Damaged):
        unlock(replace(header, passphrase=slot), Secret(PASSPHRASE))


def test_a_changed_salt_is_the_documented_limit_and_the_recovery_key_still_opens(
    header: Header, recovery_key: str
) -> None:
    """Another salt gives other keys: nobody can tell it from another passphrase once the check is remade."""
    salted = replace(header.passphrase.derivation, salt=bytes(16))
    changed = replace(header, passphrase=replace(header.passphrase, derivation=salted))
    with pytest.raises(WrongPassphrase):
        unlock(changed, Secret(PASSPHRASE))

    assert unlock_with_recovery_key(changed, recovery_key).reveal() == ROOT


def test_two_slots_of_one_passphrase_have_nothing_in_common(header: Header) -> None:
    other, _ = new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(PASSPHRASE), cost=TEST_COST)

    assert header.passphrase.derivation.salt != other.passphrase.derivation.salt
    assert header.passphrase.sealed_root != other.passphrase.sealed_root
    assert header.passphrase.commitment != other.passphrase.commitment
