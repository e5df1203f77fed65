"""Exports and imports that a pattern may name and that are not wrapped."""

from __future__ import annotations

from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.module import parse_module

from .guests import GO, assembled, validate


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
