"""What JSPI is seen to do: stacks, and refusals explained."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.backends.node.cases.jspi import JspiBackend
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.module import parse_module

from .conftest import Observe, make_case

NESTED = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "log" (func $log))
  (type $t (func (param i32) (result i32)))
  (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (type $t) (call $log) (i32.add (call $wait (local.get 0)) (call $wait (local.get 0))))
  (func $mid (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func (export "main") (type $t) (call $mid (local.get 0))))"""
WAIT = {"import": "env.wait", "delay_ms": 0, "returns": "arg:0"}
LOG = {"import": "env.log"}


def test_a_suspension_has_the_whole_stack_by_index_and_offset(observe: Observe) -> None:
    seen = observe(NESTED, export="main", args=["i32:21"], host=[WAIT, LOG])
    assert seen.steps[0].values == ("i32:42",)
    assert (seen.suspension_count, seen.steps[0].suspensions) == (2, 2)
    module = parse_module(make_case(NESTED, export="main").main)
    _, first, second = call_sites(module, 2)
    (through,), (called,) = call_sites(module, 3), call_sites(module, 4)
    outer = ((3, through.offset, "mid"), (4, called.offset, "func[4]"))
    assert [each.frames for each in seen.suspensions] == [
        ((2, first.offset, "leaf"), *outer),
        ((2, second.offset, "leaf"), *outer),
    ]
    assert {(each.import_, each.export, each.count) for each in seen.suspensions} == {("env.wait", "main", 1)}


def test_equal_suspensions_are_counted_and_a_deep_stack_is_whole(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait))
      (func $down (param i32)
        (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $wait))))
      (func (export "main") (param i32)
        (call $down (local.get 0)) (call $down (local.get 0)))
      (func (export "often") (local i32)
        (loop $l (call $down (i32.const 0))
          (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 50))))))"""
    seen = observe(
        wat,
        host=[{"import": "env.wait", "delay_ms": 0}],
        step=[{"call": "main", "args": ["i32:5000"]}, {"call": "often"}],
    )
    assert [(len(each.frames), each.count) for each in seen.suspensions] == [(5002, 1), (5002, 1), (2, 50)]


def test_frames_of_two_modules_are_told_apart(observe: Observe) -> None:
    lib = """(module (import "env" "wait" (func $wait)) (func $pass (export "pass") (nop) (call $wait)))"""
    main = """(module (import "lib" "pass" (func $pass)) (func $m (export "main") (call $pass)))"""
    host = [{"import": "env.wait", "delay_ms": 0}]
    seen = observe(main, others={"lib": lib}, export="main", host=host)
    (suspension,) = seen.suspensions
    assert [name for _, _, name in suspension.frames] == ["pass", "main!m"]
    assert suspension.module == parse_module(make_case(lib, export="pass").main).sha256


def test_concurrent_calls_keep_their_own_counts(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (local i32)
        (loop $l (drop (call $wait (local.get 0)))
          (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
        (local.get 1)))"""
    steps = [
        *({"start": f"c{n}", "export": "f", "args": [f"i32:{n}"]} for n in (1, 3, 2)),
        *({"finish": f"c{n}"} for n in (1, 2, 3)),
    ]
    seen = observe(wat, host=[WAIT], step=steps)
    assert [(each.values, each.suspensions) for each in seen.steps[3:]] == [
        (("i32:1",), 1),
        (("i32:2",), 2),
        (("i32:3",), 3),
    ]


def test_all_that_is_missing_from_both_lists_is_found_and_no_effect_is_doubled(observe: Observe) -> None:
    wat = """(module
      (import "env" "wait" (func $wait)) (import "env" "more" (func $more)) (import "env" "log" (func $log))
      (func (export "a") (call $log) (call $wait)) (func (export "b") (call $more)))"""
    seen = observe(
        wat,
        host=[{"import": "env.wait", "delay_ms": 0}, {"import": "env.more", "suspending": True}, LOG],
        step=[{"call": "a"}, {"call": "b"}],
        jspi={"exports": [], "imports": []},
    )
    assert seen.missing == {"JSPI_EXPORTS": ("a", "b"), "JSPI_IMPORTS": ("env.more", "env.wait")}
    assert seen.log == ("env.log", "env.wait", "env.more")
    assert [each.ended for each in seen.steps] == ["returned", "returned"]


