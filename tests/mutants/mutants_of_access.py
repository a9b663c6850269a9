"""Ways to let a token alone do what the passphrase should stand behind, and to end what should not be ended."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="what is watched needs no proof",
        kind=Kind.EGRESS,
        function="_check_proof",
        old="if Kind.PROVEN in operation.action.kind:",
        new="if operation.action.kind is Kind.PROVEN:",
        caught_by="test_everything_that_lets_something_happen_in_the_world_wants_a_proof",
        within="vault/daemon",
    ),
    Mutant(
        name="a session without an end",
        kind=Kind.EGRESS,
        function="_is_alive",
        old="return is_young and (",
        new="return (",
        caught_by="test_a_session_ends_after_twelve_hours_however_much_it_is_used",
    ),
    Mutant(
        name="a token keeps the vault open",
        kind=Kind.EGRESS,
        function="Service.check_lock_after",
        old="if self.sessions.is_longer(wish.minutes):",
        new="if wish.proof is not None and self.sessions.is_longer(wish.minutes):",
        caught_by="test_a_token_alone_cannot_keep_the_vault_open_for_longer",
    ),
    Mutant(
        name="a token adds rows under a consent",
        kind=Kind.CONSENT,
        function="_check_without_proof",
        old="if is_under_consent(",
        new="if joins(plan) and is_under_consent(",
        caught_by="test_a_token_alone_adds_no_rows_to_what_somebody_may_learn_from",
    ),
    Mutant(
        name="another process is ended for the one that hangs",
        kind=Kind.EGRESS,
        function="_is_confirmed",
        old='is_same = facts.get("started") == start_of(pid) != 0',
        new='is_same = facts.get("started") != 0',
        caught_by="test_a_process_that_cannot_be_confirmed_is_never_ended",
    ),
    Mutant(
        name="locking waits for what was begun",
        kind=Kind.EGRESS,
        function="WatchedActions.stop_all",
        old="            one.is_stopped = True",
        new="            pass",
        caught_by="test_locking_waits_for_nothing_that_was_begun",
    ),
    Mutant(
        name="a wrong passphrase is not counted",
        kind=Kind.AUDIT,
        function="counted_try",
        old="            _write(file, _read(file).found_wrong(seconds))\n",
        new="            pass\n",
        caught_by="test_wrong_passphrases_are_on_the_trail_at_the_next_opening_to_write",
        within="vault/lifecycle",
    ),
    Mutant(
        name="a passphrase counts only after it was tried",
        kind=Kind.AUDIT,
        function="counted_try",
        old="        _write(file, begun)\n",
        new="",
        caught_by="test_tries_that_go_on_at_once_count_before_their_end_and_right_ones_no_more_after_it",
        within="vault/lifecycle",
    ),
    Mutant(
        name="keys that nobody takes are not wiped",
        kind=Kind.AUDIT,
        function="Begun.end",
        old="not (is_good and self._is_taken)",
        new="not is_good",
        caught_by="test_keys_that_nobody_took_are_wiped",
        within="vault/lifecycle",
    ),
)
