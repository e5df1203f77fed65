"""How a list is computed: from observed stacks, from what the module allows, or from both.

``tests/integration/lists/test_policies.py`` checks that Binaryen, with the options of a policy, instruments
exactly these functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import Literal

from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import CallGraph

from .emscripten_imports import UNKNOWN, is_invoke
from .evidence import Evidence
from .namelist import NameIndex
from .ranking import Ranking

PolicyName = Literal["observed", "ranked", "dispatch", "typed", "auto"]

BUDGET = 0.16
"""How much of the code ``ranked`` may instrument, 0 to 1: about a tenth more bytes (``docs/lists.md``)."""
LEAST_MORE = 0.25
"""The least that ``ranked`` may add where the observed functions are over the budget: part of their bytes."""


class ListBuilder:
    """Computes lists for one module.

    :param graph: the module's calls
    :param imports: indexes of the imported functions that may suspend
    :param index: the module's names, where they have been read already
    """

    def __init__(self, graph: CallGraph, imports: Iterable[int], index: NameIndex | None = None) -> None:
        self.graph = graph
        self.module = graph.module
        self.imports = frozenset(imports)
        self.index = index or NameIndex.of(self.module)

    def build(self, policy: PolicyName, evidence: Evidence) -> frozenset[int]:
        """Return the functions that a policy instruments; ``typed`` and ``auto`` need no evidence.

        - ``observed``: what was on a stack, and nothing else
        - ``ranked``: that, and of what ``typed`` allows the likeliest to wait for its size, while the budget
          lasts; see ``ranking``
        - ``dispatch``: calls through tables count where they were observed to lead to a wait; from there, and
          from the imports, all direct callers
        - ``typed``: a call through a table may lead to any function of its type that a table may hold
        - ``auto``: every call through a table may lead to a wait: Binaryen's own rule. Like Binaryen it is
          blind to ``call_ref``
        """
        if policy == "observed":
            return self._matched(evidence.functions)
        if policy == "ranked":
            return self._matched(evidence.functions | self._likely(evidence))
        if policy == "dispatch":
            return self._closed(self._matched(evidence.dispatchers))
        if policy == "typed":
            return self._closed(self._matched(self._through_tables))
        return self._closed(frozenset(self.graph.indirect))

    def _matched(self, functions: Iterable[int]) -> frozenset[int]:
        """Return what Binaryen matches for the names of functions: a name may have ``*`` in it."""
        return self.index.matching_any(self.index.defined(functions))

    def _likely(self, evidence: Evidence) -> frozenset[int]:
        """Return functions that were not observed, the likeliest for their size first, within the budget."""
        imported = self.module.imported_function_count
        observed = frozenset(each for each in evidence.functions if each >= imported)
        if not observed:
            return frozenset()
        ranking = self.ranking
        scores = ranking.scores(observed, self.imports | evidence.imports)
        spent = sum(map(ranking.size, observed))
        whole = sum(end - start for start, end in self.module.bodies)
        left = max(BUDGET * whole - spent, LEAST_MORE * spent)
        taken = []
        for each in sorted(scores, key=lambda one: -scores[one] / ranking.size(one)):  # else by index
            if (size := ranking.size(each)) <= left:
                left -= size
                taken.append(each)
        return frozenset(taken)

    @cached_property
    def ranking(self) -> Ranking:
        """What scores the functions that ``typed`` takes."""
        return Ranking(self.graph, self.index.names, self.build("typed", Evidence()))

    @cached_property
    def _through_tables(self) -> frozenset[int]:
        """Functions with a call through a table or a reference that may lead to a wait."""
        graph = self.graph
        hot = graph.callers_reaching(self.imports, through_indirect=True) | self.imports
        hot_types = {
            each
            for each in {*chain.from_iterable((*graph.indirect.values(), *graph.call_ref.values()))}
            if not graph.functions_of_type(each).isdisjoint(hot)
        }
        return frozenset(
            caller
            for edges in (graph.indirect, graph.call_ref)
            for caller, types in edges.items()
            if not types.isdisjoint(hot_types)
        )

    def _closed(self, functions: frozenset[int]) -> frozenset[int]:
        """Add every function from which one of these, or a suspending import, is reached by direct calls."""
        return functions | self.graph.callers_reaching(functions | self.imports, through_indirect=False)


def jspi_lists(suspensions: Iterable[Suspension]) -> dict[ListName, tuple[str, ...]]:
    """Return what JSPI needs for these stacks: exports to be promising, imports to be suspending.

    Imports that are not known, and those of other modules, are left out.
    """
    exports: set[str] = set()
    imports: set[str] = set()
    for each in suspensions:
        exports.add(each.export)
        of_another = each.through and not is_invoke(each.through)
        if not of_another and not each.import_.startswith(UNKNOWN):
            imports.add(each.import_)
    return {"JSPI_EXPORTS": tuple(sorted(exports - {""})), "JSPI_IMPORTS": tuple(sorted(imports))}
