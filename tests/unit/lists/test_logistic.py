"""The fit finds what the labels were drawn from."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.lists.logistic import chance, fit


def test_the_weights_that_the_labels_were_drawn_from_are_found() -> None:
    choose = random.Random(1)
    true = (-1.0, 2.0, -0.5)
    rows = []
    for _ in range(20_000):
        features = (float(choose.randrange(3)), float(choose.randrange(-2, 3)))
        rows.append((features, choose.random() < chance(true, features)))
    assert fit(rows) == pytest.approx(true, abs=0.15)


@given(st.lists(st.tuples(st.tuples(st.integers(-3, 3).map(float)), st.booleans()), max_size=30))
def test_any_labels_give_finite_weights(rows: list[tuple[tuple[float], bool]]) -> None:
    weights = fit(rows)
    assert all(abs(each) < 1e6 for each in weights)
    if rows:
        assert 0 <= chance(weights, (1.0,)) <= 1
