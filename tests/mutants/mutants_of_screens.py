"""Ways in which a key decides what nobody has read."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a dialog hears the keys that were meant for the screen before it",
        kind=Kind.CONSENT,
        function="Dialog.is_deaf_to",
        old="return self.program.time_of(event) < self._hears_from",
        new="return False",
        caught_by="test_a_dialog_hears_nothing_before_it_was_in_sight_for_half_a_second",
        within="tui/dialogs",
    ),
    Mutant(
        name="what locks and hides is heard at any moment by our keys alone",
        kind=Kind.CONSENT,
        function="urgent_keys",
        old="frozenset(_urgent(own))",
        new="frozenset(_urgent({}))",
        caught_by="test_what_hides_and_locks_is_heard_at_any_moment_by_the_key_that_a_person_chose",
        within="tui/app",
    ),
    Mutant(
        name="what is for good takes no word",
        kind=Kind.EGRESS,
        function="VaultCallDialog.is_typed",
        old="if not word:",
        new="if True:",
        caught_by="test_keeping_it_is_final_and_enter_alone_does_not",
        within="tui/dialogs",
    ),
    Mutant(
        name="a program that crashed while it ended says that all is well",
        kind=Kind.AUDIT,
        function="run",
        old="return ExitCode.FAILED if app.has_crashed else code or app.return_code or ExitCode.OK",
        new="return code or app.return_code or ExitCode.OK",
        caught_by="test_a_crash_after_the_program_was_told_to_end_is_no_success",
        within="tui/app",
    ),
    Mutant(
        name="a word typed before the question was heard decides it",
        kind=Kind.CONSENT,
        function="Talk.forget_typed",
        old="if sys.stdin.isatty():",
        new="if not sys.stdin.isatty():",
        caught_by="test_what_was_typed_before_the_question_decides_nothing",
        within="tui/by_ear",
    ),
    Mutant(
        name="the digest leaves out what is held for a decision",
        kind=Kind.CONSENT,
        function="digest",
        old="held=tuple(_held(uow, date.now))",
        new="held=()",
        caught_by="test_what_waits_in_it_is_what_waits_in_the_vault",
        within="vault/queries",
    ),
    Mutant(
        name="the digest says nothing of what left",
        kind=Kind.AUDIT,
        function="_left",
        old="if at >= stamp(since):",
        new="if at > stamp(since) and run in vault.running:",
        caught_by="test_it_says_what_happened_what_was_paid_and_what_left",
        within="vault/queries/digest",
    ),
    Mutant(
        name="the digest of a week tells of the weeks before it",
        kind=Kind.AUDIT,
        function="_entries",
        old="if entry.ts < stamp(since):",
        new="if entry.ts < stamp(since) and seq < 0:",
        caught_by="test_what_is_older_than_a_week_is_not_in_it",
        within="vault/queries/digest",
    ),
    Mutant(
        name="a digest that was never read is never due",
        kind=Kind.AUDIT,
        function="is_digest_due",
        old='fact(uow, DIGEST_READ) or fact(uow, "created_at")',
        new="fact(uow, DIGEST_READ) or stamp(now)",
        caught_by="test_it_is_due_a_week_after_it_was_read_and_reading_it_is_on_the_trail",
        within="vault/queries",
    ),
)
