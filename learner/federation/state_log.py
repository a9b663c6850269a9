"""The log of a campaign in a coordinator's database: its lines, and its head, which stands in the campaign's row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, insert, select, update

from learner.federation.state_rows import Rows
from learner.federation.state_tables import CAMPAIGN, LEAF
from vault.errors.federation import DatabaseOther
from vault.requester.campaign_log import CompactRange, leaf_hash

VERSION: Final = 1

SignHead = Callable[[int, bytes], bytes]
"""From size and root of the log to its signed checkpoint."""


def begin_campaign(rows: Rows) -> None:
    """Give a campaign its row with an empty log; raises ``DatabaseOther`` where there is one of another version."""
    found = rows.connection.execute(select(CAMPAIGN).where(CAMPAIGN.c.digest == rows.campaign)).mappings()
    version = next((each["version"] for each in found), None)
    if version is None:
        begun: dict[str, Any] = dict.fromkeys(("log_peaks", "checkpoint", "cosigned"), b"")
        begun |= {"digest": rows.campaign, "version": VERSION, "log_size": 0, "cosigned_size": 0}
        rows.connection.execute(insert(CAMPAIGN).values(begun))
    elif version != VERSION:
        raise DatabaseOther(reason=f"it is of version {version}, and this is {VERSION}")


def head(rows: Rows) -> RowMapping:
    """The row of a campaign, with the head of its log."""
    return (
        rows.connection.execute(select(CAMPAIGN).where(CAMPAIGN.c.digest == rows.campaign)).mappings().one()
    )


def lines(rows: Rows, start: int) -> list[bytes]:
    """The lines from one on."""
    asked = select(LEAF.c.line).where(LEAF.c.campaign == rows.campaign, LEAF.c.place >= start)
    return list(rows.connection.execute(asked.order_by(LEAF.c.place)).scalars())


def keep_cosigned(rows: Rows, note: bytes, size: int) -> None:
    """Keep a checkpoint of so many lines with that of its witness, unless a newer one is there."""
    if size > head(rows)["cosigned_size"]:
        _set_head(rows, cosigned=note, cosigned_size=size)


def append(rows: Rows, added: Sequence[bytes], sign_head: SignHead) -> None:
    """Put lines on the log and sign its new head, in the transaction of what they tell."""
    found = head(rows)
    peaks = [found["log_peaks"][first : first + 32] for first in range(0, len(found["log_peaks"]), 32)]
    log = CompactRange(found["log_size"], peaks)
    for line in added:
        rows.add(LEAF, place=log.size, line=line)
        log.append(leaf_hash(line))
    _set_head(
        rows, log_size=log.size, log_peaks=b"".join(log.peaks), checkpoint=sign_head(log.size, log.root())
    )


def _set_head(rows: Rows, **values: Any) -> None:
    rows.connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.digest == rows.campaign).values(**values))
