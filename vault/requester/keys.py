"""A requester's key pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vault.errors.families import Invalid
from vault.sealing.durable import create_file
from vault.sealing.keyfile import key_line, read_key, read_secret_key, write_secret_key
from vault.sealing.signing import SigningKey, fingerprint
from vault.store.destination import is_free
from vault.store.new_folder import new_folder

__all__ = [
    "Keys",
    "check_no_file",
    "fingerprint",
    "fingerprint_of",
    "fingerprint_of_secret",
    "keygen",
    "write_public_key",
]

PUBLIC_FILE = "requester.pub"
SECRET_FILE = "requester.key"  # noqa: S105 - the name of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where a new key pair lies and the fingerprint by which people compare its public half."""

    public: Path
    secret: Path
    fingerprint: str


def keygen(folder: Path) -> Keys:
    """Make an Ed25519 key pair: the secret file readable by its owner alone, the public one to hand out.

    Raises ``Invalid`` when there is a key already, ``DiskFull``, ``DiskReadOnly``, ``Unavailable``.
    """
    public, secret = folder / PUBLIC_FILE, folder / SECRET_FILE
    for file in (secret, public):
        check_no_file(file)
    key = SigningKey.generate()
    with new_folder(folder) as place:
        write_secret_key(place / SECRET_FILE, key.seed())
        write_public_key(place, key.public)
    return Keys(public=public, secret=secret, fingerprint=fingerprint(key.public))


def check_no_file(path: Path) -> None:
    """Refuse a place where something is, before a file is made for it; raises ``Invalid``."""
    if not is_free(path, empty_folder=False):
        raise Invalid(reason=f"there is already a file {path}")


def write_public_key(folder: Path, key: bytes) -> Path:
    """Write the file of a requester's public key of 32 bytes into a folder where there is none yet."""
    public = folder / PUBLIC_FILE
    create_file(public, f"{key_line('requester-public', key)}\n".encode())
    return public


def fingerprint_of(public: Path) -> str:
    """The fingerprint of the key in a public key file; raises ``FileMissing``, ``Unavailable``, ``KeyFileInvalid``."""
    return fingerprint(read_key(public, "requester-public"))


def fingerprint_of_secret(secret: Path) -> str:
    """The fingerprint of the public half of a secret key file; raises as ``read_secret_key``."""
    return fingerprint(SigningKey.from_seed(read_secret_key(secret)).public)
