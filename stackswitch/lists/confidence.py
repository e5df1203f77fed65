"""How far a list can be trusted: whether it covers cases that it was not computed from.

No list is ever proved complete. A suite can only estimate how a list does on new cases: leave each case out
in turn, compute the list from the others, and see whether it covers the one left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .evidence import Evidence

ByEvidence = Callable[[Evidence], frozenset[int]]
"""Computes the functions that a policy instruments from evidence; more evidence never gives fewer."""


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


def leave_one_out(
    cases: Mapping[str, Evidence], compute: ByEvidence, groups: Mapping[str, str] | None = None
) -> LeaveOneOut:
    """Compute the list without each case in turn, and see whether it covers that case.

    Cases that never wait are covered by any list; give only those that do.

    :param cases: the evidence of each
    :param groups: cases that go out together, by case (a family, a file); default: each by itself
    """
    members: defaultdict[str, list[str]] = defaultdict(list)
    for case in cases:
        members[case if groups is None else groups.get(case, case)].append(case)
    everything = _Counted(cases.values())
    covered: list[str] = []
    missing: dict[str, frozenset[int]] = {}
    for out in members.values():
        # A case that shows nothing that no other shows is covered by whatever covers those.
        rest = everything.without(_Counted(cases[case] for case in out))
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

    def __init__(self, cases: Iterable[Evidence]) -> None:
        self.functions: Counter[int] = Counter()
        self.dispatchers: Counter[int] = Counter()
        self.imports: Counter[int] = Counter()
        for each in cases:
            self.functions.update(each.functions)
            self.dispatchers.update(each.dispatchers)
            self.imports.update(each.imports)

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


def support(cases: Mapping[str, Evidence]) -> dict[int, tuple[str, ...]]:
    """Return the cases on whose stacks each function was observed; sorted."""
    supporting: defaultdict[int, list[str]] = defaultdict(list)
    for case in sorted(cases):
        for function in cases[case].functions:
            supporting[function].append(case)
    return {function: tuple(supporting[function]) for function in sorted(supporting)}
