"""Facts put into a store and read from it again."""

from __future__ import annotations

from pathlib import Path

from vault.store.engine import Store
from vault.store.tables import VaultFact


def beside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def put(store: Store, **facts: str) -> None:
    with store.write() as unit:
        for name, value in facts.items():
            row = unit.get(VaultFact, name)
            if row is None:
                unit.add(VaultFact(key=name, value=value))
            else:
                row.value = value
        unit.commit()


def facts(store: Store) -> dict[str, str]:
    with store.read() as unit:
        return {row.key: row.value for row in unit.find(VaultFact)}