def test_what_is_missing_is_found_though_the_guest_catches_all(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait))
      (func (export "main") (block $b (try_table (catch_all $b) (call $wait)))))"""
    host = [{"import": "env.wait", "delay_ms": 0}]
    seen = observe(wat, export="main", host=host, jspi={"imports": []})
    assert seen.missing == {"JSPI_IMPORTS": ("env.wait",)}
    seen = observe(wat, export="main", host=host, jspi={"exports": []})
    assert (seen.missing, seen.suspension_count) == ({"JSPI_EXPORTS": ("main",)}, 1)


def test_a_frame_of_javascript_in_between_is_named(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait)) (import "env" "back" (func $back))
      (func (export "inner") (call $wait)) (func (export "main") (call $back)))"""
    host = [
        {"import": "env.wait", "delay_ms": 0},
        {"import": "env.back", "calls": [{"export": "inner"}], "suspending": False},
    ]
    (step,) = observe(wat, export="main", host=host).steps
    assert step.trap is not None
    assert step.trap.kind == "suspend-error"
    assert "env.back calls the export inner" in step.trap.message


def test_a_start_function_that_waits_is_not_supported_and_named(observe: Observe) -> None:
    wat = """(module (import "env" "wait" (func $wait))
      (func $init (call $wait)) (start $init) (func (export "main")))"""
    seen = observe(wat, export="main", host=[{"import": "env.wait", "delay_ms": 0}])
    assert seen.status == "unsupported"
    assert seen.unsupported is not None
    assert seen.unsupported.feature == "start-suspension"
    assert "init" in seen.unsupported.where


def test_a_start_function_that_traps_is_the_trap_of_the_calls(observe: Observe) -> None:
    wat = '(module (func $init unreachable) (start $init) (func (export "main")))'
    (step,) = observe(wat, export="main").steps
    assert step.trap is not None
    assert step.trap.kind == "unreachable"
    assert step.trap.frames[0].startswith("init (function 0, offset ")


@pytest.mark.parametrize("text", ["f32:-0.0", "f64:5e-324", "f64:-inf", "i64:-9223372036854775808", "i32:-1"])
def test_values_cross_bit_for_bit(observe: Observe, text: str) -> None:
    kind = text.split(":")[0]
    wat = f"""(module (import "env" "wait" (func $wait (param {kind}) (result {kind})))
      (global (export "g") (mut {kind}) ({kind}.const 0))
      (func (export "main") (param {kind}) (result {kind})
        (global.set 0 (call $wait (local.get 0))) (global.get 0)))"""
    host = [{**WAIT, "args": [text]}]
    seen = observe(wat, export="main", args=[text], host=host, expect={"globals": {"g": text}})
    assert (seen.steps[0].values, seen.steps[0].globals) == ((text,), {"g": text})
    assert seen.problems == ()


def test_what_an_engine_lacks_is_found_in_the_module(run: Any, jspi: JspiBackend) -> None:
    loaded = make_case('(module (memory i64 1) (func (export "main")))', export="main")
    poorer = JspiBackend(
        jspi.engine.model_copy(update={"features": jspi.info.features - {"memory64"}}), children=1
    )
    build = run(poorer.prepare(loaded))
    assert build.unsupported is not None
    assert build.unsupported.feature == "memory64"
    assert build.modules == {}


def test_every_edge_of_hot_stacks_is_a_call_of_the_module(observe: Observe) -> None:
    """V8 inlines through call_indirect on speculation; a few stacks then held a frame that never was."""
    names = range(6)
    wat = f"""(module (import "env" "wait" (func $wait))
      (type $t (func (param i32)))
      (table 6 funcref) (elem (i32.const 0) {" ".join(f"$f{n}" for n in names)})
      {" ".join(f"(func $f{n} (type $t) {'(nop)' * n} (call $wait))" for n in names)}
      (func $pick (type $t) (call_indirect (type $t) (local.get 0) (i32.rem_u (local.get 0) (i32.const 6))))
      (func (export "main") (param i32)
        (loop $l (call $pick (local.get 0))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""
    host = [{"import": "env.wait", "suspending": True}]
    rounds = 30_000
    seen = observe(wat, export="main", args=[f"i32:{rounds}"], host=host, timeout_s=60)
    module = parse_module(make_case(wat, export="main").main)
    assert seen.suspension_count == rounds
    assert {len(each.frames) for each in seen.suspensions} == {3}
    for each in seen.suspensions:
        targets = [0, *(index for index, _, _ in each.frames)]
        for callee, (index, offset, _) in zip(targets, each.frames, strict=False):
            (site,) = (site for site in call_sites(module, index) if site.offset == offset)
            assert site.kind == "call_indirect" or site.target == callee
    assert len(seen.suspensions) == 6
    assert sum(each.count for each in seen.suspensions) == rounds
