"""Ways to a fresh budget for the same people, and to records without a look on the trail."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a joined budget begins at nothing",
        kind=Kind.LEDGER,
        function="_filter",
        old="numbers = {collection_id, *(one.id for one in members)}",
        new="numbers = {collection_id}",
        caught_by="test_what_was_spent_before_a_join_counts_after_it",
        within="vault/budget",
    ),
    Mutant(
        name="the largest cap of those that are joined holds",
        kind=Kind.LEDGER,
        function="least_cap",
        old="return min(",
        new="return max(",
        caught_by="test_the_least_cap_of_those_that_are_joined_holds",
    ),
    Mutant(
        name="erasing forgets the fingerprint",
        kind=Kind.LEDGER,
        function="_keep_the_budget",
        old="file.fingerprint = kept and seal_fingerprint(act.keys, kept, file.digest)",
        new="file.fingerprint = None",
        caught_by="test_the_same_people_bring_no_fresh_budget[True-a_line_feed_more]",
    ),
    Mutant(
        name="erasing one of several that share a budget undoes the join",
        kind=Kind.LEDGER,
        function="was_charged",
        old="members = {collection_id, *(one.id for one in members_of(uow, collection_id))}",
        new="members = {collection_id}",
        caught_by="test_erasing_one_of_several_undoes_no_budget_that_was_spent",
        within="vault/budget",
    ),
    Mutant(
        name="an erased collection that only shared a budget keeps no fingerprint",
        kind=Kind.LEDGER,
        function="plan",
        old="keeps_fingerprint=is_charged and",
        new="keeps_fingerprint=uow.count(RequestRow, collection=name) > 0 and",
        caught_by="test_erasing_one_of_several_undoes_no_budget_that_was_spent",
        within="vault/erasure",
    ),
    Mutant(
        name="one large number makes zeros of a column of small ones",
        kind=Kind.LEDGER,
        function="_is_tiny",
        old="most = 1.0 if version == 1 else _MOST_OF_A_COLUMN",
        new="most = 1.0",
        caught_by="test_an_odd_row_makes_no_zeros_of_a_column_of_small_numbers[1e-06]",
    ),
    Mutant(
        name="what an older version kept is compared with what this one makes",
        kind=Kind.LEDGER,
        function="_print_of",
        old="if version == rows.print.version:",
        new="if version:",
        caught_by="test_what_an_older_version_kept_is_compared_with_what_it_would_keep",
    ),
    Mutant(
        name="days and rows share a budget",
        kind=Kind.LEDGER,
        function="_check_units",
        old="if one.joins and one.other_unit:",
        new="if not one.joins and one.other_unit:",
        caught_by="test_one_budget_has_one_unit",
    ),
    Mutant(
        name="only the unit of the collection that was found is looked at",
        kind=Kind.LEDGER,
        function="_other_unit",
        old="for one in members_of(uow, row.id))",
        new="for one in members_of(uow, row.id) if one.rows)",
        caught_by="test_one_budget_has_one_unit",
        within="vault/records",
    ),
    Mutant(
        name="names of units are numbers only where all of them begin alike",
        kind=Kind.LEDGER,
        function="numbering",
        old='return pc.replace_substring_regex(column.cast(pa.string()), _NUMBERED, r"\\1")',
        new=(
            "texts = column.cast(pa.string())\n"
            "    heads = pc.replace_substring_regex(texts, r'[0-9].*$', '')\n"
            "    alike = len(pc.unique(heads)) < 2\n"
            "    return pc.replace_substring_regex(texts, _NUMBERED, r'\\1') if alike else texts"
        ),
        caught_by="test_one_odd_name_hides_no_other_unit[Q-0001]",
    ),
    Mutant(
        name="long numbers in texts are rounded",
        kind=Kind.LEDGER,
        function="_of_texts",
        old="keys = np.where(is_whole.to_numpy(zero_copy_only=False), wholes, keys)",
        new="wholes = is_whole",
        caught_by="test_one_odd_name_hides_no_other_unit[test]",
    ),
    Mutant(
        name="a token alone says that the same people are others",
        kind=Kind.LEDGER,
        function="widens",
        old="if apart:",
        new="if apart and plan.under_consent:",
        caught_by="test_a_token_alone_says_of_nobody_that_they_are_others_and_raises_no_cap",
    ),
    Mutant(
        name="a token alone makes a collection with the largest cap",
        kind=Kind.LEDGER,
        function="_check_without_proof",
        old="if what := widens(plan):",
        new="if (what := widens(plan)) and plan.overlaps:",
        caught_by="test_a_token_alone_says_of_nobody_that_they_are_others_and_raises_no_cap",
    ),
    Mutant(
        name="units alone decide",
        kind=Kind.LEDGER,
        function="_score",
        old="    if scores:",
        new="    scores = scores or [units]\n    if scores:",
        caught_by="test_units_alone_never_decide",
        within="vault/records",
    ),
    Mutant(
        name="later pages are not recorded",
        kind=Kind.AUDIT,
        function="RecordActions._looking",
        old="self._opened.note_look(kind, clear=clear, hidden=hidden)",
        new="' 1 to' in str(hidden) and self._opened.note_look(kind, clear=clear, hidden=hidden)",
        caught_by="test_each_page_that_is_asked_for_over_the_socket_is_on_the_trail[page0]",
    ),
    Mutant(
        name="what cannot be seen is taken in a name",
        kind=Kind.CONSENT,
        function="has_invisible",
        old="return not text.isprintable() or any(",
        new="return not text.isprintable() and any(",
        caught_by="test_a_collection_with_what_cannot_be_seen_is_refused",
    ),
)
