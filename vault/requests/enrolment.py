"""What a vault signs by its key for one requester so that a coordinator enrols that key: whoever has it means it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vault.errors.families import Invalid
from vault.requests.requesters import id_of, vault_key

if TYPE_CHECKING:
    from vault.sealing.keytree import KeyTree
    from vault.store.unit_of_work import UnitOfWork

ENROLMENT_DOMAIN: Final = b"lockbox enrolment of a key v1\n"
"""Goes before a campaign's digest and an invitation's code, 32 bytes each, in what is signed."""


_HEX: Final = re.compile("[0-9a-f]{64}", re.ASCII)


def public_key(text: str) -> bytes:
    """A public key from its digits; raises ``Invalid``."""
    if not _HEX.fullmatch(text):
        raise Invalid(reason="a public key has 64 hexadecimal digits")
    return bytes.fromhex(text)


def enrolment_message(campaign: str, code: str) -> bytes:
    """What the key that enrols signs, from the digest of the campaign and the code of the invitation in hex."""
    return ENROLMENT_DOMAIN + bytes.fromhex(campaign) + bytes.fromhex(code)


def signed_enrolment(
    uow: UnitOfWork, keys: KeyTree, requester: bytes, *, campaign: str, code: str
) -> tuple[bytes, bytes]:
    """The public key of this vault for a requester, known or not, and its signature; raises ``Invalid``."""
    if not all(_HEX.fullmatch(one) for one in (campaign, code)):
        raise Invalid(reason="a campaign's digest and a code have 64 hexadecimal digits")
    key = vault_key(keys, id_of(uow, keys, requester))
    return key.public, key.sign(enrolment_message(campaign, code))
