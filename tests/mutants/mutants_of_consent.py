"""Ten ways to let a job run that no consent covers."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a consent covers its last moment too",
        kind=Kind.CONSENT,
        function="_failed",
        within="vault",
        old="now < grant.not_after",
        new="now <= grant.not_after",
        caught_by="test_one_condition_that_fails_refuses_with_its_own_reason",
    ),
    Mutant(
        name="a withdrawn consent holds until its end",
        kind=Kind.CONSENT,
        function="_failed",
        within="vault",
        old="grant.withdrawn_at is None",
        new="grant.withdrawn_at is None or now < grant.not_after",
        caught_by="test_one_condition_that_fails_refuses_with_its_own_reason",
    ),
    Mutant(
        name="any purpose will do",
        kind=Kind.CONSENT,
        function="_failed",
        within="vault",
        old="grant.purpose == question.purpose",
        new="bool(grant.purpose and question.purpose)",
        caught_by="test_one_condition_that_fails_refuses_with_its_own_reason",
    ),
    Mutant(
        name="one use more than was given",
        kind=Kind.CONSENT,
        function="_failed",
        within="vault",
        old="ledger.uses_taken(grant.id) < grant.uses",
        new="ledger.uses_taken(grant.id) <= grant.uses",
        caught_by="test_a_consent_is_used_up_by_as_many_jobs_as_it_allows",
    ),
    Mutant(
        name="an open window fits a bounded one",
        kind=Kind.CONSENT,
        function="Window.contains",
        old="(inner.start is not None and self.start <= inner.start)",
        new="inner.start is None or self.start <= inner.start",
        caught_by="test_a_window_that_sticks_out_on_either_side_is_refused",
    ),
    Mutant(
        name="consents combine",
        kind=Kind.CONSENT,
        function="_decide",
        old="if not failed[grant.id] and not _missing(grant, question)]",
        new="if not failed[grant.id]]\n"
        "    if question.required - frozenset().union(*(grant.fields for grant in covering)):\n"
        "        covering = []",
        caught_by="test_two_grants_never_combine",
    ),
    Mutant(
        name="what cannot be decided is permitted",
        kind=Kind.CONSENT,
        function="_internal",
        old="permitted=False,",
        new="permitted=True,",
        caught_by="test_a_ledger_that_fails_is_a_refusal",
    ),
    Mutant(
        name="optional fields come along",
        kind=Kind.CONSENT,
        function="_permit",
        old="allowed = _asked(question) & grant.fields",
        new="allowed = _asked(question)",
        caught_by="test_an_optional_field_that_is_not_granted_is_withheld_with_its_reason",
    ),
    Mutant(
        name="the window of a job is not asked about",
        kind=Kind.CONSENT,
        function="question",
        old="window=Window(start=manifest.where.start, end=manifest.where.end)",
        new="window=Window(start=manifest.where.start, end=manifest.where.start)",
        caught_by="test_the_question_names_exactly_what_the_manifest_asks",
    ),
    Mutant(
        name="a later consent widens what was approved",
        kind=Kind.CONSENT,
        function="decision_as_approved",
        old="for grant in load_grants(uow) if grant.id == asked.row.grant_id]",
        new="for grant in load_grants(uow)]",
        caught_by="test_a_later_wider_consent_does_not_widen_what_was_approved",
    ),
)
