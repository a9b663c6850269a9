"""Who may ask: requesters known by their key, under the owner's own names for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.errors.families import Invalid
from vault.errors.requests import RequesterBlocked, RequesterExists, UnknownRequester
from vault.records.collections import find_collection
from vault.requests.text import check_name_of
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.signing import PUBLIC_BYTES, SigningKey, fingerprint
from vault.store.tables import AccessToken, RequesterRow
from vault.views.states import RequesterStatus

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork


ID_BYTES: Final = 16


def add(
    act: AuditedTransaction, *, name: str, key: bytes, contact: str = "", only_collection: str | None = None
) -> RequesterRow:
    """Let somebody with this Ed25519 public key send requests, under the owner's own name for them.

    With ``only_collection`` their jobs may name that collection and no other. Raises ``RequesterExists`` when the
    name or the key is taken, ``Invalid`` for a name that cannot be shown, ``UnknownCollection``.
    """
    check_name_of(name, contact)
    if len(key) != PUBLIC_BYTES:
        raise Invalid(reason="a requester's key has 32 bytes")
    for what, taken in (("name", {"name": name}), ("key", {"key": key})):
        for row in act.uow.find(RequesterRow, **taken):
            raise RequesterExists(what=what, name=row.name)
    if only_collection is not None:
        find_collection(act.uow, only_collection)
    row = RequesterRow(
        id=new_id(act.keys, key),
        name=name,
        key=key,
        contact=contact,
        status=RequesterStatus.NEW,
        added_at=act.at,
        only_collection=only_collection,
    )
    act.uow.add(row)
    _record(act, EntryType.REQUESTER_ADD, row)
    return row


def not_blocked(requester: RequesterRow) -> RequesterRow:
    """The same requester; raises ``RequesterBlocked``."""
    if requester.status is RequesterStatus.BLOCKED:
        raise RequesterBlocked(name=requester.name)
    return requester


def trust(act: AuditedTransaction, name: str) -> RequesterRow:
    """Note that this key was checked with its owner; raises ``UnknownRequester`` and ``RequesterBlocked``."""
    row = not_blocked(find(act.uow, name))
    row.status = RequesterStatus.TRUSTED
    _record(act, EntryType.REQUESTER_TRUST, row)
    return row


def block(act: AuditedTransaction, name: str) -> RequesterRow:
    """Accept nothing more from this requester and send nothing to them; their tokens are dead for good.

    Raises ``UnknownRequester``.
    """
    row = find(act.uow, name)
    row.status = RequesterStatus.BLOCKED
    end_tokens(act, row.id)
    _record(act, EntryType.REQUESTER_BLOCK, row)
    return row


def unblock(act: AuditedTransaction, name: str) -> RequesterRow:
    """Let a blocked requester ask again, as new as on the first day; raises ``UnknownRequester`` and ``Invalid``."""
    row = find(act.uow, name)
    if row.status is not RequesterStatus.BLOCKED:
        raise Invalid(reason=f"{name} is not blocked")
    row.status = RequesterStatus.NEW
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": f"the block of {row.name}: it is lifted"})
    return row


def rename(act: AuditedTransaction, name: str, new_name: str) -> RequesterRow:
    """Call a requester by another name of the owner's own; their key, their consents and their status stay.

    Raises ``UnknownRequester``, ``RequesterExists`` for a name that is taken, ``Invalid`` for one that cannot be shown.
    """
    row = find(act.uow, name)
    check_name_of(new_name)
    if act.uow.count(RequesterRow, name=new_name):
        raise RequesterExists(what="name", name=new_name)
    row.name = new_name
    _record(act, EntryType.REQUESTER_RENAME, row, before=name)
    return row


def find(uow: UnitOfWork, name: str) -> RequesterRow:
    """The requester of this name; raises ``UnknownRequester``."""
    for row in uow.find(RequesterRow, name=name):
        return row
    raise UnknownRequester(name=name)


def find_by_key(uow: UnitOfWork, key: bytes) -> RequesterRow:
    """The requester with this public key; raises ``UnknownRequester`` with the key's fingerprint."""
    for row in uow.find(RequesterRow, key=key):
        return row
    raise UnknownRequester(name=fingerprint(key))


def id_of(uow: UnitOfWork, keys: KeyTree, key: bytes) -> str:
    """The id of the requester with this public key; of one who is not known yet the id that they will have."""
    known = uow.find(RequesterRow, key=key)
    return known[0].id if known else new_id(keys, key)


def new_id(keys: KeyTree, key: bytes) -> str:
    """The id under which a requester with this public key is added.

    It follows from both, so that what is signed for somebody before they are added, and in a copy of the vault that is
    put back, is signed by the same key.
    """
    return keys.subkey(Purpose.REQUESTER_ID, key).reveal()[:ID_BYTES].hex()


def end_tokens(act: AuditedTransaction, requester_id: str) -> int:
    """End every token of a requester as part of another act, and return how many still worked."""
    kept = act.uow.find(AccessToken, requester_id=requester_id, revoked_at=None)
    working = [token for token in kept if act.now < token.expires_at]
    for token in kept:
        token.revoked_at = act.at
    return len(working)


def vault_key(keys: KeyTree, requester_id: str) -> SigningKey:
    """The key that signs releases to this requester; two requesters cannot tell that it is one vault."""
    return SigningKey.from_seed(keys.subkey(Purpose.RELEASE_SIGNING, requester_id.encode()))


def _record(act: AuditedTransaction, kind: EntryType, row: RequesterRow, **more: str) -> None:
    act.record(kind, hidden={"requester": row.name, "key": row.key.hex(), **more})
