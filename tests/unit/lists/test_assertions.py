from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Asserted, Assertions, without
from stackswitch.lists.evidence import EvidenceReader
from stackswitch.lists.namelist import NameIndex
from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

TEXT = """(module (import "env" "wait" (func $wait)) (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (call $wait))
  (func $low (call $leaf)) (func $high (call $low))
  (func $other (call $leaf)) (func $through (call_indirect (i32.const 0))))"""
MODULE = parse_module(bytes(wat2wasm(TEXT)))
GRAPH = call_graph(MODULE)
INDEX = NameIndex(binaryen_names(MODULE), MODULE.imported_function_count)


def compute(graph: CallGraph) -> frozenset[int]:
    return frozenset(graph.callers_reaching([0], through_indirect=True))


def names(functions: frozenset[int]) -> set[str]:
    return {INDEX.names[each] for each in functions}


def asserted(never: tuple[str, ...] = (), always: tuple[str, ...] = ()) -> Asserted:
    return Asserted(Assertions(never, always), INDEX)


def test_never_cuts_what_a_function_brings_in() -> None:
    assert names(compute(GRAPH)) == {"leaf", "low", "high", "other", "through"}
    assert names(asserted(("low",)).apply(GRAPH, compute)) == {"leaf", "other", "through"}
    assert names(asserted(("leaf",), ("high",)).apply(GRAPH, compute)) == {"high"}
    assert without(GRAPH, ()) is GRAPH


def test_each_assertion_says_what_it_removes_or_adds() -> None:
    matched = asserted(("lo*", "other", "wait"), ("high", "leaf"))
    assert {each.entry: names(each.functions) for each in matched.savings(GRAPH, compute)} == {
        "lo*": {"low", "high"},
        "other": {"other"},
        "wait": set(),
        "high": {"high"},
        "leaf": set(),
    }
    assert matched.unmatched == (("never", "wait"),)


def test_a_contradiction_names_the_stack() -> None:
    frames = tuple((INDEX.names.index(name), -1, name) for name in ("leaf", "low", "high"))
    stack = Suspension(module="m", backend="jspi", import_="env.wait", export="high", frames=frames)
    asserted(("other",)).check(EvidenceReader(GRAPH), [stack], "case")
    with pytest.raises(
        ConfigError, match=r"low was on the stack at a wait for env.wait in case:\n  leaf < low < high"
    ):
        asserted(("other", "lo*")).check(EvidenceReader(GRAPH), [stack], "case")
    with pytest.raises(ConfigError, match="never and always both name 'low'"):
        asserted(("low",), ("l*w",))
