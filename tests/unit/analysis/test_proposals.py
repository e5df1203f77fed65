"""The command that is proposed for a module: from which files, and what the transform refuses."""

from __future__ import annotations

import shlex

import pytest
from wasmtime import wat2wasm

from stackswitch.analysis.proposals import ModuleFiles, propose, replaceable_invokes
from stackswitch.models.trace import Suspension
from stackswitch.wasm.encoding import CUSTOM, name, section
from stackswitch.wasm.module import Module, parse_module

STACK = """(memory (export "memory") 1) (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "go") (call $wait))"""
WAIT = '(import "env" "wait" (func $wait))'
INVOKE = '(import "env" "invoke_v" (func (param i32)))'
THREW = """(table (export "__indirect_function_table") 1 funcref)
  (func (export "setThrew") (param i32 i32))"""
GLUE = "importPattern=/^(wait)$/;exportPattern=/^(go)$/;"


def module(*parts: str) -> Module:
    return parse_module(bytes(wat2wasm(f"(module {' '.join(parts)})")))


def waits(import_: str) -> Suspension:
    return Suspension(module="", backend="jspi", import_=import_, export="go", frames=())


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({}, "--all-imports"),
        ({"imports": ("env.wait",)}, "--suspend env.wait"),
        ({"imports": ("env.wait",) * 13}, "--all-imports"),
        ({"glue": ("app.js", GLUE)}, "--glue app.js"),
        ({"glue": ("app.js", "Asyncify.handleSleep()")}, "--all-imports"),
        ({"glue": ("app.js", GLUE), "imports": ("env.wait",)}, "--glue app.js"),
        ({"lists": ({"JSPI_IMPORTS": ("wait",)}, ("--list", "link.mk"))}, "--list link.mk"),
        ({"lists": ({"ASYNCIFY_ONLY": ("go",)}, ("--list", "link.mk"))}, "--all-imports"),
        ({"stacks": ((waits("env.wait"),), ("t.jsonl",))}, "--trace t.jsonl"),
        ({"stacks": ((), ("t.jsonl",))}, "--all-imports"),
        ({"stacks": ((waits("?.gone"),), ("t.jsonl",))}, "--trace t.jsonl --all-imports"),
        (
            {"glue": ("app.js", GLUE), "stacks": ((waits("env.wait"),), ("a b", "c"))},
            "--glue app.js --trace 'a b' --trace c",
        ),
    ],
)
def test_the_command_names_the_files_that_say_something(files: dict[str, object], options: str) -> None:
    found = propose(module(WAIT, STACK), ModuleFiles("app.wasm", **files))  # type: ignore[arg-type]
    assert found.command == f"stackswitch reentrant app.wasm {options} -o app.reentrant.wasm"
    assert (found.refused, found.invokes, found.invokes_refused) == ("", False, "")


def test_the_same_command_replaces_invokes() -> None:
    found = propose(module(WAIT, INVOKE, STACK, THREW), ModuleFiles("a/b c.wasm"))
    assert shlex.split(found.command)[2:] == [
        "a/b c.wasm", "--all-imports", "--invokes", "-o", "a/b c.reentrant.wasm",
    ]  # fmt: skip
    assert found.invokes


def test_invokes_that_are_refused_leave_the_stacks() -> None:
    found = propose(module(WAIT, INVOKE, STACK), ModuleFiles("app.wasm"))
    assert found.command == "stackswitch reentrant app.wasm --all-imports -o app.reentrant.wasm"
    assert not found.invokes
    assert "0 tables" in found.invokes_refused


@pytest.mark.parametrize(
    ("parts", "why"),
    [((WAIT, STACK, "(memory 1)"), "2 memories"), ((WAIT, STACK.replace("malloc", "other")), "no malloc")],
)
def test_what_is_refused_has_a_reason_and_no_command(parts: tuple[str, ...], why: str) -> None:
    found = propose(module(*parts), ModuleFiles("app.wasm"))
    assert found.command == ""
    assert why in found.refused


def test_minified_names_need_the_glue() -> None:
    minified = [WAIT.replace('"env" "wait"', '"a" "a"'), INVOKE.replace('"env" "invoke_v"', '"a" "b"')]
    given = module(*minified, STACK, THREW)
    assert "minified" in propose(given, ModuleFiles("app.wasm")).refused
    glue = "importPattern=/^(a)$/;exportPattern=/^(go)$/;wasmImports={a:_wait,b:invoke_v};"
    assert replaceable_invokes(given) == ()
    assert replaceable_invokes(given, glue) == ("a.b",)
    found = propose(given, ModuleFiles("app.wasm", glue=("app.js", glue)))
    assert found.command == "stackswitch reentrant app.wasm --glue app.js --invokes -o app.reentrant.wasm"


def test_a_main_module_of_dynamic_linking_needs_its_option() -> None:
    linked = section(CUSTOM, name("dylink.0"))
    restore = '(func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))'
    main = module(WAIT, STACK, restore)
    found = propose(parse_module(main.data[:8] + linked + main.data[8:]), ModuleFiles("app.wasm"))
    assert found.command == "stackswitch reentrant app.wasm --all-imports --main-module -o app.reentrant.wasm"
    side = module(WAIT, STACK)
    found = propose(parse_module(side.data[:8] + linked + side.data[8:]), ModuleFiles("app.wasm"))
    assert (found.command, "--side-of" in found.refused) == ("", True)
