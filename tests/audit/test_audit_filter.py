"""The trail narrowed to a requester, a collection or an outcome: exactly the entries that are about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from audit_home import Trail, trail_in
from audit_samples import CLEAR, SHA, START

from vault.audit import timeline as trail_lines
from vault.audit.entries import EntryType
from vault.queries import timeline
from vault.queries.trail_filter import Sieve, outcome_of
from vault.store.tables import CampaignRow, Collection, GrantRow, RequesterRow, RequestRow
from vault.views.field_types import UnitKind
from vault.views.history import TRAIL_OUTCOMES, TrailFilter
from vault.views.states import CampaignState, RequesterStatus, RequestState

CLINIC, LAB = "Ada clinic", "Acme"
"""The clinic was called Acme once; then somebody else got the name."""
KEYS = {CLINIC: b"\x01" * 32, LAB: b"\x02" * 32}
ASKED, OTHERS, CONSENT, CAMPAIGN, GONE = ("1" * 32, "2" * 32, "3" * 32, "4" * 32, "5" * 32)
"""A request of the clinic, one of the lab, a consent and a campaign of the clinic, and what is in the vault no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An entry, whom and which collections it is about, and what came of it."""

    kind: EntryType
    clear: dict[str, object]
    hidden: dict[str, object]
    who: str
    which: str
    outcome: str


def case(
    kind: EntryType, who: str = "", which: str = "", outcome: str = "", *, clear=None, **hidden: object
) -> Case:
    ids = dict.fromkeys(("request", "run"), ASKED) | {"consent": CONSENT, "campaign": CAMPAIGN}
    known = {name: ids.get(name, value) for name, value in CLEAR[kind].items()} | (clear or {})
    return Case(kind=kind, clear=known, hidden=hidden, who=who, which=which, outcome=outcome)


def key_of(name: str) -> str:
    return KEYS[name].hex()


HEART = "heart"
CASES = (
    case(EntryType.LOG_GENESIS),
    case(EntryType.LOG_RECOVERED, reason="it is older than Acme"),
    case(EntryType.SETTINGS_CHANGE, what="a token of Acme, before there was one"),
    case(EntryType.RECORD_IMPORT, "", HEART, collection=HEART, joined=[], apart=[]),
    case(EntryType.RECORD_IMPORT, "", "heart walks", collection="walks", joined=[HEART]),
    case(EntryType.RECORD_IMPORT, "", "heart walks", collection="walks", apart=[HEART]),
    # the clinic, while it was called Acme
    case(EntryType.REQUESTER_ADD, CLINIC, requester="Acme", key=key_of(CLINIC)),
    case(EntryType.SETTINGS_CHANGE, CLINIC, what="a token of Acme"),
    case(EntryType.REQUEST_EXPIRE, CLINIC, "", "ended", clear={"request": GONE}, requester="Acme"),
    case(EntryType.REQUESTER_RENAME, CLINIC, requester=CLINIC, key=key_of(CLINIC), before="Acme"),
    # the lab, which is called Acme since
    case(EntryType.REQUESTER_ADD, LAB, requester=LAB, key=key_of(LAB)),
    case(EntryType.REQUEST_RECEIVED, LAB, "walks", clear={"request": OTHERS}),
    case(EntryType.REQUEST_EXPIRE, LAB, "", "ended", clear={"request": GONE}, requester=LAB),
    # the clinic, by its new name
    case(EntryType.REQUESTER_TRUST, CLINIC, requester=CLINIC, key=key_of(CLINIC)),
    case(EntryType.REQUESTER_BLOCK, CLINIC, "", "refused", requester=CLINIC, key=key_of(CLINIC)),
    case(EntryType.SETTINGS_CHANGE, CLINIC, what=f"the block of {CLINIC}: it is lifted"),
    case(EntryType.SETTINGS_CHANGE, what="Acmes, or an Acme2 of the heartland"),
    case(EntryType.SETTINGS_CHANGE, "", HEART, what="a refusal about heart: it is lifted"),
    case(EntryType.CONSENT_GRANT, CLINIC, HEART, "allowed"),
    case(EntryType.CONSENT_GRANT, CLINIC, "", "allowed", clear={"consent": GONE}, controller=CLINIC),
    case(EntryType.CONSENT_WITHDRAW, CLINIC, HEART, "ended"),
    case(EntryType.CONSENT_EXPIRE, CLINIC, HEART, "ended"),
    case(EntryType.REQUEST_RECEIVED, CLINIC, HEART),
    case(EntryType.REQUEST_APPROVE, CLINIC, HEART, "allowed"),
    case(EntryType.REQUEST_REFUSE, CLINIC, HEART, "refused"),
    case(EntryType.REQUEST_EXPIRE, CLINIC, HEART, "ended"),
    case(EntryType.REQUEST_RETURN, CLINIC, HEART),
    case(EntryType.CAMPAIGN_RECEIVED, CLINIC, HEART),
    case(EntryType.CAMPAIGN_REFUSE, CLINIC, HEART, "refused"),
    case(EntryType.CAMPAIGN_JOIN, CLINIC, HEART, "allowed"),
    case(EntryType.CAMPAIGN_LEAVE, CLINIC, HEART, "ended"),
    case(EntryType.CAMPAIGN_ROUND, CLINIC, HEART),
    case(EntryType.CAMPAIGN_MODEL, CLINIC, HEART),
    case(EntryType.CAMPAIGN_FORK, CLINIC, HEART),
    case(EntryType.DECISION, CLINIC, HEART, "refused", clear={"outcome": "deny"}),
    case(EntryType.DECISION, CLINIC, HEART, "allowed", clear={"outcome": "permit", "reason": "granted"}),
    case(EntryType.TRAINING_RUN, CLINIC, HEART, "ran"),
    case(EntryType.RUN_FAILED, CLINIC, HEART, "failed"),
    case(EntryType.BUDGET_SPEND, CLINIC, HEART, "spent"),
    case(EntryType.RELEASE_INTENT, CLINIC, HEART, "left"),
    case(EntryType.RELEASE_APPROVE, CLINIC, HEART, "allowed"),
    case(EntryType.RELEASE_WITHHOLD, CLINIC, HEART, "kept"),
    case(EntryType.RELEASE_EXPIRE, CLINIC, HEART, "kept"),
    case(EntryType.RELEASE_DESTROY, CLINIC, HEART, "kept"),
    case(EntryType.RELEASE_SENT, CLINIC, HEART, "left"),
    case(EntryType.RELEASE_SENT, CLINIC, "", "left", clear={"run": GONE}, recipient=CLINIC),
    case(EntryType.RECORD_ERASE, "", HEART, collection=HEART, rows=3),
    case(EntryType.EXPORT, CLINIC, HEART, collection=HEART, requester=CLINIC),
    case(EntryType.ACCESS_VIEW, "", HEART, what=HEART, rows="1 to 100"),
    case(EntryType.ACCESS_VIEW, "", "heart walks", what="your records, to compare a file with them"),
    case(EntryType.ACCESS_VIEW, what="heartland"),
    case(EntryType.VAULT_UNLOCK, way="the passphrase"),
    case(EntryType.VAULT_LOCK),
    case(EntryType.ACCESS_DENIED, "", "", "refused", tries=3),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """A vault with what the entries are about, and all of them on its trail."""
    trail = trail_in(tmp_path_factory.mktemp("told"))
    end = START + timedelta(days=30)
    with trail.store.write() as uow:
        for number, name in enumerate(("heart", "walks"), start=1):
            collection = Collection(
                id=number, name=name, unit=UnitKind.DAY, lifetime_epsilon="8", created_at=START
            )
            uow.add(collection)
        for name, key in KEYS.items():
            status = RequesterStatus.NEW
            uow.add(RequesterRow(id=name, name=name, key=key, contact="", status=status, added_at=START))
        for request, who, which in ((ASKED, CLINIC, "heart"), (OTHERS, LAB, "walks")):
            facts = {"id": request, "job_id": request, "requester_id": who, "collection": which}
            blobs = {"manifest": b"", "signature": b"", "weights": b"", "manifest_digest": SHA}
            times = {"received_at": START, "expires_at": end}
            uow.add(RequestRow(**facts, **blobs, **times, state=RequestState.WAITING))
        grant = {"requester_id": CLINIC, "collection_id": 1, "record": "{}"}
        uow.add(GrantRow(id=CONSENT, **grant, not_after=end, created_at=START))
        campaign = {"digest": SHA, "requester_id": CLINIC, "collection": "heart", "document": b""}
        times = {"received_at": START, "expires_at": end}
        state = CampaignState.WAITING
        uow.add(CampaignRow(id=CAMPAIGN, **campaign, **times, signature=b"", state=state))
        uow.commit()
    for one in CASES:
        trail.record(one.kind, clear=one.clear, hidden=one.hidden)
    yield trail
    trail.store.close()


def found(told: Trail, only: TrailFilter) -> list[int]:
    """The numbers of what a filter lets through."""
    with told.store.read() as uow:
        sieve = Sieve(uow, only)
        return [line.entry.seq for line in reversed(trail_lines.timeline(uow)) if sieve.lets_through(line)][
            ::-1
        ]


def test_there_is_a_case_of_every_type_of_entry() -> None:
    assert {one.kind for one in CASES} == set(EntryType)


@pytest.mark.parametrize("who", [CLINIC, LAB])
def test_a_requester_is_told_of_under_every_name_they_had_and_of_nobody_else(told: Trail, who: str) -> None:
    assert found(told, TrailFilter(requester=who)) == [seq for seq, one in enumerate(CASES) if one.who == who]


@pytest.mark.parametrize("which", ["heart", "walks"])
def test_a_collection_is_told_of_by_its_name_and_by_what_is_about_it(told: Trail, which: str) -> None:
    assert found(told, TrailFilter(collection=which)) == [
        seq for seq, one in enumerate(CASES) if which in one.which.split()
    ]


def test_every_entry_has_its_one_outcome(told: Trail) -> None:
    with told.store.read() as uow:
        assert [outcome_of(line) for line in trail_lines.timeline(uow)] == [one.outcome for one in CASES]
    for outcome in TRAIL_OUTCOMES:
        expected = [seq for seq, one in enumerate(CASES) if one.outcome == outcome]
        assert (found(told, TrailFilter(outcome=outcome)), bool(expected)) == (expected, True)


def test_of_what_is_given_all_has_to_be_so(told: Trail) -> None:
    only = TrailFilter(requester=CLINIC, collection="heart", outcome="left")
    assert found(told, only) == [
        seq for seq, one in enumerate(CASES) if (one.who, one.which, one.outcome) == (CLINIC, "heart", "left")
    ]


def test_a_filtered_trail_is_read_in_few_large_parts_and_the_same_in_small_ones(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = []

    def counted(uow, **which):
        parts.append(which)
        return trail_lines.timeline(uow, **which)

    monkeypatch.setattr(timeline, "trail", type("Counted", (), {"timeline": staticmethod(counted)}))
    trail.record(EntryType.LOG_GENESIS)
    for number in range(1, 20):
        trail.record(EntryType.VAULT_UNLOCK if number % 3 else EntryType.ACCESS_DENIED, hidden={})

    def page(**which: int) -> list[int]:
        with trail.store.read() as uow:
            groups = timeline.timeline(uow, about=TrailFilter(outcome="refused"), **which)
        return [line.seq for group in groups for line in group.lines]

    assert (page(), page(limit=2), page(limit=2, before=15)) == ([3, 6, 9, 12, 15, 18], [15, 18], [9, 12])
    assert len(parts) == 3
    monkeypatch.setattr(timeline, "AT_ONCE", 3)
    assert (page(), page(limit=2), page(limit=2, before=15)) == ([3, 6, 9, 12, 15, 18], [15, 18], [9, 12])
