"""Imports that are added move all functions of a module; the module computes what it did before."""

from __future__ import annotations

from random import Random

import pytest
import wasmtime

from stackswitch.transform.reentrant import ReentrantRequest
from stackswitch.transform.reentrant.imported import with_imports
from stackswitch.wasm.custom_sections import read_names
from stackswitch.wasm.encoding import CUSTOM, name, section, sized, unsigned, vector
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.types import FuncType

from .guests import ENGINE, validate

ADDED = [("env", "first", FuncType((), ("i64",))), ("env", "second", FuncType(("i64", "i32"), ()))]
EVERYWHERE = """(module
  (import "env" "given" (func $given (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (table $a 8 funcref)
  (table $b 4 (ref null func) (ref.func $double))
  (memory (export "memory") 1)
  (global $f (mut funcref) (ref.func $triple))
  (global $started (export "started") (mut i32) (i32.const 0))
  (elem (table $a) (i32.const 0) func $double $triple $given)
  (elem (table $a) (i32.const 3) funcref (ref.func $quadruple) (item ref.null func))
  (elem $passive func $triple $double)
  (elem $passive2 funcref (ref.func $given))
  (elem declare func $double $quadruple)
  (start $begin)
  (func $begin (global.set $started (i32.const 7)))
  (func $double (export "double") (type $t) (i32.mul (local.get 0) (i32.const 2)))
  (func $triple (type $t) (i32.mul (local.get 0) (i32.const 3)))
  (func $quadruple (type $t) (return_call $double (call $double (local.get 0))))
  (export "given" (func $given))
  (func (export "all") (param i32) (result i32)
    (table.init $a $passive (i32.const 5) (i32.const 0) (i32.const 2))
    (table.init $a $passive2 (i32.const 7) (i32.const 0) (i32.const 1))
    (table.set $a (i32.const 4) (global.get $f))
    (i32.add
      (i32.add
        (i32.add (call $quadruple (local.get 0)) (call $given (local.get 0)))
        (i32.add (call_indirect $a (type $t) (local.get 0) (i32.const 1))
                 (call_indirect $a (type $t) (local.get 0) (i32.const 3))))
      (i32.add
        (i32.add (call_indirect $a (type $t) (local.get 0) (i32.const 4))
                 (call_indirect $a (type $t) (local.get 0) (i32.const 5)))
        (i32.add
          (i32.add (call_indirect $a (type $t) (local.get 0) (i32.const 7))
                   (call_indirect $b (type $t) (local.get 0) (i32.const 2)))
          (call_ref $t (local.get 0) (ref.func $quadruple)))))))"""


def widened(wasm: bytes) -> tuple[Module, tuple[str, ...]]:
    request, notes = with_imports(ReentrantRequest(wasm=wasm), ADDED)
    return parse_module(request.wasm), notes


def results(wasm: bytes) -> tuple[int, int]:
    module = validate(wasm)
    store = wasmtime.Store(ENGINE)
    i32 = wasmtime.ValType.i32()
    given = wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), lambda value: value + 1000)
    others = [
        wasmtime.Func(store, each.type, lambda *_: None)
        for each in module.imports[1:]
        if isinstance(each.type, wasmtime.FuncType)
    ]
    exports = wasmtime.Instance(store, module, [given, *others]).exports(store)
    function, started = exports["all"], exports["started"]
    assert isinstance(function, wasmtime.Func)
    assert isinstance(started, wasmtime.Global)
    return function(store, 5), started.value(store)


def test_functions_move_wherever_they_stand() -> None:
    before = bytes(wasmtime.wat2wasm(EVERYWHERE))
    module, notes = widened(before)
    assert results(module.data) == results(before)
    assert [each.full_name for each in module.function_imports()] == ["env.given", "env.first", "env.second"]
    assert module.function_type(1) == ADDED[0][2]
    assert module.function_type(2) == ADDED[1][2]
    assert notes == ()


@pytest.mark.parametrize("seed", range(6))
def test_indexes_that_become_longer(seed: int) -> None:
    """126 functions and more: an index takes two bytes where it took one."""
    random = Random(seed)
    count = random.choice([120, 125, 126, 127, 128, 300])
    functions = []
    for at in range(count):
        inner = f"(call $f{random.randrange(at)} (local.get 0))" if at else "(local.get 0)"
        functions.append(
            f"(func $f{at} (param i32) (result i32) (i32.add (i32.const {at}) {inner}))"
            if random.random() < 0.8 or not at
            else f"(func $f{at} (param i32) (result i32) (call_ref $t (local.get 0) (ref.func $f{at - 1})))"
        )
    text = f"""(module (type $t (func (param i32) (result i32)))
      (import "env" "given" (func (param i32) (result i32))) {" ".join(functions)}
      (elem declare func {" ".join(f"$f{at}" for at in range(count))})
      (global (export "started") i32 (i32.const 1))
      (export "all" (func $f{count - 1})))"""
    before = bytes(wasmtime.wat2wasm(text))
    module, _ = widened(before)
    assert results(module.data) == results(before)


def test_names_move_with_what_they_name() -> None:
    text = '(module (import "env" "given" (func)) (func) (func (param i32)))'
    plain = bytes(wasmtime.wat2wasm(text))
    plain = plain[: plain.rindex(b"\x04name") - 2] if b"\x04name" in plain else plain
    parts = {
        1: vector(unsigned(at) + name(each) for at, each in enumerate(("given", "one", "two"))),
        2: vector([unsigned(2) + vector([unsigned(0) + name("x")])]),
        3: vector([unsigned(1) + vector([unsigned(0) + name("loop")])]),
        7: vector([unsigned(0) + name("pointer")]),
    }
    named = plain + section(
        CUSTOM, name("name") + b"".join(bytes([kind]) + sized(part) for kind, part in parts.items())
    )
    module, _ = widened(named)
    assert module.function_name_entries == (
        (0, b"given"), (1, b"first"), (2, b"second"), (3, b"one"), (4, b"two"),
    )  # fmt: skip
    content = module.custom_section("name")
    assert content is not None
    raw = content.data[content.pos : content.end]
    assert bytes([2]) + sized(vector([unsigned(4) + vector([unsigned(0) + name("x")])])) in raw
    assert bytes([3]) + sized(vector([unsigned(3) + vector([unsigned(0) + name("loop")])])) in raw
    again = module.custom_section("name")
    assert again is not None
    assert read_names(again, 7) == ((0, b"pointer"),)


def test_names_that_cannot_be_read_are_dropped() -> None:
    plain = bytes(wasmtime.wat2wasm('(module (import "env" "given" (func)) (func))'))
    plain = plain[: plain.rindex(b"\x04name") - 2] if b"\x04name" in plain else plain
    module, notes = widened(plain + section(CUSTOM, name("name") + b"\1\3\5\1"))
    assert "name" not in module.custom_sections
    assert notes == ("the section name was dropped: it is malformed, and functions have other indexes",)
