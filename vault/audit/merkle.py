"""The Merkle tree of RFC 6962 section 2.1 over SHA-256.

Everything here works on leaf hashes (32 bytes each), not on entries: a withheld entry takes part by its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vault.errors.families import InternalError

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class CompactRange:
    """The roots of the complete subtrees that make up a log, largest first: all that appending needs.

    There is one peak per set bit of ``size``, so at most 64 hashes stand for any log.
    """

    size: int
    peaks: list[bytes]

    @classmethod
    def empty(cls) -> CompactRange:
        """Return the range of no entries."""
        return cls(0, [])

    def append(self, leaf: bytes) -> None:
        """Take one more leaf hash in, merging complete subtrees."""
        merges = (self.size ^ (self.size + 1)).bit_length() - 1
        for _ in range(merges):
            leaf = node_hash(self.peaks.pop(), leaf)
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root hash, 32 bytes; SHA-256 of nothing for the empty range."""
        if not self.peaks:
            return EMPTY_ROOT
        hash_so_far = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            hash_so_far = node_hash(peak, hash_so_far)
        return hash_so_far


class Tree:
    """Every complete subtree over some leaf hashes, kept so that each root and proof costs O(log n)."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            self._levels.append([node_hash(*below[i : i + 2]) for i in range(0, len(below) - 1, 2)])

    def __len__(self) -> int:
        return len(self._levels[0])

    def leaf(self, index: int) -> bytes:
        """Return one leaf hash."""
        return self._levels[0][index]

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first ``size`` leaves (default: all)."""
        size = self._checked(size)
        return self._range_hash(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the audit path of leaf ``index`` in the first ``size`` leaves (RFC 6962 section 2.1.1)."""
        low, high = 0, self._checked(size)
        if not 0 <= index < high:
            raise InternalError(what="an inclusion proof outside the log was asked for")
        path: list[bytes] = []
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range_hash(middle, high))
                high = middle
            else:
                path.append(self._range_hash(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the first ``old`` leaves are a prefix (RFC 6962 section 2.1.2).

        It is empty when ``old`` equals ``size``.
        """
        low, high = 0, self._checked(size)
        if not 0 < old <= high:
            raise InternalError(what="a consistency proof outside the log was asked for")
        path: list[bytes] = []
        while old < high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range_hash(middle, high))
                high = middle
            else:
                path.append(self._range_hash(low, middle))
                low = middle
        # The verifier knows the old root already, and needs the last subtree only when it is not that root.
        return ([self._range_hash(low, high)] if low else []) + path[::-1]

    def _checked(self, size: int | None) -> int:
        size = len(self) if size is None else size
        if not 0 <= size <= len(self):
            raise InternalError(what="a tree larger than the log was asked for")
        return size

    def _range_hash(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][low >> level]
        middle = low + _split(count)
        return node_hash(self._range_hash(low, middle), self._range_hash(middle, high))


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of these leaf hashes, 32 bytes (RFC 6962 section 2.1)."""
    compact = CompactRange.empty()
    for leaf in leaves:
        compact.append(leaf)
    return compact.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of one leaf; take a `Tree` when you want many."""
    return Tree(leaves).inclusion_proof(index)


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the proof that the first ``old`` leaves are a prefix; take a `Tree` when you want many."""
    return Tree(leaves).consistency_proof(old)


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` leads from ``leaf`` at ``index`` to ``root`` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, hash_so_far = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            hash_so_far = node_hash(step, hash_so_far)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            hash_so_far = node_hash(hash_so_far, step)
        position, last = position >> 1, last >> 1
    return last == 0 and hash_so_far == root


def verify_consistency(*, old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` shows the log of ``old`` entries to be a prefix (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        return False
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_so_far = new_so_far = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_so_far, new_so_far = node_hash(step, old_so_far), node_hash(step, new_so_far)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_so_far = node_hash(new_so_far, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_so_far == old_root and new_so_far == root


def _split(count: int) -> int:
    """The largest power of two strictly smaller than count (count > 1)."""
    return 1 << ((count - 1).bit_length() - 1)
