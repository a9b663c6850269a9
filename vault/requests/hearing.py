"""What a requester hears of its own job: four words, by its manifest, the clock and what a person decided alone.

Nothing here may look at what became of a run, at the catalogue, at a consent or at the budget: that a run failed, was
slow or never began can depend on records.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vault.views.states import RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.requests.manifest import Manifest
    from vault.store.tables import RequestRow

RUN_TIME: Final = timedelta(days=1)
"""What is left for a run that begins at the very end of its job."""


class Heard(StrEnum):
    """The words; `refused` is a person's no to a job that was not approved before."""

    WAITING = "waiting"
    REFUSED = "refused"
    EXPIRED = "expired"
    RELEASED = "released"


def over_at(manifest: Manifest) -> datetime:
    """The moment from which a job is over, whether it ran, failed, is held or never began.

    A day for a run and the whole time to decide come after the end that the job names, and nothing is sent later than
    this: so that what was once heard as expired is not heard as released afterwards, but by a clock that was wrong.
    """
    return manifest.expires_at + RUN_TIME + timedelta(minutes=manifest.slot_minutes)


def heard(row: RequestRow, now: datetime) -> Heard:
    """What the requester of this job hears of it."""
    if row.state is RequestState.RELEASED:
        return Heard.RELEASED
    if row.is_told:
        return Heard.REFUSED
    return Heard.EXPIRED if row.over_at is None or now >= row.over_at else Heard.WAITING
