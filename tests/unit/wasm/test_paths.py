"""Ways and dominators, on a small module by hand and against brute force on random ones."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import wasmtime

from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.paths import largest_dominators, next_on_shortest_path, shortest_path

WAT = """(module
  (type $v (func)) (type $i (func (param i32)))
  (import "env" "wait" (func $wait))
  (table 8 funcref) (elem (i32.const 0) $handler) (elem declare func $by_ref)
  (func $leaf (call $wait))
  (func $handler (type $i) (call $leaf))
  (func $dispatch (call_indirect (type $i) (i32.const 0) (i32.const 0)))
  (func $dispatch2 (call_indirect (type $i) (i32.const 0) (i32.const 0)))
  (func $by_ref (call $dispatch))
  (func $main (export "main") (call $long) (call_ref $v (ref.func $by_ref)))
  (func $long (call $longer)) (func $longer (call $dispatch2))
  (func $lonely (call $lonely)))"""


def named(graph: CallGraph) -> list[str]:
    return binaryen_names(graph.module)


@pytest.fixture(scope="module")
def graph() -> CallGraph:
    return call_graph(parse_module(bytes(wasmtime.wat2wasm(WAT))))


def way(graph: CallGraph, start: str, goal: str) -> str | None:
    names = named(graph)
    found = shortest_path(graph, [names.index(start)], {names.index(goal)})
    return None if found is None else " ".join(f"{each.kind[0]}:{names[each.function]}" for each in found)


def test_the_shortest_way_and_how_each_call_is_made(graph: CallGraph) -> None:
    assert way(graph, "main", "wait") == "d:main r:by_ref d:dispatch i:handler d:leaf d:wait"
    assert way(graph, "main", "dispatch2") == "d:main d:long d:longer d:dispatch2"
    assert way(graph, "lonely", "wait") is None
    assert way(graph, "leaf", "leaf") == "d:leaf"


def test_of_two_ways_the_direct_and_the_first_is_taken() -> None:
    text = """(module (type $v (func)) (import "env" "wait" (func $wait)) (table 2 funcref)
      (elem (i32.const 0) $a $b) (elem declare func $a)
      (func $a (type $v) (call $wait)) (func $b (type $v) (call $wait))
      (func $by_table (call_indirect (type $v) (i32.const 0)))
      (func $direct_last (call_indirect (type $v) (i32.const 0)) (call $b))
      (func $two (call $b) (call $a)))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    assert way(graph, "by_table", "wait") == "d:by_table i:a d:wait"
    assert way(graph, "direct_last", "wait") == "d:direct_last d:b d:wait"
    assert way(graph, "two", "wait") == "d:two d:a d:wait"


