"""Modules for tests of the transform, as text."""

from __future__ import annotations

import wasmtime

MALLOC = """
  (global $heap (mut i32) (i32.const 65536))
  (func $malloc (export "malloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap
      (i32.add (local.get $at) (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
    (block $room
      (br_if $room (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.const 16))))
    (local.get $at))
"""
"""An allocator that never frees: 16-aligned, above the first page."""
STACK = """
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func (export "stackSave") (result i32) (global.get $sp))
  (func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))
  (func (export "stackAlloc") (param i32) (result i32)
    (global.set $sp (i32.and (i32.sub (global.get $sp) (local.get 0)) (i32.const -16)))
    (global.get $sp))
  (func (export "pop") (param i32) (global.set $sp (i32.add (local.get 0) (i32.const 0))))
"""
"""A C stack of a page, with what glue has for it. ``pop`` is what a function's end does."""


def assembled(
    body: str, imports: str = '(import "env" "wait" (func $wait (param i32) (result i32)))'
) -> bytes:
    """Return a module with a stack, malloc and an import that waits."""
    return bytes(wasmtime.wat2wasm(f"(module {imports} {STACK} {MALLOC} {body})"))


GO = '(func $go (export "go") (param i32) (result i32) (call $wait (local.get 0)))'
"""A promising export that waits."""


def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.wasm_memory64 = True
    config.wasm_function_references = True
    config.wasm_gc = True
    return wasmtime.Engine(config)


ENGINE = _engine()
"""With exceptions as standardised, and 64-bit memories."""


def validate(wasm: bytes) -> wasmtime.Module:
    """Compile a module."""
    return wasmtime.Module(ENGINE, wasm)
