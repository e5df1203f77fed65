"""What we say stands in Asyncify's way, against what the pass refuses."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles

REFUSED = {"tail-call", "exnref", "gc", "function-references", "reference-locals"}
"""What makes the pass fail; the other findings build, and go wrong when run."""
HEAD = """
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "rw" (func $rw (param externref) (result externref)))
  (memory 1) (type $v (func)) (type $f (func (param i32) (result i32)))
  (table $t 4 funcref) (table $et 2 externref)
  (tag $e (param i32)) (tag $er (param externref)) (type $s (struct (field i32)))
"""
# What is in the module, and the features that are found; the imports wait (0) and rw (1, of references).
CASES: dict[str, tuple[str, set[str]]] = {
    "base": (
        '(func (export "m") (result i32) (call $wait (i32.const 1)))',
        set(),
    ),
    "tail off path": (
        '(func (export "m") (result i32) (call $wait (i32.const 1))) (func $x (return_call $x))',
        {"tail-call"},
    ),
    "tail indirect off path": (
        '(func (export "m") (result i32) (call $wait (i32.const 1))) (func $x (param i32) (result '
        "i32) (return_call_indirect (type $f) (local.get 0) (i32.const 0)))",
        {"tail-call"},
    ),
    "return_call_ref off path": (
        '(func (export "m") (result i32) (call $wait (i32.const 1))) (elem declare func $x) (func '
        "$x (param i32) (result i32) (return_call_ref $f (local.get 0) (ref.func $x)))",
        set(),
    ),
    "tail unused-to-nonpath": (
        '(func (export "m") (result i32) (drop (call $wait (i32.const 1))) (return_call $y)) (func '
        "$y (result i32) (i32.const 1))",
        {"tail-call"},
    ),
    "try_table off path": (
        '(func (export "m") (result i32) (call $wait (i32.const 1))) (func $x (block $b (try_table '
        "(catch_all $b) (throw $e (i32.const 1)))))",
        set(),
    ),
    "try_table on path, call outside": (
        '(func (export "m") (result i32) (block $b (try_table (catch_all $b) (throw $e (i32.const '
        "1)))) (call $wait (i32.const 1)))",
        {"exnref"},
    ),
    "try_table on path, call in": (
        '(func (export "m") (result i32) (block $b (try_table (catch_all $b) (return (call $wait '
        "(i32.const 1))))) (i32.const 5))",
        {"exnref"},
    ),
    "try_table on path, catch payload": (
        '(func (export "m") (result i32) (block $b (result i32) (try_table (catch $e $b) (return '
        "(call $wait (i32.const 1)))) (i32.const 5)))",
        {"exnref"},
    ),
    "try_table_ref on path": (
        '(func (export "m") (result i32) (block $b (result exnref) (try_table (catch_all_ref $b) '
        "(return (call $wait (i32.const 1)))) (unreachable)) (throw_ref))",
        {"exnref"},
    ),
    "throw_ref on path": (
        '(func (export "m") (param exnref) (result i32) (drop (call $wait (i32.const 1))) '
        "(throw_ref (local.get 0)))",
        {"reference-locals", "exnref"},
    ),
    "throw on path": (
        '(func (export "m") (result i32) (drop (call $wait (i32.const 1))) (throw $e (i32.const 1)))',
        set(),
    ),
    "param ref": (
        '(func (export "m") (param externref) (result i32) (call $wait (i32.const 1)))',
        set(),
    ),
    "param funcref": (
        '(func (export "m") (param funcref) (result i32) (call $wait (i32.const 1)))',
        set(),
    ),
    "param ref after": (
        '(func (export "m") (param externref) (result i32) (drop (call $wait (i32.const 1))) (drop '
        "(call $rw (local.get 0))) (i32.const 1))",
        {"reference-locals"},
    ),
    "local ref unused": (
        '(func (export "m") (result i32) (local externref) (call $wait (i32.const 1)))',
        set(),
    ),
    "local ref used before": (
        '(func (export "m") (result i32) (local externref) (local.set 0 (table.get $et (i32.const '
        "0))) (drop (ref.is_null (local.get 0))) (call $wait (i32.const 1)))",
        set(),
    ),
    "local ref across": (
        '(func (export "m") (result i32) (local externref) (local.set 0 (table.get $et (i32.const '
        "0))) (drop (call $wait (i32.const 1))) (ref.is_null (local.get 0)))",
        {"reference-locals"},
    ),
    "ref stack temp before": (
        '(func (export "m") (result i32) (drop (ref.is_null (table.get $et (i32.const 0)))) (call '
        "$wait (i32.const 1)))",
        set(),
    ),
    "ref stack across": (
        '(func (export "m") (result i32) (table.set $et (i32.const 0) (table.get $et (call $wait '
        "(i32.const 1)))) (i32.const 1))",
        set(),
    ),
    "ref temp block": (
        '(func (export "m") (result i32) (drop (ref.is_null (block (result externref) (table.get '
        "$et (i32.const 0))))) (call $wait (i32.const 1)))",
        set(),
    ),
    "ref held over": (
        '(func (export "m") (result i32) (table.get $et (i32.const 0)) (drop (call $wait (i32.const '
        "1))) (ref.is_null))",
        {"reference-locals"},
    ),
    "ref result of fn": (
        '(func (export "m") (result externref) (drop (call $wait (i32.const 1))) (table.get $et '
        "(i32.const 0)))",
        {"reference-locals"},
    ),
    "ref result of fn null": (
        '(func (export "m") (result externref) (drop (call $wait (i32.const 1))) (ref.null extern))',
        {"reference-locals"},
    ),
    "ref arg to waiting import": (
        '(func (export "m") (result i32) (ref.is_null (call $rw (ref.null extern))))',
        {"reference-locals"},
    ),
    "ref result of import dropped": (
        '(func (export "m") (drop (call $rw (ref.null extern))))',
        {"reference-locals"},
    ),
    "ref result of inner dropped": (
        '(func (export "m") (drop (call $i))) (func $i (result externref) (drop (call $wait '
        "(i32.const 1))) (ref.null extern))",
        {"reference-locals"},
    ),
    "ref.func call_indirect": (
        '(func (export "m") (result i32) (table.set $t (i32.const 0) (ref.func $i)) (call_indirect '
        "$t (type $f) (i32.const 1) (i32.const 0))) (elem declare func $i) (func $i (param i32) "
        "(result i32) (call $wait (i32.const 1)))",
        set(),
    ),
    "br_on_null": (
        '(func (export "m") (result i32) (block $b (drop (br_on_null $b (table.get $et (i32.const '
        "0))))) (call $wait (i32.const 1)))",
        {"function-references"},
    ),
    "br_on_null off path": (
        '(func (export "m") (result i32) (call $wait (i32.const 1))) (func $x (block $b (drop '
        "(br_on_null $b (table.get $et (i32.const 0))))))",
        set(),
    ),
    "ref.as_non_null": (
        '(func (export "m") (result i32) (drop (ref.as_non_null (table.get $et (i32.const 0)))) '
        "(call $wait (i32.const 1)))",
        set(),
    ),
    "br_on_non_null": (
        '(func (export "m") (result i32) (drop (block $b (result (ref extern)) (br_on_non_null $b '
        "(table.get $et (i32.const 0))) (return (i32.const 0)))) (call $wait (i32.const 1)))",
        {"function-references"},
    ),
    "struct.new drop": (
        '(func (export "m") (result i32) (drop (struct.new $s (i32.const 1))) (call $wait (i32.const 1)))',
        set(),
    ),
    "struct.get direct": (
        '(func (export "m") (result i32) (i32.add (struct.get $s 0 (struct.new $s (i32.const 1))) '
        "(call $wait (i32.const 1))))",
        set(),
    ),
    "br_on_cast": (
        '(func (export "m") (param i32) (result i32) (drop (block $b (result (ref $s)) (drop '
        "(br_on_cast $b anyref (ref $s) (struct.new $s (i32.const 1)))) (return (i32.const 0)))) "
        "(call $wait (i32.const 1)))",
        {"gc"},
    ),
    "nonnull local": (
        '(func (export "m") (result i32) (local (ref $s)) (local.set 0 (struct.new $s (i32.const '
        "1))) (drop (call $wait (i32.const 1))) (struct.get $s 0 (local.get 0)))",
        {"reference-locals"},
    ),
    "call_ref to waiting": (
        '(func (export "m") (result i32) (call_ref $f (i32.const 1) (ref.func $i))) (elem declare '
        "func $i) (func $i (type $f) (param i32) (result i32) (call $wait (i32.const 1)))",
        {"call-ref-suspension"},
    ),
    "call_ref only local": (
        '(func (export "m") (param (ref $f)) (result i32) (call_ref $f (i32.const 1) (local.get 0)))',
        set(),
    ),
    "multi-value ref result block": (
        '(func (export "m") (result i32) (block (result i32 i32) (i32.const 1) (call $wait '
        "(i32.const 1))) (i32.add))",
        set(),
    ),
    "legacy try call in body": (
        '(func (export "m") (result i32) (try (result i32) (do (call $wait (i32.const 1))) '
        "(catch_all (i32.const 1))))",
        set(),
    ),
    "legacy in catch": (
        '(func (export "m") (result i32) (try (result i32) (do (throw $e (i32.const 1))) (catch_all '
        "(call $wait (i32.const 1)))))",
        {"catch-suspension"},
    ),
    "legacy catch with payload": (
        '(func (export "m") (result i32) (try (result i32) (do (call $wait (i32.const 1))) (catch $e)))',
        set(),
    ),
    "legacy rethrow": (
        '(func (export "m") (result i32) (try (result i32) (do (call $wait (i32.const 1))) '
        "(catch_all (rethrow 0))))",
        set(),
    ),
    "legacy call in catch then rethrow": (
        '(func (export "m") (result i32) (try (result i32) (do (throw $e (i32.const 1))) (catch_all '
        "(drop (call $wait (i32.const 1))) (rethrow 0))))",
        {"catch-suspension"},
    ),
    "legacy delegate": (
        '(func (export "m") (result i32) (try (result i32) (do (try (result i32) (do (call $wait '
        "(i32.const 1))) (delegate 0))) (catch_all (i32.const 3))))",
        set(),
    ),
    "loop ref": (
        '(func (export "m") (param externref) (result i32) (loop $l (drop (ref.is_null (local.get '
        "0))) (br_if $l (call $wait (i32.const 1)))) (i32.const 1))",
        {"reference-locals"},
    ),
    "loop ref no back": (
        '(func (export "m") (param externref) (result i32) (loop $l (drop (ref.is_null (local.get '
        "0))) (drop (call $wait (i32.const 1)))) (i32.const 1))",
        set(),
    ),
    "set in if": (
        '(func (export "m") (param externref) (result i32) (drop (call $wait (i32.const 1))) (if '
        "(i32.load (i32.const 0)) (then (local.set 0 (ref.null extern)))) (ref.is_null (local.get "
        "0)))",
        {"reference-locals"},
    ),
    "set in both arms": (
        '(func (export "m") (param externref) (result i32) (drop (call $wait (i32.const 1))) (if '
        "(i32.load (i32.const 0)) (then (local.set 0 (ref.null extern))) (else (local.set 0 "
        "(table.get $et (i32.const 0))))) (ref.is_null (local.get 0)))",
        set(),
    ),
    "set in block": (
        '(func (export "m") (param externref) (result i32) (drop (call $wait (i32.const 1))) (block '
        "(local.set 0 (ref.null extern))) (ref.is_null (local.get 0)))",
        set(),
    ),
    "br past set": (
        '(func (export "m") (param externref) (result i32) (drop (call $wait (i32.const 1))) (block '
        "$b (br_if $b (i32.load (i32.const 0))) (local.set 0 (ref.null extern))) (ref.is_null "
        "(local.get 0)))",
        {"reference-locals"},
    ),
    "read in other arm": (
        '(func (export "m") (param externref) (result i32) (if (result i32) (i32.load (i32.const '
        "0)) (then (call $wait (i32.const 1))) (else (ref.is_null (local.get 0)))))",
        {"reference-locals"},
    ),
    "catch read": (
        '(func (export "m") (param externref) (result i32) (try (result i32) (do (call $wait '
        "(i32.const 1))) (catch_all (ref.is_null (local.get 0)))))",
        {"reference-locals"},
    ),
    "indirect ref result": (
        '(func (export "m") (result i32) (ref.is_null (call_indirect $t (param) (result externref) '
        "(i32.const 0))))",
        {"reference-locals"},
    ),
    "call_ref ref result": (
        '(type $r (func (result externref))) (func (export "m") (param (ref $r)) (result i32) (drop '
        "(call $wait (i32.const 1))) (ref.is_null (call_ref $r (local.get 0))))",
        {"reference-locals"},
    ),
    "try_table w/ call_indirect elsewhere": (
        '(func (export "m") (result i32) (block $b (try_table (catch_all $b) (drop (call_indirect '
        "$t (type $f) (i32.const 1) (i32.const 0))))) (i32.const 0))",
        {"exnref"},
    ),
}
UNSEEN = {
    "select ref": (
        '(func (export "m") (result i32) (ref.is_null (select (result externref) (ref.null extern) '
        "(table.get $et (i32.const 0)) (call $wait (i32.const 1)))))"
    ),
    "if ref": (
        '(func (export "m") (result i32) (ref.is_null (if (result externref) (call $wait (i32.const '
        "1)) (then (ref.null extern)) (else (table.get $et (i32.const 0))))))"
    ),
    "legacy catch ref payload": (
        '(func (export "m") (result i32) (try (result externref) (do (drop (call $wait (i32.const '
        "1))) (ref.null extern)) (catch $er)) (ref.is_null))"
    ),
}
"""References that the pass has to keep and that only it sees (see the module's docstring)."""


def refusal(body: str, wasm_opt: Any) -> tuple[bytes, str]:
    """Return the module as a binary, and what the pass says against it."""
    plain = wasm_opt(f"{HEAD}{body})".encode())
    assert plain.status == 0, plain.stderr_text
    data = plain.files["out.wasm"]
    done = wasm_opt(data, "--asyncify", "--pass-arg=asyncify-imports@env.wait,env.rw")
    return data, "" if done.status == 0 else done.stderr_text


@pytest.mark.parametrize("case", list(CASES))
def test_what_is_found_is_what_is_refused(case: str, wasm_opt: Any) -> None:
    body, features = CASES[case]
    data, said = refusal(body, wasm_opt)
    found = asyncify_obstacles(call_graph(parse_module(data)), [0, 1])
    assert {feature for feature, _ in found} == features
    assert bool(features & REFUSED) == bool(said), said
    for _, place in found:
        assert 0 < place.offset < len(data)


@pytest.mark.parametrize("case", list(UNSEEN))
def test_what_is_not_found_is_still_told_by_the_pass(case: str, wasm_opt: Any) -> None:
    data, said = refusal(UNSEEN[case], wasm_opt)
    assert "non-number types" in said
    assert asyncify_obstacles(call_graph(parse_module(data)), [0, 1]) == []


def test_a_start_function_that_waits_is_found(wasm_opt: Any) -> None:
    data, said = refusal("(start $s) (func $s (drop (call $wait (i32.const 1))))", wasm_opt)
    assert not said
    ((feature, place),) = asyncify_obstacles(call_graph(parse_module(data)), [0])
    assert (feature, place.function) == ("start-suspension", 2)
    assert asyncify_obstacles(call_graph(parse_module(data)), [1]) == []
