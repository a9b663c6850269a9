"""Ways in which something older would be taken for today's, or somebody honest be left before a shut door."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="rows are held against nothing",
        kind=Kind.CONSENT,
        function="find_rollback",
        old="_of_trail(uow, mark), _of_rows(uow, seal, mark)",
        new="_of_trail(uow, mark), NONE",
        caught_by="test_a_page_put_back_alone_is_noticed[some]",
    ),
    Mutant(
        name="the digest that is kept is believed unseen",
        kind=Kind.CONSENT,
        function="RowSeal.problem",
        old="if row.digest != self._scan(connection):",
        new="if not row.digest:",
        caught_by="test_a_change_beside_the_acts_is_found_even_after_later_acts",
    ),
    Mutant(
        name="indexes are held against nothing",
        kind=Kind.CONSENT,
        function="misleading_index",
        old="_number(connection, query) != rows",
        new="_number(connection, query) < 0",
        caught_by="test_old_pages_of_an_index_are_found_although_every_row_is_right",
    ),
    Mutant(
        name="any key header that opens is the vault's own",
        kind=Kind.CONSENT,
        function="_of_header",
        old="named is None or named.value == header_digest(unlocked.header)",
        new="named is None or named.value",
        caught_by="test_a_key_header_put_back_lets_an_old_passphrase_only_look",
    ),
    Mutant(
        name="going on from an older copy leaves its consents",
        kind=Kind.CONSENT,
        function="_end_what_stands",
        old="withdraw_grant(act, grant.id)",
        new="grant.id",
        caught_by="test_a_backup_is_gone_on_from_and_nothing_spent_or_withdrawn_becomes_less",
    ),
    Mutant(
        name="what is remembered as spent is made up for by nothing",
        kind=Kind.LEDGER,
        function="make_up",
        old="vector=json.dumps(vector)",
        new="vector=json.dumps([0 for _ in vector])",
        caught_by="test_what_was_remembered_as_spent_is_spent_for_the_next_job_too",
    ),
    Mutant(
        name="a page that waits in the log is called damaged",
        kind=Kind.AUDIT,
        function="problems_of",
        old="if _page(problem) not in waiting",
        new="if problem",
        caught_by="test_a_page_of_which_the_newest_content_waits_in_the_log_is_not_called_damaged[0]",
    ),
    Mutant(
        name="rows that contradict each other are a mistake of the program",
        kind=Kind.AUDIT,
        function="OpenVault._contradictions",
        old="if is_foreseen or not self.rollback.is_mixed:",
        new="if error:",
        caught_by="test_rows_that_contradict_each_other_are_damage_and_no_mistake_of_the_program",
    ),
    Mutant(
        name="a damaged mark opens nothing",
        kind=Kind.AUDIT,
        function="_mark",
        within="vault/lifecycle",
        old="except LockboxError as error:",
        new="except OSError as error:",
        caught_by="test_a_damaged_mark_lets_one_look_and_is_named",
    ),
    Mutant(
        name="a folder that lacks a part is a vault",
        kind=Kind.AUDIT,
        function="check_folder",
        old="if missing := _missing(folder):",
        new='if missing := "":',
        caught_by="test_a_vault_that_lacks_a_part_says_which_and_no_other_is_made_there[no header]",
    ),
    Mutant(
        name="weights are not compared before a run",
        kind=Kind.AUDIT,
        function="_planned",
        within="vault/training",
        old="    check_weights(asked.row.weights, shapes(asked.manifest), asked.manifest.model.weights)\n",
        new="",
        caught_by="test_other_weights_than_those_of_the_manifest_are_not_trained_on",
    ),
)
