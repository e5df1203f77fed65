"""Side modules: their functions that switch C stacks are their main module's."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime

from stackswitch.errors import ConfigError, ModuleRefusedError
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.encoding import CUSTOM, name, section
from stackswitch.wasm.module import parse_module

from .guests import ENGINE, GO, MALLOC, STACK, assembled, validate

DYLINK = section(CUSTOM, name("dylink.0"))
MAIN = assembled(GO)[:8] + DYLINK + assembled(GO)[8:]
IMPORTS = """
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $sp (mut i32)))
  (import "env" "pause" (func $pause (param i32) (result i32)))
  (import "env" "go" (func $go (param i32) (result i32)))
"""
BODY = """
  (func $frame (param i32)
    (i32.store (global.get $sp) (local.get 0)))
  (func (export "step") (param i32) (result i32) (local $at i32)
    (global.set $sp (local.tee $at (i32.sub (global.get $sp) (i32.const 16))))
    (call $frame (local.get 0))
    (drop (call $pause (local.get 0)))
    (drop (call $go (local.get 0)))
    (i32.load (local.get $at))
    (global.set $sp (i32.add (local.get $at) (i32.const 16))))
"""


def side(body: str = BODY, imports: str = IMPORTS) -> bytes:
    wasm = bytes(wasmtime.wat2wasm(f"(module {imports} {body})"))
    return wasm[:8] + DYLINK + wasm[8:]


def made(wasm: bytes, **options: object) -> ReentrantResult:
    defaults = {"wasm": wasm, "new_exceptions": True}
    result = make_reentrant(ReentrantRequest.model_validate({**defaults, **options}))
    validate(result.wasm)
    return result


HUB = made(MAIN, main_module=True, suspend=("env.wait",), promise=("go",)).wasm


def made_side(wasm: bytes, **options: object) -> ReentrantResult:
    defaults: dict[str, object] = {"side_of": HUB, "suspend": ("env.pause",), "promise": ("step",)}
    return made(wasm, **{**defaults, **options})


def test_a_side_module_imports_what_its_main_module_exports() -> None:
    result = made_side(side())
    after = parse_module(result.wasm)
    assert [each.full_name for each in after.function_imports()] == [
        "env.pause", "env.go", "env.__stackswitch_enter", "env.__stackswitch_leave",
        "env.__stackswitch_before", "env.__stackswitch_after",
    ]  # fmt: skip
    main = parse_module(HUB)
    for each in after.function_imports()[2:]:
        found = main.export_named(each.name)
        assert found is not None
        assert main.function_type(found.index) == after.function_type(each.index)
    assert (result.suspending, result.promising) == (("env.pause",), ("step",))
    assert (result.stack_pointer, result.evidence) == (0, "the import __stack_pointer")
    assert next(iter(after.custom_sections)) == "dylink.0"


class Program:
    """A main module and a side module, linked as Emscripten's loader links them."""

    def __init__(self) -> None:
        self.store = wasmtime.Store(ENGINE)
        self.waits: list[int] = []
        self.main: Any = self.instance(HUB, {"wait": self.wait})
        self.side: Any = self.instance(made_side(side()).wasm, {"pause": self.wait})

    def instance(self, wasm: bytes, functions: dict[str, Any]) -> Any:
        module = wasmtime.Module(ENGINE, wasm)
        given = []
        for each in module.imports:
            function = functions.get(each.name or "")
            if function is None:
                given.append(self.main[each.name])
            else:
                assert isinstance(each.type, wasmtime.FuncType)
                given.append(wasmtime.Func(self.store, each.type, function))
        return wasmtime.Instance(self.store, module, given).exports(self.store)

    def wait(self, value: int) -> int:
        """While the import runs, the stack pointer is its call's host's; others use the stack."""
        pointer = self.main["__stack_pointer"].value(self.store)
        self.waits.append(pointer)
        self.main["memory"].write(self.store, b"\xee" * 4096, pointer - 4096)
        return value


def test_waits_of_both_modules_leave_the_stack_of_the_call() -> None:
    program = Program()
    assert program.side["step"](program.store, 41) == 41
    assert program.waits == [65536, 65536]
    assert program.main["__stack_pointer"].value(program.store) == 65536


def test_an_export_that_another_module_calls_is_a_part_of_the_running_call() -> None:
    program = Program()
    token = program.main["__jspi_enter"](program.store)
    own = program.main["__stack_pointer"].value(program.store)
    assert program.side["step"](program.store, 3) == 3
    assert program.main["go"](program.store, 3) == 3
    assert program.main["__stack_pointer"].value(program.store) == own
    program.main["__jspi_exit"](program.store, token, 0)
    assert program.waits == [65536] * 3
    assert program.main["__stackswitch_enter"](program.store) != 0


