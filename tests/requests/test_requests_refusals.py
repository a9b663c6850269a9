"""A no that holds: who was refused asks in vain for six months, unless the owner lifts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from requests_home import Home
from requests_samples import NOW, OTHER_KEY, document, job_of, signed

from vault.errors.requests import UnderRefusal, UnknownRefusal, WrongState
from vault.requests import inbox, refusals, requesters
from vault.requests.hearing import Heard, heard, over_at
from vault.requests.parse import parse_manifest
from vault.store.tables import RefusalRow
from vault.store.times import stamp
from vault.views.states import RequestState

LATER = NOW + timedelta(days=1)
MARKETING = "https://w3id.org/dpv#PersonalisedAdvertising"


def submitted(home: Home, number: int, now: datetime = NOW, **changes: Any) -> str:
    with home.act(now) as act:
        return inbox.submit(act, job_of(job_id=f"{number:032x}", **changes))[0]


def refused(home: Home, request_id: str, now: datetime = NOW) -> None:
    with home.act(now) as act:
        inbox.refuse(act, request_id)


def state_of(home: Home, request_id: str) -> tuple[RequestState, bool]:
    with home.store.read() as uow:
        row = inbox.show(uow, request_id)
        return row.state, row.is_told


def heard_of(home: Home, request_id: str, now: datetime = NOW) -> Heard:
    with home.store.read() as uow:
        return heard(inbox.show(uow, request_id), now)


def test_the_same_question_is_shown_to_nobody_for_six_months(home: Home) -> None:
    refused(home, submitted(home, 1))
    with home.act(LATER) as act:
        second, why = inbox.submit(act, job_of(job_id="2" * 32, fields__2__necessity="required"))

    assert isinstance(why, UnderRefusal)
    assert str(why) == (
        "You said no to lab for this purpose on sleep; that holds until 2026-08-31, and so this job is refused."
    )
    assert state_of(home, second) == (RequestState.REFUSED_POLICY, True)
    assert heard_of(home, second) is Heard.REFUSED
    assert home.trail()[-2:] == ["request.received", "request.refuse"]


OTHERS: list[dict[str, Any]] = [{"purpose__dpv": MARKETING}, {"collection": "walks"}, {"collection": "Sleep"}]


@pytest.mark.parametrize("changes", OTHERS)
def test_another_purpose_and_another_collection_are_other_questions(home: Home, changes: Any) -> None:
    refused(home, submitted(home, 1))

    assert state_of(home, submitted(home, 2, **changes)) == (RequestState.WAITING, False)


def test_another_requester_asks_another_question(home: Home) -> None:
    refused(home, submitted(home, 1))
    with home.act() as act:
        requesters.add(act, name="clinic", key=OTHER_KEY.public)
        theirs = signed(document(requester__key=OTHER_KEY.public.hex()), key=OTHER_KEY)
        assert inbox.submit(act, theirs)[1] is None


def test_it_holds_until_its_last_second_and_no_longer(home: Home) -> None:
    refused(home, submitted(home, 1))
    end = NOW + refusals.HOLDS
    far = {"expires": stamp(end + timedelta(days=30))}
    home.date_is(end - timedelta(seconds=1))

    assert (
        state_of(home, submitted(home, 2, now=end - timedelta(seconds=1), **far))[0]
        is not RequestState.WAITING
    )
    assert state_of(home, submitted(home, 3, now=end, **far)) == (RequestState.WAITING, False)


def test_the_owner_lifts_it_and_what_was_refused_stays_refused(home: Home) -> None:
    first = submitted(home, 1)
    refused(home, first)
    second = submitted(home, 2)
    with home.act() as act:
        assert refusals.lift(act, inbox.show(act.uow, first)) == 1

    assert state_of(home, submitted(home, 3)) == (RequestState.WAITING, False)
    assert [heard_of(home, one) for one in (first, second)] == [Heard.REFUSED, Heard.REFUSED]
    assert "settings.change" in home.trail()
    with pytest.raises(UnknownRefusal), home.act() as act:
        refusals.lift(act, inbox.show(act.uow, first))


def test_an_approval_that_is_taken_back_is_not_heard_and_neither_is_its_no(home: Home) -> None:
    """Whether it could still be taken back depends on how long the runs before it took."""
    first = submitted(home, 1)
    with home.act() as act:
        inbox.approve(act, first, grant_id="a" * 32)
    refused(home, first)
    second = submitted(home, 2)

    assert state_of(home, first) == (RequestState.REFUSED_PERSON, False)
    assert state_of(home, second) == (RequestState.REFUSED_POLICY, False)
    assert [heard_of(home, one) for one in (first, second)] == [Heard.WAITING, Heard.WAITING]


def test_a_no_that_was_told_stands_before_one_that_was_not(home: Home) -> None:
    first, second = submitted(home, 1), submitted(home, 2)
    with home.act() as act:
        inbox.approve(act, first, grant_id="a" * 32)
    refused(home, second)
    refused(home, first, LATER)

    assert state_of(home, submitted(home, 3, now=LATER)) == (RequestState.REFUSED_POLICY, True)


def test_what_is_refused_cannot_be_refused_again(home: Home) -> None:
    first = submitted(home, 1)
    refused(home, first)
    with pytest.raises(WrongState), home.act() as act:
        inbox.refuse(act, first)
    with home.store.read() as uow:
        assert uow.count(RefusalRow) == 1


def test_a_collection_that_is_erased_ends_its_requests_without_a_word_and_without_a_no(home: Home) -> None:
    first = submitted(home, 1)
    with home.act() as act:
        inbox.end_untold(act, first, reason="its collection was erased")

    assert state_of(home, first) == (RequestState.REFUSED_PERSON, False)
    assert heard_of(home, first) is Heard.WAITING
    assert state_of(home, submitted(home, 2)) == (RequestState.WAITING, False)


ENDS = {
    RequestState.RELEASED: (Heard.RELEASED, Heard.RELEASED),
    **dict.fromkeys(set(RequestState) - {RequestState.RELEASED}, (Heard.WAITING, Heard.EXPIRED)),
}


@pytest.mark.parametrize("state", RequestState)
def test_of_every_state_but_a_release_the_same_is_heard_until_one_moment(
    home: Home, state: RequestState
) -> None:
    first = submitted(home, 1)
    end = over_at(parse_manifest(job_of().manifest))
    with home.store.write() as uow:
        inbox.show(uow, first).state = state
        uow.commit()

    heard_at = heard_of(home, first, end - timedelta(seconds=1)), heard_of(home, first, end)
    assert ENDS[state] == heard_at
    assert stamp(end) == "2026-04-03T00:00:00Z", "a day and the time to decide after the end the job names"
