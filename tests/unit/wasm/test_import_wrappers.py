"""The wrappers around imports that wait, run."""

from __future__ import annotations

from wasmtime import Engine, Func, FuncType, Instance, Module, Store, ValType

from stackswitch.wasm.import_wrappers import import_wrapper_module
from stackswitch.wasm.module import FuncType as Signature
from stackswitch.wasm.module import parse_module

SIGNATURES = [Signature(("i32", "i64"), ("i64",)), Signature((), ()), Signature(("i32", "i64"), ("i64",))]


def test_a_wrapper_calls_the_host_and_then_check() -> None:
    store = Store(Engine())
    module = Module(store.engine, import_wrapper_module(SIGNATURES))
    calls: list[object] = []

    def host(number: int, result: object) -> Func:
        def call(*given: int) -> object:
            calls.append((number, *given))
            return result

        i32, i64 = ValType.i32(), ValType.i64()
        type_ = FuncType([], []) if result is None else FuncType([i32, i64], [i64])
        return Func(store, type_, call)

    check = Func(store, FuncType([], []), lambda: calls.append("check"))
    imports = {"0": host(0, 7), "1": host(1, None), "2": host(2, 9), "check": check}
    assert {each.module for each in module.imports} == {"host"}
    instance = Instance(store, module, [imports[each.name or ""] for each in module.imports])
    exports = instance.exports(store)
    assert exports["0"](store, 1, 2**40) == 7  # type: ignore[operator]
    assert exports["1"](store) is None  # type: ignore[operator]
    assert exports["2"](store, 3, 4) == 9  # type: ignore[operator]
    exports["check"](store)  # type: ignore[operator]
    assert calls == [(0, 1, 2**40), "check", (1,), "check", (2, 3, 4), "check", "check"]


def test_a_signature_stands_once_among_the_types() -> None:
    module = parse_module(import_wrapper_module(SIGNATURES))
    assert module.types == (Signature((), ()), SIGNATURES[0])
    assert [each.name for each in module.imports] == ["0", "1", "2", "check"]
    assert list(module.exported_functions) == ["0", "1", "2", "check"]