def test_functions_of_the_main_module_are_not_wrapped() -> None:
    result = made_side(side(), suspend=("env.pause", "env.go"))
    assert result.suspending == ("env.pause",)
    assert result.notes == ("not wrapped, because they are functions of the main module: env.go",)


def test_a_side_module_without_waits_of_its_own_may_begin_calls() -> None:
    result = made_side(side(), suspend=())
    assert (result.suspending, result.promising) == ((), ("step",))


def test_a_main_module_without_waits_of_its_own_has_the_functions() -> None:
    result = made(MAIN, main_module=True)
    names = {each.name for each in parse_module(result.wasm).exports}
    assert {"__stackswitch_enter", "__stackswitch_leave", "__stackswitch_before"} <= names


def refused(wasm: bytes, **options: object) -> ModuleRefusedError:
    with pytest.raises(ModuleRefusedError) as caught:
        made_side(wasm, **options)
    return caught.value


@pytest.mark.parametrize(
    ("reason", "says", "wasm", "options"),
    [
        ("dynamic-linking", "no section dylink.0", side()[:8] + side()[8 + len(DYLINK) :], {}),
        ("dynamic-linking", "no export __stackswitch_enter", side(), {"side_of": assembled(GO)}),
        ("dynamic-linking", "invoke_*", side(), {"invokes": True}),
        ("dynamic-linking", "different size", side(imports=IMPORTS.replace("memory 1", "memory i64 1")), {}),
        (
            "dynamic-linking",
            "it is a main module",
            side(BODY + '(func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))'),
            {},
        ),
        (
            "stack-checks",
            "-sSTACK_OVERFLOW_CHECK=2",
            side(BODY + '(func (export "__set_stack_limits") (param i32 i32))'),
            {},
        ),
        (
            "function-address",
            "address of pause",
            side(imports='(import "GOT.func" "pause" (global (mut i32)))' + IMPORTS),
            {},
        ),
        ("hooks", "has made it", made_side(side()).wasm, {}),
    ],
)
def test_a_side_module_is_refused_by_name(
    reason: str, says: str, wasm: bytes, options: dict[str, object]
) -> None:
    error = refused(wasm, **options)
    assert error.reason == reason
    assert says in str(error)


def test_a_side_module_is_no_main_module() -> None:
    with pytest.raises(ModuleRefusedError, match="--side-of"):
        made(side(), main_module=True, suspend=("env.pause",), malloc=None)
    with pytest.raises(ConfigError, match="not both"):
        made_side(side(), main_module=True)


@pytest.mark.parametrize("taken", ["wait", "other"])
def test_the_address_of_an_import_that_suspends_is_not_taken_in_a_main_module(taken: str) -> None:
    wait = '(import "env" "wait" (func $wait (param i32) (result i32)))'
    plain = assembled(GO, f'{wait}(import "GOT.func" "{taken}" (global (mut i32)))')
    wasm = plain[:8] + DYLINK + plain[8:]
    if taken == "wait":
        with pytest.raises(ModuleRefusedError, match="address of wait"):
            made(wasm, main_module=True, suspend=("env.wait",))
    else:
        made(wasm, main_module=True, suspend=("env.wait",))


def test_invokes_of_a_main_module_are_refused() -> None:
    with pytest.raises(ModuleRefusedError, match="-fwasm-exceptions"):
        made(MAIN, main_module=True, suspend=("env.wait",), invokes=True)


def test_a_main_module_may_import_its_stack_pointer() -> None:
    wait = '(import "env" "wait" (func $wait (param i32) (result i32)))'
    pointer = '(import "env" "__stack_pointer" (global $sp (mut i32)))'
    stack = STACK.replace('(global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))', "")
    plain = bytes(wasmtime.wat2wasm(f"(module {wait} {pointer} {stack} {MALLOC} {GO})"))
    wasm = plain[:8] + DYLINK + plain[8:]
    result = made(wasm, main_module=True, suspend=("env.wait",), promise=("go",))
    assert result.evidence == "the import __stack_pointer"
    store = wasmtime.Store(ENGINE)
    given = wasmtime.Global(store, wasmtime.GlobalType(wasmtime.ValType.i32(), True), wasmtime.Val.i32(65536))
    module = validate(result.wasm)
    function = wasmtime.Func(store, module.imports[0].type, lambda value: value)
    exports: Any = wasmtime.Instance(store, module, [function, given]).exports(store)
    exports["stackAlloc"](store, 64)
    token = exports["__jspi_enter"](store)
    exports["__jspi_exit"](store, token, 0)
    assert given.value(store) == 65472
    exports["stackRestore"](store, 65536)  # the stack's top, which the module does not know
    assert given.value(store) == 65536
    assert exports["go"](store, 3) == 3
