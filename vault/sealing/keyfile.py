"""Key files: one line of text, ``lockbox-<kind>-v1 <base64 of 32 bytes>``."""

from __future__ import annotations

import os
import re
import stat
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from vault.errors.families import InternalError, Unavailable
from vault.errors.keys import KeyFileInvalid, KeyOfOtherKind
from vault.errors.records import FileMissing
from vault.sealing.durable import create_file
from vault.sealing.secret import Secret, require_length
from vault.strict_base64 import from_base64

KeyKind = Literal["requester-public", "requester-secret", "vault-public"]
KEY_BYTES = 32
_WHOSE: Final[Mapping[str, str]] = {
    "requester-public": "public key of a requester",
    "requester-secret": "secret key of a requester",
    "vault-public": "public key of a vault",
}
LARGEST_FILE = 4096
LINE = re.compile(rf"lockbox-({'|'.join(get_args(KeyKind))})-v1 ([A-Za-z0-9+/]{{43}}=)")


def key_line(kind: KeyKind, key: bytes) -> str:
    """The line of a 32-byte key, without a line end."""
    if len(key) != KEY_BYTES:
        raise InternalError(what="a key in a key file has 32 bytes")
    return f"lockbox-{kind}-v1 {b64encode(key).decode()}"


def read_key(path: Path, kind: KeyKind) -> bytes:
    """The 32 bytes of a key file of this kind; raises FileMissing, Unavailable, KeyFileInvalid, KeyOfOtherKind."""
    found, key = _parse(path, _text(path))
    if found != kind:
        raise KeyOfOtherKind(path=path, found=_WHOSE[found], wanted=_WHOSE[kind])
    return key


def read_secret_key(path: Path) -> Secret:
    """The seed in a requester's secret key file; raises FileMissing, Unavailable, KeyFileInvalid."""
    return Secret(read_key(path, "requester-secret"))


def write_secret_key(path: Path, seed: Secret) -> None:
    """Write a requester's 32-byte seed to a new file that only its owner can read (0600).

    Raises Invalid when anything is at ``path`` already, DiskFull, DiskReadOnly, Unavailable.
    """
    line = key_line("requester-secret", require_length(seed, KEY_BYTES, "a signing seed"))
    create_file(path, f"{line}\n".encode())


def _text(path: Path) -> str:
    try:
        # Without O_NONBLOCK a named pipe would hang the process that has a vault open.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            data = file.read(LARGEST_FILE + 1) if is_file else b""
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except OSError as error:
        raise Unavailable(reason=f"{path} cannot be read: {error.strerror}") from error
    if not is_file:
        raise KeyFileInvalid(path=path, reason="it is not a file")
    if len(data) > LARGEST_FILE or not data.isascii():
        raise KeyFileInvalid(path=path, reason="it is not one short line of text")
    return data.decode("ascii").strip()


def _parse(path: Path, text: str) -> tuple[str, bytes]:
    match = LINE.fullmatch(text)
    if match is None:
        raise KeyFileInvalid(path=path, reason="its line does not have the form of a key")
    kind, encoded = match.groups()
    try:
        return kind, from_base64(encoded)
    except ValueError:
        raise KeyFileInvalid(path=path, reason="its base64 has stray bits at the end") from None
