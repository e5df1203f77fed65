"""The analysis of a module: what its bytes, its lists and its traces say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.evidence import Evidence, EvidenceReader
from stackswitch.lists.namelist import NameIndex, shorten
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension
from stackswitch.wasm.asyncified import instrumented_functions, is_asyncified, suspending_imports
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.module import FuncType, Module
from stackswitch.wasm.obstacles import asyncify_path
from stackswitch.wasm.paths import PathStep, largest_dominators, shortest_path

from .assertion_effects import assertion_effects
from .facts import (
    Analysis,
    Bottleneck,
    CheckedList,
    ImportSource,
    InstrumentedAndListed,
    ObservedAndListed,
    PolicySize,
    Way,
    WayStep,
)
from .holdout_coverage import coverage_left_out
from .imports import function_import_names, import_indexes, imports_listed, imports_matching
from .list_check import FUNCTION_LISTS, check_lists
from .module_obstacles import obstacles_of
from .next_tests import next_tests

GROWTH = 0.95
"""Bytes that a byte of instrumented code gains: worked out from whole builds, not measured by list."""
_MOST_DOMINATORS = 20


@dataclass
class AnalysisInputs:
    """What is analysed beside the module.

    :ivar imports: patterns of the imports that may suspend; none: those that lists, traces or the build name
    :ivar lists: names by list, as Binaryen gets them
    :ivar suspensions: from traces of this module
    :ivar cases: the same by trace, where there are several
    :ivar assertions: what the user asserts of functions
    :ivar why: the name of a function to explain
    """

    imports: Sequence[str] = ()
    lists: Mapping[ListName, Sequence[str]] = field(default_factory=dict)
    suspensions: Sequence[Suspension] = ()
    why: str | None = None
    cases: Mapping[str, Sequence[Suspension]] = field(default_factory=dict)
    assertions: Assertions = field(default_factory=Assertions)


def analyse(module: Module, name: str, inputs: AnalysisInputs) -> Analysis:
    """Analyse a module.

    :param name: the module's name in the analysis
    :raises ConfigError: a given import or function does not exist; assertions contradict each other
    :raises WasmFormatError: code is malformed
    """
    graph = call_graph(module)
    asyncified = is_asyncified(module)
    reader = EvidenceReader(graph)
    evidence = reader.evidence(inputs.suspensions)
    imports, source = _imports(module, inputs, evidence)
    waiting = import_indexes(module, imports)
    builder = ListBuilder(graph, waiting)
    index = builder.index
    raw_names = module.function_names
    defined = module.defined_functions
    selected = {
        which: index.matching_defined(*names)
        for which, names in inputs.lists.items()
        if which in FUNCTION_LISTS
    }
    only = selected.get("ASYNCIFY_ONLY")
    notes = []
    if not raw_names:
        notes.append("the module has no names: a list takes a function's index among the defined ones")
    before_asyncify: dict[str, Any] = {}
    if asyncified:
        notes.append("an Asyncify build: policies can only be computed for the module before Asyncify")
    else:
        cases = {case: reader.evidence(each) for case, each in inputs.cases.items()}
        before_asyncify = {
            "policies": tuple(_policies(builder, evidence)),
            "brings_in": tuple(_dominators(graph, waiting, index)),
            "assertions": assertion_effects(graph, index, inputs.assertions, waiting, evidence),
            "left_out": coverage_left_out(builder, cases),
            "test_next": next_tests(builder, evidence),
        }
    return Analysis(
        module=name,
        sha256=module.sha256,
        size_bytes=len(module.data),
        code_bytes=module.code_bytes(defined),
        functions=len(defined),
        named=sum(each in raw_names for each in defined),
        asyncified=asyncified,
        imports=imports,
        imports_from=source,
        lists=tuple(_checked(inputs.lists, selected, index)),
        seen=_observed(only, evidence, index),
        build=_build(module, index, only) if asyncified else None,
        obstacles=obstacles_of(graph, waiting, only, asyncified=asyncified),
        why=None if inputs.why is None else why(graph, waiting, index, inputs.why, inputs.suspensions),
        notes=tuple(notes),
        **before_asyncify,
    )


def _imports(
    module: Module, inputs: AnalysisInputs, evidence: Evidence
) -> tuple[tuple[str, ...], ImportSource]:
    if inputs.imports:
        return imports_matching(module, inputs.imports), "given"
    if listed := inputs.lists.get("ASYNCIFY_IMPORTS"):
        return imports_listed(module, listed), "list"
    numbered = module.import_names
    if evidence.imports:
        return tuple(dict.fromkeys(numbered[each] for each in sorted(evidence.imports))), "trace"
    built = suspending_imports(module)
    if built:
        return tuple(dict.fromkeys(numbered[each] for each in sorted(built))), "build"
    return function_import_names(module), "all"


def _policies(builder: ListBuilder, evidence: Evidence) -> list[PolicySize]:
    module = builder.module
    chosen: dict[str, frozenset[int]] = {}
    if evidence.functions:
        observed: tuple[PolicyName, ...] = ("observed", "ranked", "dispatch")
        chosen |= {policy: builder.build(policy, evidence) for policy in observed}
    chosen["direct calls only (unsafe)"] = frozenset(
        asyncify_path(builder.graph, builder.imports, ignore_indirect=True)
    )
    static: tuple[PolicyName, ...] = ("typed", "auto")
    chosen |= {policy: builder.build(policy, evidence) for policy in static}
    whole = module.code_bytes(module.defined_functions)
    sizes = []
    for policy, functions in chosen.items():
        own = frozenset(each for each in functions if each >= module.imported_function_count)
        code = module.code_bytes(own)
        sizes.append(
            PolicySize(
                policy=policy,
                functions=len(own),
                code_bytes=code,
                code_share=round(code / whole, 4) if whole else 0.0,
                predicted_size_bytes=round(len(module.data) + GROWTH * code),
            )
        )
    return sizes


def _dominators(graph: CallGraph, waiting: frozenset[int], index: NameIndex) -> list[Bottleneck]:
    module = graph.module
    found = []
    for each in largest_dominators(graph, waiting, most=_MOST_DOMINATORS):
        if each.function is not None:
            through = index.names[each.function]
        else:
            through = f"calls through a table of type {_type_text(module, each.type_ or 0)}"
        found.append(
            Bottleneck(
                through=through,
                functions=each.functions,
                code_bytes=each.code_bytes,
                callee=None if each.callee is None else index.names[each.callee],
            )
        )
    return found


def _type_text(module: Module, index: int) -> str:
    declared = module.types[index]
    if not isinstance(declared, FuncType):
        return str(index)
    return f"({', '.join(declared.params)}) -> ({', '.join(declared.results)})"


def _checked(
    lists: Mapping[ListName, Sequence[str]], selected: Mapping[ListName, frozenset[int]], index: NameIndex
) -> list[CheckedList]:
    findings = check_lists(lists, index)
    return [
        CheckedList(
            list=which,
            entries=len(lists[which]),
            functions=len(functions),
            findings=tuple(each for each in findings if each.list == which),
        )
        for which, functions in selected.items()
    ]


def _observed(only: frozenset[int] | None, evidence: Evidence, index: NameIndex) -> ObservedAndListed | None:
    if only is None or not evidence.functions:
        return None
    missing = sorted(index.names[each] for each in evidence.functions - only if each >= index.imported)
    return ObservedAndListed(missing=tuple(missing), never_seen=len(only - evidence.functions))


def _build(module: Module, index: NameIndex, only: frozenset[int] | None) -> InstrumentedAndListed:
    instrumented = instrumented_functions(module)
    listed = instrumented if only is None else only
    return InstrumentedAndListed(
        instrumented=len(instrumented),
        not_listed=tuple(sorted(index.names[each] for each in instrumented - listed)),
        not_instrumented=tuple(sorted(index.names[each] for each in listed - instrumented)),
    )


def why(
    graph: CallGraph,
    waiting: frozenset[int],
    index: NameIndex,
    name: str,
    suspensions: Sequence[Suspension] = (),
) -> Way:
    """Explain a function: the shortest way from an export to it, and from it to a wait.

    :param name: as the lists match it, or a decimal index in brackets, ``func[7]``
    :raises ConfigError: the module has no such function
    """
    function = index.by_name.get(name)
    if function is None and name.startswith("func[") and name[5:-1].isdecimal():
        number = int(name[5:-1])
        function = number if number < graph.module.function_count else None
    if function is None:
        close = [each for each in index.names if name.casefold() in each.casefold()][:5]
        meant = f"; there are {', '.join(map(shorten, close))}" if close else ""
        raise ConfigError(f"the module has no function {shorten(name)}{meant}")
    exports = graph.module.export_names
    inwards = shortest_path(graph, exports, {function})
    outwards = shortest_path(graph, [function], waiting)
    frames = Counter(index for each in suspensions for index, _, _ in each.frames)[function]
    return Way(
        function=index.names[function],
        export=exports[inwards[0].function] if inwards else None,
        reached=_steps(inwards, index),
        waits=_steps(outwards, index),
        frames_seen=frames,
    )


def _steps(way: Sequence[PathStep] | None, index: NameIndex) -> tuple[WayStep, ...]:
    return tuple(WayStep(function=index.names[each.function], kind=each.kind) for each in way or ())
