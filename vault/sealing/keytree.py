"""One root key, one subkey for each purpose."""

from __future__ import annotations

from enum import StrEnum

from vault.sealing.digest import keyed_digest
from vault.sealing.secret import Secret, require_length

ROOT_BYTES = 32
PERSONAL = b"lockbox-keytree1"


class Purpose(StrEnum):
    """What a subkey is for; the value goes into the derivation and never changes."""

    DATABASE = "database"
    FIELD_WRAP = "field-wrap"
    AUDIT_SIGNING = "audit-signing"
    RELEASE_SIGNING = "release-signing"
    STATE_MARK = "state-mark"
    IMPORT_DIGEST = "import-digest"
    FINGERPRINT = "import-fingerprint"
    ROW_DIGEST = "row-digest"
    REQUESTER_ID = "requester-id"


class KeyTree:
    """The keys of an unlocked vault, derived from its 32-byte root key on demand."""

    __slots__ = ("_root",)

    def __init__(self, root: Secret) -> None:
        self._root = Secret(require_length(root, ROOT_BYTES, "a root key"))

    def subkey(self, purpose: Purpose, context: bytes = b"") -> Secret:
        """The 32-byte key of one purpose and context: BLAKE2b-256 keyed with the root.

        Knowing some subkeys tells nothing about the root or the others. InternalError after ``wipe``.
        """
        return Secret(keyed_digest(self._root, purpose.value.encode(), context, personal=PERSONAL))

    def wipe(self) -> None:
        """Overwrite the root key; subkeys handed out before stay with whoever has them."""
        self._root.wipe()
