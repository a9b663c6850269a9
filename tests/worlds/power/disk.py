"""A disk that keeps what was synced, and of the rest whatever it likes.

A file keeps what it held when it was last synced, a folder the names it had then. Each sector that was written since,
each change of a length and each name that came, went or changed may be there or be lost, independently of all others:
more than file systems with a journal allow themselves, which keep changes of names in order.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.worlds.power.events import Event

ROOT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How much of what was not synced is there, and what is lost in one piece."""

    draw: random.Random
    share: float
    sector: int = 512

    def is_there(self) -> bool:
        return self.draw.random() < self.share


@dataclass(slots=True)
class File:
    """What the disk holds of a file for sure, and what was done to it since."""

    synced: bytes = b""
    since: list[Event] = field(default_factory=list)

    def sync(self) -> None:
        self.synced = self.content(Chance(draw=random.Random(0), share=1.0))
        self.since.clear()

    def content(self, chance: Chance) -> bytes:
        """What may be found in it."""
        data = bytearray(self.synced)
        for event in self.since:
            if event.kind == "truncate":
                if chance.is_there():
                    data[event.at :] = bytes(max(event.at - len(data), 0))
            else:
                _write(data, event, chance)
        return bytes(data if chance.is_there() else data[: len(self.synced)])


def _write(data: bytearray, event: Event, chance: Chance) -> None:
    end = event.at + len(event.data)
    data.extend(bytes(max(end - len(data), 0)))
    at = event.at
    while at < end:
        until = min(end, (at // chance.sector + 1) * chance.sector)
        if chance.is_there():
            data[at:until] = event.data[at - event.at : until - event.at]
        at = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name that a folder has from now on, or has no more."""

    folder: int
    name: str
    node: int
    comes: bool


Names = dict[int, dict[str, int]]


@dataclass(slots=True)
class Disk:
    """Folders and files by number; `now` is what processes see, `synced` what is there for sure."""

    files: dict[int, File] = field(default_factory=dict)
    now: Names = field(default_factory=lambda: {ROOT: {}})
    synced: Names = field(default_factory=lambda: {ROOT: {}})
    since: list[tuple[Name, ...]] = field(default_factory=list)
    last: int = ROOT

    def apply(self, event: Event) -> None:
        """Do what the process did."""
        match event.kind:
            case "file" | "folder":
                self._make(event.path, is_folder=event.kind == "folder")
            case "remove":
                self._change(self._goes(event.path))
            case "rename":
                node = self._node(event.path)
                self._change(self._goes(event.path), self._comes(event.to, node))
            case "write" | "truncate":
                self.files[self._node(event.path)].since.append(event)
            case "sync":
                self._sync(self._node(event.path))

    def knows(self, path: str) -> bool:
        """Whether processes see something there."""
        folder, name = self._place(path)
        return name in self.now[folder]

    def build(self, target: Path, chance: Chance) -> None:
        """Make a folder of what may be found after the power went."""
        names = {folder: dict(known) for folder, known in self.synced.items()}
        for change in self.since:
            if chance.is_there():
                _put(names, change)
        self._build(ROOT, target, names, chance)

    def _build(self, folder: int, target: Path, names: Names, chance: Chance) -> None:
        target.mkdir(mode=0o700)
        for name, node in sorted(names[folder].items()):
            if node in self.files:
                (target / name).write_bytes(self.files[node].content(chance))
                (target / name).chmod(0o600)
            else:
                self._build(node, target / name, names, chance)

    def _make(self, path: str, *, is_folder: bool) -> None:
        self.last += 1
        if is_folder:
            self.now[self.last], self.synced[self.last] = {}, {}
        else:
            self.files[self.last] = File()
        self._change(self._comes(path, self.last))

    def _sync(self, node: int) -> None:
        if node in self.files:
            self.files[node].sync()
            return
        for change in [one for one in self.since if any(name.folder == node for name in one)]:
            _put(self.synced, change)
            self.since.remove(change)

    def _change(self, *names: Name) -> None:
        _put(self.now, names)
        self.since.append(names)

    def _comes(self, path: str, node: int) -> Name:
        folder, name = self._place(path)
        return Name(folder=folder, name=name, node=node, comes=True)

    def _goes(self, path: str) -> Name:
        folder, name = self._place(path)
        return Name(folder=folder, name=name, node=self.now[folder][name], comes=False)

    def _node(self, path: str) -> int:
        node = ROOT
        for part in Path(path).parts:
            node = self.now[node][part]
        return node

    def _place(self, path: str) -> tuple[int, str]:
        return self._node(str(Path(path).parent)), Path(path).name


def _put(names: Names, change: tuple[Name, ...]) -> None:
    for one in change:
        known = names[one.folder]
        if one.comes:
            known[one.name] = one.node
        elif known.get(one.name) == one.node:
            del known[one.name]
