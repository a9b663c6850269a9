"""How well a stand-in of a job was attacked, kept once for each manifest: no second try is added to the first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.store.tables import VaultFact

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

_KEY: Final = "attacked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """So many guesses about made-up units, and how many were right."""

    made: int
    right: int


def keep_guesses(act: AuditedTransaction, manifest_digest: str, guesses: Guesses) -> Guesses:
    """Keep what came of it and give what is kept, which another attack had come to first; on the trail it is a look."""
    kept = kept_guesses(act.uow, manifest_digest)
    if kept is None:
        act.uow.add(VaultFact(key=_KEY + manifest_digest, value=json.dumps(asdict(guesses), sort_keys=True)))
    act.record(EntryType.ACCESS_VIEW, hidden={"what": "what an attacker would learn from a job"})
    return kept or guesses


def kept_guesses(uow: UnitOfWork, manifest_digest: str) -> Guesses | None:
    """What came of attacking a stand-in of this job, if that was done."""
    row = uow.get(VaultFact, _KEY + manifest_digest)
    return None if row is None else Guesses(**json.loads(row.value))
