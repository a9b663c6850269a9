"""Who may ask."""

from __future__ import annotations

import pytest
from requests_home import Home
from requests_samples import KEY, OTHER_KEY, exit_code

from tests.worlds.plain_words import has_word
from vault.audit.timeline import timeline
from vault.errors.families import Invalid
from vault.errors.requests import RequesterBlocked, RequesterExists, UnknownRequester
from vault.requests import requesters
from vault.sealing.signing import is_signed_by
from vault.store.tables import LogEntry, RequesterRow


def test_a_requester_begins_as_new_and_is_found_by_name_and_key(home: Home) -> None:
    with home.act() as act:
        added = requesters.add(act, name="clinic", key=OTHER_KEY.public, contact="desk@example.org")

        assert (added.status, added.contact) == ("new", "desk@example.org")
        assert added.id == requesters.find(act.uow, "clinic").id
        assert added.id == requesters.find_by_key(act.uow, OTHER_KEY.public).id


@pytest.mark.parametrize(("name", "key", "what"), [("lab", OTHER_KEY, "name"), ("lab 2", KEY, "key")])
def test_a_name_and_a_key_are_given_once(home: Home, name: str, key: object, what: str) -> None:
    with pytest.raises(RequesterExists, match=f"with this {what}: lab"), home.act() as act:
        requesters.add(act, name=name, key=key.public)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "contact", "key"),
    [("a\u202eb", "", bytes(32)), ("", "", bytes(32)), ("a", "\x07", bytes(32)), ("a", "", bytes(31))],
)
def test_what_cannot_be_shown_or_used_is_refused(home: Home, name: str, contact: str, key: bytes) -> None:
    with pytest.raises(Invalid), home.act() as act:
        requesters.add(act, name=name, key=key, contact=contact)


def test_trusting_and_blocking_are_recorded_without_the_name_in_clear(home: Home) -> None:
    with home.act() as act:
        requesters.trust(act, "lab")
        assert requesters.find(act.uow, "lab").status == "trusted"
        requesters.block(act, "lab")
        assert requesters.find(act.uow, "lab").status == "blocked"
        requesters.unblock(act, "lab")

    assert home.trail() == ["requester.trust", "requester.block", "settings.change"]
    with home.store.read() as uow:
        assert requesters.find(uow, "lab").status == "new", "what was verified is to be verified again"
        assert timeline(uow)[-1].sentence == "You changed the block of lab: it is lifted."
        assert all(
            not has_word(entry.body, b"lab") and KEY.public.hex().encode() not in entry.body
            for entry in uow.find(LogEntry)
        )


def test_a_requester_is_renamed_and_stays_who_they_are(home: Home) -> None:
    with home.act() as act:
        before = requesters.trust(act, "lab").id
        requesters.rename(act, "lab", "night lab")

    assert home.trail() == ["requester.trust", "requester.rename"]
    with home.store.read() as uow:
        row = requesters.find(uow, "night lab")
        assert (row.id, row.key, row.status) == (before, KEY.public, "trusted")
        assert timeline(uow)[-1].sentence == "You renamed the requester lab to night lab."
        assert not any(has_word(entry.body, b"lab") for entry in uow.find(LogEntry))
        with pytest.raises(UnknownRequester):
            requesters.find(uow, "lab")


@pytest.mark.parametrize(
    ("name", "new_name", "error"),
    [
        ("nobody", "somebody", UnknownRequester),
        ("lab", "clinic", RequesterExists),
        ("lab", "lab", RequesterExists),
        ("lab", "", Invalid),
        ("lab", "a\u202eb", Invalid),
        ("lab", "x" * 81, Invalid),
    ],
)
def test_a_name_that_is_taken_or_cannot_be_shown_is_no_new_name(
    home: Home, name: str, new_name: str, error: type[Exception]
) -> None:
    with home.act() as act:
        requesters.add(act, name="clinic", key=OTHER_KEY.public)
    with pytest.raises(error), home.act() as act:
        requesters.rename(act, name, new_name)

    assert home.trail() == ["requester.add"]
    with home.store.read() as uow:
        assert [row.name for row in uow.find(RequesterRow, order_by="name")] == ["clinic", "lab"]


def test_a_block_is_lifted_by_name_and_never_by_trusting(home: Home) -> None:
    with home.act() as act:
        requesters.block(act, "lab")
    with pytest.raises(RequesterBlocked, match="lab is blocked") as error, home.act() as act:
        requesters.trust(act, "lab")
    with home.store.read() as uow:
        assert requesters.find(uow, "lab").status == "blocked"

    assert exit_code(error.value) == 4
    assert "requester unblock" in error.value.hint
    assert home.trail() == ["requester.block"]


def test_only_a_block_can_be_lifted(home: Home) -> None:
    with home.act() as act:
        requesters.trust(act, "lab")
    with pytest.raises(Invalid, match="lab is not blocked"), home.act() as act:
        requesters.unblock(act, "lab")
    with home.store.read() as uow:
        assert requesters.find(uow, "lab").status == "trusted"


def test_an_unknown_name_is_said_back_to_who_typed_it(home: Home) -> None:
    with home.store.read() as uow, pytest.raises(UnknownRequester, match="no requester clinic") as error:
        requesters.find(uow, "clinic")

    assert exit_code(error.value) == 1


def test_each_requester_has_a_vault_key_of_its_own_that_never_changes(home: Home) -> None:
    first = requesters.vault_key(home.keys, "a" * 32)

    assert first.public == requesters.vault_key(home.keys, "a" * 32).public
    assert first.public != requesters.vault_key(home.keys, "b" * 32).public
    assert is_signed_by(first.public, b"message", first.sign(b"message"))
