"""What the tests of this room run in processes of their own. Usage: store_child.py WHAT FOLDER KEY."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from vault.errors.families import LockboxError
from vault.store.engine import Store
from vault.store.lock import writer_lock
from vault.store.tables import LogEntry, VaultFact

BODY = 3_000


def append(store: Store, seq: int) -> None:
    """Three rows that belong together: they are all there, or none of them is."""
    with store.write() as unit:
        unit.add(LogEntry(seq=seq, body=os.urandom(BODY), leaf=b"first half"))
        latest = unit.get(VaultFact, "latest")
        if latest is None:
            unit.add(VaultFact(key="latest", value=str(seq)))
        else:
            latest.value = str(seq)
        unit.add(VaultFact(key=f"seq {seq}", value="second half"))
        unit.commit()


def next_seq(store: Store) -> int:
    with store.read() as unit:
        largest = unit.maximum(LogEntry, "seq")
    return 0 if largest is None else largest + 1


def nursery(folder: Path, key: bytes) -> None:
    """For every line on stdin, fork a writer that appends until it is killed; say its pid, then what it did."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            write_for_ever(folder, key)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def write_for_ever(folder: Path, key: bytes) -> None:
    os.write(1, f"pid {os.getpid()}\n".encode())
    with Store.open(folder / "vault.db", key, writable=True) as store:
        seq = next_seq(store)
        while True:
            append(store, seq)
            os.write(1, f"done {seq}\n".encode())
            seq += 1
            if seq % 16 == 0:
                store.checkpoint_wal()


def fill(folder: Path, key: bytes) -> None:
    """Append until the disk is full; say how it ended and what is there afterwards."""
    path, ballast = folder / "vault.db", folder / "ballast"
    store = Store.create(path, key)
    ballast.write_bytes(bytes(400_000))
    seq, failure = 0, ""
    try:
        while seq < 5_000:
            append(store, seq)
            seq += 1
    except LockboxError as error:
        failure = type(error).__name__
    found = look(store)
    store.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ballast.unlink()
    with Store.open(path, key, writable=True) as again:
        found_again = look(again)
        append(again, seq)
        problems = again.integrity_problems()
    report = {"failure": failure, "done": seq, "found": found, "again": found_again, "problems": problems}
    print(json.dumps(report))


def fill_limited(folder: Path, key: bytes) -> None:
    """The same under a limit on the size of a file, which an ordinary user can set."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
    fill(folder, key)


def look(store: Store) -> list[int]:
    with store.read() as unit:
        latest = unit.get(VaultFact, "latest")
        assert latest is not None
        return [unit.count(LogEntry), unit.count(VaultFact) - 1, int(latest.value) + 1]


def read(folder: Path, key: bytes) -> None:
    """Look at a vault on a disk that cannot be written to, then try to write."""
    path = folder / "vault.db"
    answers: dict[str, object] = {}
    try:
        with Store.open(path, key, writable=False) as store:
            answers["found"] = look(store)
    except LockboxError as error:
        answers["found"] = type(error).__name__
    try:
        Store.open(path, key, writable=True)
    except LockboxError as error:
        answers["write"] = type(error).__name__
    try:
        with writer_lock(folder):
            pass
    except LockboxError as error:
        answers["lock"] = type(error).__name__
    print(json.dumps(answers))


def hold_lock(folder: Path, key: bytes) -> None:
    del key
    with writer_lock(folder):
        print("held", flush=True)
        time.sleep(60)


def scan_memory(folder: Path, key: bytes) -> None:
    """Count the hex text of a key in the memory of this process, opened and closed."""
    key = os.urandom(32)  # the one handed in arrived as hex text
    with Store.create(folder / "vault.db", key) as store:
        append(store, 0)
        opened = occurrences(key)
    print(json.dumps({"open": opened, "closed": occurrences(key)}))


def occurrences(key: bytes) -> int:
    # Looked for in two halves that meet only here, so that the search does not find itself.
    head, tail = key[:8].hex().encode(), key[8:16].hex().encode()
    found, memory = 0, os.open("/proc/self/mem", os.O_RDONLY)
    for start, end in writable_regions():
        region = os.pread(memory, end - start, start)
        at = region.find(head)
        while at >= 0:
            found += region[at + 16 : at + 32] == tail
            at = region.find(head, at + 1)
    os.close(memory)
    return found


def writable_regions() -> list[tuple[int, int]]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    spans = [line.split()[0].split("-") for line in lines if line.split()[1].startswith("rw")]
    return [(int(start, 16), int(end, 16)) for start, end in spans]


TASKS = {task.__name__: task for task in (nursery, fill, fill_limited, read, hold_lock, scan_memory)}

if __name__ == "__main__":
    TASKS[sys.argv[1]](Path(sys.argv[2]), bytes.fromhex(sys.stdin.readline()))
