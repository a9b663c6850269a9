"""Ways in which the computer around a vault would mislead it: clocks, names, numbers, and what runs out."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="the longest pause is not asked about",
        kind=Kind.CONSENT,
        function="vault_date",
        old="if said - stands_at > LONGEST_PAUSE:",
        new="if stands_at - said > LONGEST_PAUSE:",
        caught_by="test_a_month_is_no_question[32-True]",
    ),
    Mutant(
        name="consents end by a date that nobody confirmed",
        kind=Kind.CONSENT,
        function="vault_date",
        old="now=stands_at, clock=said, ahead=ahead, is_confirmed=False",
        new="now=said, clock=said, ahead=ahead, is_confirmed=False",
        caught_by="test_a_command_with_the_clock_two_years_ahead_ends_nothing_and_says_so",
    ),
    Mutant(
        name="a clock set back brings back what ended",
        kind=Kind.CONSENT,
        function="vault_date",
        old="now=max(said, stands_at)",
        new="now=said",
        caught_by="test_a_clock_set_back_alone_brings_nothing_back",
    ),
    Mutant(
        name="a date in question pays and sends",
        kind=Kind.EGRESS,
        function="VaultDate.require",
        old="if not self.is_confirmed:",
        new="if not self.is_confirmed and self.ahead:",
        caught_by="test_while_the_date_is_in_question_nothing_is_paid_for_and_nothing_leaves",
    ),
    Mutant(
        name="a byte that is no text is spelled as half of a sign",
        kind=Kind.AUDIT,
        function="_escaped",
        within="vault/file_names",
        old="if ord(sign) in _ESCAPED_BYTES:",
        new="if ord(sign) in _ESCAPED_BYTES[:1]:",
        caught_by="test_the_name_of_a_new_collection_is_that_of_its_file_in_signs_that_can_be_kept",
    ),
    Mutant(
        name="a path that is no text goes into the socket",
        kind=Kind.AUDIT,
        function="_path",
        within="vault/wire/encoding",
        old="if not is_text(value):",
        new='if not is_text(value) and spelled(value) == "":',
        caught_by="test_an_unlocked_vault_takes_no_name_that_is_not_utf8_and_says_what_to_do",
    ),
    Mutant(
        name="a backup lies in its place before it is recorded",
        kind=Kind.AUDIT,
        function="UpkeepActions.backup",
        old='            hidden: dict[str, Json] = {"target": spelled(target.name)}\n'
        '            self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden=hidden)\n'
        "            move_to(packed, target)\n",
        new="            move_to(packed, target)\n"
        '            hidden: dict[str, Json] = {"target": spelled(target.name)}\n'
        '            self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden=hidden)\n',
        caught_by="test_a_backup_is_on_the_trail_before_it_lies_in_its_place",
    ),
    Mutant(
        name="a place that no file can have is a mistake of the program",
        kind=Kind.EGRESS,
        function="check_destination",
        old="except (RuntimeError, ValueError) as error:",
        new="except ValueError as error:",
        caught_by="test_a_place_that_cannot_be_written_to_is_named_and_nothing_is_recorded[behind a loop-False]",
    ),
    Mutant(
        name="a number that no program can read is an error of the server",
        kind=Kind.EGRESS,
        function="plain_object",
        within="vault/daemon/bodies",
        old="except (ValueError, RecursionError):",
        new="except RecursionError:",
        caught_by="test_a_number_of_many_digits_is_no_error_of_the_server",
    ),
    Mutant(
        name="an update leaves although nothing outside can be remembered",
        kind=Kind.LEDGER,
        function="OpenVault.require_mark",
        old="            raise MarkUnwritable(path=self.paths.state) from None",
        new="            assert MarkUnwritable",
        caught_by="test_nothing_is_charged_or_leaves_and_what_makes_things_safer_is_done",
    ),
    Mutant(
        name="an act is called done although its mark could not be written",
        kind=Kind.LEDGER,
        function="OpenVault.raise_mark",
        old="raise MarkNotWritten(path=self.paths.state) from error",
        new="assert error is not MarkNotWritten",
        caught_by="test_nothing_is_charged_or_leaves_and_what_makes_things_safer_is_done",
    ),
    Mutant(
        name="what ran out is blamed on the input",
        kind=Kind.AUDIT,
        function="truly",
        old="return what_ran_out(error) or error",
        new="return error or what_ran_out(error)",
        caught_by="test_what_ran_out_stands_behind_any_error_that_blames_the_input",
    ),
    Mutant(
        name="another name of the file that is erased is not said",
        kind=Kind.EGRESS,
        function="plan",
        within="vault/erasure",
        old="st_nlink > 1",
        new="st_nlink > 2",
        caught_by="test_under_another_name_of_the_same_file_it_is_erased_too_and_a_copy_keeps_it",
    ),
    Mutant(
        name="what is erased is called gone while somebody reads it",
        kind=Kind.EGRESS,
        function="_clear",
        within="vault/erasure",
        old="                raise ErasedNotCleared(\n"
        '                    collection=name, reason="something else is reading the vault"\n'
        "                ) from None",
        new="                return",
        caught_by="test_who_reads_for_too_long_leaves_bytes_that_the_next_opening_clears",
    ),
    Mutant(
        name="a copy of the vault that a kill left stays",
        kind=Kind.EGRESS,
        function="_clear_left",
        old="if folder.name.startswith(prefix) and _is_draft(folder):",
        new="if folder.name == prefix and _is_draft(folder):",
        caught_by="test_what_a_kill_left_is_gone_after_the_next[backup]",
    ),
    Mutant(
        name="a copy that is being made is taken away",
        kind=Kind.EGRESS,
        function="_clear",
        within="vault/lifecycle/draft_folder",
        old="        return  # its process lives",
        new="        shutil.rmtree(folder)",
        caught_by="test_a_folder_that_a_process_fills_and_one_that_is_no_draft_stay[in use]",
    ),
    Mutant(
        name="base64 in any spelling",
        kind=Kind.EGRESS,
        function="from_base64",
        old="if b64encode(data).decode() != text:",
        new="if len(b64encode(data)) != len(text):",
        caught_by="test_a_job_in_a_second_spelling_of_its_base64_is_refused[weights]",
    ),
)
