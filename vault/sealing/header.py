"""The key header: a small file beside the database that turns a passphrase into the root key.

It is public and kept in two self-checking copies. The check finds accidents, and no accident is ever taken
for a wrong passphrase. Against a person who recomputes the check stand the seals of the slots; what such a
person can still do is to change a salt or a cost, which nobody could tell from another passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from vault.errors.families import InternalError, Invalid, Unavailable
from vault.errors.keys import DamagedHeader, SamePassphrase
from vault.errors.storage import NewerVault
from vault.sealing.copies import FILE_NAMES, encode_copy, read_copy, write_copies, write_second_copy
from vault.sealing.digest import sha256_hex
from vault.sealing.keytree import ROOT_BYTES
from vault.sealing.random import random_secret
from vault.sealing.recovery_key import KEY_BYTES, parse_recovery_key, recovery_key_text
from vault.sealing.secret import Secret
from vault.sealing.slot_facts import parse_hex, parse_slot, parse_whole, slot_facts
from vault.sealing.slots import (
    DEFAULT_COST,
    KdfCost,
    Slot,
    SlotKind,
    new_passphrase_slot,
    new_recovery_slot,
    open_with_passphrase,
    open_with_recovery_key,
)

FORMAT = "lockbox-keys"
VERSION = 1
VAULT_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The public facts that, with a passphrase or the recovery key, give the root key.

    ``generation`` rises with every change: after a crash between the two copies the newer one is known.
    """

    vault_id: bytes
    generation: int
    passphrase: Slot
    recovery: Slot


def new_header(
    *, vault_id: bytes, root: Secret, passphrase: Secret, cost: KdfCost = DEFAULT_COST
) -> tuple[Header, str]:
    """A header for a new vault and the printable recovery key, which is kept nowhere.

    ``vault_id`` has 16 bytes, ``root`` 32. Raises Invalid for an empty passphrase, Unavailable when Argon2id
    cannot have its memory.
    """
    if len(vault_id) != VAULT_ID_BYTES or len(root) != ROOT_BYTES:
        raise InternalError(what="a vault id has 16 bytes and a root key 32")
    recovery_key = random_secret(KEY_BYTES)
    header = Header(
        vault_id=vault_id,
        generation=1,
        passphrase=new_passphrase_slot(vault_id=vault_id, root=root, passphrase=passphrase, cost=cost),
        recovery=new_recovery_slot(vault_id=vault_id, root=root, recovery_key=recovery_key),
    )
    return header, recovery_key_text(recovery_key)


def unlock(header: Header, passphrase: Secret) -> Secret:
    """The 32-byte root key; raises WrongPassphrase, Damaged, or Unavailable without memory for Argon2id."""
    return open_with_passphrase(header.passphrase, header.vault_id, passphrase)


def unlock_with_recovery_key(header: Header, text: str) -> Secret:
    """The 32-byte root key; raises RecoveryKeyMistyped, WrongRecoveryKey, Damaged."""
    return open_with_recovery_key(header.recovery, header.vault_id, parse_recovery_key(text))


def write_header(folder: Path, header: Header) -> None:
    """Write both copies durably (0600); raises DiskFull, DiskReadOnly, Unavailable.

    After a crash on the way ``read_header`` gives the old header or the new one, after an error the old one.
    """
    write_copies(folder, _header_facts(header))


def propose_header(folder: Path, header: Header) -> None:
    """Write the second copy alone: until the vault itself names this header, the first one counts."""
    write_second_copy(folder, _header_facts(header))


def header_digest(header: Header) -> str:
    """The SHA-256 of a copy of this header, by which the vault knows which one it was last given."""
    return sha256_hex(encode_copy(_header_facts(header)))


def read_header(folder: Path) -> Header:
    """The newest good copy."""
    return good_headers(folder)[0]


def good_headers(folder: Path) -> list[Header]:
    """The good copies without repeating, the newest first; the next ``write_header`` makes them equal.

    Raises DamagedHeader when no copy is good or two good ones contradict each other, NewerVault for a
    later format, Unavailable when a file cannot be read. A cost out of bounds makes a copy bad.
    """
    copies, problems = _read_copies(folder)
    if not copies:
        raise DamagedHeader(what=", ".join(problems))
    newest = max(copies, key=lambda header: header.generation)
    if any(header != newest for header in copies if header.generation == newest.generation):
        raise DamagedHeader(what="they contradict each other")
    return [newest, *(header for header in copies if header != newest)]


def header_problems(folder: Path) -> list[str]:
    """What is wrong with the copies, a clause each; empty when both are good and equal."""
    copies, problems = _read_copies(folder)
    return problems or ([] if copies[0] == copies[1] else ["the two copies differ"])


def change_passphrase(
    header: Header, *, current: Secret, new: Secret, cost: KdfCost = DEFAULT_COST
) -> Header:
    """The next header, opened by ``new`` instead of ``current``; the recovery key stays.

    Raises like ``unlock``, and then `SamePassphrase`. An older copy of the header file still opens with the older
    passphrase.
    """
    root = unlock(header, current)
    if new.matches(current):
        root.wipe()
        raise SamePassphrase
    return _with_passphrase(header, root, new, cost)


def recover(header: Header, *, recovery_key: str, new: Secret, cost: KdfCost = DEFAULT_COST) -> Header:
    """The next header with a new passphrase, for who has only the recovery key.

    Raises like ``unlock_with_recovery_key``.
    """
    return _with_passphrase(header, unlock_with_recovery_key(header, recovery_key), new, cost)


def _with_passphrase(header: Header, root: Secret, passphrase: Secret, cost: KdfCost) -> Header:
    slot = new_passphrase_slot(vault_id=header.vault_id, root=root, passphrase=passphrase, cost=cost)
    return replace(header, generation=header.generation + 1, passphrase=slot)


def _read_copies(folder: Path) -> tuple[list[Header], list[str]]:
    copies: list[Header] = []
    problems: list[str] = []
    unreadable: Unavailable | None = None
    for name in FILE_NAMES:
        try:
            copies.append(_parse_header(read_copy(folder / name), name))
        except NewerVault:
            raise
        except DamagedHeader as damage:
            problems.append(str(damage.facts["what"]))
        except Unavailable as error:
            problems.append(f"{name} cannot be read")
            unreadable = error
    if unreadable and not copies:
        raise unreadable
    return copies, problems


def _header_facts(header: Header) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "vault": header.vault_id.hex(),
        "generation": header.generation,
        "passphrase": slot_facts(header.passphrase),
        "recovery": slot_facts(header.recovery),
    }


def _parse_header(facts: dict[str, object], name: str) -> Header:
    """The header of checked facts; DamagedHeader for facts that this version would not have written."""
    try:
        if facts.get("format") == FORMAT and parse_whole(facts.get("version")) > VERSION:
            raise NewerVault
        header = Header(
            vault_id=parse_hex(facts.get("vault"), VAULT_ID_BYTES),
            generation=parse_whole(facts.get("generation")),
            passphrase=parse_slot(SlotKind.PASSPHRASE, facts.get("passphrase")),
            recovery=parse_slot(SlotKind.RECOVERY, facts.get("recovery")),
        )
    except Invalid as bound:
        raise DamagedHeader(what=f"{name} asks for too much: {bound.facts['reason']}") from None
    except ValueError:
        raise DamagedHeader(what=f"{name} holds facts of the wrong form") from None
    if _header_facts(header) != facts:
        raise DamagedHeader(what=f"{name} holds facts of the wrong form")
    return header
