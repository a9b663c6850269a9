"""What date it is for a vault: the computer's clock, held against the newest entry of the trail.

Time never runs backwards by itself, not by a second: entries are dated to their minute, so the moment of the newest one
is kept beside them, inside the vault alone. Nor does it run ahead by itself for long: after a longer pause it stands
still until the owner has said what date it is. Where the owner said that the clock had been wrong and the trail is
ahead, the trail goes on ahead by the same time, so that no entry is dated before another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from vault.audit import log
from vault.errors.clock import DateNotConfirmed
from vault.store.tables import LogEntry, VaultFact
from vault.store.times import stamp

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork

Clock = Callable[[], datetime]

LONGEST_PAUSE: Final = timedelta(days=31)
"""So long after the last entry the date is taken from the clock without a question."""
AHEAD_FACT: Final = "trail.minutes_ahead"
MOMENT_FACT: Final = "trail.moment"
"""The number of an entry and the moment at which it was written, while it is the newest."""
_MINUTE: Final = timedelta(minutes=1)
_MINUTES_END: Final = timedelta(seconds=59)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultDate:
    """What decides (`now`), what the computer's clock says, and how far the trail's own times are ahead of `now`."""

    now: datetime
    clock: datetime
    ahead: timedelta = timedelta(0)
    is_confirmed: bool = True

    def require(self) -> None:
        """Refuse what is charged or leaves while nobody has said what date it is; raises `DateNotConfirmed`."""
        if not self.is_confirmed:
            raise DateNotConfirmed(clock=stamp(self.clock), vault=stamp(self.now))


def vault_date(uow: UnitOfWork, clock: Clock) -> VaultDate:
    """The date of a vault now."""
    said = clock()
    if uow.count(LogEntry) == 0:
        return VaultDate(now=said, clock=said)
    ahead, stands_at = _ahead(uow), recorded_moment(uow)
    if said - stands_at > LONGEST_PAUSE:
        return VaultDate(now=stands_at, clock=said, ahead=ahead, is_confirmed=False)
    return VaultDate(now=max(said, stands_at), clock=said, ahead=ahead)


def recorded_moment(uow: UnitOfWork) -> datetime:
    """The moment of the newest entry: what was over by then is over, whatever a clock says."""
    return _moment(uow) or datetime.fromisoformat(log.last_time(uow)) - _ahead(uow) + _MINUTES_END


def keep_moment(uow: UnitOfWork, seq: int, now: datetime) -> None:
    """Keep the moment at which entry `seq`, the newest one, is written."""
    _keep(uow, MOMENT_FACT, f"{seq} {now.isoformat()}")


def _moment(uow: UnitOfWork) -> datetime | None:
    """The moment of the newest entry; None where an earlier version wrote it, and only its minute is known."""
    fact = uow.get(VaultFact, MOMENT_FACT)
    seq, _, moment = fact.value.partition(" ") if fact else ("", "", "")
    return datetime.fromisoformat(moment) if seq == str(uow.count(LogEntry) - 1) else None


def follow_clock(uow: UnitOfWork, said: datetime) -> VaultDate:
    """The date that the owner confirms: the clock's, with the trail going on as far ahead as its newest entry is."""
    ahead = max(timedelta(0), datetime.fromisoformat(log.last_time(uow)) - said)
    minutes = -(-ahead // _MINUTE)
    _keep(uow, AHEAD_FACT, str(minutes))
    return VaultDate(now=said, clock=said, ahead=minutes * _MINUTE)


def _keep(uow: UnitOfWork, key: str, value: str) -> None:
    fact = uow.get(VaultFact, key)
    if fact is None:
        uow.add(VaultFact(key=key, value=value))
    else:
        fact.value = value


def _ahead(uow: UnitOfWork) -> timedelta:
    fact = uow.get(VaultFact, AHEAD_FACT)
    return timedelta(0) if fact is None else int(fact.value) * _MINUTE
