"""The npm package makes what the command makes, byte for byte, and refuses the same with the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wasmtime
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.encoding import CUSTOM, name, section, sized, vector

from .conftest import Compare

SUITE = sorted(CONFORMANCE_SUITE.rglob("*.wasm"))
REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"invokes": True},
    {"region_bytes": 4096},
    {"main_module": True},
    {"malloc": "stackAlloc"},
)


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_modules_of_the_suite(compare_files: Compare, path: Path) -> None:
    for request in REQUESTS:
        compare_files(path, all_imports=True, **request)


def test_some_modules_of_the_suite_are_made(compare_files: Compare) -> None:
    made = [path for path in SUITE if "sha256" in compare_files(path, all_imports=True)]
    assert {"lua", "sqlite"} <= {path.stem for path in made}


TYPES = ("i32", "i64", "f32", "f64", "v128", "externref", "funcref")
POINTERS = (
    '(global $__stack_pointer (export "__stack_pointer") (mut ADDR) (ADDR.const 65536))',
    "(global $__stack_pointer (mut ADDR) (ADDR.const 131072))",
    '(global $s (mut ADDR) (ADDR.const 65536)) (func (export "stackSave") (result ADDR) (global.get $s))',
    """(global $s (mut ADDR) (ADDR.const 65536)) (func (export "get") (result ADDR) (global.get $s))
       (func (export "set") (param ADDR) (global.set $s (local.get 0)))""",
    "(global $s (mut ADDR) (ADDR.const 65536))"
    + """(func (result i32) (local ADDR)
         (global.set $s (local.tee 0 (ADDR.sub (global.get $s) (ADDR.const 16))))
         (global.set $s (ADDR.add (local.get 0) (ADDR.const 16))) (i32.const 0))"""
    * 3,
    '(global $s (export "__stack_pointer") (mut ADDR) (ADDR.const 0))',
    "",
)
ALLOCATORS = (
    '(func (export "malloc") (param ADDR) (result ADDR) (ADDR.const 70000))',
    "(func $malloc (param ADDR) (result ADDR) (ADDR.const 70000))",
    """(func $hook (param ADDR) (result ADDR) (call $other) (ADDR.const 70000))
       (func (export "malloc") (param ADDR) (result ADDR) (return_call $hook (local.get 0)))""",
    "",
)
EXTRAS = (
    '(func (export "stackRestore") (param ADDR) (drop (local.get 0)))',
    '(func (export "stackAlloc") (param i32) (result i32) (local.get 0))',
    '(func (export "emscripten_stack_set_limits") (param ADDR ADDR))',
    '(func (export "_emscripten_wasm_worker_initialize") (param ADDR ADDR))',
    '(func (export "__set_stack_limits") (param ADDR ADDR))',
    """(func (export "emscripten_stack_get_base") (result ADDR) (ADDR.const 65536))
       (func (export "emscripten_stack_get_end") (result ADDR) (ADDR.const 1024))""",
    "(func $__cxa_get_globals (result ADDR) (ADDR.const 512))",
    '(func (export "setThrew") (param ADDR i32))',
    '(func (export "setTempRet0") (param i32))',
    '(table (export "__indirect_function_table") 4 funcref) (elem (i32.const 0) $go $wait $other)',
    "(table 2 funcref) (elem func $wait) (elem declare func $wait $go)",
    "(global funcref (ref.func $wait))",
    '(export "again" (func $wait)) (export "alias" (func $go))',
    "(tag $t (param i32)) (func (block $h (try_table (catch_all $h) (throw $t (i32.const 1)))))",
    '(func (export "grow") (drop (memory.grow (ADDR.const 1))))',
    '(func (export "more") (result ADDR) (ADDR.shl (memory.grow (ADDR.const 1)) (ADDR.const 16)))',
    """(func (export "most") (result ADDR) (local ADDR)
         (local.set 0 (memory.grow (ADDR.const 1))) (ADDR.mul (local.get 0) (ADDR.const 65536)))""",
    "(func $begin (call $other)) (start $begin)",
    '(data (ADDR.const 2048) "0123456789")',
    '(func (export "__jspi_enter") (result i64) (i64.const 0))',
    '(global (export "__jspi_stack_base") i32 (i32.const 0))',
    "(global $__jspi_stack_top i32 (i32.const 0)) (func $byn$jspi-hooks$import$wait)",
    "(global $__jspi_cur_fiber i32 (i32.const 0))",
    '(func (export "_emscripten_stack_restore") (param ADDR) (drop (local.get 0)))',
    """(func (export "through") (param i32) (result i32)
         (if (result i32) (local.get 0)
           (then (block (result i32) (br_table 0 0 0 (i32.const 7) (local.get 0))))
           (else (call $go (i32.const 1)))))""",
)
IMPORTS = (
    '(import "env" "emscripten_resize_heap" (func (param i32) (result i32)))',
    '(import "env" "invoke_ii" (func (param i32 i32) (result i32)))',
    '(import "env" "invoke_ji" (func (param i32 i32) (result i32)))',
    '(import "env" "invoke_vj" (func (param i32 i32 i32)))',
    '(import "env" "invoke_" (func (param i32)))',
    '(import "env" "__cxa_throw" (func (param i32 i32 i32)))',
    '(import "env" "__cxa_begin_catch" (func (param i32) (result i32)))',
    '(import "GOT.mem" "x" (global (mut i32)))',
    '(import "GOT.func" "wait" (global (mut i32)))',
    '(import "GOT.func" "go" (global (mut i32)))',
    '(import "env" "__wbindgen_jspi_suspend" (func))',
    '(import "env" "__stackswitch_before" (func (result i64)))',
    '(import "env" "__stack_pointer" (global $imported (mut i32)))',
)
CUSTOM_SECTIONS = (
    section(CUSTOM, name("target_features") + b"\1+\4simd"),
    section(CUSTOM, name("target_features") + b"\1*"),
    section(CUSTOM, name("sourceMappingURL") + b"\1x"),
    section(CUSTOM, name("metadata.code.branch_hint") + b"\0"),
    section(CUSTOM, name("build_id") + b"\1x"),
    section(CUSTOM, name("name") + b"\1" + sized(vector([b"\1" + name("again")]))),
    section(CUSTOM, name("dylink.0")),
    section(CUSTOM, name("linking") + b"\2"),
)


def chosen(options: tuple[Any, ...], most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(options), max_size=most, unique=True)


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    """A module with any of what the transform looks at."""
    address = draw(st.sampled_from(["i32", "i32", "i32", "i64"]))
    params = draw(st.lists(st.sampled_from(TYPES), max_size=3))
    results = draw(st.lists(st.sampled_from(TYPES), max_size=2))
    type_ = f"(param {' '.join(params)}) " if params else ""
    type_ += f"(result {' '.join(results)})" if results else ""
    gets = " ".join(f"(local.get {at})" for at in range(len(params)))
    memory = draw(st.sampled_from(["1", "1", "1", "1", "2 2", "1 2 shared", "1 2 shared", ""]))
    call = draw(st.sampled_from(["call", "return_call"]))
    parts = [
        f'(import "env" "wait" (func $wait {type_})) (import "env" "other" (func $other))',
        *draw(chosen(IMPORTS, 3)),
        f'(memory (export "memory") {"i64 " if address == "i64" else ""}{memory})' if memory else "",
        draw(st.sampled_from(POINTERS)),
        draw(st.sampled_from(ALLOCATORS)),
        f'(func $go (export "go") {type_} (call $other) ({call} $wait {gets}))',
        *draw(chosen(EXTRAS, 5)),
    ]
    # It is not validated: the transform does not, either.
    wasm = bytes(wasmtime.wat2wasm(f"(module {' '.join(parts).replace('ADDR', address)})"))
    before = b"".join(draw(chosen(CUSTOM_SECTIONS, 1)))
    return wasm[:8] + before + wasm[8:] + b"".join(draw(chosen(CUSTOM_SECTIONS, 3)))


requests = st.fixed_dictionaries(
    {"suspend": st.sampled_from([("env.wait",), ("env.wait", "env.other"), ("env.wait", "env.missing"), ()])},
    optional={
        "promise": st.sampled_from([("go",), ("go", "stackAlloc"), ("nothing", "go", "missing")]),
        "promise_table": st.sampled_from([("go",), ("2",), ("999",), ("nothing",)]),
        "region_bytes": st.sampled_from([1024, 4096, 1 << 20]),
        "malloc": st.sampled_from(["malloc", "nothing"]),
        "main_module": st.booleans(),
        "invokes": st.booleans(),
        "invoke_names": st.sampled_from([{}, {"env.other": "__cxa_end_catch", "env.wait": "invoke_v"}]),
        "new_exceptions": st.booleans(),
        "for_host": st.booleans(),
        "debug_info": st.booleans(),
    },
)  # fmt: skip
RELAXED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


def test_pages_that_are_added_for_a_host(compare: Compare) -> None:
    text = """(module (import "env" "wait" (func $wait (param i32) (result i32))) (memory 1)
      (global (export "__stack_pointer") (mut i32) (i32.const 65536))
      (func (export "go") (param i32) (result i32) (call $wait (local.get 0))))"""
    wasm = bytes(wasmtime.wat2wasm(text))
    assert "sha256" in compare(wasm, suspend=("env.wait",), promise=("go",), for_host=True)


@given(wasm=modules(), request=requests)
@settings(max_examples=400, deadline=None, suppress_health_check=RELAXED)
def test_generated_modules(compare: Compare, wasm: bytes, request: dict[str, Any]) -> None:
    answer = compare(wasm, **request)
    event(answer.get("reason") or answer.get("error") or "made")


MAIN = """(module (import "env" "wait" (func $wait (param i32) (result i32))) (memory (export "memory") 1)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func (export "stackRestore") (param i32) (global.set 0 (local.get 0)))
  (func (export "malloc") (param i32) (result i32) (i32.const 70000))
  (func (export "go") (param i32) (result i32) (call $wait (local.get 0))))"""
DYLINK = section(CUSTOM, name("dylink.0"))
SIDE_IMPORTS = (
    '(import "env" "memory" (memory 1))',
    '(import "env" "memory" (memory i64 1))',
    '(import "env" "__stack_pointer" (global $sp (mut i32)))',
    '(import "env" "go" (func $go (param i32) (result i32)))',
    '(import "env" "emscripten_resize_heap" (func (param i32) (result i32)))',
    '(import "GOT.mem" "x" (global (mut i32)))',
    '(import "GOT.func" "wait" (global (mut i32)))',
    '(import "GOT.func" "other" (global (mut i32)))',
)
SIDE_PARTS = (
    '(func $step (export "step") (param $value i32) (result i32) (local $at i32) (call $wait (local.get 0)))',
    '(func (export "again") (param i32) (result i32) (call $one (call $wait (local.get 0))))',
    "(table 4 funcref) (elem (i32.const 0) $one $wait)",
    "(elem declare func $one $wait)",
    "(global funcref (ref.func $one))",
    "(func $begin (drop (call $one (i32.const 1)))) (start $begin)",
    "(func $taken (result funcref) (ref.func $one))",
    '(export "alias" (func $one))',
    '(func (export "stackRestore") (param i32))',
    '(func (export "__set_stack_limits") (param i32 i32))',
    "(tag $t (param i32)) (func (block $h (try_table (catch_all $h) (throw $t (i32.const 1)))))",
)


@st.composite
def side_modules(draw: st.DrawFn) -> bytes:
    """A side module of dynamic linking."""
    parts = [
        '(import "env" "wait" (func $wait (param i32) (result i32)))',
        *draw(chosen(SIDE_IMPORTS, 4)),
        "(func $one (param $value i32) (result i32) (local $other i64) (local.get 0))",
        *draw(chosen(SIDE_PARTS, 5)),
        "(func)" * draw(st.sampled_from([0, 3, 130])),
    ]
    wasm = bytes(wasmtime.wat2wasm(f"(module {' '.join(parts)})"))
    before = draw(st.sampled_from([DYLINK, DYLINK, DYLINK, b""]))
    return wasm[:8] + before + wasm[8:] + b"".join(draw(chosen(CUSTOM_SECTIONS[:-2], 2)))


side_requests = st.fixed_dictionaries(
    {"suspend": st.sampled_from([("env.wait",), ("env.wait", "env.go"), (), ("env.missing",)])},
    optional={
        "promise": st.sampled_from([("step",), ("again", "alias"), ("missing",)]),
        "promise_table": st.sampled_from([("one",), ("999",)]),
        "main_module": st.sampled_from([False, False, False, True]),
        "invokes": st.sampled_from([False, False, False, True]),
        "new_exceptions": st.booleans(),
        "debug_info": st.booleans(),
    },
)  # fmt: skip


@given(wasm=side_modules(), request=side_requests)
@settings(max_examples=300, deadline=None, suppress_health_check=RELAXED)
def test_side_modules(compare: Compare, wasm: bytes, request: dict[str, Any]) -> None:
    main = bytes(wasmtime.wat2wasm(MAIN))
    made = make_reentrant(
        ReentrantRequest(wasm=main, main_module=True, suspend=("env.wait",), promise=("go",))
    )
    answer = compare(wasm, side_of=made.wasm, **request)
    event(answer.get("reason") or answer.get("error") or "made")
    answer = compare(wasm, side_of=main, **request)
    assert answer.get("error")


VALUES = (*range(256), *(each for each in (0x80, 0xFF, 0xFB, 0xFC, 0xFD, 0xFE) for _ in range(9)))
changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(VALUES)), min_size=1, max_size=3
)


@given(wasm=modules(), request=requests, changes=changes, cut=st.none() | st.floats(0, 1))
@settings(max_examples=400, deadline=None, suppress_health_check=RELAXED)
def test_damaged_modules(
    compare: Compare,
    wasm: bytes,
    request: dict[str, Any],
    changes: list[tuple[float, int]],
    cut: float | None,
) -> None:
    damaged = bytearray(wasm)
    for where, value in changes:
        damaged[8 + int(where * (len(wasm) - 8))] = value
    compare(bytes(damaged if cut is None else damaged[: int(cut * len(damaged))]), **request)
