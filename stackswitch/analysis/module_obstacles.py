"""Obstacles in a module to either backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from stackswitch.models.features import FEATURES
from stackswitch.wasm.callgraph import CallGraph
from stackswitch.wasm.features import used_features
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.obstacles import asyncify_obstacles

from .facts import Obstacle

_OFTEN_LACKING = ("memory64", "exnref", "legacy-exceptions", "tail-call", "gc", "threads")
"""Features that some engines of today lack; every engine with JSPI has the others."""


def obstacles_of(
    graph: CallGraph,
    waiting: Collection[int],
    instrumented: Collection[int] | None,
    *,
    asyncified: bool,
) -> tuple[Obstacle, ...]:
    """Return the obstacles to Asyncify, then those to JSPI.

    :param instrumented: the functions that a list names; None: those that Binaryen takes by itself
    :param asyncified: the module is an Asyncify build, so Binaryen accepted it
    :raises WasmFormatError: code is malformed
    """
    module = graph.module
    found: list[Obstacle] = []
    if not asyncified:
        findings = asyncify_obstacles(graph, waiting, instrumented=instrumented)
        counts = Counter(feature for feature, _ in findings)
        first = dict(reversed(findings))
        found += [
            Obstacle(
                backend="asyncify",
                feature=feature,
                text=FEATURES[feature],
                where=first[feature].describe(module),
                count=count,
            )
            for feature, count in counts.items()
        ]

    def jspi(feature: str, text: str, where: str, count: int = 1) -> None:
        found.append(Obstacle(backend="jspi", feature=feature, text=text, where=where, count=count))

    suspends = graph.callers_reaching(waiting, through_indirect=True) | set(waiting)
    if module.start is not None and module.start in suspends:
        where = f"the start function {display_name(module, module.start)}"
        jspi("start-suspension", FEATURES["start-suspension"], where)
    invokes = [each for each in module.function_imports() if each.name.startswith("invoke_")]
    if invokes:
        text = (
            "JavaScript frames between frames of the guest: Emscripten's invoke_* of exceptions and "
            "longjmp; stackswitch reentrant --invokes replaces them without a rebuild"
        )
        jspi("js-frames", text, f"the import {invokes[0].full_name}", len(invokes))
    fibers = [each for each in module.function_imports() if "fiber_swap" in each.name]
    if fibers:
        text = "Emscripten's fibers are made of Asyncify and have no counterpart"
        jspi("fibers", text, f"the import {fibers[0].full_name}")
    used = used_features(module)
    for feature in _OFTEN_LACKING:
        if feature in used:
            text = f"{FEATURES[feature]}: not every engine has it"
            jspi(feature, text, used[feature].describe(module))
    return tuple(found)
