"""Ways in which one vault of many would be all there is, or a campaign ask for more than was agreed to."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a vault that claims no noise is all that counts",
        kind=Kind.CONFINEMENT,
        function="inverse_noise_weights",
        old="np.minimum(inverse, MOST_WEIGHT * np.sort(inverse)[(len(inverse) - 1) // 2])",
        new="inverse",
        caught_by="test_no_vault_weighs_more_than_twice_the_median",
    ),
    Mutant(
        name="the mean size, which one vault can move, stands for the median",
        kind=Kind.CONFINEMENT,
        function="sizes_accepted",
        old="float(np.sort(sizes)[(len(sizes) - 1) // 2])",
        new="float(np.mean(sizes))",
        caught_by="test_the_filter_is_its_formula",
    ),
    Mutant(
        name="the known noise is not taken off",
        kind=Kind.CONFINEMENT,
        function="sizes_accepted",
        old="squares - variances * numbers",
        new="squares",
        caught_by="test_the_filter_is_its_formula",
    ),
    Mutant(
        name="a number that is none passes the filter",
        kind=Kind.CONFINEMENT,
        function="sizes_accepted",
        old="(squares <= bounds) & np.isfinite(squares)",
        new="squares <= bounds",
        caught_by="test_numbers_that_are_none_are_accepted_by_nothing_even_where_most_are",
    ),
    Mutant(
        name="a peer whose model lies far off is mixed with",
        kind=Kind.CONFINEMENT,
        function="mixed",
        old="others[accepted]",
        new="others",
        caught_by="test_what_is_not_accepted_is_not_mixed_with",
        within="learner/federation",
    ),
)
