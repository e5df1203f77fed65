"""What is instrumented, read from the bytes, against what the pass was told to do."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime

from stackswitch.wasm.asyncified import (
    checks_state_after_call,
    instrumented_functions,
    is_asyncified,
    suspending_imports,
)
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.module import parse_module

TEXT = """
(module (import "env" "wait" (func $wait (param i32) (result i32))) (import "env" "other" (func $other))
  (memory (export "memory") ADDRESS 1)
  (global $g (mut i32) (i32.const 5)) (global $h (mut i32) (i32.const 6))
  (func $leaf (export "leaf") (param i32) (result i32) (call $other) (call $wait (local.get 0)))
  (func $mid (export "mid") (param i32) (result i32)
    (i32.add (call $leaf (local.get 0)) (i32.add (global.get $h) (local.get 0))))
  (func $pure (export "pure") (result i32) (call $other) (global.set $h (global.get $g)) (global.get $g))
  (func $top (export "top") (param i32) (result i32) (local i32)
    (local.set 1 (call $mid (local.get 0))) (i32.mul (call $mid (local.get 1)) (local.get 0))))
"""
NAMES = {"leaf", "mid", "top"}
SHAPES = {
    "plain": [],
    "O1": ["-O1"],
    "O3": ["-O3"],
    "asserts": ["--pass-arg=asyncify-asserts"],
    "asserts-O3": ["--pass-arg=asyncify-asserts", "-O3"],
    "imported-globals": ["--pass-arg=asyncify-relocatable"],
    "exported-globals": ["--pass-arg=asyncify-export-globals"],
    "second-memory": ["--pass-arg=asyncify-in-secondary-memory"],
}


def instrumented_names(data: bytes) -> set[str]:
    module = parse_module(data)
    by_index = {each.index: each.name for each in module.exports if each.kind == "func"}
    return {by_index[index] for index in instrumented_functions(module)}


@pytest.mark.parametrize("only", [None, {"leaf"}, {"mid", "leaf"}, set()], ids=["all", "leaf", "two", "none"])
@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("address", ["", "i64"], ids=["wasm32", "wasm64"])
def test_the_instrumented_are_those_of_the_list(
    only: set[str] | None, shape: str, address: str, wasm_opt: Any
) -> None:
    data = bytes(wasmtime.wat2wasm(TEXT.replace("ADDRESS", address)))
    assert not is_asyncified(parse_module(data))
    options = ["--asyncify", "--pass-arg=asyncify-imports@env.wait", *SHAPES[shape]]
    files = {}
    if only is not None:
        options.append("--pass-arg=asyncify-onlylist@@list")
        files["list"] = "\n".join(["no such name", *sorted(only), "no such name"]).encode()
    done = wasm_opt(data, *options, **files)
    assert done.status == 0, done.stderr_text
    built = parse_module(done.files["out.wasm"])
    assert is_asyncified(built)
    assert instrumented_names(built.data) == (NAMES if only is None else only)
    waiting = {each.index for each in built.imports if each.name == "wait"}
    assert waiting
    found = suspending_imports(built)
    assert found is not None
    names = {built.function_imports()[index].full_name for index in found}
    assert names == ({"env.wait"} if only is None or "leaf" in only else set())
    # One call tells the same as all of them.
    calls = [
        (function, site.offset)
        for function in instrumented_functions(built)
        for site in call_sites(built, function)
        if site.kind == "call" and site.target in waiting
    ]
    assert bool(calls) == bool(found)
    assert all(checks_state_after_call(built, *call) for call in calls)
    assert not any(checks_state_after_call(parse_module(data), *call) for call in calls)


def test_a_module_that_calls_the_controls_itself_is_not_taken_for_instrumented(wasm_opt: Any) -> None:
    text = """
    (module (import "env" "wait" (func $wait))
      (import "asyncify" "start_unwind" (func $start (param i32)))
      (import "asyncify" "stop_unwind" (func $stop))
      (memory 1)
      (func (export "scheduler") (call $start (i32.const 64)) (call $stop))
      (func (export "task") (call $wait)))
    """
    data = bytes(wasmtime.wat2wasm(text))
    for extra in ([], ["-O3"]):
        done = wasm_opt(data, "--asyncify", "--pass-arg=asyncify-imports@env.wait", *extra)
        assert done.status == 0, done.stderr_text
        assert instrumented_names(done.files["out.wasm"]) == {"task"}
