"""Ways for what an owner computes for themselves to get where somebody else has it, or to go unrecorded."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="an answer to an own job is put into an update that is kept",
        kind=Kind.EGRESS,
        function="use_on_collection",
        old="        return OnRows(answer=learner.answer(columns, progress), ",
        new="        from vault.store.tables import HeldRow\n"
        "        answer = learner.answer(columns, progress)\n"
        "        with vault.act() as act:\n"
        "            for held in act.uow.find(HeldRow):\n"
        "                held.update = answer.facts + answer.numbers\n"
        '            act.record(EntryType.ACCESS_VIEW, hidden={"what": collection})\n'
        "        return OnRows(answer=answer, ",
        caught_by="test_an_own_answer_reaches_nothing_that_can_leave",
    ),
    Mutant(
        name="an answer to an own job is put into a release folder",
        kind=Kind.EGRESS,
        function="written",
        old="        file.write(text.getvalue())",
        new="        file.write(text.getvalue())\n"
        '    for folder in target.parent.glob("*/release.json"):\n'
        '        folder.with_name("answer").write_bytes(answer.numbers)',
        caught_by="test_an_own_answer_reaches_nothing_that_can_leave",
        within="vault/training/predictions",
    ),
    Mutant(
        name="what has no noise is held as an update",
        kind=Kind.EGRESS,
        function="hold",
        old="if not isinstance(envelope, Envelope):",
        new="if envelope is None:",
        caught_by="test_what_holds_updates_takes_no_answer",
        within="vault/release",
    ),
    Mutant(
        name="an envelope is read as an answer",
        kind=Kind.EGRESS,
        function="decode_answer",
        old="if magic != _MAGIC or facts",
        new="if facts",
        caught_by="test_an_answer_is_no_envelope",
    ),
    Mutant(
        name="a score is not on the trail",
        kind=Kind.AUDIT,
        function="use_on_collection",
        old="        _note(vault, model, collection, task)",
        new='        _note(vault, model, collection, task) if task != "score" else None',
        caught_by="test_the_trail_says_that_it_happened_and_nothing_of_it_in_clear",
    ),
    Mutant(
        name="rows are read for a copy whose name is taken",
        kind=Kind.PRIVACY,
        function="ModelActions.fit_model",
        old='_check_name(uow, new_name or free_name(uow, f"{name}-at-home"))',
        new='free_name(uow, f"{name}-at-home")',
        caught_by="test_a_name_that_is_taken_is_refused_before_any_row_is_read",
    ),
    Mutant(
        name="a copy fitted at home outlives its rows",
        kind=Kind.PRIVACY,
        function="_shred",
        old="    act.uow.delete_all(ModelRow, collection_id=collection.id)",
        new="    assert ModelRow",
        caught_by="test_a_copy_fitted_at_home_goes_with_the_rows_it_was_fitted_on",
    ),
    Mutant(
        name="a copy fitted at home is fitted to other rows besides",
        kind=Kind.PRIVACY,
        function="ModelActions._row_to_fit",
        old="if shown.is_private and",
        new="if shown.name != name and",
        caught_by="test_a_copy_fitted_at_home_is_fitted_to_no_other_rows",
    ),
    Mutant(
        name="a copy is kept whose rows were erased while it was fitted",
        kind=Kind.PRIVACY,
        function="ModelActions.fit_model",
        old="if not used.imports <= ",
        new="if not used.imports and ",
        caught_by="test_a_copy_is_not_kept_where_its_rows_were_erased_while_it_was_fitted[undo_import]",
    ),
    Mutant(
        name="a copy is kept of rows whose collection was erased and is back under its name",
        kind=Kind.PRIVACY,
        function="ModelActions.fit_model",
        old="imports_of(act.uow, used.collection_id)",
        new="used.imports | imports_of(act.uow, used.collection_id)",
        caught_by="test_a_copy_is_not_kept_where_its_rows_were_erased_while_it_was_fitted[erase_collection]",
    ),
    Mutant(
        name="a release that nobody signed is taken in as a model",
        kind=Kind.EGRESS,
        function="ModelActions.add_model",
        old="release = check_release(files, key)",
        new="assert key and check_release",
        caught_by="test_only_a_release_that_verifies_is_taken_in[release.sig]",
    ),
    Mutant(
        name="the dialog of a fit does not say that the copy is not private and must stay",
        kind=Kind.PRIVACY,
        function="FitDialog.consequence",
        old="{model_facts.NOT_PRIVATE} It",
        new="{model_facts.FOR_YOU} It",
        caught_by="test_what_a_key_opens_says_the_consequence_and_enter_does_nothing[size0]",
    ),
    Mutant(
        name="a score is told where no curtain hides it",
        kind=Kind.PRIVACY,
        function="ModelUseDialog.use",
        old='lambda _: f"{self.DONE}. What came of it stands beside the model."',
        new="lambda answer: said(answer)[0]",
        caught_by="test_the_card_says_who_else_has_a_model_and_a_score_stands_beside_it[size0]",
    ),
    Mutant(
        name="scores of an own use are shown as a learner tells them",
        kind=Kind.PRIVACY,
        function="scores_of",
        old="parse_results(answer.facts, steps=0)",
        new='RunResults.model_construct(**__import__("json").loads(answer.facts))',
        caught_by="test_scores_that_no_learner_tells_are_not_shown",
    ),
    Mutant(
        name="scores of a fit at home are shown as a learner tells them",
        kind=Kind.PRIVACY,
        function="fit_of",
        old="parse_fit(answer.facts)",
        new='FitResults.model_construct(**__import__("json").loads(answer.facts))',
        caught_by="test_scores_that_no_learner_tells_are_not_shown",
    ),
    Mutant(
        name="chances that no learner predicts are shown",
        kind=Kind.PRIVACY,
        function="_are_classes",
        old=" and ((chances >= 0) & (chances <= 1)).all()",
        new="",
        caught_by="test_what_a_turned_learner_predicts_otherwise_is_not_shown[labels4-told4]",
    ),
)
