from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from vault.errors.storage import Damaged, NoVault, VaultExists
from vault.store.engine import Store
from vault.store.tables import LogEntry, VaultFact

PAGE = 4096


@pytest.fixture
def filled(path: Path, key: bytes) -> Path:
    with Store.create(path, key) as store, store.write() as unit:
        for seq in range(60):
            unit.add(LogEntry(seq=seq, body=os.urandom(3_000), leaf=b""))
        unit.add(VaultFact(key="marker", value="the-owner-has-a-secret-marker"))
        unit.commit()
    return path


def problems(path: Path, key: bytes) -> list[str]:
    """What a person learns: the problems of a file that opens, or the refusal to open it."""
    try:
        with Store.open(path, key, writable=False) as store:
            return store.integrity_problems()
    except Damaged as error:
        return [str(error)]


def read_everything(path: Path, key: bytes) -> None:
    with Store.open(path, key, writable=False) as store, store.read() as unit:
        unit.find(LogEntry)
        unit.find(VaultFact)


def test_a_whole_file_has_no_problems(filled: Path, key: bytes) -> None:
    assert problems(filled, key) == []


def test_a_flipped_bit_in_any_page_is_found(filled: Path, key: bytes) -> None:
    whole = filled.read_bytes()
    pages = len(whole) // PAGE
    dice = random.Random(20260102)

    assert pages > 40
    named = 0
    for page in [0, 1, 2, 3, 4, pages - 1, *dice.sample(range(5, pages - 1), 10)]:
        broken = bytearray(whole)
        broken[page * PAGE + dice.randrange(PAGE)] ^= 1 << dice.randrange(8)
        filled.write_bytes(broken)
        found = problems(filled, key)
        assert found != []
        named += any(line.endswith(f" page {page + 1}") for line in found)
    # Damage in the list of the tables, on the first pages, keeps the file from opening at all.
    assert named >= 12


def test_damage_met_by_a_query_is_called_damage(filled: Path, key: bytes) -> None:
    broken = bytearray(filled.read_bytes())
    for page in range(5, len(broken) // PAGE):
        broken[page * PAGE + 100] ^= 1
    filled.write_bytes(broken)

    with pytest.raises(Damaged):
        read_everything(filled, key)


@pytest.mark.parametrize("kept", [1, 15, 16, 1_000, PAGE, 3 * PAGE, 20 * PAGE, 20 * PAGE + 77])
def test_a_file_cut_short_is_damaged(filled: Path, key: bytes, kept: int) -> None:
    filled.write_bytes(filled.read_bytes()[:kept])

    with pytest.raises(Damaged):
        read_everything(filled, key)
    assert problems(filled, key) != []


def test_an_old_page_put_back_in_another_place_is_found(filled: Path, key: bytes) -> None:
    """Each page is authenticated together with its number."""
    swapped = bytearray(filled.read_bytes())
    swapped[10 * PAGE : 11 * PAGE] = swapped[20 * PAGE : 21 * PAGE]
    filled.write_bytes(swapped)

    assert problems(filled, key) != []


def test_damage_under_an_open_store_is_found(store: Store, path: Path) -> None:
    with store.write() as unit:
        unit.add(LogEntry(seq=0, body=bytes(50_000), leaf=b""))
        unit.commit()
    store.checkpoint_wal()
    assert store.integrity_problems() == []
    broken = bytearray(path.read_bytes())
    broken[100] ^= 1
    path.write_bytes(broken)

    assert store.integrity_problems() != []


def test_a_backup_opens_under_the_same_key_alone_and_shows_nothing(
    filled: Path, key: bytes, tmp_path: Path
) -> None:
    target = tmp_path / "copies" / "backup.db"
    target.parent.mkdir()
    with Store.open(filled, key, writable=False) as store:
        store.backup(target)

    assert [target] == list(target.parent.iterdir())
    assert target.stat().st_mode & 0o777 == 0o600
    content = target.read_bytes()
    assert not content.startswith(b"SQLite")
    assert b"the-owner-has-a-secret-marker" not in content
    with Store.open(target, key, writable=True) as copy, copy.read() as unit:
        assert unit.count(LogEntry) == 60
        assert unit.get(VaultFact, "marker") is not None
    with pytest.raises(Damaged):
        Store.open(target, os.urandom(32), writable=False)


def test_a_backup_while_a_writer_writes_is_consistent(store: Store, key: bytes, tmp_path: Path) -> None:
    ended = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not ended.is_set():
            with store.write() as unit:
                unit.add(LogEntry(seq=written, body=os.urandom(2_000), leaf=b""))
                unit.add(VaultFact(key=f"seq {written}", value="x"))
                unit.commit()
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            store.backup(tmp_path / f"backup {n}.db")
    finally:
        ended.set()
        writer.join()

    sizes = []
    for n in range(5):
        assert problems(tmp_path / f"backup {n}.db", key) == []
        with Store.open(tmp_path / f"backup {n}.db", key, writable=False) as copy, copy.read() as unit:
            sizes.append(unit.count(LogEntry))
            assert sizes[-1] == unit.count(VaultFact)
    assert sorted(sizes) == sizes
    assert 0 < sizes[-1] <= written


def test_a_backup_holds_what_still_stands_in_the_wal(store: Store, key: bytes, tmp_path: Path) -> None:
    with store.write() as unit:
        unit.add(VaultFact(key="a", value="1"))
        unit.commit()
    store.backup(tmp_path / "backup.db")

    with Store.open(tmp_path / "backup.db", key, writable=False) as copy, copy.read() as unit:
        assert unit.count(VaultFact) == 1


def test_a_backup_never_writes_over_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_bytes(b"precious")

    with pytest.raises(VaultExists):
        store.backup(tmp_path / "backup.db")
    with pytest.raises(NoVault):
        store.backup(tmp_path / "none" / "backup.db")

    assert (tmp_path / "backup.db").read_bytes() == b"precious"


def test_a_damaged_file_gives_no_backup(filled: Path, key: bytes, tmp_path: Path) -> None:
    broken = bytearray(filled.read_bytes())
    broken[30 * PAGE + 5] ^= 1
    filled.write_bytes(broken)

    with Store.open(filled, key, writable=False) as store, pytest.raises(Damaged):
        store.backup(tmp_path / "backup.db")

    assert not (tmp_path / "backup.db").exists()
    assert list(tmp_path.glob("*.new")) == []
