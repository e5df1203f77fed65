"""How lists do on cases that they were not computed from: a part of the suite is held out.

A case is covered if every function on its stacks is in the list: one missing, and it may crash.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .confidence import ByEvidence
from .evidence import Evidence

Split = tuple[frozenset[str], frozenset[str]]
"""The cases to compute the list from, and those held out."""


@dataclass(frozen=True)
class HeldOut:
    """How one policy does, over all splits of a kind.

    :ivar asked: how many held-out cases there were, all splits together
    :ivar covered: how many of them the lists covered
    :ivar functions: how many functions a list had, on average
    :ivar missing: functions that were missing, with the number of cases each left uncovered
    """

    asked: int
    covered: int
    functions: float
    sizes: tuple[float, ...]
    missing: dict[int, int]

    @property
    def share(self) -> float:
        """The part of the cases that was covered, 0 to 1."""
        return self.covered / self.asked if self.asked else 1.0


def random_splits(cases: Iterable[str], kept: float, repeats: int, seed: int = 1) -> list[Split]:
    """Split off a random part of the cases, so often.

    :param kept: that part, 0 to 1
    """
    found = []
    for repeat in range(repeats):
        order = sorted(cases)
        random.Random(seed * 1000 + repeat).shuffle(order)  # noqa: S311  (a sample, no secret)
        count = round(len(order) * kept)
        found.append((frozenset(order[:count]), frozenset(order[count:])))
    return found


def family_splits(families: Mapping[str, str], groups: int, repeats: int, seed: int = 1) -> list[Split]:
    """Hold out whole families: they are dealt into so many groups, and each group is held out once a repeat.

    :param families: of each case
    """
    found = []
    for repeat in range(repeats):
        order = sorted(set(families.values()))
        random.Random(seed * 1000 + repeat).shuffle(order)  # noqa: S311  (a sample, no secret)
        for at in range(min(groups, len(order))):
            out = set(order[at::groups])
            held = frozenset(case for case, family in families.items() if family in out)
            found.append((frozenset(families) - held, held))
    return found


def hold_out(
    cases: Mapping[str, Evidence],
    splits: Sequence[Split],
    compute: ByEvidence,
    size: Callable[[frozenset[int]], float],
    beside: Evidence | None = None,
) -> HeldOut:
    """Compute a list from each split's cases and see which of the others it covers.

    :param beside: evidence that is always there (of an exploration)
    :param size: of a list, in whatever it is measured
    """
    asked = covered = functions = 0
    sizes = []
    missing: Counter[int] = Counter()
    for kept, held in splits:
        evidence = beside or Evidence()
        for case in sorted(kept):
            evidence |= cases[case]
        computed = compute(evidence)
        functions += len(computed)
        sizes.append(size(computed))
        for case in held:
            gap = cases[case].functions - computed
            asked += 1
            covered += not gap
            missing.update(gap)
    return HeldOut(asked, covered, functions / max(1, len(splits)), tuple(sizes), dict(missing))
