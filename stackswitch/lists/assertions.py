"""What a user asserts of functions: that they never wait, or are always to be instrumented.

``never`` cuts: a call of such a function adds no caller, as for Binaryen's remove-list. ``always`` adds the
functions themselves, and not their callers, as for its add-list. Entries are Binaryen's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from stackswitch.errors import ConfigError
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import CallGraph

from .evidence import EvidenceReader
from .namelist import NameIndex, shorten

ByCalls = Callable[[CallGraph], frozenset[int]]
"""Computes the functions that a policy instruments from a module's calls."""


@dataclass(frozen=True)
class Assertions:
    """Entries as a list has them."""

    never: tuple[str, ...] = ()
    always: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.never or self.always)


@dataclass(frozen=True)
class Saving:
    """What an assertion changes in a list: functions that it removes (``always``: that it adds)."""

    kind: str
    entry: str
    functions: frozenset[int]


def without(graph: CallGraph, never: Iterable[int]) -> CallGraph:
    """Return the calls through which a wait can be reached if some functions never wait."""
    cut = frozenset(never)
    if not cut:
        return graph

    def kept(edges: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
        return {caller: targets for caller, targets in edges.items() if caller not in cut}

    direct = {
        caller: left
        for caller, targets in graph.direct.items()
        if caller not in cut and (left := targets - cut)
    }
    return replace(
        graph,
        direct=direct,
        indirect=kept(graph.indirect),
        call_ref=kept(graph.call_ref),
        address_taken=graph.address_taken - cut,
    )


class Asserted:
    """Assertions matched with a module.

    :raises ConfigError: two contradict each other
    """

    def __init__(self, assertions: Assertions, index: NameIndex) -> None:
        self._index = index
        self._never = {each: index.matching_defined(each) for each in assertions.never}
        self._always = {each: index.matching_defined(each) for each in assertions.always}
        self.never = frozenset[int]().union(*self._never.values())
        self.always = frozenset[int]().union(*self._always.values())
        both = sorted(index.names[each] for each in self.never & self.always)
        if both:
            raise ConfigError(f"[lists] never and always both name {', '.join(map(shorten, both[:5]))}")

    @property
    def unmatched(self) -> tuple[tuple[str, str], ...]:
        """Entries that match nothing, each after its list."""
        lists = (("never", self._never), ("always", self._always))
        return tuple((kind, entry) for kind, found in lists for entry, own in found.items() if not own)

    def apply(self, graph: CallGraph, compute: ByCalls) -> frozenset[int]:
        """Compute a list that agrees with the assertions."""
        return (compute(without(graph, self.never)) - self.never) | self.always

    def savings(self, graph: CallGraph, compute: ByCalls) -> tuple[Saving, ...]:
        """Say what each assertion removes or adds, given the others."""
        computed = compute(without(graph, self.never)) - self.never
        found = []
        for entry in self._never:
            others = frozenset[int]().union(*(own for each, own in self._never.items() if each != entry))
            found.append(Saving("never", entry, (compute(without(graph, others)) - others) - computed))
        found += [Saving("always", entry, own - computed) for entry, own in self._always.items()]
        return tuple(found)

    def check(self, stacks: EvidenceReader, suspensions: Iterable[Suspension], where: str) -> None:
        """Compare ``never`` with stacks at waits.

        :param where: whose stacks they are, for the message
        :raises ConfigError: a stack contradicts one; the message shows it
        """
        if not self.never:
            return
        for each in suspensions:
            frames = [index for index, _ in stacks.real_frames(each)]
            wrong = self.never.intersection(frames)
            if wrong:
                names = self._index.names
                entries = ", ".join(f'"{entry}"' for entry, own in self._never.items() if own & wrong)
                raise ConfigError(
                    f"[lists] never = [{entries}] is wrong: {', '.join(names[one] for one in wrong)} was on "
                    f"the stack at a wait for {each.import_} in {where}:\n"
                    f"  {' < '.join(names[one] for one in frames)}\n"
                    "  remove the entry, or make it narrower"
                )
