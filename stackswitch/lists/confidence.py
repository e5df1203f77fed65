"""How far a list can be trusted: what it rests on, and how it does on cases that it has not seen.

No list is ever proved complete. Leaving each case out in turn, drawing the list from the others and asking
whether it would have held is the nearest that a suite comes to saying how it does on what nobody has tried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .evidence import Evidence

Draw = Callable[[Evidence], frozenset[int]]
"""The functions that a policy instruments, given what was seen; more evidence never gives fewer."""


@dataclass(frozen=True)
class LeaveOneOut:
    """How the cases fare with a list drawn from all others.

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
    cases: Mapping[str, Evidence], draw: Draw, groups: Mapping[str, str] | None = None
) -> LeaveOneOut:
    """Draw the list without each case in turn, and see whether that case would have been covered.

    Cases that never wait are covered by any list; give only those that do.

    :param cases: what was seen, by case
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
        drawn = None if rest is None else draw(rest)
        for case in out:
            gap = frozenset[int]() if drawn is None else cases[case].functions - drawn
            if gap:
                missing[case] = gap
            else:
                covered.append(case)
    return LeaveOneOut(tuple(sorted(covered)), dict(sorted(missing.items())))


class _Counted:
    """How many cases show each thing."""

    def __init__(self, seen: Iterable[Evidence]) -> None:
        self.functions: Counter[int] = Counter()
        self.dispatchers: Counter[int] = Counter()
        self.imports: Counter[int] = Counter()
        for each in seen:
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
    """Return the cases that each function rests on: on whose stacks it was seen. Sorted."""
    resting: defaultdict[int, list[str]] = defaultdict(list)
    for case in sorted(cases):
        for function in cases[case].functions:
            resting[function].append(case)
    return {function: tuple(resting[function]) for function in sorted(resting)}
