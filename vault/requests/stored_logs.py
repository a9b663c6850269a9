"""The logs of campaigns as a vault keeps them: what it read so far, and the proof where one was split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.errors.campaigns import CampaignLogForked
from vault.requests.campaign_log_reading import (
    Fork,
    ReadLog,
    check_round_in,
    closed_rounds,
    fork_facts,
    opens,
    read_on,
)
from vault.requests.stored_campaigns import document_of
from vault.store.tables import CampaignLogRow, CampaignRow, RequesterRow

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.requests.campaign_log import LogPart
    from vault.store.unit_of_work import UnitOfWork


def log_row(uow: UnitOfWork, row: CampaignRow) -> CampaignLogRow | None:
    """What is kept of the log of a campaign, or None where none was ever handed over."""
    return uow.get(CampaignLogRow, row.id)


def kept_log(uow: UnitOfWork, row: CampaignRow) -> ReadLog:
    """The log of a campaign as far as it was read; of size 0 where it never was."""
    found = log_row(uow, row)
    if found is None:
        return ReadLog()
    return ReadLog(
        checkpoint=found.checkpoint,
        size=found.size,
        peaks=tuple(found.peaks[at : at + 32] for at in range(0, len(found.peaks), 32)),
        enrolled=found.enrolled,
        lines=tuple(found.lines.splitlines()),
    )


def fork_in(uow: UnitOfWork, row: CampaignRow, part: LogPart) -> Fork | None:
    """The proof that a checkpoint gives of a split log, or None; raises what `read_on` does of a log that is bad."""
    found = read_on(kept_log(uow, row), part, document_of(row), row.digest)
    return found if isinstance(found, Fork) else None


def keep_fork(act: AuditedTransaction, row: CampaignRow, fork: Fork) -> None:
    """Write the proof of a split log on the trail, once: from then on nothing comes in by this log."""
    found = log_row(act.uow, row)
    if found is None or found.fork is not None:
        raise CampaignLogForked()
    said = fork_facts(fork)
    found.fork = json.dumps(said).encode()
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    hidden = {"requester": name, "digest": row.digest, **said}
    act.record(EntryType.CAMPAIGN_FORK, clear={"campaign": row.id}, hidden=hidden)


def take_log(act: AuditedTransaction, row: CampaignRow, part: LogPart) -> ReadLog:
    """Read the log of a campaign on and keep the checkpoint; raises what `read_on` does, and `CampaignLogForked`."""
    found = log_row(act.uow, row)
    if found is not None and found.fork is not None:
        raise CampaignLogForked()
    read = read_on(kept_log(act.uow, row), part, document_of(row), row.digest)
    if isinstance(read, Fork):
        raise CampaignLogForked()
    if found is None:
        found = CampaignLogRow(
            campaign_id=row.id, checkpoint=b"", size=0, peaks=b"", enrolled=0, lines=b"", seen_at=act.at
        )
        act.uow.add(found)
    found.checkpoint, found.size, found.enrolled, found.seen_at = (
        read.checkpoint,
        read.size,
        read.enrolled,
        act.at,
    )
    found.peaks, found.lines = b"".join(read.peaks), b"".join(line + b"\n" for line in read.lines)
    return read


def closed_by_log(uow: UnitOfWork, campaign_id: str | None) -> frozenset[int]:
    """The rounds of a campaign that its kept log shows closed."""
    row = uow.get(CampaignRow, campaign_id or "")
    return frozenset() if row is None else closed_rounds(kept_log(uow, row))


def known_by_log(uow: UnitOfWork, row: CampaignRow, number: int, manifest: str, weights: str) -> int | None:
    """The size of the kept log in which a round stands with these digests; None where the log does not know it yet.

    Raises `RoundNotInLog` where it has another job for that round, and `RoundClosedInLog`.
    """
    log = kept_log(uow, row)
    if not opens(log, number):
        return None
    check_round_in(log, number, manifest=manifest, weights=weights)
    return log.size
