"""Exports and imports that a pattern may name and that are not wrapped."""

from __future__ import annotations

import pytest
import wasmtime

from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.module import parse_module

from .guests import ENGINE, GO, MALLOC, STACK, assembled, validate


def made(wasm: bytes, **options: object) -> ReentrantResult:
    defaults = {"suspend": ("env.wait",), "promise": ("go",), "new_exceptions": True}
    result = make_reentrant(ReentrantRequest.model_validate({"wasm": wasm, **defaults, **options}))
    validate(result.wasm)
    return result


def test_exports_that_serve_the_stack_are_not_promising() -> None:
    wasm = assembled(GO + '(func (export "take") (result i32) (global.get $sp))')
    before, result = (
        parse_module(wasm),
        made(wasm, promise=("go", "stackAlloc", "stackSave", "take", "malloc")),
    )
    after = parse_module(result.wasm)
    assert result.promising == ("malloc", "go")
    for each in ("stackAlloc", "stackSave", "take"):
        assert before.export_named(each) == after.export_named(each)
    assert any("stackSave, stackAlloc, take" in note for note in result.notes)


def test_imports_that_grow_the_memory_are_not_wrapped() -> None:
    imports = """(import "env" "wait" (func $wait (param i32) (result i32)))
      (import "a" "b" (func $grow (param i32) (result i32)))"""
    wasm = assembled(GO + "(func (result i32) (call $grow (i32.const 1)))", imports)
    result = made(wasm, suspend=("env.wait", "a.b"), invoke_names={"a.b": "emscripten_resize_heap"})
    assert result.suspending == ("env.wait",)
    assert any("a.b may not suspend" in note for note in result.notes)


HOOKS = """(import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "hook" (func $hook (param i32) (result i32)))
  (import "env" "other" (func $other (param i32) (result i32)))
  (table funcref (elem $by_table)) (type $of_one (func (param i32) (result i32)))
  (func $by_table (param i32) (result i32) (call $hook (local.get 0)))
  (func $between (param i32) (result i32) CALL)
  (func $count (param i32) (result i32) (return_call $between (local.get 0)))"""


def with_hook(call: str) -> bytes:
    """Return a module whose ``malloc`` calls an import in a function of a function."""
    wasm = MALLOC.replace("(local.set $at", "(drop (call $count (local.get $size))) (local.set $at", 1)
    imports = HOOKS.replace("CALL", call)
    body = GO + '(func (export "o") (param i32) (result i32) (call $other (local.get 0)))'
    return bytes(wasmtime.wat2wasm(f"(module {imports} {STACK} {wasm} {body})"))


def test_an_import_that_malloc_calls_is_not_wrapped() -> None:
    wasm = with_hook("(call $hook (local.get 0))")
    result = made(wasm, suspend=("env.wait", "env.hook", "env.other"))
    assert result.suspending == ("env.wait", "env.other")
    assert any("env.hook may not suspend" in note for note in result.notes)
    assert run(result.wasm) == [7, 7]


def test_a_module_whose_malloc_calls_such_an_import_through_a_table_traps_by_name() -> None:
    wasm = with_hook("(call_indirect (type $of_one) (local.get 0) (i32.const 0))")
    assert run(made(wasm, suspend=("env.wait",)).wasm) == [7, 7]
    with pytest.raises(wasmtime.Trap, match=r"stackswitch.malloc_calls_an_import_that_may_suspend"):
        run(made(wasm, suspend=("env.wait", "env.hook")).wasm)


def run(wasm: bytes) -> list[int]:
    """Call ``go`` twice; imports return their argument."""
    store = wasmtime.Store(ENGINE)
    type_ = wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()])
    module = wasmtime.Module(ENGINE, wasm)
    imports = [wasmtime.Func(store, type_, lambda value: value) for _ in module.imports]
    go = wasmtime.Instance(store, module, imports).exports(store)["go"]
    assert isinstance(go, wasmtime.Func)
    return [go(store, 7), go(store, 7)]


def test_a_list_of_exceptions_that_is_not_found_is_noted() -> None:
    tag = GO + "(tag (param i32))"
    known = '(func (export "__cxa_get_globals") (result i32) (i32.const 512))'
    shared = [
        any("list of exceptions" in note for note in made(assembled(each)).notes)
        for each in (GO, tag, tag + known)
    ]
    assert shared == [False, True, False]
