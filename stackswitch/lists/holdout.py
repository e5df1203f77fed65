"""How a list does on new cases: some are left out, and it is computed from the others.

No list is ever proved complete. A suite can only estimate how a list does on new cases. A case is covered if
every function on its stacks is in the list: if one is missing, it may crash.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_

from .evidence import Evidence

ByEvidence = Callable[[Evidence], frozenset[int]]
"""Computes the functions that a policy instruments from evidence; more evidence never gives fewer."""
Split = tuple[frozenset[str], frozenset[str]]
"""The cases to compute the list from, and those held out."""


@dataclass(frozen=True)
class LeaveOneOut:
    """Which cases a list covers that was computed from the others.

    :ivar covered: cases whose functions were all in it
    :ivar missing: for each other case, the functions that were not
    """

    covered: tuple[str, ...]
    missing: dict[str, frozenset[int]]

    @property
    def share(self) -> float:
        """The part of the cases that were covered, 0 to 1 (1 where there are none)."""
        total = len(self.covered) + len(self.missing)
        return len(self.covered) / total if total else 1.0


def leave_one_out(cases: Mapping[str, Evidence], compute: ByEvidence, most: int | None = None) -> LeaveOneOut:
    """Compute the list without each case in turn, and see whether it covers that case.

    Cases that never wait are covered by any list; give only those that do.

    :param cases: the evidence of each
    :param most: how many lists to compute at most: more cases are left out in so many parts
    """
    order = sorted(cases)
    parts = len(order) if most is None else min(most, len(order))
    everything = _Counted(cases.values())
    covered: list[str] = []
    missing: dict[str, frozenset[int]] = {}
    for out in (order[at::parts] for at in range(parts)):
        # A case that shows nothing that no other shows is covered by whatever covers those.
        rest = everything.without(_Counted([cases[case] for case in out]))
        computed = None if rest is None else compute(rest)
        for case in out:
            gap = frozenset[int]() if computed is None else cases[case].functions - computed
            if gap:
                missing[case] = gap
            else:
                covered.append(case)
    return LeaveOneOut(tuple(sorted(covered)), dict(sorted(missing.items())))


class _Counted:
    """How many cases show each thing."""

    def __init__(self, cases: Collection[Evidence]) -> None:
        self.functions = Counter(chain.from_iterable(each.functions for each in cases))
        self.dispatchers = Counter(chain.from_iterable(each.dispatchers for each in cases))
        self.imports = Counter(chain.from_iterable(each.imports for each in cases))

    def without(self, out: _Counted) -> Evidence | None:
        """Return what is left without some of the cases; None: nothing is lost with them."""
        functions = _only_in(out.functions, self.functions)
        dispatchers = _only_in(out.dispatchers, self.dispatchers)
        if not functions and not dispatchers:
            return None
        return Evidence(
            frozenset(self.functions) - functions,
            frozenset(self.dispatchers) - dispatchers,
            frozenset(self.imports) - _only_in(out.imports, self.imports),
        )


def _only_in(part: Counter[int], whole: Counter[int]) -> frozenset[int]:
    return frozenset(each for each, count in part.items() if whole[each] == count)


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
        computed = compute(reduce(or_, (cases[case] for case in sorted(kept)), beside or Evidence()))
        functions += len(computed)
        sizes.append(size(computed))
        for case in held:
            gap = cases[case].functions - computed
            asked += 1
            covered += not gap
            missing.update(gap)
    return HeldOut(asked, covered, functions / max(1, len(splits)), tuple(sizes), dict(missing))
