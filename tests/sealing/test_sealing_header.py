from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sealing_samples import NEW_PASSPHRASE, PASSPHRASE, ROOT, VAULT_ID

from vault.errors.families import InternalError, Unavailable
from vault.errors.keys import DamagedHeader, RecoveryKeyMistyped, SamePassphrase, WrongPassphrase
from vault.errors.storage import NewerVault
from vault.sealing import slots
from vault.sealing.copies import FILE_NAMES, decode_copy, encode_copy
from vault.sealing.header import (
    Header,
    change_passphrase,
    header_problems,
    new_header,
    read_header,
    recover,
    unlock,
    unlock_with_recovery_key,
    write_header,
)
from vault.sealing.secret import Secret
from vault.sealing.slots import TEST_COST

FIRST, SECOND = FILE_NAMES


def rewrite(
    folder: Path, change: Callable[[dict[str, Any]], object], names: tuple[str, ...] = FILE_NAMES
) -> None:
    """Change the facts as somebody would who then makes the check fit again."""
    for name in names:
        facts = decode_copy((folder / name).read_bytes())
        change(facts)
        (folder / name).write_bytes(encode_copy(facts))


def test_a_header_is_two_equal_private_files_and_nothing_else(folder: Path) -> None:
    assert set(FILE_NAMES) == {path.name for path in folder.iterdir()}
    assert (folder / FIRST).read_bytes() == (folder / SECOND).read_bytes()
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_written_header_reads_back_and_opens(folder: Path, header: Header, recovery_key: str) -> None:
    assert header == read_header(folder)
    assert unlock(read_header(folder), Secret(PASSPHRASE)).reveal() == ROOT
    assert unlock_with_recovery_key(read_header(folder), recovery_key.lower()).reveal() == ROOT
    assert header_problems(folder) == []


def test_a_header_file_holds_no_key_passphrase_or_recovery_key(folder: Path, recovery_key: str) -> None:
    text = (folder / FIRST).read_text()
    for secret in (ROOT.hex(), PASSPHRASE.decode(), PASSPHRASE.hex(), recovery_key, recovery_key[:5]):
        assert secret.lower() not in text.lower()


def test_any_flipped_byte_of_one_copy_is_survived_and_named(folder: Path, header: Header) -> None:
    for name in FILE_NAMES:
        good = (folder / name).read_bytes()
        for changed in flips(good):
            (folder / name).write_bytes(changed)

            assert header == read_header(folder)
        assert [f"{name} does not fit its check"] == header_problems(folder)
        (folder / name).write_bytes(good)


def test_any_flipped_byte_of_both_copies_is_damage_and_never_a_wrong_passphrase(folder: Path) -> None:
    """No flip reaches the key derivation at all: reading says DamagedHeader first."""
    changed = flips((folder / FIRST).read_bytes())
    for first, second in zip(changed, reversed(changed), strict=True):
        (folder / FIRST).write_bytes(first)
        (folder / SECOND).write_bytes(second)
        with pytest.raises(DamagedHeader):
            read_header(folder)


def test_the_same_damage_in_both_copies_is_damage(folder: Path) -> None:
    for changed in flips((folder / FIRST).read_bytes())[::20]:
        for name in FILE_NAMES:
            (folder / name).write_bytes(changed)
        with pytest.raises(DamagedHeader):
            read_header(folder)


def test_any_cut_or_lengthened_copy_breaks_its_check(folder: Path) -> None:
    good = (folder / FIRST).read_bytes()
    longer = [good + b"\n", good + b" ", b"\xef\xbb\xbf" + good, good * 2, good + b"\0" * 70_000]
    for changed in [good[:length] for length in range(len(good))] + longer:
        with pytest.raises(ValueError):
            decode_copy(changed)


@pytest.mark.parametrize("length", [0, 1, 300, -1])
def test_two_cut_copies_are_damage(folder: Path, length: int) -> None:
    for name in FILE_NAMES:
        (folder / name).write_bytes((folder / name).read_bytes()[:length])
    with pytest.raises(DamagedHeader):
        read_header(folder)


