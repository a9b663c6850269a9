"""Ways in which an import or a card would do what nobody saw."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a table with columns of its own is taken for an export, and they are left out",
        kind=Kind.PRIVACY,
        function="Sheet.is_of",
        old='there - {""} <= self.taken',
        new="True",
        caught_by="test_a_table_with_columns_of_its_own_is_no_export_of_fitbit[Mood]",
        within="vault/importers",
    ),
    Mutant(
        name="a card is written that nobody read",
        kind=Kind.EGRESS,
        function="DataCardDialog.chosen",
        old="choice != self._shown",
        new="choice is None",
        caught_by="test_a_card_is_written_only_as_it_was_read",
        within="tui/dialogs",
    ),
    Mutant(
        name="one of several files joins a budget that was not shown",
        kind=Kind.LEDGER,
        function="seal_all",
        old="decides_more(one.plan, plan, same_export(one.choice, choices))",
        new="plan is None",
        caught_by="test_a_file_that_those_before_it_change_is_not_sealed_as_it_was_shown",
        within="tui/dialogs",
    ),
    Mutant(
        name="few units are those of the file",
        kind=Kind.PRIVACY,
        function="_about_few",
        old="there = home.count(units, enough)",
        new="there = max(there, 0)",
        caught_by="test_few_units_are_those_of_the_collection_with_the_rows",
        within="vault/records",
    ),
    Mutant(
        name="who is named in several rows of one of several files is many units",
        kind=Kind.PRIVACY,
        function="with_proposed",
        old="unit=str(found.plan.unit)",
        new='unit="record"',
        caught_by="test_what_counts_as_one_is_asked_of_each_of_several_files_with_people_in_several_rows",
        within="tui/cli",
    ),
    Mutant(
        name="a cap falls by joining and nobody is told",
        kind=Kind.LEDGER,
        function="_falls",
        old="today[name] > cap",
        new="today[name] < cap",
        caught_by="test_a_dry_run_of_an_import_names_the_budget_that_it_would_fix",
        within="vault/importers",
    ),
    Mutant(
        name="a tick tells a type that was guessed from rows",
        kind=Kind.PRIVACY,
        function="DataCardDialog._choice",
        old='dict.fromkeys(told, "")',
        new="{field.name: field.type for field in one.fields if field.name in told}",
        caught_by="test_a_card_is_written_only_as_it_was_read",
        within="tui/dialogs",
    ),
    Mutant(
        name="cells that are no numbers are missing in a vector to predict from",
        kind=Kind.PRIVACY,
        function="_spelled",
        old='"?" if _is_missing(cell)',
        new='"0" if _is_missing(cell)',
        caught_by="test_numbered_columns_are_the_vector_of_a_prediction_as_they_are_that_of_an_import",
        within="vault/requester",
    ),
    Mutant(
        name="a line that is too short hides behind a lone carriage return",
        kind=Kind.AUDIT,
        function="_has_lone_cr",
        old='data.count(b"\\r", start, end) != data.count(b"\\r\\n", start, end)',
        new='data.count(b"\\r", start, end) < data.count(b"\\r\\n", start, end)',
        caught_by="test_a_lone_carriage_return_ends_a_row_which_is_refused_where_it_is_too_short",
    ),
)
