"""What must be true of a vault after the power went, and of what it let out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from tests.worlds.commands import run
from tests.worlds.kills.checks import truth
from tests.worlds.older_parts import PAGE
from tests.worlds.power.disk import Chance, Disk
from tests.worlds.power.events import Event
from tests.worlds.power.story import HOME, NEW_PASSPHRASE, OUT, world_of
from tests.worlds.world import PASSPHRASE, World
from vault.audit.merkle import CompactRange
from vault.errors.keys import WrongPassphrase
from vault.lifecycle.opened import mark_mac
from vault.requests.release_manifest import RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE
from vault.store.high_water import read_mark
from vault.store.tables import LogEntry
from vault.vault import Vault

SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an owner was told before the power went: acts, and how far the trail had come at the last of them.

    `gone` is what was written into the write-ahead log before an erasure was acknowledged.
    """

    now: datetime
    acts: frozenset[str]
    size: int
    root: str
    gone: frozenset[bytes] = field(repr=False)

    @classmethod
    def of(cls, events: Sequence[Event]) -> Promise:
        said = [json.loads(event.data) for event in events if event.kind == "said"]
        marked = [one for one in said if "size" in one]
        return cls(
            now=datetime.fromisoformat(said[0]["now"]),
            acts=frozenset(one["act"] for one in said),
            size=marked[-1]["size"] if marked else 0,
            root=marked[-1]["root"] if marked else "",
            gone=_erased(events),
        )

    def passphrases(self) -> tuple[str, ...]:
        """Those of which one has to open the vault."""
        if "change" in self.acts:
            return (NEW_PASSPHRASE,)
        return (NEW_PASSPHRASE, PASSPHRASE) if "changing" in self.acts else (PASSPHRASE,)


def _erased(events: Sequence[Event]) -> frozenset[bytes]:
    ends = [n for n, event in enumerate(events) if event.kind == "said" and b'"erase"' in event.data]
    before = events[: ends[0]] if ends else []
    return frozenset(
        event.data for event in before if event.path.endswith("-wal") and len(event.data) == PAGE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """After how many events the power goes, and what becomes of what was not synced by then."""

    after: int
    seed: int
    share: float

    def chance(self) -> Chance:
        draw = Random(self.seed)
        return Chance(draw=draw, share=self.share, sector=draw.choice((512, 4096)))


def told(events: Sequence[Event]) -> list[int]:
    """The places right after an act was acknowledged."""
    return [number + 1 for number, event in enumerate(events) if event.kind == "said"]


def drawn(events: Sequence[Event], count: int, *, seed: int) -> list[Cut]:
    """So many cuts: everything unsynced is lost after each act; the others mostly stand beside a sync or a rename."""
    draw = Random(seed)
    notable = [n for n, event in enumerate(events) if event.kind in ("sync", "rename", "remove")]
    beside = sorted({place for n in notable for place in (n, n + 1)})
    first = [Cut(after=place, seed=seed, share=0.0) for place in told(events)]
    others = [
        Cut(
            after=draw.choice(beside) if draw.random() < 0.75 else draw.randrange(1, len(events) + 1),
            seed=draw.randrange(2**32),
            share=draw.choice(SHARES),
        )
        for _ in range(count - len(first))
    ]
    return sorted([*first, *others], key=lambda cut: cut.after)


def broken(events: Sequence[Event], cuts: Sequence[Cut], folder: Path) -> list[str]:
    """What is wrong after each of these cuts, which are in the order of the events."""
    disk, done, found = Disk(), 0, []
    for number, cut in enumerate(cuts):
        for event in events[done : cut.after]:
            disk.apply(event)
        done = cut.after
        home = folder / str(number) / HOME
        home.parent.mkdir()
        disk.build(home, cut.chance())
        try:
            _check(home, Promise.of(events[: cut.after]), Random(cut.seed))
        except Exception as error:  # whatever it is, it is told with the cut that shows it
            found.append(f"{cut}: {type(error).__name__}: {str(error)[:500]}")
        shutil.rmtree(home.parent)
    return found


def _check(home: Path, promise: Promise, draw: Random) -> None:
    world = world_of(home.parent, home, promise.now)
    if not world.paths.vault.exists():
        assert "init" not in promise.acts, "the vault is gone"
        return
    log = world.paths.database.with_name("vault.db-wal")
    data = log.read_bytes() if log.exists() else b""
    assert not any(page in data for page in promise.gone), "erased pages lie in the log"
    if draw.random() < 0.5:
        world.paths.database.with_name("vault.db-shm").write_bytes(draw.randbytes(32768))
    passphrase = _read(world, promise)
    checked = run(world.paths, "audit", "verify", secret=passphrase)
    assert checked.code == 0, checked.all
    _check_out(home / OUT, promise, truth(world, passphrase).kinds)


def _read(world: World, promise: Promise) -> str:
    """Open the vault to read, hold it against what was told, and give the passphrase that opened it."""
    for passphrase in promise.passphrases():
        try:
            vault = world.vault(writable=False, passphrase=passphrase)
        except WrongPassphrase:
            continue
        with vault:
            _check_trail(vault, promise)
        return passphrase
    raise AssertionError("no passphrase opens it")


def _check_trail(vault: Vault, promise: Promise) -> None:
    opened = vault._opened
    assert not vault.rollback_reason, vault.rollback_reason
    with opened.read() as uow:
        leaves = [leaf for (leaf,) in uow.columns(LogEntry, "leaf")]
    seen = CompactRange.empty()
    for leaf in leaves[: promise.size]:
        seen.append(leaf)
    assert not promise.size or seen.root().hex() == promise.root, "what was acknowledged is not in the trail"
    mark = read_mark(opened.paths.state, opened.origin, mark_mac(opened.keys))
    assert (mark.size if mark else 0) >= promise.size, "the reminder outside the vault is gone or older"


def _check_out(out: Path, promise: Promise, kinds: Sequence[str]) -> None:
    """A release is there whole, with its intent on record, or not at all; one that was acknowledged is there."""
    if not out.exists():
        assert "send" not in promise.acts, "the release is gone"
        return
    assert "release.intent" in kinds
    files = {file.name: file.read_bytes() for file in out.iterdir()}
    assert set(files) == {UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE}, sorted(files)
    said = json.loads(files[RELEASE_FILE])["update"]["sha256"]
    assert hashlib.sha256(files[UPDATE_FILE]).hexdigest() == said
