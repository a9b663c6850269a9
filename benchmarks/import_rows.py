"""What it costs to bring a file in and to take it out again: CSV and Parquet, show and export; and the memory it takes.

python benchmarks/import_rows.py [ROWS]    1,000,000 rows of 8 columns unless told otherwise

Each line is one step in a process of its own: seconds on the clock, seconds of processor time, and how far the
resident memory rose above that of the opened vault.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.csv
import pyarrow.parquet
from browse_million import COLUMNS, PASSPHRASE, in_a_process, write_rows

from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice


def main(rows: int) -> None:
    """Import the same rows in both formats into a throw-away vault, look at them and take them out."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = Paths(vault=folder / "vault", state=folder / "state")
        Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST)
        choices = [FileChoice(path=folder / f"rows.{kind}", name=kind) for kind in ("csv", "parquet")]
        write_rows(choices[0].path, rows)
        pyarrow.parquet.write_table(pyarrow.csv.read_csv(choices[0].path), choices[1].path)
        print(f"{rows:,} rows of {len(COLUMNS)} columns")
        print(f"{'step':34} {'clock s':>8} {'cpu s':>8} {'memory MB':>10}")
        for choice in choices:
            measure(paths, choice)


def measure(paths: Paths, choice: FileChoice) -> None:
    """Every step with one format."""
    name = choice.name
    in_a_process(f"{name}: look and decide", paths, choice, lambda vault, asked: vault.plan_import(asked))
    in_a_process(f"{name}: look, decide, seal, commit", paths, choice, stored)
    in_a_process(f"{name}: show", paths, choice, lambda vault, _: vault.show_collection(name))
    for kind in ("csv", "jsonl"):
        in_a_process(f"{name}: export as {kind}", paths, choice, partial(exported, as_format=kind))


def stored(vault: Vault, choice: FileChoice) -> None:
    """Import the file; the second one holds the same people, which takes another act."""
    plan = vault.plan_import(choice)
    (vault.import_under_consent if plan.needs_passphrase else vault.import_planned)(plan.id)


def exported(vault: Vault, choice: FileChoice, as_format: str) -> None:
    """Take everything out again."""
    vault.export_collection(
        choice.name, choice.path.with_name(f"{choice.name}.{as_format}.out"), as_format=as_format
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
