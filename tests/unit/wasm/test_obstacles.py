"""Obstacles to Asyncify in small modules; ``tests/integration/wasm`` compares the same ones with Binaryen."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles, asyncify_path
from tests.obstacle_cases import CASES, HEAD


def graph_of(body: str) -> CallGraph:
    return call_graph(parse_module(bytes(wat2wasm(f"{HEAD}{body})"))))


@pytest.mark.parametrize("case", list(CASES))
def test_what_is_found(case: str) -> None:
    body, features = CASES[case]
    found = asyncify_obstacles(graph_of(body), [0, 1])
    assert {feature for feature, _ in found} == features


PATHS = """
  (elem $t (i32.const 0) func $waits)
  (func $waits (type $f) (call $wait (local.get 0)))
  (func $calls (drop (call $waits (i32.const 1))))
  (func $by_table (drop (call_indirect $t (type $f) (i32.const 1) (i32.const 0))))
  (func $other_table (call_indirect $t (type $v) (i32.const 0)))
  (func $above_table (call $by_table))
  (func $apart (drop (i32.const 1)))
"""
WAITS, CALLS, BY_TABLE, OTHER_TABLE, ABOVE_TABLE, _APART = range(2, 8)


def test_the_functions_that_the_pass_instruments() -> None:
    """It takes every call through a table, and with ``ignore_indirect`` none."""
    graph = graph_of(PATHS)
    assert asyncify_path(graph, [0]) == {WAITS, CALLS, BY_TABLE, OTHER_TABLE, ABOVE_TABLE}
    assert asyncify_path(graph, [0], ignore_indirect=True) == {WAITS, CALLS}
    assert asyncify_path(graph, [1]) == {BY_TABLE, OTHER_TABLE, ABOVE_TABLE}
    assert asyncify_path(graph, [1], ignore_indirect=True) == set()


REFUSED = "(func $x (call_indirect $t (type $v) (i32.const 0)) (block $b (try_table (catch_all $b))))"


def test_what_is_not_instrumented_is_not_refused() -> None:
    graph = graph_of(f"{REFUSED} (func $y (drop (call $wait (i32.const 1))))")

    def found(**options: object) -> list[tuple[str, int | None]]:
        places = asyncify_obstacles(graph, [0], **options)  # type: ignore[arg-type]
        return [(feature, place.function) for feature, place in places]

    assert found() == [("exnref", 2)]
    assert found(ignore_indirect=True) == []
    assert found(instrumented={3}) == []
    assert found(instrumented={2}, ignore_indirect=True) == [("exnref", 2)]


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("(start $s) (func $s (drop (call $wait (i32.const 1))))", 2),
        ("(start $s) (func $s (call $i)) (func $i (drop (call $wait (i32.const 1))))", 2),
        ("(start $s) (func $s) (func $i (drop (call $wait (i32.const 1))))", None),
        ("(func $s (drop (call $wait (i32.const 1))))", None),
        ("(start $wait)", 0),
        ("(start $rw)", None),
    ],
)
def test_a_start_function_that_waits(body: str, function: int | None) -> None:
    graph = graph_of(body)
    found = asyncify_obstacles(graph, [0])
    assert [(feature, place.function) for feature, place in found] == (
        [] if function is None else [("start-suspension", function)]
    )
    module = graph.module
    if function == 0:
        assert found[0][1].offset == module.section_offsets[8]
    elif function is not None:
        assert found[0][1].offset == module.body_range(function)[0]


def test_the_first_place_of_each_kind_in_a_function() -> None:
    """``call $rw`` has the number of the type of the ``call_ref``; the two tail calls are one finding."""
    graph = graph_of(
        "(elem declare func $i $n) (func $i (type $f) (call $wait (local.get 0))) (func $n (type $v))"
        "(func (drop (call $rw (ref.null extern))) (call_ref $v (ref.func $n))"
        " (drop (call_ref $f (i32.const 1) (ref.func $i))) (return_call $n) (return_call $n))"
    )
    data = graph.module.data
    call_ref, tail_call = bytes([0x14, 1]), bytes([0x12, 3])
    assert [(feature, place.function, place.offset) for feature, place in asyncify_obstacles(graph, [0])] == [
        ("tail-call", 4, data.index(tail_call)),
        ("call-ref-suspension", 4, data.index(call_ref)),
    ]


def test_a_jump_to_no_block_is_passed_over() -> None:
    for depth in (1, 9):
        graph = graph_of(
            f"(func (param externref) (drop (call $wait (i32.const 1))) (br_if {depth} (i32.const 1)))"
        )
        assert asyncify_obstacles(graph, [0]) == []
