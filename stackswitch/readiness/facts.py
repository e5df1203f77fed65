"""What a module's bytes say for the report: facts, ways from its exports, the coverage of lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial, reduce
from itertools import islice
from operator import or_
from typing import Literal

from stackswitch.analysis.facts import Analysis
from stackswitch.analysis.imports import import_indexes
from stackswitch.lists.evidence import EvidenceReader
from stackswitch.lists.holdout import hold_out, leave_one_out, random_splits
from stackswitch.lists.namelist import NameIndex
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.models.expect import ListName
from stackswitch.models.readiness import ModuleFacts, PolicyCoverage
from stackswitch.models.trace import Suspension
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.callgraph import CallGraph
from stackswitch.wasm.module import Module
from stackswitch.wasm.paths import next_on_shortest_path
from stackswitch.wasm.stack_pointer import FUNCTIONS, NAME

from .call_tree import MOST_DEPTH, MOST_WAYS, frames_left_out

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Parts of the cases from which a list is computed, for the curve."""
_LEAST_TRIES, _MOST_TRIES = 5, 40
_LEAST_TRIED = 60
"""Cases that a point of the curve needs: where few are left out at a time, more lists are computed."""
_LEAST_CASES = 4
_CURVES: tuple[PolicyName, ...] = ("observed", "dispatch")


def module_facts(module: Module, analysis: Analysis) -> ModuleFacts:
    """Say what the bytes say."""
    return ModuleFacts(
        name=analysis.module,
        sha256=analysis.sha256,
        size_bytes=analysis.size_bytes,
        functions=analysis.functions,
        named=analysis.named,
        asyncified=analysis.asyncified,
        imports=analysis.imports,
        imports_from=analysis.imports_from,
        shadow_stack=shadow_stack(module),
        policies=tuple(
            (each.policy, each.functions, each.code_share, each.predicted_size_bytes)
            for each in analysis.policies
        ),
    )


def shadow_stack(module: Module) -> Literal["none", "reachable", "hidden"]:
    """Say whether C's stack is in linear memory, and whether a host can reach its pointer.

    ``__stack_pointer`` is where the tool conventions have it: global 0, a mutable number. A module without
    memory has none.
    """
    exports = {each.name for each in module.exports}
    if NAME in exports or any(exports.issuperset(pair) for pair in FUNCTIONS):
        return "reachable"
    if not module.memories or not module.globals:
        return "none"
    imported = any(each.name == NAME for each in module.imports)
    first = module.global_type(0)
    pointer = first.mutable and first.type in ("i32", "i64")
    return "hidden" if imported or pointer else "none"


def listed_names(module: Module, lists: Mapping[ListName, Sequence[str]]) -> frozenset[str] | None:
    """Return the functions that an only-list names, or else that the build has instrumented.

    None: there is neither.
    """
    index = NameIndex.of(module)
    if "ASYNCIFY_ONLY" in lists:
        return frozenset(index.defined(index.matching_any(lists["ASYNCIFY_ONLY"])))
    return frozenset(index.defined(instrumented_functions(module))) or None


def ways(graph: CallGraph, imports: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give the shortest way of each export to a suspending import, the shortest first, ``MOST_WAYS`` at most.

    Of a way longer than ``MOST_DEPTH`` the middle is left out, as of a stack.
    """
    module = graph.module
    towards = next_on_shortest_path(graph, import_indexes(module, imports))
    names = list(NameIndex.of(module).names)
    names[: module.imported_function_count] = module.import_names
    half = MOST_DEPTH // 2
    found = []
    for function in islice((each for each in towards if each in module.export_names), MOST_WAYS):
        way = [function]
        while way[-1] in towards:
            way.append(towards[way[-1]])
        steps = [names[each] for each in way]
        if len(steps) > MOST_DEPTH:
            steps = [*steps[:half], frames_left_out(len(steps) - 2 * half), *steps[-half:]]
        found.append(tuple(steps))
    yield from sorted(found, key=lambda way: (len(way), way))


def confidence(
    graph: CallGraph, imports: Sequence[str], suspensions: Mapping[str, Sequence[Suspension]]
) -> tuple[PolicyCoverage, ...]:
    """Leave cases out, compute lists from the others, and see which of the left out they cover.

    :param suspensions: by case; cases that never wait do not count. With fewer than four: nothing is said.
    """
    reader = EvidenceReader(graph)
    cases = {case: reader.evidence(stacks) for case, stacks in suspensions.items() if case and stacks}
    if len(cases) < _LEAST_CASES:
        return ()
    builder = ListBuilder(graph, import_indexes(graph.module, imports))
    whole = reduce(or_, cases.values())
    found = []
    for policy in _CURVES:
        compute = cache(partial(builder.build, policy))
        share = leave_one_out(cases, compute).share
        points = []
        for part in SHARES:
            count = max(1, min(len(cases) - 1, round(part * len(cases))))
            tries = -(-_LEAST_TRIED // (len(cases) - count))
            repeats = max(_LEAST_TRIES, min(_MOST_TRIES, tries))
            splits = random_splits(cases, count / len(cases), repeats)
            points.append((count, round(hold_out(cases, splits, compute, len).share, 4)))
        found.append(
            PolicyCoverage(
                policy=policy,
                functions=len(compute(whole)),
                covered=round(share, 4),
                points=tuple(dict.fromkeys(points)),
            )
        )
    return tuple(found)
