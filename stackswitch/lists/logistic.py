"""Logistic regression, small enough to read: Newton's method on few features, pure Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

Row = tuple[float, ...]
_STEPS = 12
_CLOSE = 1e-5
_MOST = 30.0


def fit(rows: Iterable[tuple[Row, bool]], ridge: float = 1.0) -> Row:
    """Return the weights, the intercept first, under which the labels are likeliest.

    :param rows: features and label each; equal ones are counted once, with their number
    :param ridge: how much weights are held towards 0 (not the intercept); keeps what separates finite
    """
    counted = Counter(rows)
    if not counted:
        return ()
    width = len(next(iter(counted))[0]) + 1
    data = [((1.0, *features), label, count) for (features, label), count in counted.items()]
    weights = [0.0] * width
    for _ in range(_STEPS):
        gradient = [-ridge * each for each in weights]
        gradient[0] = 0.0
        hessian = [[0.0] * width for _ in range(width)]
        for at in range(1, width):
            hessian[at][at] = ridge
        hessian[0][0] = 1e-9
        for features, label, count in data:
            chance = _sigmoid(sum([one * other for one, other in zip(features, weights, strict=True)]))
            error = count * (label - chance)
            curve = count * chance * (1 - chance)
            for at, one in enumerate(features):
                if one:
                    gradient[at] += error * one
                    scaled = curve * one
                    row = hessian[at]
                    for other in range(at + 1):
                        row[other] += scaled * features[other]
        step = _solve(hessian, gradient)
        weights = [one + other for one, other in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _CLOSE:
            break
    return tuple(weights)


def chance(weights: Row, features: Row) -> float:
    """Return the probability, 0 to 1, that the label is true."""
    return _sigmoid(weights[0] + sum([one * other for one, other in zip(weights[1:], features, strict=True)]))


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, value))))


def _solve(lower: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve a symmetric positive definite system, of which the lower half is given, by Cholesky."""
    size = len(right)
    root = [[0.0] * size for _ in range(size)]
    for at in range(size):
        for other in range(at + 1):
            rest = lower[at][other] - sum(root[at][k] * root[other][k] for k in range(other))
            if at == other:
                root[at][at] = math.sqrt(max(rest, 1e-12))
            else:
                root[at][other] = rest / root[other][other]
    forward = [0.0] * size
    for at in range(size):
        forward[at] = (right[at] - sum(root[at][k] * forward[k] for k in range(at))) / root[at][at]
    back = [0.0] * size
    for at in reversed(range(size)):
        back[at] = (forward[at] - sum(root[k][at] * back[k] for k in range(at + 1, size))) / root[at][at]
    return back