def flips(data: bytes) -> list[bytes]:
    """Every byte changed in one of its bits, a different one each time."""
    return [
        data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :] for place in range(len(data))
    ]


def test_any_flipped_bit_of_a_copy_breaks_its_check(folder: Path) -> None:
    good = (folder / FIRST).read_bytes()
    for place in range(len(good) * 8):
        changed = bytearray(good)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ValueError):
            decode_copy(bytes(changed))


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"[]\n",
        b"[" * 60_000,
        b'{"check":' * 7_000,
        b"1" * 60_000,
        b"NaN",
        b'{"a": 1e999}',
        b"\xff",
        '{"format": "lockbox-keys", "version": 1}'.encode("utf-16"),
    ],
)
def test_a_hostile_file_is_damage(folder: Path, data: bytes) -> None:
    for name in FILE_NAMES:
        (folder / name).write_bytes(data)
    with pytest.raises(DamagedHeader):
        read_header(folder)


def test_one_missing_copy_is_survived_and_two_are_damage(folder: Path, header: Header) -> None:
    (folder / FIRST).unlink()
    assert header == read_header(folder)
    assert [f"{FIRST} is missing"] == header_problems(folder)
    (folder / SECOND).unlink()
    with pytest.raises(DamagedHeader, match=f"{FIRST} is missing, {SECOND} is missing"):
        read_header(folder)


def test_the_next_write_heals_a_bad_copy(folder: Path, header: Header) -> None:
    (folder / SECOND).write_bytes(b"")
    write_header(folder, read_header(folder))

    assert header_problems(folder) == []
    assert (folder / FIRST).read_bytes() == (folder / SECOND).read_bytes()


def test_a_copy_that_cannot_be_read_is_not_called_damaged(folder: Path, header: Header) -> None:
    (folder / FIRST).unlink()
    (folder / FIRST).mkdir()
    assert header == read_header(folder)
    (folder / SECOND).unlink()
    (folder / SECOND).mkdir()
    with pytest.raises(Unavailable, match="cannot be read"):
        read_header(folder)


@pytest.mark.parametrize(
    ("passes", "memory_kib"),
    [(1, 2**40), (1, 2**21 + 1), (2**40, 8192), (17, 8192), (0, 8192), (1, 1), (1, -8192), (-1, 8192)],
)
def test_a_hostile_cost_is_refused_before_any_derivation(
    folder: Path, monkeypatch: pytest.MonkeyPatch, passes: int, memory_kib: int
) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("the derivation was started")

    monkeypatch.setattr(slots, "crypto_pwhash_alg", never)
    rewrite(folder, lambda facts: facts["passphrase"].update(passes=passes, memory_kib=memory_kib))
    with pytest.raises(DamagedHeader, match="asks for too much: the key derivation"):
        unlock(read_header(folder), Secret(PASSPHRASE))


