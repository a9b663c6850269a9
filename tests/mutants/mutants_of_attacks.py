"""Ways in which an attack would calm an owner who should be warned, or take from what it leaves alone."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="the learner leaves its noise out, which an attack sees",
        kind=Kind.PRIVACY,
        function="noised_gradient",
        old="cells += noise",
        new="cells += 0 * noise",
        caught_by="test_noise_that_is_left_out_is_seen",
    ),
    Mutant(
        name="an attacker looks where no canary pulls",
        kind=Kind.PRIVACY,
        function="Canaries.scores",
        old="flat[self.places]",
        new="flat[self.places - self.places]",
        caught_by="test_with_hardly_any_noise_nearly_every_guess_is_right[labels]",
    ),
    Mutant(
        name="canaries have the answer that the model is sure of",
        kind=Kind.PRIVACY,
        function="_other_answer",
        old="return 1\n",
        new="return 0\n",
        caught_by="test_with_hardly_any_noise_nearly_every_guess_is_right[labels]",
    ),
    Mutant(
        name="columns are shorter where a canary is not in",
        kind=Kind.PRIVACY,
        function="Canaries.columns",
        old="rows = others + self.count * self.rows",
        new="rows = others + (self.count - (not members.any())) * self.rows",
        caught_by="test_columns_are_as_long_whoever_is_in",
    ),
    Mutant(
        name="a rate above the bound is not said",
        kind=Kind.PRIVACY,
        function="attack_view",
        old="< FALSE_ALARM",
        new="< -FALSE_ALARM",
        caught_by="test_a_rate_is_above_the_bound_only_where_luck_gives_it_once_in_a_thousand[335-True]",
    ),
    Mutant(
        name="a few guesses make a number",
        kind=Kind.PRIVACY,
        function="run_attack_view",
        old="if guesses.made < FEWEST_GUESSES:",
        new="if guesses.made < 10:",
        caught_by="test_of_fewer_than_a_hundred_guesses_there_is_no_number",
    ),
    Mutant(
        name="a job is attacked until the number pleases",
        kind=Kind.PRIVACY,
        function="keep_guesses",
        old="""    if kept is None:
        act.uow.add(VaultFact(key=_KEY + manifest_digest, value=json.dumps(asdict(guesses), sort_keys=True)))
""",
        new="""    act.uow.delete_all(VaultFact, key=_KEY + manifest_digest)
    act.uow.add(VaultFact(key=_KEY + manifest_digest, value=json.dumps(asdict(guesses), sort_keys=True)))
""",
        caught_by="test_what_was_kept_first_stays",
    ),
    Mutant(
        name="a job that was attacked is attacked anew",
        kind=Kind.AUDIT,
        function="RequestActions.attack_stand_in",
        old="kept or self._attacked",
        new="self._attacked",
        caught_by="test_it_is_kept_beside_the_price_and_no_record_is_read",
    ),
    Mutant(
        name="an attack on a run is shown before its release is decided",
        kind=Kind.PRIVACY,
        function="release_view",
        old="if is_decided and not _goes_on",
        new="if not _goes_on",
        caught_by="test_for_you_is_hidden_until_the_decision_is_final",
    ),
    Mutant(
        name="who looks at a run moves what leaves",
        kind=Kind.PRIVACY,
        function="MembershipAttack.look",
        old="        grid, rate = ",
        new="        theta += 2.0**-20 * batch.sum()\n        grid, rate = ",
        caught_by="test_a_run_is_the_same_whether_anybody_looks_or_not[logistic]",
    ),
    Mutant(
        name="what an attack on a run came to leaves with the update",
        kind=Kind.PRIVACY,
        function="Parcel.files",
        old="UPDATE_FILE: self.update,",
        new='UPDATE_FILE: self.update, "guesses.json": b\'{"guesses": 1}\',',
        caught_by="test_the_private_results_never_reach_the_egress",
    ),
    Mutant(
        name="what a run told the owner alone outlives the records it was computed from",
        kind=Kind.PRIVACY,
        function="destroy_held_of",
        old="held.private = None",
        new="pass",
        caught_by="test_what_was_learned_from_keeps_its_name_its_budget_and_the_refusal_of_its_files",
    ),
    Mutant(
        name="who follows a pattern is taken for one that is in",
        kind=Kind.PRIVACY,
        function="MembershipAttack.look",
        old="batch[self._members] * squared[0]",
        new="squared[0]",
        caught_by="test_units_that_were_in_no_sum_are_told_from_nobody_however_well_their_pattern_was_learned",
    ),
    Mutant(
        name="a made-up unit is told by the length of its gradient",
        kind=Kind.PRIVACY,
        function="MembershipAttack.look",
        old="along[1] * scale",
        new="along[1]",
        caught_by="test_evidence_is_how_far_a_sum_without_all_others_goes_along_a_units_gradient[mlp of days]",
    ),
    Mutant(
        name="an attack on a run leaves the noise out of what it sees",
        kind=Kind.PRIVACY,
        function="MembershipAttack.look",
        old="np.multiply(noise, grid, dtype=np.float64)",
        new="np.multiply(0 * noise, grid, dtype=np.float64)",
        caught_by="test_evidence_is_how_far_a_sum_without_all_others_goes_along_a_units_gradient[logistic]",
    ),
)
