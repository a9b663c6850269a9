"""What a record says that the person was shown, and agreed to twice, is what they were."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from consent_cases import make_grant

from vault.audit.entries import EntryType
from vault.consent.grants import Grant
from vault.consent.receipts import load_grants, receipt, save_grant
from vault.consent.record import CONSENT, Promise
from vault.errors.consent import SpecialNotConfirmed
from vault.store.tables import Collection, Field, RequesterRow
from vault.views.field_types import FieldType, Sensitivity

ONE, TWO = "1" * 32, "2" * 32


def give(bench: Any, grant: Grant, **facts: Any) -> None:
    bench.now = max(bench.now, grant.created_at)
    with bench.act() as act:
        requester = act.uow.get(RequesterRow, grant.requester_id)
        save_grant(act, grant, requester=requester, notice_text="May train.", method="command", **facts)


def test_a_special_category_needs_a_yes_of_its_own(bench: Any) -> None:
    """No record claims an explicit consent that nobody was asked for: without it nothing is stored."""
    with pytest.raises(SpecialNotConfirmed, match=r"--special, and nothing was allowed: illness\.$"):
        give(bench, make_grant(id=ONE, fields=frozenset({"hr", "illness"})))
    with bench.store.read() as uow:
        assert load_grants(uow) == []


def test_a_unit_of_a_special_category_needs_it_as_well(bench: Any) -> None:
    """The unit of each row is read with every column, so its category counts like theirs."""
    with bench.act() as act:
        sleep = act.uow.find(Collection, name="sleep")[0].id
        facts = {"type": FieldType.TEXT, "is_system": True, "wrapped_key": b"", "position": 9}
        act.uow.add(Field(collection_id=sleep, name="_unit", sensitivity=Sensitivity.SPECIAL, **facts))
        act.record(EntryType.ACCESS_VIEW)
    with pytest.raises(SpecialNotConfirmed, match=r"each row's unit\.$"):
        give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=ONE), special_confirmed=True)
    with bench.store.read() as uow:
        record = receipt(uow, ONE)["record"]

    assert record["events"][0]["explicit_for"] == ["each row's unit"]
    assert [(each["field"], each["sensitivity"]) for each in record["processing"]["read_beside"]] == [
        ("_unit", "special")
    ]


def test_a_yes_to_special_categories_claims_nothing_where_there_is_none(bench: Any) -> None:
    give(bench, make_grant(id=ONE), special_confirmed=True)
    with bench.store.read() as uow:
        record = receipt(uow, ONE)["record"]

    assert record["processing"]["lawful_basis"] == CONSENT
    assert record["events"][0]["explicit_for"] == []


def test_who_gets_the_result_and_how_long_stands_in_the_receipt(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    give(bench, make_grant(id=TWO), promise=Promise(recipients=("The board",), retention="two years"))
    with bench.store.read() as uow:
        plain, promised = (receipt(uow, each)["record"]["processing"] for each in (ONE, TWO))

    assert plain["recipients"] == ["clinic", "not stated"]
    assert promised["recipients"] == ["clinic", "The board"]
    assert (plain["retention"]["update"], promised["retention"]["update"]) == ("not stated", "two years")


def test_the_notice_is_kept_word_for_word_with_its_digest(bench: Any) -> None:
    give(bench, make_grant(id=ONE))
    with bench.store.read() as uow:
        notice = receipt(uow, ONE)["record"]["processing"]["privacy_notice"]

    assert notice == {"text": "May train.", "sha256": hashlib.sha256(b"May train.").hexdigest()}
