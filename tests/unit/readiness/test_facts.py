"""What a module's bytes say for the report."""

from __future__ import annotations

import pytest
import wasmtime

from stackswitch.models.trace import Suspension
from stackswitch.readiness import facts
from stackswitch.readiness.facts import confidence, listed_names, module_facts, shadow_stack, ways
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module

from .conftest import analysis


def module(text: str) -> Module:
    return parse_module(bytes(wasmtime.wat2wasm(f"(module {text})")))


POINTER = "(global (mut i32) (i32.const 0))"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"(memory 1) {POINTER}", "hidden"),
        ("(memory i64 1) (global (mut i64) (i64.const 0))", "hidden"),
        (POINTER, "none"),
        ("(memory 1)", "none"),
        ("(memory 1) (global i32 (i32.const 0))", "none"),
        ("(memory 1) (global (mut f32) (f32.const 0))", "none"),
        (f"(memory 1) (global i32 (i32.const 0)) {POINTER}", "none"),
        ('(import "env" "__stack_pointer" (global (mut i32))) (memory 1)', "hidden"),
        (
            '(import "env" "b" (global i32)) (import "env" "__stack_pointer" (global (mut i32))) (memory 1)',
            "hidden",
        ),
        ('(import "env" "b" (global i32)) (memory 1)', "none"),
        (f'(memory 1) {POINTER} (export "__stack_pointer" (global 0))', "reachable"),
        (f'(memory 1) {POINTER} (func (export "stackSave")) (func (export "stackRestore"))', "reachable"),
        (f'(memory 1) {POINTER} (func (export "stackSave"))', "hidden"),
        (
            f'(memory 1) {POINTER} (func (export "emscripten_stack_get_current"))'
            '(func (export "_emscripten_stack_restore"))',
            "reachable",
        ),
        (f'(memory 1) {POINTER} (func (export "emscripten_stack_get_current"))', "hidden"),
    ],
)
def test_the_stack_of_c(text: str, found: str) -> None:
    assert shadow_stack(module(text)) == found


def test_facts_are_those_of_the_analysis() -> None:
    its = module_facts(module(f"(memory 1) {POINTER}"), analysis())
    assert (its.name, its.size_bytes, its.functions, its.named) == ("app.wasm", 1000, 10, 10)
    assert (its.asyncified, its.imports, its.imports_from) == (False, ("env.wait",), "given")
    assert (its.shadow_stack, its.policies) == ("hidden", ())


LISTED = module('(import "env" "wait" (func $wait)) (func $first) (func $second) (func $third)')


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (["first"], {"first"}),
        (["first", "s*"], {"first", "second"}),
        (["none"], set()),
        ([], set()),
        (["*"], {"first", "second", "third"}),
    ],
)
def test_names_that_a_list_gives(only: list[str], names: set[str]) -> None:
    assert listed_names(LISTED, {"ASYNCIFY_ONLY": only}) == names


def test_without_list_names_are_those_of_the_build() -> None:
    assert listed_names(LISTED, {"ASYNCIFY_ADD": ["first"]}) is None
    build = module(
        """(import "env" "wait" (func $wait)) (memory 1)
        (global $s (mut i32) (i32.const 0)) (global $d (mut i32) (i32.const 0))
        (func (export "start") (param i32) (global.set $s (i32.const 1)) (global.set $d (local.get 0))
          (drop (global.get $d)))
        (func $plain) (func $task (drop (global.get $s)) (drop (global.get $d)))"""
    )
    assert listed_names(build, {}) == {"task"}
    assert listed_names(build, {"ASYNCIFY_ONLY": ["plain"]}) == {"plain"}


WAYS = call_graph(
    module(
        """(import "env" "wait" (func $wait)) (import "env" "log" (func $log))
        (func $leaf (call $wait)) (func $mid (call $leaf)) (func $long (call $mid))
        (func $b (export "b") (call $long) (call $mid)) (func $a (export "a") (call $mid))
        (func $near (export "near") (call $leaf) (call $long)) (func (export "not") (call $log))
        (export "wait" (func $wait)) (func $inner (call $wait)) (memory (export "memory") 1)"""
    )
)


