"""The thirteen ways to get differential privacy wrong, as changes of the learner's source."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="no clipping",
        kind=Kind.PRIVACY,
        function="clip",
        old="return gradients.mul_(clip_norm / norms.clamp(min=clip_norm))",
        new="return gradients",
        caught_by="test_what_is_beyond_is_shortened_to_the_clip_norm",
    ),
    Mutant(
        name="clip after averaging",
        kind=Kind.PRIVACY,
        function="bounded_gradients",
        old="yield members, truncate(clip(finite_or_zero(gradients), plan.clip_norm), plan)",
        new="mean = finite_or_zero(gradients)[: len(members)].mean(dim=0, keepdim=True)\n"
        "        shorter = (clip(mean.clone(), plan.clip_norm).norm() / mean.norm()).nan_to_num(1.0)\n"
        "        yield members, truncate(gradients * shorter, plan)",
        caught_by="test_no_bounded_gradient_is_longer_than_the_clip_norm",
    ),
    Mutant(
        name="noise divided by batch twice",
        kind=Kind.PRIVACY,
        function="draw_noise",
        old="plan.noise_cells",
        new="plan.noise_cells / plan.expected_batch",
        caught_by="test_a_step_draws_one_word_for_each_parameter",
    ),
    Mutant(
        name="square root of sigma",
        kind=Kind.PRIVACY,
        function="Plan.noise_cells",
        old="return self.noise_multiplier *",
        new="return math.sqrt(self.noise_multiplier) *",
        caught_by="test_the_sensitivity_counts_rounding_and_summation",
    ),
    Mutant(
        name="noise not scaled by clip norm",
        kind=Kind.PRIVACY,
        function="Plan.noise_cells",
        old="return self.noise_multiplier * self.sensitivity /",
        new="return self.noise_multiplier /",
        caught_by="test_the_sensitivity_counts_rounding_and_summation",
    ),
    Mutant(
        name="same noise every step",
        kind=Kind.PRIVACY,
        function="run",
        within="learner/engine",
        old="noise = taps.noise(draw_noise(words, plan))",
        new="noise = taps.noise(draw_noise(words, plan)) if step == 1 else taps.noise(noise)",
        caught_by="test_the_engine_has_no_violation[U2]",
    ),
    Mutant(
        name="fixed seed",
        kind=Kind.PRIVACY,
        function="_fresh_cipher",
        old="os.urandom(32)",
        new="bytes(32)",
        caught_by="test_no_word_comes_twice",
    ),
    Mutant(
        name="divide by actual batch",
        kind=Kind.PRIVACY,
        function="run",
        within="learner/engine",
        old="noised_gradient(total, noise, plan)",
        new="noised_gradient(total, noise, replace(plan, expected_batch=max(int(batch.sum()), 1)))",
        caught_by="test_the_steps_are_those_of_the_recipe",
    ),
    Mutant(
        name="no sampling",
        kind=Kind.PRIVACY,
        function="sample_units",
        old="return words.words(count) < np.uint64(threshold)",
        new="return np.ones(count, dtype=np.bool_)",
        caught_by="test_a_unit_is_in_when_its_word_is_below_the_threshold",
    ),
    Mutant(
        name="shuffled fixed batches",
        kind=Kind.PRIVACY,
        function="run",
        within="learner/engine",
        old="batch = sample_units(words, plan, units.count)",
        new="size = round(plan.sampling_rate * units.count)\n"
        "        epoch, place = divmod((step - 1) * size, max(units.count, 1))\n"
        "        order = np.random.default_rng(epoch).permutation(units.count)\n"
        "        batch = np.isin(np.arange(units.count), np.roll(order, -place)[:size])",
        caught_by="test_the_engine_has_no_violation[U3]",
    ),
    Mutant(
        name="twice the steps",
        kind=Kind.PRIVACY,
        function="plan_of",
        old="steps=job.steps,",
        new="steps=2 * job.steps,",
        caught_by="test_an_empty_batch_sums_to_zero",
    ),
    Mutant(
        name="clip each layer",
        kind=Kind.PRIVACY,
        function="clip",
        old="return gradients.mul_(clip_norm / norms.clamp(min=clip_norm))",
        new="layers = gradients.split(gradients.shape[1] // 2 or 1, dim=1)\n"
        "    each = [layer * (clip_norm / layer.norm(dim=1, keepdim=True).clamp(min=clip_norm)) for layer in layers]\n"
        "    return torch.cat(each, dim=1)",
        caught_by="test_what_is_beyond_is_shortened_to_the_clip_norm",
    ),
    Mutant(
        name="clip rows claim groups",
        kind=Kind.PRIVACY,
        function="bounded_gradients",
        old="gradients = unit_gradients(units, members, row_gradients, plan=plan, reduction=reduction)\n"
        "        yield members, truncate(clip(finite_or_zero(gradients), plan.clip_norm), plan)",
        new="each = lambda rows: clip(row_gradients(rows), plan.clip_norm)\n"
        "        gradients = unit_gradients(units, members, each, plan=plan, reduction=reduction)\n"
        "        yield members, truncate(finite_or_zero(gradients), plan)",
        caught_by="test_a_unit_may_span_physical_batches",
    ),
)
