"""Where the stack pointer is looked for, and what is done where it cannot be reached."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.stack_pointer import (
    NO_STACK_SPACE,
    serialization_reason,
    unreachable_stack_pointer,
    with_stack_pointer,
)

FOLDER = CONFORMANCE_SUITE / "c-stack"


def built(name: str) -> Module:
    return parse_module((FOLDER / f"cstack-{name}.wasm").read_bytes())


def module(text: str) -> Module:
    return parse_module(bytes(wat2wasm(f"(module {text})")))


@pytest.mark.parametrize("name", ["exported", "64", "full"])
def test_an_exported_pointer_is_left_as_it_is(name: str) -> None:
    given = built(name)
    assert with_stack_pointer(given) is given.data
    assert unreachable_stack_pointer(given) is None


def test_a_named_one_is_exported_and_what_follows_moves_up() -> None:
    given = built("named")
    made = parse_module(with_stack_pointer(given))
    export = made.export_named("__stack_pointer")
    assert export is not None
    assert (export.kind, export.index) == ("global", 0)
    grown = len(made.data) - len(given.data)
    assert [(start - grown, end - grown) for start, end in made.bodies] == list(given.bodies)
    assert unreachable_stack_pointer(given) is None


def test_one_that_nothing_names_is_not_touched() -> None:
    given = built("hidden")
    assert with_stack_pointer(given) is given.data
    why = unreachable_stack_pointer(given)
    assert why is not None
    assert "global 0" in why
    assert serialization_reason(given) == why


def test_functions_are_as_good_where_the_host_takes_them() -> None:
    get = '(func (export "stackSave") (result i32) (global.get 0))'
    put = '(func (export "stackRestore") (param i32) (global.set 0 (local.get 0)))'
    given = module(f'(memory (export "memory") 1) (global (mut i32) (i32.const 4096)) {get} {put}')
    assert unreachable_stack_pointer(given) is None
    assert unreachable_stack_pointer(given, functions=False) is not None


def test_a_memory_that_cannot_grow_has_no_room() -> None:
    assert serialization_reason(built("full")) == NO_STACK_SPACE
    assert serialization_reason(built("exported")) is None


@pytest.mark.parametrize(
    "text",
    [
        "(global (mut i32) (i32.const 65536))",  # no memory to have a stack in
        "(memory 1) (global (mut i32) (i32.const 0))",  # a counter
        "(memory 1) (global i32 (i32.const 65536))",  # a constant: the heap's base, say
        "(memory 1) (global (mut i32) (i32.const 65544))",  # past the memory, and not aligned
        "(memory 1) (global (mut f32) (f32.const 4096))",
    ],
)
def test_what_looks_like_no_pointer_takes_no_turns(text: str) -> None:
    assert serialization_reason(module(text)) is None


def test_an_export_of_that_name_that_is_something_else_stays() -> None:
    given = module('(memory 1) (func (export "__stack_pointer")) (global (mut i32) (i32.const 4096))')
    assert with_stack_pointer(given) is given.data
