"""Which names lists lack, by the stacks of a run on an engine that switches stacks by itself: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from stackswitch.analysis.imports import import_indexes
from stackswitch.backends.asyncify_missing import missing_names
from stackswitch.errors import WasmFormatError
from stackswitch.lists.assertions import Asserted, Assertions, ByCalls
from stackswitch.lists.emscripten_imports import UNKNOWN
from stackswitch.lists.evidence import Evidence, EvidenceReader
from stackswitch.lists.functions import Functions
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension
from stackswitch.transform.instrument import chosen_functions
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.module import parse_module

Needs = dict[ListName, set[str]]


class ModuleCalls:
    """A module's functions, calls and names, and what is computed from them again and again.

    Made by ``calls_of``.
    """

    def __init__(self, data: bytes) -> None:
        self.module = parse_module(data)
        self.graph = call_graph(self.module)
        self.index = NameIndex.of(self.module)
        self.stacks = EvidenceReader(self.graph)
        self._builders: dict[frozenset[int], ListBuilder] = {}
        self._instrumented: dict[tuple[AsyncifyOptions, frozenset[str]], frozenset[int]] = {}

    def builder(self, graph: CallGraph, imports: frozenset[int]) -> ListBuilder:
        """Return what builds lists; the same one again where no assertion has cut the graph.

        :param graph: the module's, or what is left of it
        """
        if graph is not self.graph:
            return ListBuilder(graph, imports, self.index)
        if imports not in self._builders:
            self._builders[imports] = ListBuilder(graph, imports, self.index)
        return self._builders[imports]

    def instrumented(self, options: AsyncifyOptions, waiting: Iterable[str]) -> frozenset[int]:
        """Return the functions that Binaryen instruments with these lists.

        :param waiting: the imports that wait, where the options name none
        """
        key = (options, frozenset(waiting))
        if key not in self._instrumented:
            imports = import_indexes(self.module, key[1] if options.imports is None else options.imports)
            self._instrumented[key] = chosen_functions(self.graph, self.index, options, imports)
        return self._instrumented[key]


@lru_cache(maxsize=16)
def calls_of(data: bytes) -> ModuleCalls:
    """Return a module's calls, read once.

    :raises WasmFormatError: it is malformed
    """
    return ModuleCalls(data)


def functions_of(modules: Iterable[bytes]) -> Functions:
    """Return the functions of modules; a malformed one has none, and fails where it is run."""

    def load() -> Iterator[NameIndex]:
        for data in modules:
            with suppress(WasmFormatError):
                yield calls_of(data).index

    return Functions(load)


@lru_cache(maxsize=16)
def asserted_of(data: bytes, assertions: Assertions) -> Asserted:
    """Return assertions matched with a module.

    :raises ConfigError: they contradict each other
    """
    return Asserted(assertions, calls_of(data).index)


def needs_of_stacks(
    data: bytes, options: AsyncifyOptions, waiting: Iterable[str], suspensions: Iterable[Suspension]
) -> Needs:
    """Return the names that Asyncify lists lack, by list.

    :param waiting: the imports that may wait, where the options name none
    :param suspensions: observed on an engine that switches stacks by itself; impossible frames are left out
    """
    calls = calls_of(data)
    chosen = calls.instrumented(options, waiting)
    needs: Needs = {}
    no_imports = options.model_copy(update={"imports": None})
    for each in suspensions:
        frames = [index for index, _ in calls.stacks.real_frames(each)]
        called = each.through or each.import_
        by_itself = each.import_async or called.startswith(UNKNOWN)
        wanted = no_imports if by_itself else options
        merge_needs(needs, missing_names(wanted, called, frames, calls.index.names, chosen))
    return needs


def functions_for(
    calls: ModuleCalls, policy: PolicyName, evidence: Evidence, imports: frozenset[int]
) -> ByCalls:
    """Return what computes a policy's functions from a module's calls, or from what is left of them."""
    return lambda graph: calls.builder(graph, imports).build(policy, evidence)


@lru_cache(maxsize=64)
def _functions_by(
    policy: PolicyName, data: bytes, evidence: Evidence, imports: frozenset[int], assertions: Assertions
) -> frozenset[int]:
    calls = calls_of(data)
    compute = functions_for(calls, policy, evidence, imports)
    return asserted_of(data, assertions).apply(calls.graph, compute)


def functions_by(
    policy: PolicyName, data: bytes, evidence: Evidence, waiting: Iterable[str], assertions: Assertions
) -> frozenset[int]:
    """Return the functions that a policy puts on a module's only-list.

    :param waiting: the imports that may wait, ``module.name``; those that the evidence has count as well
    """
    imports = evidence.imports | import_indexes(calls_of(data).module, waiting)
    return _functions_by(policy, data, evidence, imports, assertions)


def merge_needs(into: Needs, more: Mapping[ListName, Iterable[str]]) -> None:
    """Add names to what is needed."""
    for which, names in more.items():
        into.setdefault(which, set()).update(names)
