"""Which names a case's lists lack, told from the stacks of a run that rewrote nothing: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from stackswitch.backends.asyncify_missing import missing_names
from stackswitch.backends.base import LoadedCase
from stackswitch.lists.evidence import Evidence, StackReader
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import Drafter, PolicyName
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName
from stackswitch.models.result import Observation
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.names import binaryen_names
from stackswitch.wasm.obstacles import asyncify_path

Needs = dict[ListName, set[str]]


class ModuleFacts:
    """What is looked up in a module again and again. Made by ``facts_of``."""

    def __init__(self, data: bytes) -> None:
        self.module = parse_module(data)
        self.graph = call_graph(self.module)
        self.index = NameIndex(binaryen_names(self.module), self.module.imported_function_count)
        self.stacks = StackReader(self.graph)

    def import_indexes(self, names: Iterable[str]) -> frozenset[int]:
        """Return the imported functions of these full names (wildcards not read)."""
        wanted = set(names)
        return frozenset(
            each.index for each in self.module.function_imports() if f"{each.module}.{each.name}" in wanted
        )

    def instrumented(self, options: AsyncifyOptions, waiting: Iterable[str]) -> frozenset[int]:
        """Return the functions that Binaryen instruments with these lists.

        :param waiting: the imports that wait, where the options name none
        """
        if options.only is not None:
            return self._matching(options.only)
        imports = self.import_indexes(waiting if options.imports is None else options.imports)
        path = asyncify_path(self.graph, imports, ignore_indirect=options.ignore_indirect)
        return (frozenset(path) | self._matching(options.add or ())) - self._matching(options.remove or ())

    def _matching(self, entries: Iterable[str]) -> frozenset[int]:
        return frozenset().union(*map(self.index.matching, entries))


@lru_cache(maxsize=16)
def facts_of(data: bytes) -> ModuleFacts:
    """Return a module's facts, read once.

    :raises WasmFormatError: it is malformed
    """
    return ModuleFacts(data)


def needs_of_stacks(loaded: LoadedCase, suspensions: Iterable[Suspension]) -> Needs:
    """Return the names that the Asyncify lists of a case's main module lack, by list.

    :param suspensions: seen on an engine that switches stacks by itself; frames that cannot have been
        are left out
    """
    facts = facts_of(loaded.main)
    case = loaded.case
    chosen = facts.instrumented(case.asyncify, case.waiting_imports)
    needs: Needs = {}
    for each in suspensions:
        frames = [index for index, _ in facts.stacks.real_frames(each)]
        found = missing_names(case.asyncify, each.import_, frames, facts.index.names, chosen)
        merge_needs(needs, found)
    return needs


def evidence_of(loaded: LoadedCase, seen: Observation) -> Evidence:
    """Return what a run has shown of the main module.

    The module is known by its hash to one backend and by its place to the other, so cases with further
    instances, whose frames cannot be told apart by both, show nothing here.
    """
    if loaded.case.instances or loaded.problem is not None:
        return Evidence()
    return facts_of(loaded.main).stacks.evidence(seen.suspensions)


def drawn_names(data: bytes, policy: PolicyName, evidence: Evidence, waiting: Iterable[str]) -> set[str]:
    """Return the names that a policy puts on a module's only-list.

    :param waiting: the imports that may wait, ``module.name``; what waited counts as well
    """
    facts = facts_of(data)
    imports = evidence.imports | facts.import_indexes(waiting)
    drafter = Drafter(facts.graph, imports)
    return set(drafter.names(drafter.draw(policy, evidence).functions))


def merge_needs(into: Needs, more: Mapping[ListName, Iterable[str]]) -> None:
    """Add names to what is needed."""
    for which, names in more.items():
        into.setdefault(which, set()).update(names)