def test_of_several_goals_the_nearest_and_then_the_first_is_taken() -> None:
    text = """(module (type $v (func)) (table 2 funcref) (elem (i32.const 0) $far_goal $goal)
      (func $far_goal (type $v)) (func $goal (type $v)) (func $other_goal) (func $step (call $far_goal))
      (func $start (call $step) (call $other_goal) (call $goal) (call_indirect (type $v) (i32.const 0))))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    found = shortest_path(graph, [4], {0, 1, 2})
    assert found is not None
    assert [(each.function, each.kind) for each in found] == [(4, "direct"), (1, "direct")]
    found = shortest_path(graph, [3, 4], {0, 2})
    assert found is not None
    assert [each.function for each in found] == [3, 0]


def test_of_ways_of_one_length_the_one_with_the_lowest_indexes_is_taken() -> None:
    # In a set of 1 and 8 the 8 comes first.
    bodies = {0: "(call 1) (call 8)", 1: "(call 9)", 8: "(call 9)", 9: ""}
    functions = "".join(f"(func (type $v) {bodies.get(at, '')})" for at in range(10))
    text = f"(module (type $v (func)) (table 9 funcref) {functions}"
    by_table = "(func (type $v) (call_indirect (type $v) (i32.const 0))) (elem (i32.const 0) func 1 8))"
    direct = call_graph(parse_module(bytes(wasmtime.wat2wasm(f"{text})"))))
    indirect = call_graph(parse_module(bytes(wasmtime.wat2wasm(f"{text}{by_table}"))))
    for graph, start in ((direct, 0), (indirect, 10)):
        found = shortest_path(graph, [start], {9})
        assert found is not None
        assert [each.function for each in found] == [start, 1, 9]


def test_types_of_one_shape_are_one_dominator() -> None:
    text = """(module (type $one (func (param i32))) (type $other (func (param i32)))
      (import "env" "wait" (func $wait)) (table 2 funcref) (elem (i32.const 0) $leaf)
      (func $leaf (type $one) (call $wait))
      (func (call_indirect (type $one) (i32.const 0) (i32.const 0)))
      (func (call_indirect (type $other) (i32.const 0) (i32.const 0))))"""
    graph = call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))
    found = largest_dominators(graph, [0])
    assert [(each.type_, each.functions) for each in found if each.function is None] == [(0, 2)]
    assert {each.type_ for each in found if each.function is not None} == {None}


def test_the_nearest_wait_of_each_function(graph: CallGraph) -> None:
    names = named(graph)
    towards = next_on_shortest_path(graph, [names.index("wait")])
    assert {names[function]: names[callee] for function, callee in towards.items()} == {
        "leaf": "wait",
        "handler": "leaf",
        "dispatch": "handler",
        "dispatch2": "handler",
        "by_ref": "dispatch",
        "longer": "dispatch2",
        "main": "by_ref",
        "long": "longer",
    }
    assert next_on_shortest_path(graph, []) == {}


@pytest.mark.parametrize("seed", range(60))
def test_nearest_waits_are_as_near_as_the_shortest_ways(seed: int) -> None:
    graph = random_graph(seed)
    towards = next_on_shortest_path(graph, [0])
    lengths = []
    for function in range(graph.module.function_count):
        found = shortest_path(graph, [function], {0})
        assert (function in towards) == (found is not None and function != 0)
        if found is None or function == 0:
            continue
        length, last = 1, function
        while last in towards:
            assert towards[last] in graph.callees(last, through_indirect=True)
            length, last = length + 1, towards[last]
        assert (last, length) == (0, len(found))
    for function in towards:
        found = shortest_path(graph, [function], {0})
        assert found is not None
        lengths.append(len(found))
    assert lengths == sorted(lengths)


def test_what_brings_in_most(graph: CallGraph) -> None:
    names = named(graph)
    found = [
        (
            "type" if each.function is None else names[each.function],
            each.functions,
            None if each.callee is None else names[each.callee],
        )
        for each in largest_dominators(graph, [names.index("wait")])
    ]
    # Both dispatch and dispatch2 lead main to a wait, so neither brings it in.
    assert found == [
        ("wait", 8, None),
        ("leaf", 8, "wait"),
        ("handler", 7, "leaf"),
        ("type", 6, "handler"),
        ("dispatch2", 3, None),
        ("dispatch", 2, None),
        ("longer", 2, "dispatch2"),
    ]


def random_graph(seed: int) -> CallGraph:
    choose = random.Random(seed)
    count = choose.randint(2, 14)
    types = ["", "(param i32)", "(param i32 i32)"]
    kinds = [choose.randrange(3) for _ in range(count)]
    bodies = []
    for at in range(count):
        calls = []
        for _ in range(choose.choice([0, 1, 1, 2])):
            roll = choose.random()
            if roll < 0.5:
                other = choose.randrange(count)
                calls.append("(i32.const 0)" * kinds[other] + f"(call $f{other})")
            elif roll < 0.75:
                kind = choose.randrange(3)
                calls.append("(i32.const 0)" * kind + f"(call_indirect (type $t{kind}) (i32.const 0))")
            elif roll < 0.9:
                calls.append("(call $wait)")
        bodies.append(f"(func $f{at} (type $t{kinds[at]}) {''.join(calls)})")
    table = " ".join(f"$f{at}" for at in range(count) if choose.random() < 0.5)
    declared = "".join(f"(type $t{at} (func {each}))" for at, each in enumerate(types))
    text = (
        f'(module {declared} (import "env" "wait" (func $wait)) (table 20 funcref)'
        f"(elem (i32.const 0) func {table}) {''.join(bodies)})"
    )
    return call_graph(parse_module(bytes(wasmtime.wat2wasm(text))))


def reaching(graph: CallGraph, without: int | None, without_type: frozenset[int] | None) -> set[int]:
    """All from which the import is reached, when one function or the calls of one type are taken out."""
    reached = {0}
    while True:
        more = {
            caller
            for caller in range(1, graph.module.function_count)
            if caller not in reached
            and caller != without
            and (
                any(callee in reached for callee in graph.direct.get(caller, ()))
                or any(
                    (callees := graph.functions_of_type(each)) != without_type and callees & reached
                    for each in graph.indirect.get(caller, ())
                )
            )
        }
        if not more:
            return reached - {0}
        reached |= more


@pytest.mark.parametrize("seed", range(150))
def test_bringers_are_what_brute_force_finds(seed: int) -> None:
    graph = random_graph(seed)
    everything = reaching(graph, None, None)

    def sizes(functions: set[int]) -> tuple[int, int]:
        ranges = map(graph.module.body_range, functions)
        return len(functions), sum(end - start for start, end in ranges)

    found = {
        (each.function, None if each.type_ is None else graph.functions_of_type(each.type_)): each
        for each in largest_dominators(graph, [0], least=1)
    }
    for function in everything:
        lost = everything - reaching(graph, function, None)
        assert (found[function, None].functions, found[function, None].code_bytes) == sizes(lost)
    for each in largest_dominators(graph, [0], least=1):
        if each.type_ is not None:
            without = reaching(graph, None, graph.functions_of_type(each.type_))
            assert (each.functions, each.code_bytes) == sizes(everything - without)
        if each.callee and each.function is not None:
            # With the callee gone, the function and all that it brings in cannot wait.
            assert each.function not in reaching(graph, each.callee, None)


@pytest.mark.parametrize("seed", range(150))
def test_ways_are_real_and_none_is_shorter(seed: int) -> None:
    graph = random_graph(seed)
    distance = {0: 0}
    frontier = {0}
    while frontier:
        frontier = {
            caller
            for caller in range(1, graph.module.function_count)
            if caller not in distance and graph.callees(caller, through_indirect=True) & frontier
        }
        step = max(distance.values()) + 1
        distance |= dict.fromkeys(frontier, step)
    for start in range(1, graph.module.function_count):
        way = shortest_path(graph, [start], {0})
        if start not in distance:
            assert way is None
            continue
        assert way is not None
        assert len(way) - 1 == distance[start]
        for (caller, _), (callee, kind) in pairwise(way):
            direct = callee in graph.direct.get(caller, ())
            assert callee in graph.callees(caller, through_indirect=True)
            assert direct if kind == "direct" else not direct
