"""Which entries of the trail are about a requester, a collection or an outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vault.audit import timeline as trail
from vault.audit.entries import EntryType
from vault.errors.audit import CollectionNotOnTrail, RequesterNotOnTrail, RequesterRenamed
from vault.errors.families import Invalid
from vault.store.tables import CampaignRow, Collection, GrantRow, RequesterRow, RequestRow
from vault.views.history import ALL_RECORDS, TRAIL_OUTCOMES, TrailFilter

if TYPE_CHECKING:
    from vault.audit.timeline import Line
    from vault.store.unit_of_work import UnitOfWork

OUTCOMES: Final[Mapping[EntryType, str]] = {
    EntryType.CONSENT_GRANT: "allowed",
    EntryType.REQUEST_APPROVE: "allowed",
    EntryType.CAMPAIGN_JOIN: "allowed",
    EntryType.RELEASE_APPROVE: "allowed",
    EntryType.REQUEST_REFUSE: "refused",
    EntryType.CAMPAIGN_REFUSE: "refused",
    EntryType.REQUESTER_BLOCK: "refused",
    EntryType.ACCESS_DENIED: "refused",
    EntryType.TRAINING_RUN: "ran",
    EntryType.RUN_FAILED: "failed",
    EntryType.BUDGET_SPEND: "spent",
    EntryType.RELEASE_INTENT: "left",
    EntryType.RELEASE_SENT: "left",
    EntryType.RELEASE_WITHHOLD: "kept",
    EntryType.RELEASE_DESTROY: "kept",
    EntryType.RELEASE_EXPIRE: "kept",
    EntryType.CONSENT_WITHDRAW: "ended",
    EntryType.CONSENT_EXPIRE: "ended",
    EntryType.CAMPAIGN_LEAVE: "ended",
    EntryType.REQUEST_EXPIRE: "ended",
}
"""What came of it, where the type alone says so."""

_DECIDED: Final = {"permit": "allowed", "deny": "refused"}
_WHO: Final = ("requester", "controller", "recipient")
_WHICH: Final = ("collection", "what", "joined", "apart")
"""The hidden fields that name a requester, and those that name a collection."""
_IDS: Final = ("request", "run", "campaign", "consent")
"""What stands in clear and says whom an entry is about, the first that it has."""


def outcome_of(line: Line) -> str:
    """What came of it, or empty where nothing did."""
    if line.entry.kind is EntryType.DECISION:
        return _DECIDED[str(line.entry.clear["outcome"])]
    return OUTCOMES.get(line.entry.kind, "")


@dataclass(frozen=True, slots=True)
class _About:
    """Whom and which collection a request, a campaign or a consent is about."""

    requester_id: str = ""
    collection: str = ""


@dataclass(slots=True)
class _Names:
    """What a requester is called, and, for entries before a renaming, what they were called then.

    Before they were added the name was nobody's, or another's.
    """

    key: str
    now: str

    def before(self, kind: EntryType, said: Mapping[str, object]) -> None:
        """Go back behind an entry that renamed or added somebody."""
        if said.get("key") == self.key and ("before" in said or kind is EntryType.REQUESTER_ADD):
            self.now = str(said.get("before", ""))

    def are_in(self, kind: EntryType, said: Mapping[str, object]) -> bool:
        """Whether an entry names them."""
        if not self.now:
            return False
        if kind is EntryType.SETTINGS_CHANGE:
            return _is_in(self.now, said.get("what", ""))
        return any(said.get(name) == self.now for name in _WHO)


def _is_in(name: str, text: object) -> bool:
    """Whether a sentence has this name in it, as words of its own."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(text)) is not None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


class Sieve:
    """Lets through the entries that a filter means; it has to be shown the whole trail, the newest entry first."""

    def __init__(self, uow: UnitOfWork, only: TrailFilter) -> None:
        if only.outcome and only.outcome not in TRAIL_OUTCOMES:
            raise Invalid(reason=f"an outcome is one of {', '.join(TRAIL_OUTCOMES)}")
        self._uow, self._only = uow, only
        self._known: dict[str, _About] = {}
        if only.collection and not _is_known(uow, only.collection):
            raise CollectionNotOnTrail(name=only.collection)
        if only.requester:
            row = _requester(uow, only.requester)
            self._requester_id, self._names = row.id, _Names(row.key.hex(), row.name)

    def lets_through(self, line: Line) -> bool:
        """Whether the filter means this entry."""
        only, said = self._only, {one.name: one.value for one in line.opened}
        is_theirs = not only.requester or self._is_theirs(line, said)
        return (
            is_theirs
            and (not only.outcome or outcome_of(line) == only.outcome)
            and (not only.collection or self._is_of_collection(line, said))
        )

    def _is_theirs(self, line: Line, said: Mapping[str, object]) -> bool:
        found = self._about(line).requester_id == self._requester_id or self._names.are_in(
            line.entry.kind, said
        )
        self._names.before(line.entry.kind, said)
        return found

    def _is_of_collection(self, line: Line, said: Mapping[str, object]) -> bool:
        wanted, what = self._only.collection, str(said.get("what", ""))
        return (
            self._about(line).collection == wanted
            or any(wanted in _listed(said.get(name)) for name in _WHICH)
            or (line.entry.kind is EntryType.SETTINGS_CHANGE and _is_in(wanted, what))
            or (line.entry.kind is EntryType.ACCESS_VIEW and what.startswith(f"{ALL_RECORDS},"))
        )

    def _about(self, line: Line) -> _About:
        """Whose request, run, campaign or consent this entry is about, each asked for once."""
        clear = line.entry.clear
        name = str(next((clear[one] for one in _IDS if one in clear), ""))
        if name not in self._known:
            self._known[name] = self._found(name)
        return self._known[name]

    def _found(self, name: str) -> _About:
        if (request := self._uow.get(RequestRow, name)) is not None:
            return _About(request.requester_id, request.collection)
        if (campaign := self._uow.get(CampaignRow, name)) is not None:
            return _About(campaign.requester_id, campaign.collection)
        if (grant := self._uow.get(GrantRow, name)) is None:
            return _About()
        collection = self._uow.get(Collection, grant.collection_id)
        return _About(grant.requester_id, collection.name if collection else "")


# names that are no one's ------------------------------------------------------------------------------------------


def _requester(uow: UnitOfWork, name: str) -> RequesterRow:
    """Whom a filter names; raises `RequesterRenamed` for a name they had, and `RequesterNotOnTrail`."""
    for row in uow.find(RequesterRow, name=name):
        return row
    for said in _said(uow):
        if said.get("before") == name and "key" in said:
            for row in uow.find(RequesterRow, key=bytes.fromhex(str(said["key"]))):
                raise RequesterRenamed(before=name, name=row.name)
    raise RequesterNotOnTrail(name=name)


def _is_known(uow: UnitOfWork, name: str) -> bool:
    """Whether a collection has or had this name, or was asked for under it."""
    asked = (uow.count(RequestRow, collection=name), uow.count(CampaignRow, collection=name))
    if uow.count(Collection, name=name) or any(asked):
        return True
    return any(name in _listed(said.get(field)) for said in _said(uow) for field in _WHICH)


def _said(uow: UnitOfWork) -> Iterator[dict[str, object]]:
    """What the entries hide and the vault can open, the newest first."""
    for line in reversed(trail.timeline(uow)):
        yield {one.name: one.value for one in line.opened}
