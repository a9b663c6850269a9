"""The demonstration's table is the published one, and its ceiling is that of a well-known library."""

from __future__ import annotations

import numpy as np
import pytest

from tui.demo.hospital import REQUIRED, logistic_fit, read_table, split_patients


@pytest.mark.slow
def test_the_table_is_the_published_one() -> None:
    from sklearn.datasets import load_breast_cancer

    published = load_breast_cancer()
    columns, values, classes = read_table()
    assert columns == tuple(name.replace(" ", "_") for name in published.feature_names)
    assert np.array_equal(values, published.data)
    assert np.array_equal(classes, 1 - published.target)


def test_a_fifth_of_each_class_is_held_out_and_every_patient_is_on_one_side() -> None:
    inside, outside = split_patients()
    assert (len(inside.classes), len(outside.classes)) == (455, 114)
    assert (int(inside.classes.sum()), int(outside.classes.sum())) == (170, 42)
    both = np.concatenate([inside.values, outside.values])
    assert np.array_equal(np.unique(both, axis=0), np.unique(read_table()[1], axis=0))


def test_the_ceiling_is_the_fit_of_an_independent_implementation() -> None:
    from sklearn.linear_model import LogisticRegression

    inside, _ = split_patients()
    inputs = inside.standardised(tuple(REQUIRED))
    theirs = LogisticRegression(max_iter=1000, tol=1e-10).fit(inputs, inside.classes)
    assert np.allclose(
        logistic_fit(inputs, inside.classes), [*theirs.coef_[0], *theirs.intercept_], atol=1e-4
    )
