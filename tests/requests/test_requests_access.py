"""Tokens: shown once, kept as digests, ended by time, by a word and by a block."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_home import Home
from requests_samples import NOW

from tests.worlds.plain_words import has_word
from vault.audit.timeline import timeline
from vault.errors.daemon import SessionEnded
from vault.errors.requests import RequesterBlocked, UnknownRequester
from vault.requests import requesters
from vault.requests import tokens as access
from vault.sealing.digest import sha256_hex
from vault.store.tables import AccessToken, LogEntry

SECOND = timedelta(seconds=1)


def issued(home: Home) -> str:
    with home.act() as act:
        return access.issue(act, "lab")


def holder(home: Home, token: str, *, after: timedelta = timedelta(0)) -> str:
    with home.store.read() as uow:
        return access.holder(uow, token, NOW + after).name


def is_dead(home: Home, token: str, *, after: timedelta = timedelta(0)) -> bool:
    try:
        holder(home, token, after=after)
    except SessionEnded:
        return True
    return False


def test_a_token_is_32_random_bytes_and_only_its_digest_is_kept(home: Home) -> None:
    token, other = issued(home), issued(home)

    assert {len(token), len(other)} == {43}
    assert token != other
    with home.store.read() as uow:
        kept = uow.find(AccessToken)
        trail = b"".join(entry.body for entry in uow.find(LogEntry))
        said = " ".join(line.sentence for line in timeline(uow))
    assert {row.digest for row in kept} == {sha256_hex(each.encode()) for each in (token, other)}
    assert not [row for row in kept if token in str(row.model_dump())]
    assert token.encode() not in trail
    assert token not in said


def test_a_token_works_for_90_days(home: Home) -> None:
    token = issued(home)

    assert holder(home, token) == "lab"
    assert holder(home, token, after=timedelta(days=90) - SECOND) == "lab"
    assert is_dead(home, token, after=timedelta(days=90))


def test_a_revoked_token_is_dead_and_a_new_one_works(home: Home) -> None:
    tokens = [issued(home), issued(home)]
    with home.act() as act:
        assert access.revoke(act, "lab") == 2
        assert access.revoke(act, "lab") == 0

    assert all(is_dead(home, token) for token in tokens)
    assert holder(home, issued(home)) == "lab"


def test_whoever_has_no_token_that_works_is_known_to_have_none(home: Home) -> None:
    """That of a campaign is in the hands of the owner's own courier."""

    def has_one(*, after: timedelta = timedelta(0)) -> bool:
        with home.store.read() as uow:
            return access.has_token(uow, requesters.find(uow, "lab").id, NOW + after)

    with home.act() as act:
        access.issue(act, "lab", campaign="c" * 32)
    assert not has_one()
    issued(home)
    assert (has_one(), has_one(after=timedelta(days=90))) == (True, False)
    with home.act() as act:
        access.revoke(act, "lab")
    assert not has_one()


def test_an_expired_token_is_not_counted_as_revoked(home: Home) -> None:
    issued(home)
    later = NOW + timedelta(days=91)
    home.date_is(later)
    with home.act(later) as act:
        assert access.revoke(act, "lab") == 0


def test_a_block_kills_tokens_for_good(home: Home) -> None:
    token = issued(home)
    with home.act() as act:
        requesters.block(act, "lab")
    assert is_dead(home, token)
    with home.act() as act:
        requesters.unblock(act, "lab")

    assert is_dead(home, token)


def test_a_blocked_requester_is_refused_even_where_their_token_was_forgotten(home: Home) -> None:
    token = issued(home)
    with home.act() as act:
        requesters.block(act, "lab")
        for row in act.uow.find(AccessToken):
            row.revoked_at = None

    assert is_dead(home, token)


def test_nobody_blocked_or_unknown_gets_a_token(home: Home) -> None:
    with home.act() as act:
        requesters.block(act, "lab")
    with pytest.raises(RequesterBlocked), home.act() as act:
        access.issue(act, "lab")
    for act_on in (access.issue, access.revoke):
        with pytest.raises(UnknownRequester), home.act() as act:
            act_on(act, "nobody")


def test_giving_and_ending_access_is_on_the_trail_and_names_nobody_in_clear(home: Home) -> None:
    issued(home)
    with home.act() as act:
        access.revoke(act, "lab")

    assert home.trail() == ["settings.change", "settings.change"]
    with home.store.read() as uow:
        said = [line.sentence for line in timeline(uow)][-2:]
        assert not any(has_word(entry.body, b"lab") for entry in uow.find(LogEntry))
    assert said == [
        "You changed the access of lab: they got a token, good until 2026-05-30.",
        "You changed the access of lab: every token of theirs is revoked.",
    ]


@given(st.text() | st.sampled_from(["", "?", "\udcff", "é" * 43, "A" * 43, "A" * 100_000]))
def test_no_other_text_is_a_token(shared_home: Home, text: str) -> None:
    assert is_dead(shared_home, text)


@given(st.integers(0, 42), st.characters())
def test_a_token_with_one_sign_changed_is_none(with_token: tuple[Home, str], place: int, sign: str) -> None:
    home, token = with_token
    changed = token[:place] + sign + token[place + 1 :]

    assert is_dead(home, changed) == (changed != token)


@pytest.fixture(scope="module")
def with_token(shared_home: Home) -> tuple[Home, str]:
    """A vault with one token of its requester."""
    return shared_home, issued(shared_home)
