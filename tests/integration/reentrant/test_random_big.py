"""Random modules, made re-entrant, are valid in wasmtime and V8, and compute the same without overlap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wasmtime
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from stackswitch.tools.paths import wheel_node
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from tests.unit.transform.reentrant.guests import ENGINE, MALLOC, STACK

from .conftest import PROGRAMS

SHARED_BYTES = 1024
"""What functions share is below; frames and regions are above."""
IMPORTS = """(type $int (func (param i32) (result i32)))
  (import "env" "wait" (func $wait (type $int)))
  (import "env" "wide" (func $wide (param i64 f64) (result f64)))
  (import "env" "other" (func $other (type $int)))"""
Run = Callable[[list[bytes], list[tuple[str, int]]], list[Any]]


@pytest.fixture(scope="module")
def run_on_v8() -> Iterator[Run]:
    """Run modules on Node, in one process for all."""
    argv = [wheel_node(), "--experimental-wasm-exnref", PROGRAMS / "run-lines.mjs"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:

        def run(modules: list[bytes], calls: list[tuple[str, int]]) -> list[Any]:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(
                json.dumps({"modules": [each.hex() for each in modules], "calls": calls}) + "\n"
            )
            child.stdin.flush()
            found: list[Any] = json.loads(child.stdout.readline())
            return found

        yield run
        assert child.stdin is not None
        child.stdin.close()


def run_on_wasmtime(wasm: bytes, calls: list[tuple[str, int]]) -> Any:
    store = wasmtime.Store(ENGINE)
    i32, i64, f64 = wasmtime.ValType.i32(), wasmtime.ValType.i64(), wasmtime.ValType.f64()
    seen: list[list[str]] = []

    def wait(value: int) -> int:
        seen.append(["wait", str(value)])
        return (value * 31 + 7 + (1 << 31)) % (1 << 32) - (1 << 31)

    def wide(long: int, float_: float) -> float:
        seen.append(["wide", str(long), str(int(float_))])
        return float_ / 2 + (long & 255)

    def other(value: int) -> int:
        seen.append(["other", str(value)])
        return value ^ 85

    functions = {
        "wait": wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), wait),
        "wide": wasmtime.Func(store, wasmtime.FuncType([i64, f64], [f64]), wide),
        "other": wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), other),
    }
    module = wasmtime.Module(ENGINE, wasm)
    exports: Any = wasmtime.Instance(
        store, module, [functions[each.name or ""] for each in module.imports]
    ).exports(store)
    results: list[Any] = []
    for name, value in calls:
        try:
            results.append(exports[name](store, value))
        except wasmtime.Trap:
            results.append("trap")
        except wasmtime.WasmtimeError:
            results.append("exception")
    memory = list(exports["memory"].read(store, 0, SHARED_BYTES))
    return {"results": results, "seen": seen, "memory": memory}


@st.composite
def expressions(draw: st.DrawFn, function: int, depth: int) -> str:
    """An expression of type i32 in a function that calls those before it only, so that it ends."""
    parts = expressions(function, depth - 1)
    leaves = [
        "(local.get $value)",
        "(i32.load (local.get $frame))",
        f"(i32.const {draw(st.integers(-9, 300))})",
    ]
    if depth == 0:
        return draw(st.sampled_from(leaves))
    kind = draw(st.integers(0, 12))
    one = draw(parts)
    if kind < 2:
        return f"(call $wait {one})"
    if kind == 2:
        return (
            f"(i32.trunc_sat_f64_s (call $wide (i64.extend_i32_s {one}) (f64.convert_i32_s {draw(parts)})))"
        )
    if kind == 3:
        return f"(call $other {one})"
    if kind == 4 and function:
        return f"(call $f{draw(st.integers(0, function - 1))} {one})"
    if kind == 5:
        return f"(call_indirect (type $int) {one} (i32.const {draw(st.integers(0, 3))}))"
    if kind == 6:
        return f"(call_ref $int {one} (ref.func {draw(st.sampled_from(['$wait', '$other']))}))"
    if kind == 7:
        return f"(if (result i32) {one} (then {draw(parts)}) (else {draw(parts)}))"
    if kind == 8:
        at = draw(st.integers(4, SHARED_BYTES // 4 - 1)) * 4
        return f"(block (result i32) (i32.store (i32.const {at}) {one}) (i32.load (i32.const {at})))"
    if kind == 9:
        return f"(block (result i32) (i32.store (local.get $frame) {one}) {draw(parts)})"
    if kind == 10:
        loop = f"(loop $again (local.set $sum (i32.add (local.get $sum) {one}))"
        count = "(local.tee $count (i32.add (local.get $count) (i32.const 1)))"
        more = f"(br_if $again (i32.lt_u {count} (i32.const 3))))"
        return f"(block (result i32) {loop} {more} (local.get $sum))"
    if kind == 11:
        return (
            f"(block $caught (result i32) (try_table (result i32) (catch $tag $caught) (throw $tag {one})))"
        )
    return f"({draw(st.sampled_from(['i32.add', 'i32.xor', 'i32.mul', 'i32.div_s']))} {one} {draw(parts)})"


@st.composite
def functions(draw: st.DrawFn, index: int) -> str:
    """A function with a frame on the C stack."""
    size = draw(st.sampled_from([16, 48, 512]))
    last = draw(expressions(index, draw(st.integers(0, 4))))
    tail = "(return_call $wait (local.get $sum))" if draw(st.booleans()) else "(local.get $sum)"
    return f"""(func $f{index} (export "f{index}") (param $value i32) (result i32)
      (local $frame i32) (local $sum i32) (local $count i32)
      (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const {size}))))
      (i32.store (local.get $frame) (local.get $value))
      (local.set $sum (i32.add (i32.load (local.get $frame)) {last}))
      (global.set $sp (i32.add (local.get $frame) (i32.const {size}))) {tail})"""


@st.composite
def modules(draw: st.DrawFn) -> tuple[bytes, int]:
    """A module, and how many functions it exports as ``f0`` and so on."""
    count = draw(st.integers(1, 5))
    fillers = "(func (result i32) (i32.const 4112))" * draw(st.sampled_from([0, 0, 60, 130, 200]))
    bodies = [draw(functions(index)) for index in range(count)]
    place = draw(st.booleans())
    elements = " ".join(draw(st.sampled_from(["$wait", "$other"])) for _ in range(3))
    parts = [
        IMPORTS,
        STACK,
        MALLOC,
        "(tag $tag (param i32))",
        f"(table 4 funcref) (elem (i32.const 0) {elements}) (elem declare func $wait $other)",
        fillers if place else "",
        *bodies,
        "" if place else fillers,
        draw(st.sampled_from(["", '(export "alias" (func $f0))', '(export "import" (func $wait))'])),
        draw(st.sampled_from(["", "(func $begin (drop (call $wait (i32.const 1)))) (start $begin)"])),
    ]
    return bytes(wasmtime.wat2wasm(f"(module {' '.join(parts)})")), count


def outcome(found: Any) -> Any:
    """Return what a run found, with numbers as JavaScript and Python both write them."""
    return {
        **found,
        "seen": [[name, *(str(int(float(value))) for value in values)] for name, *values in found["seen"]],
    }


@given(module=modules(), values=st.lists(st.integers(-4, 90), min_size=1, max_size=3), data=st.data())
@settings(
    max_examples=2500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_random_modules_compute_the_same(
    run_on_v8: Run, module: tuple[bytes, int], values: list[int], data: st.DataObject
) -> None:
    wasm, count = module
    calls = [(f"f{at}", value) for at in range(count) for value in values]
    suspend = data.draw(
        st.sampled_from([("env.wait",), ("env.wait", "env.wide"), ("env.wait", "env.wide", "env.other")])
    )
    promise = tuple(f"f{at}" for at in range(count) if data.draw(st.booleans()))
    builds = [
        make_reentrant(
            ReentrantRequest(
                wasm=wasm, suspend=suspend, promise=promise, new_exceptions=new, region_bytes=16384
            )
        ).wasm
        for new in (True, False)
    ]
    right = outcome(run_on_wasmtime(wasm, calls))
    event(f"traps: {'trap' in right['results']}")
    assert outcome(run_on_wasmtime(builds[0], calls)) == right
    for found in run_on_v8([wasm, *builds], calls):
        assert outcome(found) == right
