"""Ways in which an attack on a stand-in would calm an owner who should be warned, or take from what it leaves alone."""

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
        function="attack_view",
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
)
