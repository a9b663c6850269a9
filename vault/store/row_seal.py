"""The digest of the versioned rows as it is kept: carried forward by every act, bound to the head of the trail."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from vault.errors.storage import Damaged
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.multiset import MultisetDigest
from vault.store.indexes import misleading_index
from vault.store.tables import RowDigest
from vault.store.versioned import elements

if TYPE_CHECKING:
    from vault.sealing.secret import Secret
    from vault.store.unit_of_work import UnitOfWork

WHAT: Final = "the digest of the vault's rows"
ONLY: Final = 1
_DOMAIN: Final = b"lockbox digest of rows v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSeal:
    """Makes and checks the digest of the rows, under the key `rows`; `head` is that of the MAC that binds it."""

    rows: Secret
    head: Secret

    @classmethod
    def of(cls, keys: KeyTree) -> Self:
        """The seal of the vault with these keys."""
        return cls(rows=keys.subkey(Purpose.ROW_DIGEST), head=keys.subkey(Purpose.ROW_DIGEST, b"head"))

    def fix(self, uow: UnitOfWork, size: int, root: bytes) -> None:
        """Keep the digest of all rows as they stand, at this head of the trail; the caller commits."""
        row = uow.get(RowDigest, ONLY)
        with uow.connection() as connection:
            digest = self._scan(connection)
        mac = self._mac(size, root, digest)
        if row is None:
            uow.add(RowDigest(id=ONLY, size=size, root=root, digest=digest, mac=mac))
        else:
            row.size, row.root, row.digest, row.mac = size, root, digest, mac

    def carry(self, uow: UnitOfWork, *, before: int, size: int, root: bytes) -> None:
        """Carry the digest over what this unit changed, from the trail's size `before` it to the new head.

        A vault of an earlier revision keeps none until it is first fixed. Raises Damaged when the one that is kept is
        not genuine or not of the size before.
        """
        row = uow.get(RowDigest, ONLY)
        if row is None:
            return
        if not self._is_genuine(row) or row.size != before:
            raise Damaged(what=WHAT)
        digest = MultisetDigest(self.rows, row.digest)
        uow.apply_changes(digest)
        row.size, row.root, row.digest = size, root, digest.digest()
        row.mac = self._mac(size, root, row.digest)

    def problem(self, uow: UnitOfWork, size: int, root: bytes) -> str:
        """In words, why the rows are not those of this head of the trail, or empty; call it where one is kept."""
        row = uow.get(RowDigest, ONLY)
        if row is None or not self._is_genuine(row):
            return "the digest of its rows is missing or not genuine"
        if (row.size, row.root) != (size, root):
            return "its rows are of another time than its trail"
        with uow.connection() as connection:
            if row.digest != self._scan(connection):
                return "some of its rows are not those that were written last"
            if table := misleading_index(connection):
                return f"looking something up in its table {table} does not find what stands there"
        return ""

    @contextmanager
    def kept_over(self, connection: Any) -> Iterator[None]:
        """Keep the digest true over a change of the schema within this block, if it was true before."""
        found = _raw(connection)
        is_true = found is not None and self._is_genuine(found) and found.digest == self._scan(connection)
        yield
        if found is not None and is_true:
            digest = self._scan(connection)
            mac = self._mac(found.size, found.root, digest)
            connection.execute("UPDATE row_digest SET digest = ?, mac = ?", (digest, mac))

    def _scan(self, connection: Any) -> bytes:
        digest = MultisetDigest(self.rows)
        digest.update(elements(connection))
        return digest.digest()

    def _is_genuine(self, row: RowDigest) -> bool:
        return hmac.compare_digest(row.mac, self._mac(row.size, row.root, row.digest))

    def _mac(self, size: int, root: bytes, digest: bytes) -> bytes:
        return keyed_digest(self.head, _DOMAIN, size.to_bytes(8, "big"), root, digest)


def _raw(connection: Any) -> RowDigest | None:
    """The digest in a file of whichever revision."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'row_digest'").fetchall():
        return None
    found = connection.execute(
        "SELECT size, root, digest, mac FROM row_digest WHERE id = ?", (ONLY,)
    ).fetchone()
    if found is None:
        return None
    size, root, digest, mac = found
    return RowDigest(id=ONLY, size=size, root=root, digest=digest, mac=mac)