def test_ways_are_the_shortest_and_come_shortest_first() -> None:
    assert list(ways(WAYS, ["env.wait"])) == [
        ("near", "leaf", "env.wait"),
        ("a", "mid", "leaf", "env.wait"),
        ("b", "mid", "leaf", "env.wait"),
    ]
    assert list(ways(WAYS, [])) == []


def test_the_middle_of_a_long_way_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_DEPTH", 4)
    chain = " ".join(f"(func $f{at} (call $f{at + 1}))" for at in range(1, 9))
    ends = '(import "env" "wait" (func $wait)) (func $f0 (export "f0") (call $f1))'
    graph = call_graph(module(f"{ends} {chain} (func $f9 (call $wait))"))
    assert list(ways(graph, ["env.wait"])) == [("f0", "f1", "… 7 frames …", "f9", "env.wait")]
    monkeypatch.setattr(facts, "MOST_DEPTH", 11)
    (whole,) = ways(graph, ["env.wait"])
    assert whole == (*(f"f{at}" for at in range(10)), "env.wait")
    monkeypatch.setattr(facts, "MOST_DEPTH", 10)
    (cut,) = ways(graph, ["env.wait"])
    assert cut == ("f0", "f1", "f2", "f3", "f4", "… 1 frames …", "f6", "f7", "f8", "f9", "env.wait")


def test_no_more_ways_than_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_WAYS", 2)
    assert [len(way) for way in ways(WAYS, ["env.wait"])] == [3, 4]


TABLE = module(
    """(type $v (func)) (import "env" "wait" (func $wait)) (table 9 funcref)
    (elem (i32.const 0) func $w0 $w1 $w2 $w3 $w4)
    (func $w0 (call $wait)) (func $w1 (call $wait)) (func $w2 (call $wait)) (func $w3 (call $wait))
    (func $w4 (call $wait)) (func $pick (call_indirect (type $v) (i32.const 0))) (func $main (call $pick))"""
)


def seen(*names: str) -> Suspension:
    index = {"main": 7, "pick": 6, **{f"w{at}": at + 1 for at in range(5)}}
    frames = tuple((index[name], -1, name) for name in names)
    return Suspension(module="ab" * 32, backend="asyncify", import_="env.wait", export="main", frames=frames)


def test_confidence_leaves_out_a_case_at_a_time() -> None:
    graph = call_graph(TABLE)
    four = {f"c{at}": (seen(f"w{at}", "pick", "main"),) for at in range(4)}
    assert confidence(graph, ["env.wait"], dict(list(four.items())[:3])) == ()
    assert confidence(graph, ["env.wait"], {**dict(list(four.items())[:3]), "": four["c3"], "e": ()}) == ()
    observed, dispatch = confidence(graph, ["env.wait"], four)
    # Each case has a function of its own: what was observed elsewhere does not cover it, the table does.
    assert (observed.policy, observed.functions, observed.covered) == ("observed", 6, 0.0)
    assert observed.points == ((1, 0.0), (2, 0.0), (3, 0.0))
    assert (dispatch.policy, dispatch.functions, dispatch.covered) == ("dispatch", 7, 1.0)
    assert dispatch.points == ((1, 1.0), (2, 1.0), (3, 1.0))


def test_confidence_of_cases_that_are_alike() -> None:
    cases = {f"c{at}": (seen(f"w{at % 2}", "pick", "main"),) for at in range(8)}
    observed, _ = confidence(call_graph(TABLE), ["env.wait"], cases)
    assert (observed.functions, observed.covered) == (4, 1.0)
    # One of eight covers three of the other seven; drawn are at least five lists, and 60 cases tried.
    assert observed.points[0] == (1, 0.4286)
    assert [count for count, _ in observed.points] == [1, 2, 4, 6, 7]
    assert confidence(call_graph(TABLE), ["env.wait"], cases)[0] == observed
