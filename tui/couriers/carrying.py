"""How couriers stand here, and letting one go once: a process of its own, started for the screens as by the command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from tui.couriers.decided import decided
from tui.couriers.joining import let_in
from vault.errors.families import LockboxError
from vault.errors.federation import CourierFolderDamaged

if TYPE_CHECKING:
    from learner.federation.courier_folder import Access, CourierFolder, CourierState
    from vault.owner.interface.owner import Owner
    from vault.settings import Paths
    from vault.views.releases import ReleaseView
    from vault.views.requests import RequestLine

Event = Mapping[str, Any]
_DONE_WITH: Final = ("sent", "not sent", "not here", "refused", "expired")


class Inbox(Protocol):
    """As much of an open vault as tells what was released."""

    def requests(self) -> list[RequestLine]:
        """Every request, the newest first."""

    def release(self, release_id: str) -> ReleaseView:
        """One held update and what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A campaign that a courier carries; until it ``is_let_in`` by an invitation, that was only looked at.

    ``to_carry`` are the rounds whose update was released here and that the courier has not brought away.
    """

    folder: CourierFolder
    access: Access
    url: str
    state: CourierState
    is_let_in: bool
    to_carry: tuple[int, ...] = ()

    @property
    def can_go(self) -> bool:
        """Whether a courier would do anything."""
        return not self.state.is_over or bool(self.to_carry)


def carried_here(home: Path, inbox: Inbox | None) -> dict[str, Carried]:
    """What couriers carry, by the id of the campaign here; a folder that cannot be read carries nothing.

    The inbox is asked where a courier was ever let in; without one nothing is known of what waits to be carried.
    """
    if not home.is_dir():
        return {}
    from learner.federation.courier_folder import carried, drafts

    lines = inbox.requests() if inbox is not None else []
    found = [  # the second one of a campaign counts: an invitation that was looked at gives a courier access anew
        *(_carried(one, is_let_in=True) for one in carried(home)),
        *(_carried(one, is_let_in=False) for one in drafts(home)),
    ]
    named = (one for one in found if one is not None and one.access.campaign)
    known = decided(lines)
    return {
        one.access.campaign: replace(
            one,
            state=replace(one.state, rounds=known.told(one.access.campaign, one.state.rounds)),
            to_carry=_to_carry(one, lines, inbox),
        )
        for one in named
    }


def _carried(folder: CourierFolder, *, is_let_in: bool) -> Carried | None:
    try:
        access, url = folder.access(), folder.invitation().url
    except LockboxError:
        return None  # the courier's own status names the folder, and joining again mends it
    state = _state(folder.place)
    return Carried(folder=folder, access=access, url=url, state=state, is_let_in=is_let_in)


def _state(folder: CourierFolder) -> CourierState:
    from learner.federation.courier_folder import CourierState

    try:
        return folder.state()
    except CourierFolderDamaged as error:
        return CourierState(trouble=str(error))


def _to_carry(one: Carried, requests: Iterable[RequestLine], inbox: Inbox | None) -> tuple[int, ...]:
    """The rounds whose update can still be fetched: not one that went to a folder, or whose time is over."""
    done = {each.number for each in one.state.rounds if each.word in _DONE_WITH}
    released = {
        line.round.number: line.id
        for line in requests
        if line.round and line.round.campaign == one.access.campaign and line.state == "released"
    }
    left = sorted(released.keys() - done)
    return tuple(
        number for number in left if inbox is not None and inbox.release(released[number]).fetch_until
    )


def waiting_for_couriers(home: Path, inbox: Inbox) -> int:
    """How many updates were released and wait to be carried."""
    return sum(len(one.to_carry) for one in carried_here(home, inbox).values())


def last_written(*homes: Path) -> tuple[tuple[str, int], ...]:
    """By what it shows that a courier or a mesh, whoever started it, has written down something new."""
    files = (
        file
        for home in homes
        if home.is_dir()
        for pattern in ("*/state.json", "*/net/seen.json")
        for file in home.glob(pattern)
    )
    return tuple(sorted((str(one), _written(one)) for one in files))


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0  # its campaign was left just now


def carry(vault: Owner, paths: Paths, one: Carried, tell: Callable[[Event], None]) -> None:
    """Let the courier of one campaign go once; raises the error that it tells, and `CourierFailed`."""
    from learner.federation.courier import errand
    from vault.client.attach import line_to

    if not one.is_let_in:
        let_in(vault, one.folder, one.access.requester)
    errand(one.folder.place, connect=lambda: line_to(paths), tell=lambda _folder, event: tell(event))
