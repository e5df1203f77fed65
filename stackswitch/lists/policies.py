"""How a list is computed: from observed stacks, from what the module allows, or from both.

Each policy gives the functions to instrument and the options with which Binaryen, from the same module,
instruments exactly these (``tests/integration/lists/test_policies.py`` checks it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class PassOptions:
    """What to tell Binaryen's pass.

    :ivar lists: names by list, as Binaryen matches them; ``ASYNCIFY_IMPORTS`` as ``module.name``
    :ivar ignore_indirect: ``asyncify-ignore-indirect``
    :ivar propagate_add: ``asyncify-propagate-addlist``
    """

    lists: dict[ListName, tuple[str, ...]]
    ignore_indirect: bool = False
    propagate_add: bool = False


@dataclass(frozen=True)
class BuiltList:
    """A list: the functions (indexes, imports counted) and the options with which Binaryen takes these."""

    policy: PolicyName
    functions: frozenset[int]
    options: PassOptions


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
        self._through_tables: frozenset[int] | None = None
        self._ranking: Ranking | None = None

    def build(self, policy: PolicyName, evidence: Evidence) -> BuiltList:
        """Compute a list by a policy; ``typed`` and ``auto`` need no evidence.

        - ``observed``: what was on a stack, and nothing else
        - ``ranked``: that, and of what ``typed`` allows the likeliest to wait for its size, while the budget
          lasts; see ``ranking``
        - ``dispatch``: calls through tables count where they were observed to lead to a wait; from there, and
          from the imports, all direct callers
        - ``typed``: a call through a table may lead to any function of its type that a table may hold
        - ``auto``: every call through a table may lead to a wait: Binaryen's own rule. Like Binaryen it is
          blind to ``call_ref``
        """
        build: Callable[[Evidence], BuiltList] = getattr(self, f"_{policy}")
        return build(evidence)

    def import_names(self) -> tuple[str, ...]:
        """Return the suspending imports as ``asyncify-imports`` takes them."""
        chosen = (self.module.function_import(index) for index in sorted(self.imports))
        return tuple(dict.fromkeys(each.full_name for each in chosen if each is not None))

    def names(self, functions: Iterable[int]) -> tuple[str, ...]:
        """Return the names of defined functions as Binaryen matches them, sorted."""
        return tuple(sorted(self.index.defined(functions)))

    def _observed(self, evidence: Evidence) -> BuiltList:
        return self._of("observed", evidence.functions)

    def _ranked(self, evidence: Evidence) -> BuiltList:
        return self._of("ranked", evidence.functions | self._likely(evidence))

    def _of(self, policy: PolicyName, functions: Iterable[int]) -> BuiltList:
        """Make a list of just these functions."""
        names = self.names(functions)
        options = PassOptions({"ASYNCIFY_IMPORTS": self.import_names(), "ASYNCIFY_ONLY": names})
        return BuiltList(policy, self.index.matching_any(names), options)

    def _likely(self, evidence: Evidence) -> frozenset[int]:
        """Return functions that were not observed, the likeliest for their size first, within the budget."""
        imported = self.module.imported_function_count
        observed = frozenset(each for each in evidence.functions if each >= imported)
        if not observed:
            return frozenset()
        ranking = self.ranking()
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

    def ranking(self) -> Ranking:
        """Return what scores the functions that ``typed`` takes; made once."""
        if self._ranking is None:
            imported = self.module.imported_function_count
            reachable = self.build("typed", Evidence()).functions
            candidates = [each for each in reachable if each >= imported]
            self._ranking = Ranking(self.graph, self.index.names, candidates)
        return self._ranking

    def _dispatch(self, evidence: Evidence) -> BuiltList:
        return self._from_dispatchers("dispatch", evidence.dispatchers)

    def _typed(self, evidence: Evidence) -> BuiltList:
        del evidence
        if self._through_tables is None:
            graph = self.graph
            reached = graph.callers_reaching(self.imports, through_indirect=True)
            hot = reached | self.imports
            hot_types = {
                each
                for each in {*chain.from_iterable((*graph.indirect.values(), *graph.call_ref.values()))}
                if not graph.functions_of_type(each).isdisjoint(hot)
            }
            self._through_tables = frozenset(
                caller
                for edges in (graph.indirect, graph.call_ref)
                for caller, types in edges.items()
                if not types.isdisjoint(hot_types)
            )
        return self._from_dispatchers("typed", self._through_tables)

    def _auto(self, evidence: Evidence) -> BuiltList:
        del evidence
        through_tables = frozenset(self.graph.indirect)
        options = PassOptions({"ASYNCIFY_IMPORTS": self.import_names()})
        return BuiltList("auto", self._closed(through_tables), options)

    def _from_dispatchers(self, policy: PolicyName, dispatchers: frozenset[int]) -> BuiltList:
        names = self.names(dispatchers)
        lists: dict[ListName, tuple[str, ...]] = {"ASYNCIFY_IMPORTS": self.import_names()}
        if names:
            lists["ASYNCIFY_ADD"] = names
        options = PassOptions(lists, ignore_indirect=True, propagate_add=True)
        return BuiltList(policy, self._closed(self.index.matching_any(names)), options)

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
