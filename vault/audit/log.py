"""The stored audit trail: append one entry in the transaction of the act it records, and read it back.

Beside the entries the compact range of the tree is kept as a fact of the vault, so that appending and asking
for the root cost the same however long the trail is. An export recomputes everything and compares.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from typing import Final

from vault.audit.entries import EntryType, Json, Opened, build_entry, digest_of, open_disclosure, parse_entry
from vault.audit.merkle import CompactRange, leaf_hash
from vault.errors.audit import LogBroken
from vault.errors.families import InternalError
from vault.store.tables import Disclosure, LogEntry, VaultFact
from vault.store.unit_of_work import UnitOfWork

RANGE_FACT: Final = "audit.compact_range"
_EARLIEST: Final = "0001-01-01T00:00:00Z"


def append(
    uow: UnitOfWork,
    *,
    kind: EntryType,
    now: datetime,
    clear: Mapping[str, Json],
    hidden: Mapping[str, Json],
    salt: Callable[[int], bytes] = secrets.token_bytes,
) -> int:
    """Write one entry with what opens its hidden fields, and return its index; the caller commits.

    The time is cut to the minute and never earlier than that of the entry before. Raises InternalError for an
    entry that may not be written (see `build_entry`), LogBroken when the trail in the vault is not whole.
    """
    compact, last_ts = _head(uow)
    if (compact.size == 0) != (kind is EntryType.LOG_GENESIS):
        raise InternalError(what="the audit trail begins with its genesis, and only there")
    seq, ts = compact.size, max(_minute(now), last_ts)
    body, disclosed = build_entry(seq=seq, kind=kind, ts=ts, clear=clear, hidden=hidden, salt=salt)
    leaf = leaf_hash(body)
    uow.add(LogEntry(seq=seq, body=body, leaf=leaf))
    for each in disclosed:
        uow.add(Disclosure(seq=seq, digest=each.digest, d=each.d))
    compact.append(leaf)
    _keep(uow, compact)
    return seq


def log_root(uow: UnitOfWork) -> tuple[int, bytes]:
    """Return the number of entries and the 32-byte root of the tree over them, in constant time."""
    compact = _compact_range(uow)
    return compact.size, compact.root()


def last_time(uow: UnitOfWork) -> str:
    """Return the time of the newest entry (RFC 3339 UTC); LogBroken when there is none."""
    size, ts = _head(uow)[0].size, _head(uow)[1]
    if size == 0:
        raise LogBroken(reason="it is empty")
    return ts


def read_entries(uow: UnitOfWork) -> list[LogEntry]:
    """Return all entries, oldest first, as they are stored."""
    return uow.find(LogEntry, order_by="seq")


def checked_entries(
    uow: UnitOfWork, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> list[LogEntry]:
    """Return all entries after recomputing every leaf hash and the root; LogBroken where they do not fit."""
    stored, compact = read_entries(uow), CompactRange.empty()
    for index, entry in enumerate(stored):
        progress(index, len(stored))
        if entry.seq != index or leaf_hash(entry.body) != entry.leaf:
            raise LogBroken(reason=f"entry {index} is not the one that was written")
        compact.append(entry.leaf)
    if not stored or compact != _compact_range(uow):
        raise LogBroken(reason="entries are missing at its end")
    return stored


def opened(uow: UnitOfWork, seq: int) -> list[Opened]:
    """Return the hidden fields of one entry that were not erased; LogBroken when one was changed."""
    return [open_row(row) for row in uow.find(Disclosure, seq=seq)]


def open_row(row: Disclosure) -> Opened:
    """Return the hidden field in a stored disclosure; LogBroken when it does not fit its digest."""
    if digest_of(row.d) != row.digest:
        raise LogBroken(reason=f"a hidden field of entry {row.seq} is not the one that was written")
    return open_disclosure(row.d, what=f"a hidden field of entry {row.seq}")


def forget(uow: UnitOfWork, seq: int, *, keep: Container[str] = ()) -> int:
    """Erase salts, names and values of the hidden fields of one entry, and return how many they were.

    Those to `keep` stay where they say anything.

    The entry and every proof stay as they are; its commitments then say nothing to anybody.
    """
    rows = [row for row in uow.find(Disclosure, seq=seq) if not _says(open_row(row), keep)]
    for row in rows:
        uow.delete(row)
    return len(rows)


def _says(field: Opened, keep: Container[str]) -> bool:
    return field.name in keep and bool(field.value)


def _head(uow: UnitOfWork) -> tuple[CompactRange, str]:
    compact = _compact_range(uow)
    newest = uow.find(LogEntry, order_by="seq", descending=True, limit=1)
    if len(newest) != min(compact.size, 1) or any(entry.seq != compact.size - 1 for entry in newest):
        raise LogBroken(reason="entries are missing at its end")
    ts = parse_entry(newest[0].body, what="the newest entry").ts if newest else _EARLIEST
    return compact, ts


def _compact_range(uow: UnitOfWork) -> CompactRange:
    fact = uow.get(VaultFact, RANGE_FACT)
    if fact is None:
        return CompactRange.empty()
    size, *peaks = fact.value.split()
    try:
        compact = CompactRange(int(size), [bytes.fromhex(peak) for peak in peaks])
    except ValueError:
        raise LogBroken(reason="its stored range is damaged") from None
    if compact.size.bit_count() != len(compact.peaks):
        raise LogBroken(reason="its stored range does not fit its size")
    return compact


def _keep(uow: UnitOfWork, compact: CompactRange) -> None:
    value = " ".join([str(compact.size), *(peak.hex() for peak in compact.peaks)])
    fact = uow.get(VaultFact, RANGE_FACT)
    if fact is None:
        uow.add(VaultFact(key=RANGE_FACT, value=value))
    else:
        fact.value = value


def _minute(now: datetime) -> str:
    if now.tzinfo is None:
        raise InternalError(what="an audit entry with a time of no zone")
    return now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="minutes") + ":00Z"
