"""A vault's past as files: its pages and key headers at earlier moments, to be put back in any part."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.worlds.lived import lived_in
from tests.worlds.world import PASSPHRASE, World
from vault.errors.families import Broken
from vault.sealing.copies import FILE_NAMES
from vault.sealing.header import read_header, unlock
from vault.sealing.keytree import KeyTree, Purpose
from vault.store import cipher
from vault.store.versioned import versioned_tables
from vault.vault import Vault, passphrase_secret

PAGE = 4096
DATABASE = "vault.db"

Pages = Mapping[int, bytes]
Rows = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The pages of the database and the key headers as they were."""

    pages: list[bytes]
    headers: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A vault of today, and five earlier moments of it, the oldest first."""

    world: World
    mark: bytes
    now: Moment
    moments: list[Moment]
    rows: Rows

    def differing(self, moment: Moment) -> list[int]:
        """The numbers, from 0, of the pages that were others at this moment."""
        both = range(min(len(moment.pages), len(self.now.pages)))
        return [number for number in both if moment.pages[number] != self.now.pages[number]]

    def random_sets(self, moment: Moment, how_many: int, *, seed: int) -> Iterator[Pages]:
        """Random sets of pages of this moment, small ones and large ones alike."""
        draw, differing = random.Random(seed), self.differing(moment)
        for _ in range(how_many):
            chosen = draw.sample(differing, draw.randint(1, len(differing)))
            yield {number: moment.pages[number] for number in chosen}

    def put_back(self, pages: Pages, headers: Mapping[str, bytes] | None = None) -> None:
        """Make the folders today's, but for these pages and header files."""
        folder = self.world.paths.vault
        for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (folder / name).unlink(missing_ok=True)
        mixed = [pages.get(number, page) for number, page in enumerate(self.now.pages)]
        (folder / DATABASE).write_bytes(b"".join(mixed))
        for name, data in {**self.now.headers, **(headers or {})}.items():
            (folder / name).write_bytes(data)
        (mark,) = self.world.paths.state.glob("*.json")
        mark.write_bytes(self.mark)

    def verdict(self, *, writable: bool = False) -> str:
        """What the vault is taken for: newest, older (with a reason), damaged, or silently older."""
        try:
            with self.world.vault(writable=writable) as vault:
                vault.status()
                if vault.rollback_reason:
                    return "older"
                return "newest" if _rows(vault) == self.rows else "silently older"
        except Broken:
            return "damaged"


def past_of(folder: Path) -> Past:
    """Live through a past and keep what lay on the disk at each moment; checked in, so that no WAL is left out."""
    kept: list[Moment] = []
    world = lived_in(folder, between=lambda: kept.append(_moment(folder / "vault")))
    with world.vault() as vault:  # so that nothing is left to be settled
        rows = _rows(vault)
    (mark,) = world.paths.state.glob("*.json")
    return Past(world=world, mark=mark.read_bytes(), now=_moment(folder / "vault"), moments=kept, rows=rows)


def pages_of(world: World, table: str) -> list[int]:
    """The numbers, from 0, of the pages of a small table and of its indexes."""
    with closing(_connection(world.paths.vault, "ro")) as connection:
        found = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?", (table,)
        ).fetchall()
    return [number - 1 for (number,) in found if number]


def _moment(folder: Path) -> Moment:
    """The files as they lie there, once what waits in the WAL is brought into the database."""
    with closing(_connection(folder, "rw")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    data = (folder / DATABASE).read_bytes()
    return Moment(
        pages=[data[at : at + PAGE] for at in range(0, len(data), PAGE)],
        headers={name: (folder / name).read_bytes() for name in FILE_NAMES},
    )


def _connection(folder: Path, mode: str) -> Any:
    keys = KeyTree(unlock(read_header(folder), passphrase_secret(PASSPHRASE)))
    return cipher.connect(
        cipher.location(folder / DATABASE, mode), keys.subkey(Purpose.DATABASE).reveal(), ()
    )


def _rows(vault: Vault) -> Rows:
    """Every versioned row, and the numbers given away."""
    with vault._opened.read() as uow, uow.connection() as connection:
        tables = {table.name: table for table in versioned_tables(connection)}
        found: dict[str, Any] = {
            name: sorted(connection.execute(f'SELECT * FROM "{name}" NOT INDEXED').fetchall(), key=repr)
            for name in tables
        }
        found["sqlite_sequence"] = sorted(connection.execute("SELECT * FROM sqlite_sequence").fetchall())
        return found
