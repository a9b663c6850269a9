"""Twelve ways to let bytes leave that should not, or to leave no trace of it."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a release that nobody confirmed",
        kind=Kind.EGRESS,
        function="_send",
        old="if not is_confirmed(held.manifest_digest, confirmed):",
        new="if not is_confirmed(held.manifest_digest, held.manifest_digest):",
        caught_by="test_a_digest_that_is_not_the_held_one_releases_nothing",
    ),
    Mutant(
        name="one digit confirms",
        kind=Kind.EGRESS,
        function="is_confirmed",
        old="TYPED_DIGITS <= len(wanted)",
        new="1 <= len(wanted)",
        caught_by="test_fewer_than_eight_digits_confirm_nothing",
    ),
    Mutant(
        name="an update past its deadline is sent",
        kind=Kind.EGRESS,
        function="_check_state",
        old="if act.now >= held.expires_at:",
        new="if act.now < held.held_at:",
        caught_by="test_a_held_update_expires_with_its_slot_and_its_bytes_are_deleted",
    ),
    Mutant(
        name="a blocked requester is sent to",
        kind=Kind.EGRESS,
        function="_check_recipient",
        old="if recipient.status is RequesterStatus.BLOCKED:",
        new="if recipient.status is None:",
        caught_by="test_nothing_is_sent_to_a_blocked_requester",
    ),
    Mutant(
        name="a withdrawal comes too late",
        kind=Kind.EGRESS,
        function="_check_consent",
        old="if grant is None or grant.withdrawn_at is not None:",
        new="if grant is None:",
        caught_by="test_the_egress_itself_checks_that_the_consent_was_not_withdrawn",
    ),
    Mutant(
        name="an update that was not paid for is sent",
        kind=Kind.EGRESS,
        function="_check_bytes",
        old="if not (paid and same and",
        new="if not (same and",
        caught_by="test_an_update_without_its_charge_does_not_leave",
    ),
    Mutant(
        name="the intent is recorded after the bytes are written",
        kind=Kind.EGRESS,
        function="_send",
        old="        _record_intent(act, held, request, parcel)\n"
        '    draft = _write(parcel, to, draft=f".{to.resolve().name}.{release_id[:8]}")',
        new='        draft = _write(parcel, to, draft=f".{to.resolve().name}.{release_id[:8]}")\n'
        "        _record_intent(act, held, request, parcel)",
        caught_by="test_the_intent_is_durable_before_the_first_byte_is_written",
    ),
    Mutant(
        name="other bytes leave than were confirmed",
        kind=Kind.EGRESS,
        function="_send",
        old="if _parcel(act, held, request) != parcel:",
        new="if _parcel(act, held, request) is None:",
        caught_by="test_the_parcel_that_was_confirmed_is_the_one_that_leaves_and_no_other",
    ),
    Mutant(
        name="a requester hears when an update expires",
        kind=Kind.EGRESS,
        function="state",
        within="vault",
        old="if uow.count(ChargeRow, request_id=row.id):",
        new="if uow.count(ChargeRow, request_id=row.id) and row.state is not RequestState.EXPIRED:",
        caught_by="test_an_update_that_expired_looks_like_one_that_is_in_progress",
    ),
    Mutant(
        name="a signature that could stand for something else",
        kind=Kind.EGRESS,
        function="_parcel",
        old="key.sign(RELEASE_DOMAINS[manifest.v] + held.manifest)",
        new="key.sign(held.manifest)",
        caught_by="test_a_release_reaches_the_requester_and_verifies",
    ),
    Mutant(
        name="what leaves is dated when it was written",
        kind=Kind.EGRESS,
        function="_write",
        within="vault/release",
        old="            date_alike(place / name)\n",
        new="",
        caught_by="test_nothing_that_leaves_tells_a_time",
    ),
    Mutant(
        name="a job of one version passes for one of the other",
        kind=Kind.EGRESS,
        function="_named_signer",
        old="JOB_DOMAINS[version_of(document, JOB_DOMAINS)]",
        new='JOB_DOMAINS[2] if version_of(document, JOB_DOMAINS) else b""',
        caught_by="test_a_signature_is_for_one_version_alone",
    ),
)
