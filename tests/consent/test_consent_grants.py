"""What may become a consent at all, and which purposes there are."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from consent_cases import END, NOW, START, make_grant

from vault.consent.grants import LONGEST, Window, check_grant, purpose_iri
from vault.errors.families import Invalid
from vault.views.purposes import DPV, PURPOSES


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"not_after": START + LONGEST},
        {"uses": 1000},
        {"epsilon_cap": None},
        {"window": Window()},
        {"fields": frozenset({"hr"})},
    ],
)
def test_a_proper_consent_is_accepted(facts: dict[str, Any]) -> None:
    check_grant(make_grant(**facts))


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"id": ""}, "name a collection"),
        ({"collection": ""}, "name a collection"),
        ({"requester_id": ""}, "name a collection"),
        ({"fields": frozenset()}, "at least one field"),
        ({"fields": frozenset({"hr", ""})}, "at least one field"),
        ({"purpose": DPV + "Marketing"}, "purpose"),
        ({"purpose": "AcademicResearch"}, "purpose"),
        ({"not_before": END}, "end after it begins"),
        ({"created_at": END}, "end later than now"),
        ({"not_after": START + LONGEST + timedelta(seconds=1)}, "within a year"),
        ({"uses": 0}, "between 1 and 1000"),
        ({"uses": 1001}, "between 1 and 1000"),
        ({"epsilon_cap": Decimal(0)}, "positive"),
        ({"epsilon_cap": Decimal("NaN")}, "positive"),
        ({"epsilon_cap": Decimal("Infinity")}, "positive"),
        ({"window": Window(start=NOW, end=NOW)}, "time window"),
        ({"withdrawn_at": NOW}, "withdrawn"),
        ({"not_after": END.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_a_consent_that_breaks_a_rule_is_refused_with_that_rule(facts: dict[str, Any], rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        check_grant(make_grant(**facts))


@pytest.mark.parametrize("text", ["AcademicResearch", "dpv:AcademicResearch", DPV + "AcademicResearch"])
def test_a_purpose_may_be_written_short_or_long(text: str) -> None:
    iri = DPV + "AcademicResearch"
    assert iri == purpose_iri(text)


@pytest.mark.parametrize(
    "text", ["", "Research", "academicresearch", "dpv:dpv:AcademicResearch", DPV, "x\x1b[31m"]
)
def test_other_purposes_are_refused_without_echoing_them(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        purpose_iri(text)
    assert "\x1b" not in str(refusal.value)


def test_every_purpose_has_plain_words() -> None:
    assert len(PURPOSES) == 9
    for iri, words in PURPOSES.items():
        assert iri == purpose_iri(iri)
        assert words == words.lower()


def test_a_window_contains_itself_and_nothing_larger() -> None:
    window = Window(start=START, end=END)

    assert window.contains(window)
    assert Window().contains(window)
    assert not window.contains(Window())
