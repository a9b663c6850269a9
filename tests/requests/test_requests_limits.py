"""Somebody limited to one collection can name no other, however alike the names look."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_home import Home
from requests_samples import OTHER_KEY, document, job_of

from tests.sweeps import sweep
from vault.audit.transaction import AuditedTransaction
from vault.errors.families import LockboxError
from vault.errors.records import UnknownCollection
from vault.errors.requests import ManifestInvalid, OtherCollection
from vault.requests import inbox, requesters
from vault.requests.bundle import JobFiles
from vault.requests.canonical import canonical
from vault.requests.parse import parse_manifest
from vault.store.tables import RequesterRow, RequestRow

ONLY = "sleep"
LIKE = {
    "s": "sSſѕｓ𝓈",
    "l": "lLIⅼ1ｌ|",
    "e": "eEеéｅℯ",
    "p": "pPрρｐ",
}
EDGES = ["", " ", "\u200b", "\u00a0", "\ufeff", "\u0301", "\u2060", "\x00", "/", "/../walks", ".", "\n"]


@pytest.fixture(scope="module")
def limited(shared_home: Home) -> Home:
    """A vault whose second requester may ask about "sleep" alone."""
    with shared_home.act() as act:
        requesters.add(act, name="practice", key=OTHER_KEY.public, only_collection=ONLY)
    return shared_home


def error_for(home: Home, name: str) -> LockboxError | None:
    """How a job of the limited requester on a collection of this name ends; nothing of it stays."""
    found: LockboxError | None = None
    try:
        with home.act() as act:
            _submit_and_undo(act, job_of(OTHER_KEY, collection=name))
    except _Undone:
        pass
    except LockboxError as error:
        found = error
    with home.store.read() as uow:
        assert uow.count(RequestRow) == 0
    return found


class _Undone(Exception):
    """The act would have been committed."""


def _submit_and_undo(act: AuditedTransaction, job: JobFiles) -> None:
    _, refusal = inbox.submit(act, job)
    raise refusal or _Undone


def refused(home: Home, name: str) -> None:
    error = error_for(home, name)
    try:
        parse_manifest(canonical(document(requester__key=OTHER_KEY.public.hex(), collection=name)))
    except ManifestInvalid:
        assert isinstance(error, ManifestInvalid)  # no vault takes such a name from anybody
    else:
        assert isinstance(error, OtherCollection)


def test_the_one_collection_may_be_asked_about(limited: Home) -> None:
    assert error_for(limited, ONLY) is None


@pytest.mark.parametrize("name", ["walks", "nothing here", "SLEEP", "Sleep", "sleep2", "slee", "sl eep"])
def test_another_collection_is_refused_whether_it_is_there_or_not(limited: Home, name: str) -> None:
    error = error_for(limited, name)

    assert isinstance(error, OtherCollection)
    assert str(error) == "practice may ask about sleep alone, and this job names another collection."


ALIKE = st.tuples(
    st.sampled_from(EDGES), *(st.sampled_from(LIKE[sign]) for sign in ONLY), st.sampled_from(EDGES)
).map("".join)


@pytest.mark.parametrize("examples", sweep([25, 400]))
@pytest.mark.parametrize("names", [ALIKE, st.text(min_size=1, max_size=60)], ids=["alike", "any"])
def test_no_look_alike_and_no_other_text_is_the_name(
    limited: Home, names: st.SearchStrategy[str], examples: int
) -> None:
    @settings(max_examples=examples)
    @given(names)
    def each(name: str) -> None:
        if name != ONLY:
            refused(limited, name)

    each()


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_names_that_are_one_in_a_unicode_form_are_two_here(limited: Home, form: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in ONLY)
    folded = unicodedata.normalize(form, wide)

    if folded != ONLY:
        refused(limited, folded)
    refused(limited, wide)


def test_the_limit_holds_where_nothing_is_stored_too(limited: Home) -> None:
    with limited.store.read() as uow, pytest.raises(OtherCollection):
        inbox.examine(uow, job_of(OTHER_KEY, collection="walks"))


def test_who_is_not_limited_may_name_any_collection(home: Home) -> None:
    with home.act() as act:
        assert inbox.submit(act, job_of())[1] is None
    with home.act() as act:
        assert inbox.submit(act, job_of(collection="nothing here", job_id="f" * 32))[1] is None


@pytest.mark.parametrize("name", ["", "Sleep", "nothing here"])
def test_a_limit_names_a_collection_that_is_there(home: Home, name: str) -> None:
    with pytest.raises(UnknownCollection), home.act() as act:
        requesters.add(act, name="practice", key=OTHER_KEY.public, only_collection=name)
    with home.store.read() as uow:
        assert uow.count(RequesterRow, name="practice") == 0
