"""Seconds of processor time to parse, preview, seal and read back one file.

python benchmarks/import_rows.py [ROWS]       100,000 rows of 10 fields unless told otherwise
"""

from __future__ import annotations

import csv
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from vault.audit import log
from vault.audit.entries import EntryType
from vault.audit.transaction import audited
from vault.importers.read import read_table
from vault.records.collections import find_collection
from vault.records.imports import choose, import_table, repeats
from vault.records.preview import preview
from vault.records.reading import ColumnReader
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.random import random_secret
from vault.store.engine import Store

NAMES = ("when", "steps", "weight", "activity", "active", "pulse", "score", "note", "smoked", "day")


def main(rows: int) -> None:
    """Measure one import of so many rows in a throw-away vault."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        write_rows(file, rows)
        keys = KeyTree(random_secret())
        with Store.create(Path(folder) / "bench.db", keys.subkey(Purpose.DATABASE).reveal()) as store:
            begin_log(store)
            import_and_read(file, store, keys)


def write_rows(file: Path, rows: int) -> None:
    """A file of plausible health rows, the same every time."""
    dice = random.Random(1)
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(NAMES)
        writer.writerows(_row(dice, number) for number in range(rows))


def _row(dice: random.Random, number: int) -> list[object]:
    when = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=17 * number)
    return [
        *(when.isoformat(), dice.randint(0, 20_000), round(dice.gauss(70, 9), 2)),
        *(dice.choice(("walk", "run", "bike")), dice.random() < 0.5, dice.randint(40, 180), dice.random()),
        *(f"note {number}, {'x' * dice.randint(0, 20)}", dice.choice(("yes", "no")), when.date()),
    ]


def begin_log(store: Store) -> None:
    """The first entry of the audit trail, which every other needs."""
    with store.write() as uow:
        now = datetime.now(UTC)
        log.append(uow, kind=EntryType.LOG_GENESIS, now=now, clear={"app": "benchmark"}, hidden={})
        uow.commit()


def import_and_read(file: Path, store: Store, keys: KeyTree) -> None:
    """The four steps, each with its time."""
    with measured("parse"):
        parsed = read_table(file)
    with store.read() as uow:
        choice = choose(uow, "rows", parsed.fields)
    with measured("preview"):
        preview(parsed, choice.unit, choice.time_field)
    with measured("seal and commit"), audited(store, keys) as opened:
        import_table(
            opened,
            name="rows",
            parsed=parsed,
            unit=choice.unit,
            time_field=choice.time_field,
            lifetime_epsilon="8",
            file_digest=keyed_digest(keys.subkey(Purpose.IMPORT_DIGEST), parsed.digest_input),
        )
    with measured("compare with what is sealed"), store.read() as uow:
        repeats(uow, keys, "rows", parsed, choice)
    with measured("read every column"), store.read() as uow:
        reader = ColumnReader.of_owner(uow, keys, find_collection(uow, "rows").id)
        for name in reader.allowed:
            reader.column(name)


@contextmanager
def measured(step: str) -> Iterator[None]:
    """Print what the block cost."""
    start = time.process_time()
    yield
    print(f"{step:27} {time.process_time() - start:7.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
