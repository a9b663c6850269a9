"""What was decided about the last file of a collection, kept in the vault for the next one of its shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork

_KEY: Final = "import.plan."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """The names of the columns in the file, and how it was read, in the words of a `FileChoice`."""

    header: tuple[str, ...]
    words: Mapping[str, Any]


def keep_plan(uow: UnitOfWork, collection_id: int, plan: KeptPlan) -> None:
    """Keep a plan in the place of the one before."""
    text = json.dumps({"header": plan.header, **plan.words}, ensure_ascii=False, sort_keys=True)
    row = uow.get(VaultFact, f"{_KEY}{collection_id}")
    if row is None:
        uow.add(VaultFact(key=f"{_KEY}{collection_id}", value=text))
    else:
        row.value = text


def kept_plan(uow: UnitOfWork, collection_id: int) -> KeptPlan | None:
    """The plan of the last import into a collection; None where none was kept."""
    row = uow.get(VaultFact, f"{_KEY}{collection_id}")
    if row is None:
        return None
    words = json.loads(row.value)
    return KeptPlan(header=tuple(words.pop("header")), words=words)


def forget_plan(uow: UnitOfWork, collection_id: int) -> None:
    """Forget the plan of a collection that is erased."""
    uow.delete_all(VaultFact, key=f"{_KEY}{collection_id}")
