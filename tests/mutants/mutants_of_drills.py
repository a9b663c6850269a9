"""Ways in which a drill is more than a drill, or is not told."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a drill that was decided lies among the requests",
        kind=Kind.EGRESS,
        function="end",
        old='_keep(act, f"{stamp(act.now)} {random_id()}")',
        new='_keep(act, f"{stamp(act.now)} {random_id()}"); act.uow.add(drill.row)',
        caught_by="test_a_decision_about_it_changes_nothing_and_stands_on_the_trail_as_a_look",
        within="vault/requests/drills",
    ),
    Mutant(
        name="a no to a drill holds against who is said to have sent it",
        kind=Kind.CONSENT,
        function="end",
        old='_keep(act, f"{stamp(act.now)} {random_id()}")',
        new='_keep(act, f"{stamp(act.now)} {random_id()}"); refusals.hold(act, drill.row, is_told=True)',
        caught_by="test_its_requester_hears_nothing_of_it_and_a_no_to_it_holds_against_nobody",
        within="vault/requests/drills",
    ),
    Mutant(
        name="a drill goes on as if it was approved",
        kind=Kind.CONSENT,
        function="raise_if_drill",
        old="raise WasDrill(said=_SAID[decided], change=change)",
        new="return",
        caught_by="test_a_drill_by_ear_says_what_it_was_and_nothing_begins",
        within="vault/owner",
    ),
    Mutant(
        name="a decision about a drill stands on the trail as something that outsiders count",
        kind=Kind.AUDIT,
        function="end",
        old="EntryType.ACCESS_VIEW",
        new="EntryType.REQUESTER_TRUST",
        caught_by="test_outsiders_see_no_request_in_it_and_no_approval",
        within="vault/requests/drills",
    ),
    Mutant(
        name="drills come to who never asked for them",
        kind=Kind.CONSENT,
        function="_drawn",
        old="if not kept:\n        return None",
        new='kept = kept or "2026-01-01T00:00:00Z 0"',
        caught_by="test_none_comes_unless_they_are_switched_on",
        within="vault/requests/drills",
    ),
    Mutant(
        name="who is blocked for a drill is blocked with no word of it",
        kind=Kind.AUDIT,
        function="end_with_requester",
        old="drill.requester.name == name",
        new="drill.requester.name != name",
        caught_by="test_to_block_whom_it_looks_like_blocks_them_and_ends_it_on_record",
        within="vault/owner",
    ),
    Mutant(
        name="the digest says that a drill was asked by somebody",
        kind=Kind.AUDIT,
        function="digest",
        old="one.received_at >= stamp(since) and uow.get(RequestRow, one.id)",
        new="one.received_at >= stamp(since)",
        caught_by="test_it_looks_like_a_request_of_theirs_with_something_otherwise",
        within="vault/queries",
    ),
    Mutant(
        name="a drill looks like a round of a campaign, which nobody is asked about",
        kind=Kind.CONSENT,
        function="_looks_like",
        old="is_old and row.campaign_id is None",
        new="is_old",
        caught_by="test_a_round_of_a_campaign_is_nothing_that_a_drill_looks_like",
        within="vault/requests/drills",
    ),
    Mutant(
        name="who approved a drill hears that the change was noticed",
        kind=Kind.CONSENT,
        function="raise_if_drill",
        old="said=_SAID[decided]",
        new="said=_SAID[REFUSED]",
        caught_by="test_a_decision_about_it_changes_nothing_and_stands_on_the_trail_as_a_look",
        within="vault/owner",
    ),
)
