"""Which modules run with a C stack for each call, and what is said of those that do not."""

from __future__ import annotations

import wasmtime

from stackswitch.backends.node.c_stacks import CStacks, trap_message, with_c_stacks
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.transform.reentrant import CALL_FAILED, NEXT_CALL
from stackswitch.wasm.encoding import CUSTOM, name, section
from stackswitch.wasm.module import Module, parse_module

IMPORT = '(import "env" "wait" (func $wait (param i32) (result i32)))'
STACK = """(memory (export "memory") 1) (global $__stack_pointer (mut i32) (i32.const 65536))
  (func (export "stackAlloc") (param i32) (result i32)
    (global.set 0 (i32.and (i32.sub (global.get 0) (local.get 0)) (i32.const -16)))
    (global.get 0))
  (func (export "go") (param i32) (result i32) (call $wait (local.get 0)))"""


def module(*parts: str, more: bytes = b"") -> Module:
    return parse_module(bytes(wasmtime.wat2wasm(f"(module {' '.join(parts)})")) + more)


def stacks(given: Module, **options: bool) -> CStacks:
    exports = [each.name for each in given.exports if each.kind == "func"]
    return with_c_stacks(given, ["env.wait", "env.other"], exports, ["legacy-exceptions"], **options)


def cstack(title: str) -> Module:
    return parse_module((CONFORMANCE_SUITE / "c-stack" / f"cstack-{title}.wasm").read_bytes())


def test_exports_have_stacks_but_those_that_only_use_the_callers() -> None:
    found = stacks(module(IMPORT, STACK))
    assert (found.separate, found.serial) == (("go",), None)
    made = parse_module(found.wasm)
    assert all(made.export_named(each) for each in (NEXT_CALL, CALL_FAILED, "__stack_pointer"))


def test_a_module_without_a_c_stack_or_without_waits_stays_as_it_is() -> None:
    go = '(func (export "go") (param i32) (result i32) (call $wait (local.get 0)))'
    for given in (module(IMPORT, go), module(IMPORT, '(memory (export "memory") 1)', go)):
        assert stacks(given) == CStacks(given.data)
    given = module(IMPORT.replace("wait", "plain", 1).replace('"wait"', '"plain"'), STACK)
    assert stacks(given).separate == ()
    assert stacks(given).serial is None


def test_what_is_refused_runs_one_call_at_a_time_and_says_why() -> None:
    assert "neither exported nor named" in (stacks(cstack("hidden")).serial or "")
    assert "no room for another C stack" in (stacks(cstack("full")).serial or "")
    two = stacks(module(IMPORT, STACK, "(memory 1)"))
    assert "2 memories" in (two.serial or "")
    assert parse_module(two.wasm).export_named("__stack_pointer") is not None


def test_a_main_module_has_stacks_if_it_is_alone() -> None:
    given = module(IMPORT, STACK, more=section(CUSTOM, name("dylink.0")))
    assert stacks(given).separate == ("go",)
    assert "dylink.0" in (stacks(given, is_alone=False).serial or "")


def test_a_module_that_was_made_before_runs_as_it_is() -> None:
    made = parse_module(stacks(module(IMPORT, STACK)).wasm)
    assert stacks(made) == CStacks(made.data)
    hooks = module(IMPORT, STACK, '(func (export "__jspi_enter"))')
    assert "re-entrant already" in (stacks(hooks).serial or "")


def test_engines_without_the_first_exceptions_get_the_standards() -> None:
    given = module(IMPORT, STACK)
    made = with_c_stacks(given, ["env.wait"], ["go"], [])
    config = wasmtime.Config()
    config.wasm_exceptions = True
    wasmtime.Module(wasmtime.Engine(config), made.wasm)
    assert made.wasm != stacks(given).wasm


def test_traps_of_added_functions_say_what_happened() -> None:
    made = parse_module(stacks(module(IMPORT, STACK)).wasm)
    said = {
        text: trap_message(made, index)
        for index, raw in made.function_names.items()
        if (text := raw.decode()).startswith("stackswitch.")
    }
    assert "65184 bytes" in str(next(text for each, text in said.items() if "overflow" in each))
    assert "no room" in str(next(text for each, text in said.items() if "memory" in each))
    assert trap_message(made, 1) is None
    (overflow,) = (index for index, raw in made.function_names.items() if b"stack_overflow" in raw)
    assert "1048224 bytes" in str(trap_message(made, overflow, 1 << 20))
