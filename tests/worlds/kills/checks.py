"""What must be true of a vault whenever it is opened, whatever killed its owner before."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from tests.worlds.world import PASSPHRASE, World
from vault.errors.storage import VaultBusy
from vault.lifecycle.opened import OpenVault, mark_mac
from vault.records.collections import list_collections
from vault.records.reading import ColumnReader
from vault.store.high_water import read_mark
from vault.store.tables import (
    ChargeRow,
    Collection,
    Field,
    GrantRow,
    HeldRow,
    ImportedFile,
    LogEntry,
    RequestRow,
)
from vault.store.unit_of_work import UnitOfWork
from vault.vault import Vault
from vault.views.states import RequestState

HALF_WAY = {RequestState.RECEIVED, RequestState.READY, RequestState.CHARGED, RequestState.TRAINING}
FREE = {
    RequestState.WAITING,
    RequestState.APPROVED,
    RequestState.REFUSED_POLICY,
    RequestState.REFUSED_PERSON,
}
FILES = {"keys.lockbox", "keys.copy.lockbox", "vault.db", "vault.db-wal", "vault.db-shm", "writer.lock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a vault says after it was opened; `lost` counts the runs that failed after their charge."""

    size: int
    rows: dict[str, int]
    states: dict[str, str]
    charges: dict[str, int]
    may_have_left: frozenset[str]
    lost: int
    kinds: tuple[str, ...]
    problems: tuple[str, ...]


def truth(world: World, passphrase: str = PASSPHRASE) -> Truth:
    """Open the vault twice, look at everything, and give what it says; `problems` names every broken rule."""
    with _opened(world, passphrase) as vault:
        first = _look(vault)
    with world.vault(passphrase=passphrase) as vault:
        second = _look(vault)
    assert first.size == second.size, "settling a second time found something to do"
    assert first.problems == ()
    assert {path.name for path in world.paths.vault.iterdir()} <= FILES
    return first


def _opened(world: World, passphrase: str) -> Vault:
    """The vault, once it is free: a learner that its killed vault was just starting has the lock until its exec."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return world.vault(passphrase=passphrase)
        except VaultBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _look(vault: Vault) -> Truth:
    opened = vault._opened
    checked = vault.verify_audit()
    kinds = tuple(line.type for line in vault.audit_lines())
    with opened.read() as uow:
        bodies = [json.loads(row.body) for row in uow.find(LogEntry)]
        requests = uow.find(RequestRow)
        charges = uow.find(ChargeRow)
        problems = [
            *([f"older: {vault.rollback_reason}"] if vault.rollback_reason else []),
            *_mark_problems(opened, checked.size, checked.root),
            *_record_problems(opened, uow),
            *_request_problems(uow, requests, charges),
            *_charge_problems(uow, charges, bodies),
        ]
        return Truth(
            size=checked.size,
            rows={one.name: one.rows for one in list_collections(uow)},
            states={row.id: row.state for row in requests},
            charges={row.request_id: row.id for row in charges},
            may_have_left=frozenset(one.id for one in vault.releases() if one.may_have_left),
            lost=sum(body["type"] == "run.failed" and body["charged"] for body in bodies),
            kinds=kinds,
            problems=tuple(problems),
        )


def _mark_problems(opened: OpenVault, size: int, root: str) -> list[str]:
    mark = read_mark(opened.paths.state, opened.origin, mark_mac(opened.keys))
    if mark is None or (mark.size, mark.root) != (size, root):
        return ["after opening, the mark is not at the head of the log"]
    return []


def _record_problems(opened: OpenVault, uow: UnitOfWork) -> list[str]:
    problems = []
    for row in uow.find(Collection):
        files = uow.find(ImportedFile, collection_id=row.id)
        if sum(file.row_count for file in files) != row.rows:
            problems.append(f"{row.name} does not have the rows of its files")
        reader = ColumnReader.of_owner(uow, opened.keys, row.id)
        for field in uow.find(Field, collection_id=row.id):
            if len(reader.column(field.name)) != row.rows:
                problems.append(f"{row.name} has a column of another length")
    return problems


def _request_problems(uow: UnitOfWork, requests: list[RequestRow], charges: list[ChargeRow]) -> list[str]:
    charged, problems = {row.request_id for row in charges}, []
    for row in requests:
        state = row.state
        if state in HALF_WAY:
            problems.append(f"a request was left {state}")
        if (state in FREE) == (row.id in charged):
            problems.append(f"a request that is {state} is {'' if row.id in charged else 'not '}charged")
        held = uow.get(HeldRow, row.id)
        if (held is None) != (state in FREE | {RequestState.FAILED}):
            problems.append(f"a request that is {state} has {'no' if held is None else 'a'} held update")
        if held is not None and (held.intent_at is not None) != (
            state in {RequestState.SENDING, RequestState.RELEASED}
        ):
            problems.append(f"an update that is {state} has the wrong intent")
    return problems


def _charge_problems(uow: UnitOfWork, charges: list[ChargeRow], bodies: list[dict[str, object]]) -> list[str]:
    problems = []
    if len({row.request_id for row in charges}) != len(charges):
        problems.append("a request was charged twice")
    spent = [body["run"] for body in bodies if body["type"] == "budget.spend"]
    if sorted(map(str, spent)) != sorted(row.request_id for row in charges):
        problems.append("the trail and the ledger disagree")
    for grant in uow.find(GrantRow):
        paid = [row for row in uow.find(RequestRow, grant_id=grant.id) if row.id in spent]
        if grant.uses_spent != len(paid):
            problems.append("a consent has not the uses that were charged")
    return problems
