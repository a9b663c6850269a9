"""What date it is for a vault: the computer's clock, held against the newest entry of the trail.

Time never runs backwards by itself, and it does not run ahead by itself for long: after a longer pause it stands
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
    ahead = _ahead(uow)
    last = datetime.fromisoformat(log.last_time(uow)) - ahead
    # an entry is dated to its minute, and what was decided in it stays decided: time stands at the minute's end
    stands_at = last + _MINUTES_END
    if said - stands_at > LONGEST_PAUSE:
        return VaultDate(now=stands_at, clock=said, ahead=ahead, is_confirmed=False)
    return VaultDate(now=said if said >= last else stands_at, clock=said, ahead=ahead)


def follow_clock(uow: UnitOfWork, said: datetime) -> VaultDate:
    """The date that the owner confirms: the clock's, with the trail going on as far ahead as its newest entry is."""
    ahead = max(timedelta(0), datetime.fromisoformat(log.last_time(uow)) - said)
    minutes = -(-ahead // _MINUTE)
    fact = uow.get(VaultFact, AHEAD_FACT)
    if fact is None:
        uow.add(VaultFact(key=AHEAD_FACT, value=str(minutes)))
    else:
        fact.value = str(minutes)
    return VaultDate(now=said, clock=said, ahead=minutes * _MINUTE)


def _ahead(uow: UnitOfWork) -> timedelta:
    fact = uow.get(VaultFact, AHEAD_FACT)
    return timedelta(0) if fact is None else int(fact.value) * _MINUTE
