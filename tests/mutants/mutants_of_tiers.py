"""Ways in which a noise tier would be another one than was assigned, signed and agreed to."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a vault is asked with the campaign's own noise, whatever its tier",
        kind=Kind.PRIVACY,
        function="document_of",
        old=".at_tier(row.tier)",
        new="",
        caught_by="test_a_round_of_the_own_tier_is_charged_by_it_and_one_of_another_is_refused",
    ),
    Mutant(
        name="a round may have any noise where there are tiers",
        kind=Kind.PRIVACY,
        function="_of_template",
        old='SAME | {"dp": OTHER_NOISE}',
        new='{key: clause for key, clause in SAME.items() if key != "dp"}',
        caught_by="test_a_round_is_one_in_its_own_tier_alone[clinic-far-off]",
    ),
    Mutant(
        name="a tier has the noise of the campaign",
        kind=Kind.PRIVACY,
        function="CampaignDocument.at_tier",
        old="self.noises[name]",
        new="self.noises[None]",
        caught_by="test_a_tier_is_the_campaign_with_its_noise_and_nothing_else",
    ),
    Mutant(
        name="the noise of a tier may be too fine for the grid",
        kind=Kind.PRIVACY,
        function="parse_campaign",
        old="for name in found.noises:",
        new="for name in (None,):",
        caught_by="test_a_document_with_tiers_that_is_wrong_says_what_is"
        "[document13-in tier far-off, its noise grid is too fine]",
    ),
    Mutant(
        name="a rule that counts each answer alike takes tiers",
        kind=Kind.CONFINEMENT,
        function="TieredCampaign._faults_of_tiers",
        old="self.aggregation.rule not in WEIGHING",
        new="False",
        caught_by="test_a_document_with_tiers_that_is_wrong_says_what_is[document11-trimmed_mean and mean do]",
    ),
    Mutant(
        name="a tier changes after the campaign was joined",
        kind=Kind.CONSENT,
        function="check_tier",
        old="row.tier != tier and not is_new",
        new="False",
        caught_by="test_a_tier_is_another_ones_until_the_campaign_is_joined_and_then_for_good",
    ),
    Mutant(
        name="a campaign is joined in another tier than was shown",
        kind=Kind.CONSENT,
        function="join",
        old=" or tier != row.tier",
        new="",
        caught_by="test_a_tier_is_another_ones_until_the_campaign_is_joined_and_then_for_good",
        within="vault/requests",
    ),
    Mutant(
        name="a tier is not on the record",
        kind=Kind.AUDIT,
        function="join",
        old=" | in_tier",
        new="",
        caught_by="test_what_is_shown_and_consented_to_is_the_price_of_the_own_tier[clinic]",
        within="vault/requests",
    ),
    Mutant(
        name="the log has a line for the job of a tier",
        kind=Kind.CONSENT,
        function="_check_own_round",
        old="logged_manifest(signed_document(campaign), campaign.digest, job)",
        new="sha256_hex(files.manifest)",
        caught_by="test_a_round_in_a_tier_comes_with_the_log_that_all_are_shown",
    ),
    Mutant(
        name="all answers weigh alike, whatever their tier",
        kind=Kind.CONFINEMENT,
        function="Coordinator._aggregated_in_file",
        old="tiers.get(key) for key in verified",
        new="None for key in verified",
        caught_by="test_an_answer_weighs_by_the_tier_that_was_assigned",
    ),
    Mutant(
        name="no bound holds for the least noise",
        kind=Kind.CONFINEMENT,
        function="inverse_noise_weights",
        old="MOST_WEIGHT * np.sort",
        new="1e9 * np.sort",
        caught_by="test_no_tier_weighs_more_than_twice_the_median",
    ),
    Mutant(
        name="the filter takes the noise of another tier off",
        kind=Kind.CONFINEMENT,
        function="accepted_answers",
        old="sizes_accepted(squares, noise.variances, numbers)",
        new="sizes_accepted(squares, np.full(len(squares), noise.variances.min()), numbers)",
        caught_by="test_the_filter_takes_the_noise_of_each_answers_own_tier_off",
    ),
    Mutant(
        name="a release answers in the tier that it claims",
        kind=Kind.CONFINEMENT,
        function="Coordinator.answer",
        old="        job = self.job(number, self._tier_of(key))\n",
        new="        said = parse_answer(body).manifest\n"
        "        jobs = [self.job(number, tier) for tier in self.document.noises]\n"
        "        job = next((one for one in jobs if sha256(one.manifest).encode() in said), jobs[0])\n",
        caught_by="test_a_release_of_another_tier_is_no_answer_and_nothing_of_it_is_kept[loud-quiet]",
    ),
    Mutant(
        name="a stored answer counts by the tier that it answers",
        kind=Kind.CONFINEMENT,
        function="Coordinator._written",
        old="self.job(found.number, tiers.get(each.key))",
        new="next((job for tier in self.document.noises for job in [self.job(found.number, tier)] "
        "if sha256(job.manifest).encode() in each.manifest), self.job(found.number))",
        caught_by="test_an_answer_that_was_stored_counts_by_the_assigned_tier_or_not_at_all",
    ),
    Mutant(
        name="a courier goes on where the log has its vault in another tier",
        kind=Kind.CONFINEMENT,
        function="check_own_tier",
        old=" and line != agreed",
        new=" and False",
        caught_by="test_a_log_that_enrols_the_vault_in_another_tier_than_was_agreed_to_stops_its_courier[far-None]",
    ),
    Mutant(
        name="a courier sends before it looks at what it knows of the log",
        kind=Kind.CONFINEMENT,
        function="Errand.run",
        old="            self._check_own_tier()\n            self._send_released()\n",
        new="            self._send_released()\n",
        caught_by="test_a_log_that_enrols_the_vault_in_another_tier_than_was_agreed_to_stops_its_courier[far-None]",
    ),
    Mutant(
        name="a second invitation moves a key to another tier",
        kind=Kind.CONFINEMENT,
        function="State.enrol",
        old="                    raise EnrolledInOtherTier()\n",
        new="                    same = ENROLLED_TIER.c.key == key\n"
        "                    rows.connection.execute(ENROLLED_TIER.delete().where(same))\n"
        "                    rows.add(ENROLLED_TIER, key=key, tier=tier or '')\n",
        caught_by="test_a_key_is_enrolled_in_one_tier_which_the_log_has",
    ),
    Mutant(
        name="an invitation may name a tier that nobody signed",
        kind=Kind.CONFINEMENT,
        function="check_invited",
        old="invitation.noise_tier not in document.noises",
        new="False",
        caught_by="test_an_invitation_to_a_tier_that_the_campaign_does_not_have_is_refused_before_a_key_is_told",
    ),
)