def test_a_hostile_cost_in_one_copy_leaves_the_other_in_use(folder: Path, header: Header) -> None:
    rewrite(folder, lambda facts: facts["passphrase"].update(memory_kib=2**40), (FIRST,))

    assert header == read_header(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.pop("vault"),
        lambda facts: facts.pop("recovery"),
        lambda facts: facts.update(extra=1),
        lambda facts: facts.update(format="something-else"),
        lambda facts: facts.update(version=True),
        lambda facts: facts.update(version=1.0),
        lambda facts: facts.update(version=0),
        lambda facts: facts.update(version="2"),
        lambda facts: facts.update(generation=True),
        lambda facts: facts.update(generation=None),
        lambda facts: facts.update(vault="zz" * 16),
        lambda facts: facts.update(vault="AA" * 16),
        lambda facts: facts.update(vault=VAULT_ID.hex()[:-2]),
        lambda facts: facts.update(vault=7),
        lambda facts: facts.update(passphrase=[]),
        lambda facts: facts["passphrase"].update(passes=1.0),
        lambda facts: facts["passphrase"].update(passes=True),
        lambda facts: facts["passphrase"].pop("memory_kib"),
        lambda facts: facts["passphrase"].update(function="scrypt"),
        lambda facts: facts["passphrase"].update(salt=""),
        lambda facts: facts["passphrase"].update(extra=1),
        lambda facts: facts["recovery"].update(passes=1, memory_kib=8192),
        lambda facts: facts["recovery"].update(commitment=" a" * 32),
        lambda facts: facts["recovery"].update(sealed_root="00" * 73),
    ],
)
def test_facts_of_the_wrong_form_are_damage_even_when_the_check_fits(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(folder, change)
    with pytest.raises(DamagedHeader, match="holds facts of the wrong form"):
        read_header(folder)


def test_a_later_format_is_not_called_damaged(folder: Path) -> None:
    rewrite(folder, lambda facts: facts.update(version=2, surprise=[1]), (SECOND,))
    with pytest.raises(NewerVault):
        read_header(folder)


def test_two_good_copies_that_contradict_each_other_are_refused(folder: Path) -> None:
    other, _ = new_header(
        vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(NEW_PASSPHRASE), cost=TEST_COST
    )
    before = (folder / FIRST).read_bytes()
    write_header(folder, other)
    (folder / FIRST).write_bytes(before)
    with pytest.raises(DamagedHeader, match="they contradict each other"):
        read_header(folder)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_of_two_generations_the_newer_counts_wherever_it_stands(
    folder: Path, next_header: Header, name: str
) -> None:
    before = (folder / name).read_bytes()
    write_header(folder, next_header)
    (folder / name).write_bytes(before)

    assert next_header == read_header(folder)
    assert header_problems(folder) == ["the two copies differ"]


def test_a_changed_passphrase_opens_the_old_one_no_more_and_the_recovery_key_stays(
    header: Header, next_header: Header, recovery_key: str
) -> None:
    assert unlock(next_header, Secret(NEW_PASSPHRASE)).reveal() == ROOT
    assert unlock_with_recovery_key(next_header, recovery_key).reveal() == ROOT
    assert header.generation + 1 == next_header.generation
    assert replace(next_header, generation=1, passphrase=header.passphrase) == header
    with pytest.raises(WrongPassphrase):
        unlock(next_header, Secret(PASSPHRASE))


def test_a_passphrase_is_changed_only_by_who_knows_the_current_one(header: Header) -> None:
    with pytest.raises(WrongPassphrase):
        change_passphrase(header, current=Secret(NEW_PASSPHRASE), new=Secret(NEW_PASSPHRASE), cost=TEST_COST)


def test_the_same_passphrase_is_no_new_one_and_only_who_knows_it_hears_so(header: Header) -> None:
    with pytest.raises(SamePassphrase):
        change_passphrase(header, current=Secret(PASSPHRASE), new=Secret(PASSPHRASE), cost=TEST_COST)


def test_the_recovery_key_sets_a_new_passphrase(header: Header, recovery_key: str) -> None:
    recovered = recover(header, recovery_key=recovery_key, new=Secret(NEW_PASSPHRASE), cost=TEST_COST)

    assert unlock(recovered, Secret(NEW_PASSPHRASE)).reveal() == ROOT
    with pytest.raises(RecoveryKeyMistyped):
        recover(header, recovery_key=recovery_key[:-1], new=Secret(NEW_PASSPHRASE), cost=TEST_COST)


@pytest.mark.parametrize(("id_length", "root_length"), [(15, 32), (17, 32), (16, 31), (16, 0)])
def test_a_vault_id_or_root_of_another_length_is_a_mistake_of_ours(id_length: int, root_length: int) -> None:
    with pytest.raises(InternalError):
        new_header(
            vault_id=bytes(id_length),
            root=Secret(bytes(root_length)),
            passphrase=Secret(b"p"),
            cost=TEST_COST,
        )


def test_a_header_file_is_readable_json(folder: Path) -> None:
    facts = json.loads((folder / FIRST).read_text())

    assert {"check", "format", "generation", "passphrase", "recovery", "vault", "version"} == set(facts)
    assert ("lockbox-keys", 1, VAULT_ID.hex()) == (facts["format"], facts["version"], facts["vault"])
