from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from vault.store.engine import Store
from vault.store.tables import LogEntry, VaultFact

CHILD = Path(__file__).with_name("store_child.py")


def kill_one_writer(nursery: subprocess.Popen[str], seconds: float, *, is_patient: bool) -> list[int]:
    """Let the nursery start a writer, kill it after a while, and give back what it had said was done.

    The patient one waits for the first act first: on a busy machine a writer may die before it did anything.
    """
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("next\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline().removeprefix("pid "))
    first = [int(nursery.stdout.readline().removeprefix("done "))] if is_patient else []
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    return first + acknowledged(nursery.stdout)


def acknowledged(lines: IO[str]) -> list[int]:
    done = []
    for line in lines:
        if line.startswith("dead"):
            break
        done.append(int(line.removeprefix("done ")))
    return done


def assert_whole(path: Path, key: bytes, acknowledged_until: int) -> int:
    """Everything acknowledged is there, at most one more act is, and each act is there with all its parts."""
    with Store.open(path, key, writable=True) as store:
        assert store.integrity_problems() == []
        with store.read() as unit:
            seqs = [row.seq for row in unit.find(LogEntry)]
            parts = {row.key for row in unit.find(VaultFact, value="second half")}
            latest = unit.get(VaultFact, "latest")
    assert list(range(len(seqs))) == seqs
    assert {f"seq {seq}" for seq in seqs} == parts
    assert len(seqs) == (0 if latest is None else int(latest.value) + 1)
    assert len(seqs) - 1 in {acknowledged_until, acknowledged_until + 1}
    return len(seqs) - 1


def kill_loop(path: Path, key: bytes, kills: int) -> int:
    Store.create(path, key).close()
    dice, last = random.Random(kills), -1
    command = [sys.executable, str(CHILD), "nursery", str(path.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None
        nursery.stdin.write(key.hex() + "\n")
        for number in range(kills):
            done = kill_one_writer(nursery, dice.uniform(0.001, 0.15), is_patient=number % 2 == 0)
            last = assert_whole(path, key, max([last, *done]))
        nursery.stdin.close()
    return last


def test_eight_killed_writers_lose_nothing_and_leave_nothing_half_done(path: Path, key: bytes) -> None:
    assert kill_loop(path, key, 8) >= 3


@pytest.mark.slow
def test_two_hundred_killed_writers_lose_nothing_and_leave_nothing_half_done(path: Path, key: bytes) -> None:
    assert kill_loop(path, key, 200) >= 99
