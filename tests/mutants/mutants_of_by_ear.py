"""Ways to decide by ear what was not heard, or not asked about."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="by ear any word runs and releases",
        kind=Kind.EGRESS,
        function="Talk.types",
        old='self.ask("Word:") == word',
        new='self.ask("Word:") != ""',
        caught_by="test_by_ear_only_its_word_releases",
    ),
    Mutant(
        name="by ear a release cannot be cancelled in its ten seconds",
        kind=Kind.EGRESS,
        function="Talk.is_quiet_for",
        old="return not ready",
        new="return True",
        caught_by="test_by_ear_a_release_waits_ten_seconds_in_which_the_enter_key_cancels_it",
    ),
    Mutant(
        name="by ear other bytes leave than were read out",
        kind=Kind.EGRESS,
        function="_release",
        old="confirm_digest=one.digest",
        new="confirm_digest=vault.release(one.id).digest",
        caught_by="test_by_ear_the_digest_that_was_said_is_the_one_that_is_released",
        within="tui/by_ear",
    ),
    Mutant(
        name="by ear a no to a special category is not heeded",
        kind=Kind.CONSENT,
        function="decide_run",
        old='f"No. {LATER}"):\n            return False',
        new='f"No. {LATER}"):\n            pass',
        caught_by="test_by_ear_a_special_category_takes_a_yes_of_its_own_that_names_each_column",
    ),
    Mutant(
        name="by ear optional columns are allowed unasked",
        kind=Kind.CONSENT,
        function="_with_columns",
        old='if talk.agrees(f"Allow {one.name} too", f"Not {one.name}"):',
        new='if talk.agrees(f"Allow {one.name} too", f"Not {one.name}") or asked:',
        caught_by="test_by_ear_an_optional_column_is_allowed_by_a_yes_of_its_own",
    ),
    Mutant(
        name="by ear a consent is written whose text was not said",
        kind=Kind.CONSENT,
        function="_say_run",
        old='talk.say("What you agree to, as its record will say:", draft.notice)',
        new="pass",
        caught_by="test_by_ear_the_consent_and_its_price_are_said_before_the_word_is_asked",
    ),
    Mutant(
        name="by ear a withdrawal is not asked about",
        kind=Kind.CONSENT,
        function="_withdraw",
        old='talk.agrees("Withdraw it", KEEP)',
        new="True",
        caught_by="test_by_ear_a_withdrawal_is_asked_about",
        within="tui/by_ear",
    ),
    Mutant(
        name="by ear a simple action is not asked about",
        kind=Kind.CONSENT,
        function="carry_out",
        old="else talk.agrees(question.verb, question.safe)",
        new="else True",
        caught_by="test_by_ear_every_simple_action_says_what_follows_and_is_asked_about",
    ),
    Mutant(
        name="by ear a name of two lines makes a choice of its own",
        kind=Kind.CONSENT,
        function="Talk.choose",
        old="{one_line(text)}",
        new="{text}",
        caught_by="test_by_ear_a_name_of_two_lines_makes_no_choice_of_its_own",
    ),
    Mutant(
        name="a question in lines steers the terminal",
        kind=Kind.CONSENT,
        function="Talk.ask",
        old="{escaped(spoken(question))} ",
        new="{spoken(question)} ",
        caught_by="test_what_is_asked_and_said_is_escaped",
    ),
    Mutant(
        name="a name of two lines makes a fact of its own",
        kind=Kind.CONSENT,
        function="_is_simple",
        old="text.isascii() and text.isprintable() for",
        new="text.isascii() for",
        caught_by="test_a_name_of_two_lines_makes_no_fact_of_its_own",
    ),
)
