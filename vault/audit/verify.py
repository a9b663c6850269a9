"""Verify an export bundle from its files alone: recompute everything, take what is missing for a failure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vault.audit import layout
from vault.audit.canonical import decode
from vault.audit.checkpoint import Checkpoint, Verify, cosigners, open_checkpoint, parse_vkey
from vault.audit.entries import CLEAR_KEYS, Entry, EntryType, Opened, digest_of, open_disclosure, parse_entry
from vault.audit.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from vault.audit.proofs import read_consistency, read_inclusion
from vault.audit.report import BundleReport, OpenedField
from vault.errors.audit import LogBroken
from vault.strict_base64 import from_base64
from vault.views.counting import counted

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_WITHHELD: Final = re.compile(rb'\{"redacted":"([A-Za-z0-9+/]{43}=)"\}')


def verify_bundle(
    folder: Path,
    vkey: str,
    *,
    verify: Verify,
    older_vkeys: Sequence[str] = (),
    kept: Sequence[bytes] = (),
    witnesses: Sequence[str] = (),
    quorum: int = 0,
    allow_redacted: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> BundleReport:
    """Return what a bundle holds, or raise LogBroken with the first reason why it does not verify.

    ``vkey`` is the verifier key trusted beforehand; ``older_vkeys`` those it replaced, good for earlier
    checkpoints only. ``kept`` are notes of the same log seen before: they alone show that the holder of the
    key rewrote nothing. At least ``quorum`` of the ``witnesses`` (verifier keys) must have cosigned. Withheld
    entries count as missing unless ``allow_redacted``.
    """
    note = _read(folder / layout.CHECKPOINT)
    checkpoint = open_checkpoint(note, vkey, verify)
    _check_keys(folder, vkey)
    disclosed = _read_disclosures(folder)
    trail = _read_trail(folder, disclosed, lambda done: progress(done, checkpoint.size))
    if trail.redacted and not allow_redacted:
        raise LogBroken(reason=f"entry {trail.redacted[0]} is withheld")
    tree = _signed_tree(trail, checkpoint)
    prefixes = _Prefixes(tree=tree, vkeys=(vkey, *older_vkeys), verify=verify)
    earlier = {old.size: old for old in _earlier(folder, prefixes)}
    proven, consistent = _check_proofs(folder, tree, note, earlier)
    return BundleReport(
        checkpoint=checkpoint,
        first_time=trail.first_time,
        last_time=trail.last_time,
        kinds=dict(trail.kinds),
        redacted=tuple(trail.redacted),
        opened=tuple(trail.opened),
        earlier=tuple(sorted(earlier)),
        kept=tuple(sorted(prefixes.check(each, "a checkpoint kept before").size for each in kept)),
        proven=tuple(proven),
        consistent=tuple(consistent),
        witnesses=_witnessed(note, witnesses, quorum, verify),
        unread=tuple(sorted(path.name for path in folder.iterdir() if path.name not in layout.JUDGED)),
    )


@dataclass(slots=True, kw_only=True)
class _Trail:
    """What is gathered in one pass over the entries."""

    disclosed: Mapping[int, Sequence[str]]
    leaves: list[bytes] = field(default_factory=list)
    kinds: Counter[EntryType] = field(default_factory=Counter)
    redacted: list[int] = field(default_factory=list)
    opened: list[OpenedField] = field(default_factory=list)
    first_time: str = ""
    last_time: str = ""

    def take(self, line: bytes) -> None:
        """Check a line against its place, the one before it, and what is disclosed of it."""
        index = len(self.leaves)
        what = f"entry {index}"
        if withheld := _WITHHELD.fullmatch(line):
            self.redacted.append(index)
            self.leaves.append(_leaf_in(withheld[1], what))
            return
        entry = parse_entry(line, what=what)
        self._place(entry, what)
        self.leaves.append(leaf_hash(line))
        if index in self.disclosed:
            found = _check_disclosed(self.disclosed[index], entry, what)
            self.opened += [OpenedField(seq=index, kind=entry.kind, field=each) for each in found]

    def _place(self, entry: Entry, what: str) -> None:
        if entry.seq != len(self.leaves):
            raise LogBroken(reason=f"{what} has the number {entry.seq}")
        if (entry.seq == 0) != (entry.kind is EntryType.LOG_GENESIS):
            raise LogBroken(reason=f"{what} is {entry.kind}; a trail begins with its genesis, and only there")
        if entry.ts < self.last_time:
            raise LogBroken(reason=f"{what} is earlier than the one before it")
        self.first_time, self.last_time = self.first_time or entry.ts, entry.ts
        self.kinds[entry.kind] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prefixes:
    """Checks that checkpoints are of an earlier state of the same log."""

    tree: Tree
    vkeys: Sequence[str]
    verify: Verify

    def check(self, note: bytes, what: str) -> Checkpoint:
        old = self._opened(note)
        if old.size > len(self.tree):
            raise LogBroken(
                reason=f"rollback: {what} has {counted(old.size, 'entry')}, this trail {len(self.tree)}"
            )
        if self.tree.root(old.size) != old.root:
            raise LogBroken(reason=f"fork: {what} is not of an earlier state of this trail")
        return old

    def _opened(self, note: bytes) -> Checkpoint:
        *others, last = self.vkeys
        for key in others:
            with suppress(LogBroken):
                return open_checkpoint(note, key, self.verify)
        return open_checkpoint(note, last, self.verify)


def _read_trail(folder: Path, disclosed: Mapping[int, Sequence[str]], told: Callable[[int], None]) -> _Trail:
    trail = _Trail(disclosed=disclosed)
    for line in _lines(folder / layout.ENTRIES):
        trail.take(line)
        told(len(trail.leaves))
    if any(index >= len(trail.leaves) or index in trail.redacted for index in disclosed):
        raise LogBroken(reason="something is disclosed of an entry that is not there")
    return trail


def _leaf_in(text: bytes, what: str) -> bytes:
    try:
        return from_base64(text.decode("ascii"))
    except ValueError:
        raise LogBroken(reason=f"{what} is withheld without a proper leaf hash") from None


def _check_disclosed(disclosures: Sequence[str], entry: Entry, what: str) -> list[Opened]:
    found = [open_disclosure(d, what=f"a disclosure of {what}") for d in disclosures]
    names = [each.name for each in found]
    if not {digest_of(d) for d in disclosures} <= set(entry.digests):
        raise LogBroken(reason=f"a disclosure of {what} does not belong to it")
    if len(set(names)) != len(names) or not CLEAR_KEYS[entry.kind].isdisjoint(names):
        raise LogBroken(reason=f"a name is disclosed twice of {what}")
    return found


def _read_disclosures(folder: Path) -> dict[int, list[str]]:
    path = folder / layout.DISCLOSURES
    found: dict[int, list[str]] = {}
    for line in _lines(path) if path.exists() else ():
        fields = decode(line, what="a line of the disclosures")
        if not (isinstance(fields, dict) and fields.keys() == {"d", "seq"} and isinstance(fields["d"], str)):
            raise LogBroken(reason="a line of the disclosures is malformed")
        if type(fields["seq"]) is not int or fields["seq"] < 0:
            raise LogBroken(reason="a line of the disclosures names no entry")
        found.setdefault(fields["seq"], []).append(fields["d"])
    return found


def _signed_tree(trail: _Trail, checkpoint: Checkpoint) -> Tree:
    tree = Tree(trail.leaves)
    if len(tree) != checkpoint.size:
        raise LogBroken(
            reason=f"the trail has {counted(len(tree), 'entry')}, and its checkpoint signs {checkpoint.size:,}"
        )
    if tree.root() != checkpoint.root:
        raise LogBroken(reason="the entries are not those that were signed")
    return tree


def _check_keys(folder: Path, vkey: str) -> None:
    """The keys in the bundle prove nothing, but they must not send the next reader to another key."""
    keys = [parse_vkey(line.decode("ascii", "replace")).text() for line in _lines(folder / layout.LOG_KEYS)]
    if keys[:1] != [vkey]:
        raise LogBroken(reason="it names another verifier key than the one you trust")


def _earlier(folder: Path, prefixes: _Prefixes) -> Iterator[Checkpoint]:
    for path in _listed(folder / layout.EARLIER):
        size = _number(path.name, layout.EARLIER)
        old = prefixes.check(_read(path), f"checkpoint {size}")
        if old.size != size:
            raise LogBroken(reason=f"checkpoint {size} is of {counted(old.size, 'entry')}")
        yield old


def _check_proofs(
    folder: Path, tree: Tree, note: bytes, earlier: Mapping[int, Checkpoint]
) -> tuple[list[int], list[int]]:
    proven: list[int] = []
    consistent: list[int] = []
    for path in _listed(folder / layout.PROOFS):
        number = _number(path.stem, layout.PROOFS)
        if path.suffix == layout.INCLUSION_SUFFIX:
            _check_inclusion(_read(path), number, tree, note)
            proven.append(number)
        elif path.suffix == layout.CONSISTENCY_SUFFIX:
            if number not in earlier:
                raise LogBroken(reason=f"checkpoint {number} is missing, and there is a proof from it")
            _check_consistency(_read(path), earlier[number], tree, note)
            consistent.append(number)
        else:
            raise LogBroken(reason=f"{layout.PROOFS} holds something that is no proof")
    return sorted(proven), sorted(consistent)


def _check_inclusion(data: bytes, index: int, tree: Tree, note: bytes) -> None:
    what = f"the proof of entry {index}"
    proof = read_inclusion(data, what=what)
    if proof.number != index or proof.note != note or index >= len(tree):
        raise LogBroken(reason=f"{what} is of another entry or checkpoint")
    if not verify_inclusion(
        leaf=tree.leaf(index), index=index, size=len(tree), proof=proof.hashes, root=tree.root()
    ):
        raise LogBroken(reason=f"{what} does not lead to the root")


def _check_consistency(data: bytes, old: Checkpoint, tree: Tree, note: bytes) -> None:
    what = f"the consistency proof from checkpoint {old.size}"
    proof = read_consistency(data, what=what)
    if proof.number != old.size or proof.note != note:
        raise LogBroken(reason=f"{what} is of other checkpoints")
    if not verify_consistency(
        old=old.size, size=len(tree), old_root=old.root, root=tree.root(), proof=proof.hashes
    ):
        raise LogBroken(reason=f"{what} does not lead to the roots")


def _witnessed(note: bytes, witnesses: Sequence[str], quorum: int, verify: Verify) -> Mapping[str, int]:
    found = cosigners(note, witnesses, verify)
    if len(found) < quorum:
        raise LogBroken(reason=f"{counted(len(found), 'witness')} cosigned it, and not {quorum}")
    return found


def _number(name: str, folder: str) -> int:
    if not _NUMBER.fullmatch(name):
        raise LogBroken(reason=f"a file in {folder} has a name that is no number")
    return int(name)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(layout.LONGEST_FILE + 1)
    except OSError:
        raise LogBroken(reason=f"{path.name} is missing or cannot be read") from None
    if len(data) > layout.LONGEST_FILE:
        raise LogBroken(reason=f"{path.name} is too large")
    return data


def _lines(path: Path) -> Iterator[bytes]:
    """The lines without their LF; every one must have it."""
    try:
        with path.open("rb") as file:
            while line := file.readline(layout.LONGEST_LINE):
                if not line.endswith(b"\n"):
                    raise LogBroken(reason=f"{path.name} has a line that is too long or does not end")
                yield line[:-1]
    except OSError:
        raise LogBroken(reason=f"{path.name} is missing or cannot be read") from None
